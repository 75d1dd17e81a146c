"""The frames of one item: read for the cuts, read for a shot's statistics, and painted.

Painting has four stages, each a few frames ahead of the next:

    decode, with the mattes -> paint -> measure the change -> hand over, with black in between
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from functools import cached_property, partial

import numpy as np

from nle_style.apply import painted_size, parallel_map
from nle_style.apply.shot import (
    ChangeMeter,
    ChangingStatistics,
    ShotStatistics,
    sample_frames,
    sampled,
)
from nle_style.media.source import as_floats, decoded_rgb, frames_at
from nle_style.render.events import Scanning
from nle_style.render.item.painter import Drawn, FramePainter, PaintedFrame, painter_of
from nle_style.render.item.progress import Progress
from nle_style.render.item.stages import prefetch
from nle_style.render.plan import ItemPlan

__all__ = ["ItemFrames", "ItemStatistics", "source_frames"]

Shot = tuple[int, int]
"""First and last frame in the source, inclusive."""

ItemStatistics = Mapping[Shot, Mapping[int, ShotStatistics | ChangingStatistics]]
"""The statistics of an item's shots, for each look by its place, the lowest first."""

FrameAndMattes = tuple[np.ndarray, tuple[np.ndarray | None, ...]]
"""A frame as `decoded_rgb` gives it: integers wait in less memory than floats. And for every look,
the lowest first, the weights of its matte: (H, W) float32, 0-1, or None for everywhere."""

_SCANNED = 24  # frames from one `scanning` event to the next


class ItemFrames:
    """The frames of an item.

    Args:
        progress: of the job.
        index: the item's place in the job.
        plan: of the item.
        statistics: of shots that need not be measured again.
    """

    def __init__(
        self,
        progress: Progress,
        index: int,
        plan: ItemPlan,
        statistics: ItemStatistics | None = None,
    ) -> None:
        self._progress, self._index, self._plan = progress, index, plan
        self._statistics = statistics or {}
        self._shot: Shot | None = None  # the one whose statistics the painter has
        self._scanned: dict[int, np.ndarray] = {}  # decoded for the cuts, and not painted yet
        self._room = self._spare()  # bytes for more of them

    @cached_property
    def painter(self) -> FramePainter:
        """The painter of the item's looks; made when it is first asked for."""
        return painter_of(self._plan, self._progress.pack, self._progress.device)

    def sampled_views(self, first: int, last: int) -> Iterator[np.ndarray]:
        """The frames of a range, inclusive, as the network sees them, but only the pixels that the
        detection of cuts needs; each 24th frame is reported. As many as there is memory for stay
        decoded until they are painted."""
        plan, name = self._plan, self._plan.destination.name
        total = plan.painted_count(plan.first, plan.last)
        frames = decoded_rgb(plan.info, first, last, alpha=plan.spec.alpha)
        for number, pixels in enumerate(map(self._scan, itertools.count(first), frames), first):
            self._progress.check_cancelled()
            yield self.painter.view(as_floats(pixels))
            done = plan.painted_count(plan.first, number)
            if done % _SCANNED == 0:
                self._progress.on_event(Scanning(self._index, name, number, done, total))

    def _scan(self, number: int, decoded: np.ndarray) -> np.ndarray:
        if decoded.nbytes <= self._room:
            self._room -= decoded.nbytes
            self._scanned[number] = decoded
        return sampled(decoded)

    def _spare(self) -> int:
        """Bytes that neither painting nor the frames on their way need."""
        plan = self._plan
        height, width = plan.info.height, plan.info.width
        sizes = [painted_size(height, width, look.stroke_scale) for look in plan.looks]
        return min(plan.budget.spare(*size) for size in sizes)

    def measure(self, shot: Shot) -> dict[int, ShotStatistics | ChangingStatistics]:
        """The statistics of a shot, for each look that needs them by its place."""
        return self.painter.measure_shot(partial(self._samples, shot), shot)

    def _samples(self, shot: Shot) -> Iterator[np.ndarray]:
        plan, numbers = self._plan, sample_frames(*shot)
        held = {number: self._scanned.get(number) for number in numbers}
        others = [number for number, pixels in held.items() if pixels is None]
        decoded = frames_at(plan.info, others, alpha=plan.spec.alpha)
        for number in numbers:
            self._progress.check_cancelled()
            pixels = held.pop(number)
            yield as_floats(next(decoded) if pixels is None else pixels)

    def painted(
        self,
        shots: Sequence[Shot],
        meter: ChangeMeter,
        first: int,
        last: int,
        kept: Collection[int] = (),
    ) -> Generator[np.ndarray, None, None]:
        """The frames of a range, inclusive, as the output stores them: (H, W, 3 or 4), painted or
        black, float32 or quantised already. Each painted one is counted.

        A shot is measured when its first frame comes, wherever in the shot that is: always on the
        same frames of the source, so that a resumed render paints what an uninterrupted one does.

        Args:
            shots: all shots of the item.
            meter: is given every frame that is painted.
            kept: frames that an earlier render painted; nothing is compared with them.

        Raises: Cancelled; MediaError if a frame of the source or of a matte cannot be decoded.
        """
        # No stage holds a frame in a variable until the next one comes: the frames are passed on
        # by `map` and `islice`.
        plan = self._plan
        channels = 4 if plan.spec.alpha else 3
        black = np.zeros((plan.info.height, plan.info.width, channels), np.float32)
        painted = prefetch(self._paint(shots, meter, first, last, kept), plan.budget.depth)
        counted = map(self._count, filter(self._is_painted, range(first, last + 1)), painted)
        try:
            for number in range(first, last + 1):
                self._progress.check_cancelled()
                if self._is_painted(number):
                    yield from itertools.islice(counted, 1)
                else:
                    yield black
        finally:
            painted.close()

    def _paint(
        self,
        shots: Sequence[Shot],
        meter: ChangeMeter,
        first: int,
        last: int,
        kept: Collection[int],
    ) -> Iterator[np.ndarray]:
        """The painted frames of a range; those that stay black are left out."""
        for begin, end in self._plan.painted_within(first, last):
            # The units of a sequence are single frames: a run that begins in the middle of a block
            # paints the frame before again, only to be compared with.
            compared = meter.needs_previous(begin) and begin - 1 not in kept
            wanted = begin - 1 if compared else begin
            # One that begins in the middle of a hold needs the frame that was drawn for it.
            start = self._plan.drawing(wanted, _shot_at(shots, wanted)[0])
            decoded = prefetch(self._frames_and_mattes(start, end), self._plan.budget.depth)
            try:
                numbered = enumerate(decoded, start)
                for shot, its_frames in itertools.groupby(numbered, partial(_shot_of, shots)):
                    self._begin_shot(shot)
                    painted = self._painted_of(its_frames, max(0, wanted - max(start, shot[0])))
                    measured = map(partial(_measure_change, meter), painted)
                    only_compared = max(0, begin - max(wanted, shot[0]))
                    yield from itertools.islice(measured, only_compared, None)
            finally:
                decoded.close()

    def _frames_and_mattes(self, first: int, last: int) -> Generator[FrameAndMattes, None, None]:
        """Frames `first` to `last` of the item's source, inclusive, with their mattes.

        Raises: MediaError if a frame of the source or of a matte cannot be decoded.
        """
        count = last - first + 1
        weights = (
            itertools.repeat(None, count) if matte is None else matte.weights(first, last)
            for matte in self._plan.mattes
        )
        yield from zip(self._decoded(first, last), zip(*weights, strict=True), strict=True)

    def _decoded(self, first: int, last: int) -> Iterator[np.ndarray]:
        while first in self._scanned and first <= last:
            yield self._scanned.pop(first)
            first += 1
        if first <= last:
            yield from decoded_rgb(self._plan.info, first, last, alpha=self._plan.spec.alpha)

    def _begin_shot(self, shot: Shot) -> None:
        if self._plan.needs_shots and shot != self._shot:
            self._shot = shot
            known = self._statistics.get(shot)
            self.painter.begin_shot(partial(self._samples, shot), known, shot)

    def _painted_of(
        self, frames: Iterator[tuple[int, FrameAndMattes]], only_drawn: int
    ) -> Iterator[tuple[int, PaintedFrame]]:
        """Frames of one shot, painted, but for so many at first that are only drawn for others."""
        painter = self.painter
        if not painter.holds:
            yield from parallel_map(self._paint_one, frames, painter.in_flight)
            return
        # Held frames wait for none: while one drawing is made the next is begun.
        ahead = self._plan.longest_hold
        for place, drawn in enumerate(
            parallel_map(self._draw_one, frames, painter.in_flight, waiting=ahead)
        ):
            painted = painter.lay(drawn)
            if place >= only_drawn:
                yield drawn.number, painted

    def _draw_one(self, numbered: tuple[int, FrameAndMattes]) -> Drawn:
        number, (decoded, weights) = numbered
        return self.painter.draw(as_floats(decoded), weights, self._name_of(number), number)

    def _paint_one(self, numbered: tuple[int, FrameAndMattes]) -> tuple[int, PaintedFrame]:
        number, (decoded, weights) = numbered
        name = self._name_of(number)
        return number, self.painter.frame(decoded, weights, name, number)

    def _name_of(self, number: int) -> str:
        return f"{self._plan.info.path}, frame {number}"

    def _is_painted(self, number: int) -> bool:
        return self._plan.painted_count(number, number) > 0

    def _count(self, number: int, pixels: np.ndarray) -> np.ndarray:
        self._progress.count_frame(self._index, self._plan, number)
        return pixels


def _shot_of(shots: Sequence[Shot], numbered: tuple[int, FrameAndMattes]) -> Shot:
    return _shot_at(shots, numbered[0])


def _shot_at(shots: Sequence[Shot], number: int) -> Shot:
    return next(shot for shot in shots if shot[0] <= number <= shot[1])


def _measure_change(meter: ChangeMeter, numbered: tuple[int, PaintedFrame]) -> np.ndarray:
    number, painted = numbered
    add = meter.add_compared if painted.only_compared else meter.add
    add(number, painted.source_view, painted.view)
    return painted.pixels


def source_frames(plan: ItemPlan, first: int, last: int) -> Iterator[np.ndarray]:
    """Frames of an item's source, as `decoded_rgb` gives them, with alpha if the output carries it.

    Raises: as `decoded_rgb`.
    """
    return decoded_rgb(plan.info, first, last, alpha=plan.spec.alpha)
