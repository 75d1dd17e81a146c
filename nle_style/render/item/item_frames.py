"""The frames of one item: as its source has them, as the network sees them, and painted."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Generator, Iterator, Mapping
from functools import cached_property, partial

import numpy as np

from nle_style.apply.shot import ChangeMeter, ShotStatistics, sample_frames, sampled
from nle_style.media.source import as_floats, decoded_rgb
from nle_style.render.events import Scanning
from nle_style.render.item.painter import FramePainter, PaintedFrame, painter_of
from nle_style.render.item.progress import JobRun
from nle_style.render.item.stages import ahead, in_flight
from nle_style.render.item.supply import Weights, source_frames, supply
from nle_style.render.plan import ItemPlan

__all__ = ["ItemFrames", "ItemStatistics"]

ItemStatistics = Mapping[tuple[int, int], Mapping[int, ShotStatistics]]
"""By shot, first and last frame of the source, and by the place of a look, the lowest first."""

_SCANNED = 24  # frames from one `scanning` event to the next


class ItemFrames:
    """The frames of an item, and which shot its painter is set to.

    Args:
        run: the job.
        index: the item's place in the job.
        plan: of the item.
        statistics: of shots that need not be measured again.
    """

    def __init__(
        self, run: JobRun, index: int, plan: ItemPlan, statistics: ItemStatistics | None = None
    ) -> None:
        self._run, self._index, self._plan = run, index, plan
        self._statistics = statistics or {}
        self._measured: tuple[int, int] | None = None

    @cached_property
    def painter(self) -> FramePainter:
        """The painter of the item's looks; made when it is first asked for."""
        return painter_of(self._plan, self._run.pack, self._run.device)

    def views(self, first: int, last: int) -> Iterator[np.ndarray]:
        """The frames of a range, inclusive, as the network sees them, but only the pixels that
        `apply.shots` looks at, telling how far they are."""
        plan, name = self._plan, self._plan.destination.name
        total = plan.painted_count(plan.first, plan.last)
        frames = decoded_rgb(plan.info, first, last, alpha=plan.alpha)
        for number, pixels in enumerate(map(sampled, frames), first):
            self._run.check_cancelled()
            yield self.painter.view(as_floats(pixels))
            done = plan.painted_count(plan.first, number)
            if done % _SCANNED == 0:
                self._run.on_event(Scanning(self._index, name, number, done, total))

    def measure(self, shot: tuple[int, int]) -> dict[int, ShotStatistics]:
        """The statistics of a shot, by the place of every look that needs them."""
        return self.painter.measure_shot(partial(self._samples, shot))

    def _samples(self, shot: tuple[int, int]) -> Iterator[np.ndarray]:
        for number in sample_frames(*shot):
            self._run.check_cancelled()
            yield from source_frames(self._plan, number, number)

    def painted(
        self,
        shots: list[tuple[int, int]],
        meter: ChangeMeter,
        first: int,
        last: int,
        kept: Collection[int] = (),
    ) -> Generator[np.ndarray, None, None]:
        """The frames of a range, inclusive, painted or black, telling the progress of each painted
        one: (H, W, 3 or 4) float32, as the output stores them.

        A shot is measured when its first frame comes, wherever in the shot that is: always on the
        same frames of the source, so that a resumed render paints what an uninterrupted one does.

        Args:
            shots: first and last frame of every shot of the item.
            meter: sees every frame that is painted.
            kept: frames that an earlier render painted; nothing is compared with them.

        Raises: Cancelled; MediaError if a frame of the source or of a matte cannot be decoded.
        """
        plan, painter = self._plan, self.painter

        def shot_of(numbered: tuple[int, tuple[np.ndarray, Weights]]) -> tuple[int, int]:
            return next(shot for shot in shots if shot[0] <= numbered[0] <= shot[1])

        def one(numbered: tuple[int, tuple[np.ndarray, Weights]]) -> tuple[int, PaintedFrame]:
            number, (decoded, weights) = numbered
            return number, painter.frame(as_floats(decoded), weights)

        def measured(numbered: tuple[int, PaintedFrame]) -> np.ndarray:
            number, painted = numbered
            meter.add(number, painted.source_view, painted.view)
            return painted.pixels

        def is_painted(number: int) -> bool:
            return plan.painted_count(number, number) > 0

        def told(number: int, pixels: np.ndarray) -> np.ndarray:
            self._run.tell(self._index, plan, number)
            return pixels

        # The frames go from hand to hand through `map` and `islice`: a loop's variable would hold
        # each of them until the next one is there.

        def paint() -> Iterator[np.ndarray]:
            for begin, end in plan.painted_within(first, last):
                # The units of a sequence are single frames: one that goes on from an interrupted
                # run's frame paints that again, only to be compared with.
                compared = meter.needs_previous(begin) and begin - 1 not in kept
                start = begin - 1 if compared else begin
                frames = ahead(supply(plan, start, end), depth)
                try:
                    for shot, its_frames in itertools.groupby(enumerate(frames, start), shot_of):
                        if painter.needs_measuring and shot != self._measured:
                            self._measured = shot
                            known = self._statistics.get(shot)
                            painter.begin_shot(partial(self._samples, shot), known)
                        made = map(measured, in_flight(its_frames, one, painter.in_flight))
                        only_compared = max(0, begin - max(start, shot[0]))
                        yield from itertools.islice(made, only_compared, None)
                finally:
                    frames.close()

        depth = plan.budget.depth
        painted = ahead(paint(), depth)
        arriving = map(told, filter(is_painted, range(first, last + 1)), painted)
        channels = 4 if plan.alpha else 3
        black = np.zeros((plan.info.height, plan.info.width, channels), np.float32)
        try:
            for number in range(first, last + 1):
                self._run.check_cancelled()
                if is_painted(number):
                    yield from itertools.islice(arriving, 1)
                else:
                    yield black
        finally:
            painted.close()
