"""A CUDA GPU: what runs on it at the same time, and the memory that it has for that.

Of a frame only the upload and the download cross the bus: it is resampled, painted, and given its
chroma and strength on the GPU, in one stream, while another frame is in the other stream.

**Never run on a GPU**: there was none. The tests run the same code on the CPU with a fake of
torch's streams.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import torch
from torch import Tensor

__all__ = ["WORKERS_ON_GPU", "Gpu", "gpu_of"]

WORKERS_ON_GPU = "NLE_STYLE_WORKERS_ON_GPU"
"""The environment variable with which `render.farm.workers` tells a worker among how many its GPU's
memory is shared."""

_STREAMS = 2  # one frame is copied while the other is painted; a third would only take memory


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
