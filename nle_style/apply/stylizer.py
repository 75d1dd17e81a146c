"""Stylizer: paints frames in one look, shot after shot."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from nle_style.apply.allocator import trim_heap
from nle_style.apply.chroma import keep_chroma
from nle_style.apply.engine import (
    Budget,
    FoldedEngine,
    FrameEngine,
    Layer,
    OpenVinoEngine,
    OpenVinoMeasure,
    TiledEngine,
    arrange,
    automatic_memory,
    blank,
    one_slice,
    openvino_version,
    paint_in_tiles,
    reflect_margins,
    trusted,
)
from nle_style.apply.gpu import (
    CodedFrame,
    CodeValues,
    Gpu,
    bits_of,
    codes_of,
    gpu_of,
    picture_of,
)
from nle_style.apply.look import Look
from nle_style.apply.parallel import parallel_map
from nle_style.apply.shot import ShotStatistics, luma_thumbnail, measure, sampled
from nle_style.apply.stroke_scale import painted_size, resample, working_size
from nle_style.core import (
    MINIMUM_SIDE,
    NOISE_LEVEL,
    NormStatistics,
    StylePack,
    cut_overscan,
    denoised_in_tiles,
    overscan_of,
)
from nle_style.errors import LookError

E = TypeVar("E", bound=Callable[..., Tensor])

__all__ = ["Stylizer", "engine_facts", "needs_measuring"]


def engine_facts(device: torch.device) -> list[str]:
    """What a picture's last bits depend on: versions of libraries and the kind of device."""
    facts = [torch.__version__, device.type]
    version = openvino_version() if device.type == "cpu" else None
    return [*facts, version] if version else facts


def needs_measuring(look: Look) -> bool:
    """Whether a look's statistics are measured over a shot before its frames are painted."""
    return look.strength > 0 and look.statistics != "frame"


class Stylizer:
    """One look on one device, whose strength may change from frame to frame but not its mix (see
    `changing`). Its only state is the frozen statistics of the current shot.

    With frozen statistics a CPU uses OpenVINO where it is installed (the extra `[fast]`), else
    torch; with statistics `frame` it always uses torch. A GPU paints in half precision where that
    holds (`engine.precision`); it measures in float32.

    Args:
        pack: the styles.
        look: the mix and its controls.
        device: where the network runs.
        budget: the memory to work in; on a GPU the free memory of the GPU is used instead.
        dtype: to paint in where it holds; float16 on CUDA and float32 elsewhere, where half
            precision is not faster, if it is not given.
        layers: of the mix, if they are there already.
        holds: whether `dtype` is known to hold, and need not be looked at.
        only_frozen: whether `freeze` is called before anything else, so that nothing is made for
            measuring.

    Raises:
        LookError: the look names a style that the pack does not have.
    """

    def __init__(
        self,
        pack: StylePack,
        look: Look,
        device: torch.device,
        budget: Budget | None = None,
        dtype: torch.dtype | None = None,
        *,
        layers: Sequence[Layer] | None = None,
        holds: bool = False,
        only_frozen: bool = False,
    ) -> None:
        self.look = look
        self._layers = arrange(pack.network(look.styles)) if layers is None else layers
        self._device = device
        self._gpu = gpu_of(device)
        self._dtype = dtype or (torch.float32 if self._gpu is None else torch.float16)
        self._holds = holds
        self._budget = replace(_budget_of(self._gpu, budget), sliced=self._by_openvino)
        if not (only_frozen and self.needs_measuring):
            # It paints with statistics `frame`, else it measures: in float32.
            painting = torch.float32 if self.needs_measuring else self._dtype
            with self._stream():
                self._unfrozen = self._trusted(partial(FrameEngine, self._layers, device), painting)
        self._shot: ShotStatistics | None = None
        self._frozen: FoldedEngine | OpenVinoEngine | None = None
        self._threads = ThreadPoolExecutor(2, "nle_style pieces")  # they start when used

    @property
    def precision(self) -> torch.dtype:
        """What it paints in, with the statistics that it has."""
        engine = self._unfrozen if self._frozen is None else self._frozen
        return torch.float32 if isinstance(engine, OpenVinoEngine) else engine.convolve.dtype

    @property
    def needs_measuring(self) -> bool:
        """Whether `measure_shot` must be called before the frames of a shot."""
        return needs_measuring(self.look)

    def in_flight(self, height: int, width: int) -> int:
        """How many threads may call `frame` at the same time with frames of a size: 1, or 2 where
        that is faster. While the shot changes none may."""
        # On a GPU one is copied while the other is painted.
        if self._gpu is None and not (self._two_threads and self.needs_measuring):
            return 1
        return self._budget.in_flight(*painted_size(height, width, self.look.stroke_scale))

    @property
    def _two_threads(self) -> bool:
        """Whether two threads can run the frozen network, each with half of the cores."""
        return self._by_openvino and torch.get_num_threads() > 1

    @property
    def _by_openvino(self) -> bool:
        plain = self._device.type == "cpu" and self._gpu is None and self._dtype == torch.float32
        return plain and openvino_version() is not None

    def measure(self, frames: Iterable[np.ndarray]) -> ShotStatistics:
        """The statistics of a shot, from some of its frames; see `sample_frames`.

        Args:
            frames: each (H, W, 3) float32, RGB display code values, 0-1.
        """
        self._frozen = None  # frees its feature maps before the frames are measured

        def sample(frame: np.ndarray) -> tuple[Tensor, np.ndarray]:
            return self._working(self._tensor(frame)), luma_thumbnail(frame)

        with self._stream():
            samples: Iterator[tuple[Tensor, np.ndarray]] = map(sample, frames)
            first = list(itertools.islice(samples, 1))
            if not first:
                raise ValueError("no frames to measure")
            size = first[0][0].shape[-2:]
            # Popped when it is used: frames are large and must not be held.
            samples = itertools.chain((first.pop() for _ in range(1)), samples)
            at_once, cut = self._budget.measuring(*size) if self._by_openvino else (0, one_slice)
            at_once = min(at_once, 2 if self._two_threads else 1)
            measured = measure(
                OpenVinoMeasure(self._layers, at_once, cut)
                if at_once
                else self._statistics_pass(size),
                samples,
                self.look.statistics,
                self._layers,
                map_samples=partial(parallel_map, workers=at_once, waiting=0),
            )
        trim_heap()
        return measured

    def freeze(self, statistics: ShotStatistics) -> None:
        """Paint the frames that follow with these statistics of their shot, which `measure` gave
        here or in another process."""
        self._frozen = None  # frees its feature maps before there are new ones
        self._shot = statistics
        if self._by_openvino:
            threads = 2 if self._two_threads else 1
            self._frozen = OpenVinoEngine(self._layers, statistics.norms, threads, self._budget.cut)
            return
        make = partial(FoldedEngine, self._layers, statistics.norms, self._device)
        with self._stream():
            self._frozen = self._trusted(make, self._dtype)

    def measure_shot(self, frames: Iterable[np.ndarray]) -> None:
        """Measure a shot and freeze its statistics."""
        self.freeze(self.measure(frames))

    def frame(self, rgb: np.ndarray, number: int = 0) -> np.ndarray:
        """Paint one frame.

        Args:
            rgb: (H, W, 3) float32, RGB display code values, 0-1; `MINIMUM_SIDE` a side or more.
            number: of the frame in the source, for a look that changes.

        Returns:
            (H, W, 3) float32 in 0-1; at strength 0 the array that was given.

        Raises:
            LookError: the frame is too small for the network.
            InputError: the memory budget does not hold the smallest piece of it.
        """
        return self._picture(rgb, self.look.strength_at(number))

    def painting(self, rgb: np.ndarray, number: int = 0) -> np.ndarray:
        """As `frame`, at strength 1."""
        return self._picture(rgb, 1.0)

    @property
    def takes_codes(self) -> bool:
        """Whether it paints on a GPU, and so has `coded`."""
        return self._gpu is not None

    def coded(self, codes: np.ndarray, number: int, into: CodeValues, step: int) -> CodedFrame:
        """Paint one frame that goes to the GPU, and comes back, in code values.

        Args:
            codes: (H, W, 3) uint8 or uint16, RGB display code values.
            number: as of `frame`; its strength is not 0.
            into: what it is quantised to.
            step: one pixel of so many, in each direction, is in the result's `sample`.

        Raises:
            LookError, InputError: as `frame`.
        """
        if self._gpu is None:
            raise ValueError("frames are painted in code values on a GPU only")
        _check_size(*codes.shape[:2])
        strength, seen = self.look.strength_at(number), bits_of(sampled(codes))
        with self._stream():
            mask = into.thresholds
            thresholds = None if mask is None else self._gpu.upload(torch.from_numpy(mask))
            source = picture_of(self._gpu.upload(bits_of(codes)))
            picture = self._result(source, picture_of(seen)[0].permute(1, 2, 0).numpy(), strength)
            del source  # its memory is free for the code values
            ends = torch.stack(torch.aminmax(picture))  # NaN if any value is
            sample = picture[0, :, ::step, ::step].contiguous()
            made = codes_of(picture, into.bits, thresholds).cpu().numpy()
            return CodedFrame(
                made if into.bits == 8 else made.view(np.uint16),
                sample.cpu().permute(1, 2, 0).numpy(),
                bool(ends.cpu().isfinite().all()),
            )

    def _picture(self, rgb: np.ndarray, strength: float) -> np.ndarray:
        if strength == 0:
            return rgb
        _check_size(*rgb.shape[:2])
        with self._stream():
            picture = self._result(self._tensor(rgb), rgb, strength)
            painted = picture.cpu()[0].permute(1, 2, 0).numpy()
        return np.ascontiguousarray(painted, np.float32)

    def _result(self, source: Tensor, seen: np.ndarray, strength: float) -> Tensor:
        """`source` in the look, at its own size.

        Args:
            seen: (h, w, 3) float32: it, or what is `sampled` of it, for its exposure.
        """
        height, width = source.shape[-2:]
        picture = resample(self._painted(source, seen), (height, width))
        if self.look.colour == "source":
            picture = keep_chroma(picture, source)
        if strength < 1:
            picture = source + strength * (picture - source)
        return picture

    def _trusted(self, make: Callable[[torch.dtype], E], dtype: torch.dtype) -> E:
        return make(dtype) if self._holds else trusted(make, dtype)

    def _stream(self) -> AbstractContextManager[None]:
        """On a GPU: what follows runs beside what other threads do there."""
        return nullcontext() if self._gpu is None else self._gpu.stream()

    def _tensor(self, rgb: np.ndarray) -> Tensor:
        """(H, W, 3) as (1, 3, H, W), on the GPU if there is one."""
        picture = torch.from_numpy(np.ascontiguousarray(rgb, np.float32)).permute(2, 0, 1)[None]
        return picture if self._gpu is None else self._gpu.upload(picture)

    def _painted(self, source: Tensor, seen: np.ndarray) -> Tensor:
        """The painting of `source` at its working size; `seen` as of `_result`."""
        height, width = source.shape[-2:]
        if self._frozen is None or self._shot is None:
            rows, columns = working_size(height, width, self.look.stroke_scale)
            return cut_overscan(self._paint_unfrozen(self._working(source)), rows, columns)
        gain = self._shot.gain(seen)
        # What is divided by its exposure has grain of another size.
        picture = denoised_in_tiles(self._resampled(source), NOISE_LEVEL * gain)
        size = painted_size(height, width, self.look.stroke_scale)
        at_once = self._budget.tiles_at_once(*size) if self._two_threads else 1
        return paint_in_tiles(
            self._frozen,
            picture,
            self._budget.frozen_tile(*size, at_once),
            gain,
            overscan=_overscan(picture),
            map_tiles=map if at_once < 2 else self._threads.map,
        )

    def _paint_unfrozen(self, picture: Tensor) -> Tensor:
        """Paint with the picture's own statistics, in one piece if the budget holds it."""
        rows = self._budget.unfrozen_rows(*picture.shape[-2:])
        if rows is None:
            return self._unfrozen(picture).to(picture.device)
        return TiledEngine(self._unfrozen, rows)(picture).to(picture.device)

    def _statistics_pass(
        self, size: tuple[int, ...]
    ) -> Callable[[Tensor, list[NormStatistics]], object]:
        """A function that measures pictures of a size in torch, in one piece if the budget holds
        it."""
        rows = self._budget.unfrozen_rows(*size)
        if rows is None:
            return lambda picture, seen: self._unfrozen(picture, seen=seen)
        return TiledEngine(self._unfrozen, rows).measure

    def _resampled(self, source: Tensor) -> Tensor:
        """(1, 3, H, W) at the working size."""
        height, width = source.shape[-2:]
        return resample(source, working_size(height, width, self.look.stroke_scale))

    def _working(self, source: Tensor) -> Tensor:
        """The network's input for (1, 3, H, W) where it paints or measures a whole picture."""
        picture = self._resampled(source)
        (height, width), (down, right) = picture.shape[-2:], _overscan(picture)
        made = blank(3, height + 2 * down, width + 2 * right, picture.device)
        inner = made[..., down : down + height, right : right + width]
        denoised_in_tiles(picture, made=inner)
        reflect_margins(made, (down, right))
        return made


def _check_size(height: int, width: int) -> None:
    """Raises: LookError if a frame is too small for the network."""
    if min(height, width) < MINIMUM_SIDE:
        raise LookError(
            f"a frame of {width}x{height} is too small to paint",
            remedy=f"The network needs {MINIMUM_SIDE} pixels a side.",
        )


def _overscan(picture: Tensor) -> tuple[int, int]:
    height, width = picture.shape[-2:]
    return overscan_of(height), overscan_of(width)


def _budget_of(gpu: Gpu | None, given: Budget | None) -> Budget:
    budget = given or Budget(automatic_memory())
    return budget if gpu is None else replace(budget, total=gpu.memory, on_gpu=True)
