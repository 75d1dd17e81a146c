"""A CUDA GPU: what runs on it at the same time, the memory that it has for that, and the form in
which frames cross the bus.

Of a frame only the upload and the download cross it: it is resampled, painted, and given its chroma
and strength on the GPU, in one stream, while another frame is in the other stream. Where nothing
but the network needs floats they are made of code values, and turned into code values, there too.

**Never run on a GPU**: there was none. The tests run the same code on the CPU with a fake of
torch's streams.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "WORKERS_ON_GPU",
    "CodeValues",
    "CodedFrame",
    "Gpu",
    "bits_of",
    "codes_of",
    "gpu_of",
    "picture_of",
]

WORKERS_ON_GPU = "NLE_STYLE_WORKERS_ON_GPU"
"""The environment variable with which `render.farm.workers` tells a worker among how many its GPU's
memory is shared."""

_STREAMS = 2  # one frame is copied while the other is painted; a third would only take memory


class CodeValues(NamedTuple):
    """The code values of an output without alpha.

    Attributes:
        bits: 8, in uint8; or 9 to 16, in uint16, which they fill by repeating their high bits.
        thresholds: float32 (side, side, 3), repeated over the picture: what is added to a code
            before it is rounded down. None: it is rounded, half to even.
    """

    bits: int
    thresholds: np.ndarray | None


class CodedFrame(NamedTuple):
    """A frame that was painted and quantised on a GPU.

    Attributes:
        codes: (H, W, 3) uint8 or uint16.
        sample: (h, w, 3) float32: some of its pixels as they were before, 0-1.
        is_finite: whether all of them were numbers; else `codes` means nothing.
    """

    codes: np.ndarray
    sample: np.ndarray
    is_finite: bool


class Gpu:
    """Streams and memory of one GPU, for all stylizers of this process.

    Torch keeps freed memory for the stream that it was used in. So the streams are made once: with
    a stream for every thread, each shot and each look would keep memory of its own.

    Args:
        device: a CUDA device.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        # float32 is what half precision falls back to; TF32 has no more digits than that.
        torch.backends.cudnn.allow_tf32 = False
        # The last used first: frames that come one by one keep to one stream.
        self._free: queue.LifoQueue[torch.cuda.Stream] = queue.LifoQueue()
        for _ in range(_STREAMS):
            self._free.put(torch.cuda.Stream(device))  # type: ignore[no-untyped-call]

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Run what follows in a stream that no other thread uses; where all are used it waits for
        one. At the end all of it is done: another stream may read what was made."""
        stream = self._free.get()
        try:
            with torch.cuda.stream(stream):
                yield
                stream.synchronize()
        finally:
            self._free.put(stream)

    def upload(self, picture: Tensor) -> Tensor:
        """A picture on the GPU, from pinned memory: else the copy would hold up the other frame."""
        return picture.pin_memory().to(self.device, non_blocking=True)

    @property
    def memory(self) -> int:
        """Bytes that this process may use: its share of the GPU, or what others leave of it. Memory
        that torch keeps for later use is not used by others."""
        free, total = torch.cuda.mem_get_info(self.device)
        kept = torch.cuda.memory_reserved(self.device) - torch.cuda.memory_allocated(self.device)
        workers = int(os.environ.get(WORKERS_ON_GPU, "1"))
        return min(free + kept, total // workers)


@lru_cache
def gpu_of(device: torch.device) -> Gpu | None:
    """The GPU of a device; None for any but CUDA."""
    return Gpu(device) if device.type == "cuda" else None


def bits_of(codes: np.ndarray) -> Tensor:
    """Code values, uint8 or uint16, of any shape, as torch takes them everywhere: uint16 as the
    same bits in int16, since few of torch's operations know uint16."""
    bits = codes.view(np.int16) if codes.dtype == np.uint16 else codes
    return torch.from_numpy(np.require(bits, requirements=["C", "W"]))


def picture_of(bits: Tensor) -> Tensor:
    """The picture that code values are: `bits_of` (H, W, 3) -> (1, 3, H, W) float32, 0-1, the bits
    of `media.source.as_floats`."""
    deep = bits.dtype == torch.int16
    codes = bits.to(torch.int32).bitwise_and_(0xFFFF) if deep else bits
    # A divisor on the device: by a number of Python's, CUDA multiplies with its reciprocal.
    top = torch.full((), 0xFFFF if deep else 0xFF, dtype=torch.float32, device=bits.device)
    return codes.to(torch.float32).div_(top).permute(2, 0, 1)[None]


def codes_of(picture: Tensor, bits: int, thresholds: Tensor | None) -> Tensor:
    """The code values of a picture, those of `media.write`: (1, 3, H, W), finite float32 -> (H, W,
    3), contiguous, uint8 or the bits of uint16 in int16.

    Args:
        bits, thresholds: of its `CodeValues`; on the picture's device.
    """
    values = picture[0].permute(1, 2, 0).clamp(0, 1).mul_(2**bits - 1)
    if thresholds is None:
        values.round_()
    else:
        rows, columns = values.shape[:2]
        side = thresholds.shape[0]
        wide = thresholds.repeat(1, -(-columns // side), 1)[:, :columns]
        strips, rest = divmod(rows, side)
        values[: strips * side].view(strips, side, columns, 3).add_(wide)
        values[strips * side :].add_(wide[:rest])
    if bits == 8:
        return values.to(torch.uint8).contiguous()  # rounds down: none is negative
    codes = values.to(torch.int32)
    codes = (codes << 16 - bits).bitwise_or_(codes >> 2 * bits - 16)
    return codes.to(torch.int16).contiguous()
