"""Stylizer: frames of one shot in, the same frames in their look out."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from nle_style.apply.allocator import give_back
from nle_style.apply.chroma import keep_chroma
from nle_style.apply.device import working_dtype
from nle_style.apply.engine import (
    Budget,
    FoldedEngine,
    FrameEngine,
    OpenVinoEngine,
    OpenVinoMeasure,
    Reflected,
    TiledEngine,
    arrange,
    automatic_memory,
    one_slice,
    openvino_version,
    paint_in_tiles,
)
from nle_style.apply.look import Look
from nle_style.apply.shot import ShotStatistics, luma_thumbnail, measure
from nle_style.apply.stroke_scale import painted_size, resample, working_size
from nle_style.core import MINIMUM_SIDE, NormStatistics, StylePack, cut_overscan, overscan_of
from nle_style.errors import LookError

__all__ = ["Stylizer", "engine_facts", "needs_measuring"]

T = TypeVar("T")
R = TypeVar("R")


def engine_facts(device: torch.device) -> list[str]:
    """What a picture's last bits depend on: the computing libraries and the kind of device."""
    facts = [torch.__version__, device.type]
    version = openvino_version() if device.type == "cpu" else None
    return [*facts, version] if version else facts


def needs_measuring(look: Look) -> bool:
    """Whether a look's statistics are of a shot, and measured before its frames are painted."""
    return look.strength > 0 and look.statistics != "frame"


class Stylizer:
    """One look on one device; stateless but for the frozen statistics of the current shot.

    With frozen statistics a CPU runs OpenVINO where it is installed (the extra `[fast]`), else
    torch; with `frame` it is always torch.

    Args:
        pack: the styles.
        look: the mix and its controls.
        device: where the network runs.
        budget: the memory to work in; of a GPU it is what the GPU has left.

    Raises:
        LookError: the look names a style that the pack does not have.
    """

    def __init__(
        self, pack: StylePack, look: Look, device: torch.device, budget: Budget | None = None
    ) -> None:
        self.look = look
        self._layers = arrange(pack.network(look.styles))
        self._device = device
        self._dtype = working_dtype(device)
        self._following = FrameEngine(self._layers, device, self._dtype)
        self._budget = replace(_budget_of(device, budget), sliced=self._by_openvino)
        self._streams = threading.local()
        self._shot: ShotStatistics | None = None
        self._frozen: Callable[[Tensor], Tensor] | None = None
        self._workers = ThreadPoolExecutor(2, "nle_style pieces")  # its threads start when used

    @property
    def needs_measuring(self) -> bool:
        """Whether `measure_shot` must be called before the frames of a shot."""
        return needs_measuring(self.look)

    def in_flight(self, height: int, width: int) -> int:
        """How many frames of a size may be given to `frame` at the same time, from as many threads:
        1, or 2 where that is faster. Between two shots none may be."""
        if self._device.type == "cuda":
            return 2  # one is copied while the other is painted
        if not self._takes_two or not self.needs_measuring:
            return 1
        return self._budget.in_flight(*painted_size(height, width, self.look.stroke_scale))

    @property
    def _takes_two(self) -> bool:
        """Whether two threads may be in the frozen network, each with half of the cores."""
        return self._by_openvino and torch.get_num_threads() > 1

    @property
    def _by_openvino(self) -> bool:
        return self._device.type == "cpu" and openvino_version() is not None

    def measure(self, frames: Iterable[np.ndarray]) -> ShotStatistics:
        """The statistics of a shot; see `shot_statistics.sample_frames` for which frames.

        Args:
            frames: each (H, W, 3) float32, RGB display code values, 0-1.
        """
        self._frozen = None  # its maps are freed before the frames are measured

        def sample(frame: np.ndarray) -> tuple[Tensor, np.ndarray]:
            return self._working(_tensor(frame)), luma_thumbnail(frame)

        supply = map(sample, frames)
        first = list(itertools.islice(supply, 1))
        if not first:
            raise ValueError("no frames to measure")
        size = first[0][0].shape[-2:]
        # Handed on, and not kept: frames are large.
        each = itertools.chain((first.pop() for _ in range(1)), supply)
        at_once, cut = self._budget.measuring(*size) if self._by_openvino else (0, one_slice)
        at_once = min(at_once, 2 if self._takes_two else 1)
        measured = measure(
            OpenVinoMeasure(self._layers, at_once, cut) if at_once else self._looker(size),
            each,
            self.look.statistics,
            self._layers[0].answer_to_black,
            over=self._two_at_once if at_once == 2 else map,
        )
        give_back()
        return measured

    def freeze(self, statistics: ShotStatistics) -> None:
        """Paint the frames that follow with these statistics of their shot, as `measure` gave them
        here or in another process."""
        self._frozen = None  # before there are new maps
        self._shot = statistics
        if self._by_openvino:
            threads = 2 if self._takes_two else 1
            self._frozen = OpenVinoEngine(self._layers, statistics.norms, threads, self._budget.cut)
        else:
            self._frozen = FoldedEngine(self._layers, statistics.norms, self._device, self._dtype)

    def measure_shot(self, frames: Iterable[np.ndarray]) -> None:
        """Measure a shot and freeze its statistics."""
        self.freeze(self.measure(frames))

    def frame(self, rgb: np.ndarray) -> np.ndarray:
        """Paint one frame.

        Args:
            rgb: (H, W, 3) float32, RGB display code values, 0-1; `MINIMUM_SIDE` a side or more.

        Returns:
            (H, W, 3) float32 in 0-1; at strength 0 the very values that were given.

        Raises:
            LookError: the frame is too small for the network.
            InputError: the memory budget does not hold the smallest piece of it.
        """
        if self.look.strength == 0:
            return rgb
        height, width = rgb.shape[:2]
        if min(height, width) < MINIMUM_SIDE:
            raise LookError(
                f"a frame of {width}x{height} is too small to paint",
                remedy=f"The network needs {MINIMUM_SIDE} pixels a side.",
            )
        source = _tensor(rgb)
        with self._stream():
            picture = self._painted(source, rgb)
        picture = resample(picture, (height, width))
        if self.look.colour == "source":
            picture = keep_chroma(picture, source)
        painted = picture[0].permute(1, 2, 0).numpy()
        if self.look.strength < 1:
            strength = np.float32(self.look.strength)
            painted = rgb + strength * (painted - rgb)
        return np.ascontiguousarray(painted, np.float32)

    @contextmanager
    def _stream(self) -> Iterator[None]:
        """On a GPU every thread has a stream of its own, so that copies and work overlap."""
        if self._device.type != "cuda":
            yield
            return
        if not hasattr(self._streams, "own"):
            self._streams.own = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        with torch.cuda.stream(self._streams.own):
            yield

    def _painted(self, source: Tensor, rgb: np.ndarray) -> Tensor:
        """The painting of `source` at its working size."""
        height, width = source.shape[-2:]
        if self._frozen is None or self._shot is None:
            rows, columns = working_size(height, width, self.look.stroke_scale)
            return cut_overscan(self._follow(self._working(source)), rows, columns)
        picture = self._resampled(source)
        size = painted_size(height, width, self.look.stroke_scale)
        at_once = self._budget.tiles_at_once(*size) if self._takes_two else 1
        return paint_in_tiles(
            self._frozen,
            picture,
            self._budget.frozen_tile(*size, at_once),
            self._shot.gain(rgb),
            overscan=_overscan(picture),
            over=map if at_once < 2 else self._workers.map,
        )

    def _follow(self, picture: Tensor) -> Tensor:
        """Paint with norms that follow the picture, in one piece if the budget holds it."""
        rows = self._budget.following_rows(*picture.shape[-2:])
        if rows is None:
            return self._following(picture).cpu()
        return TiledEngine(self._following, rows)(picture)

    def _looker(self, size: tuple[int, ...]) -> Callable[[Tensor, list[NormStatistics]], object]:
        """What measures pictures of a size in torch, in one piece if the budget holds it."""
        rows = self._budget.following_rows(*size)
        if rows is None:
            return lambda picture, seen: self._following(picture, seen=seen)
        return TiledEngine(self._following, rows).measure

    def _two_at_once(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """`map` in two threads; an item is asked for when there is a thread for it."""
        begun: deque[Future[R]] = deque()
        for item in items:
            begun.append(self._workers.submit(function, item))
            del item
            if len(begun) == 2:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()

    def _resampled(self, source: Tensor) -> Tensor:
        """(1, 3, H, W) at its working size."""
        height, width = source.shape[-2:]
        return resample(source, working_size(height, width, self.look.stroke_scale))

    def _working(self, source: Tensor) -> Tensor:
        """What the network sees of (1, 3, H, W): it paints and measures the same pictures."""
        picture = self._resampled(source)
        return Reflected(picture, _overscan(picture)).whole()


def _overscan(picture: Tensor) -> tuple[int, int]:
    height, width = picture.shape[-2:]
    return overscan_of(height), overscan_of(width)


def _budget_of(device: torch.device, given: Budget | None) -> Budget:
    if device.type == "cuda":
        # The process's share is the host's; on the GPU it is room for the allocator to breathe.
        return Budget(torch.cuda.mem_get_info(device)[0])
    return given or Budget(automatic_memory())


def _tensor(rgb: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(rgb, np.float32)).permute(2, 0, 1)[None]
