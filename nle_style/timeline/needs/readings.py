"""What a clip shows of its file at which instants, in every way that editors read it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from nle_style.timeline.frames import (
    counted,
    exact_rate,
    labelled,
    snapped,
    usable_range,
    whole_frames,
)
from nle_style.timeline.needs.candidates import Candidate
from nle_style.timeline.needs.retime import Bound, Shown, reading_starts, through_curve

__all__ = ["OtherReading", "Reading", "numbered_spans", "other_spans", "readings_of"]

# Stretches shorter than this part of a frame are noise of float arithmetic in editors.
_SLIVER = Fraction(1, 100)
_NEAR = (Fraction(1000, 1001), Fraction(1001, 1000))


@dataclass(frozen=True)
class Reading:
    """Source frame position = slope * n + offset at the instants n, in frames, low to high."""

    slope: Fraction
    offset: Fraction
    low: Bound
    high: Bound

    def at(self, instant: Fraction | float) -> Fraction:
        """The position at an instant, in frames."""
        return self.slope * Fraction(instant) + self.offset

    def touched(self) -> tuple[int, int] | None:
        """Every frame that the stretch of source time touches."""
        low, high = Fraction(self.low[0]), Fraction(self.high[0])
        if self.slope < 0:
            return whole_frames(self.at(high), self.at(low) + 1)
        if self.slope == 0:
            return whole_frames(self.offset, self.offset + 1)
        # An end that takes its instant in shows that instant's whole frame.
        high += self.high[1]
        return whole_frames(self.at(low), self.at(high)) if high - low > _SLIVER else None

    def sampled(self) -> tuple[int, int] | None:
        """The frames at whole instants only, by the rule of `nle_style.timeline.needs.retime`."""
        low, high = snapped(Fraction(self.low[0])), snapped(Fraction(self.high[0]))
        begin = math.ceil(low) + (1 if low.denominator == 1 and self.low[1] else 0)
        end = math.floor(high) - (1 if high.denominator == 1 and not self.high[1] else 0)
        if begin > end:
            return None
        first, last = sorted(math.floor(self.at(instant)) for instant in (begin, end))
        return first, last


class OtherReading(NamedTuple):
    """What else a clip shows where writers of its format disagree.

    Attributes:
        why: the two ways, a clause.
        shift: seconds by which the other way's frames lie later.
        length: seconds of source time from the clip's in-point on, in place of a shift.
    """

    why: str
    shift: Fraction = Fraction(0)
    length: Fraction | None = None


def other_spans(
    other: OtherReading | None, shown: list[tuple[int, int]], position: Fraction, rate: Fraction
) -> list[tuple[int, int]]:
    """What else the clip may show, if its writer counts as `other` says."""
    if other is None:
        return []
    if other.length is not None:
        return [whole_frames(position, position + snapped(other.length * rate))]
    shift = snapped(other.shift * rate)
    return [whole_frames(a + shift, b + 1 + shift) for a, b in shown]


def numbered_spans(
    item: Candidate, shown: list[tuple[int, int]], position: Fraction, rate: Fraction
) -> list[tuple[int, int]]:
    """What a clip shows if its frames are matched by number and not by time.

    Where the timeline counts 24 a second and the file 23.976, 30 and 29.97 and the like, editors do
    either, and a thousand frames on they are one apart. None at other rates, or if a speed says it.

    Args:
        shown: by time.
        position: of its in-point in the file, by a label where there is no media range.
        rate: frames a second of the file.
    """
    trim = item.clip.source_range
    scale = Fraction(1) if trim is None else exact_rate(trim.duration.rate, rate) / rate
    if item.reference is None or trim is None or scale not in _NEAR or item.speed in _NEAR:
        return []
    available, at = usable_range(item.reference), position
    if available is not None:
        at = snapped(labelled(trim.start_time, rate) - labelled(available.start_time, rate))
        # Labels are whole; what is not was converted by time.
        at = at if at.denominator == 1 else position * scale
    # One more on each side is planned, which is more than rounding loses.
    shift = at - position * scale
    return [(round(a * scale + shift), round(b * scale + shift)) for a, b in shown]


def readings_of(
    item: Candidate, start: Fraction, length: Fraction, rate: Fraction, media_start: Fraction
) -> Iterator[Reading]:
    """What a clip shows of its file, in frames.

    Args:
        start: of its in-point, a position in the file.
        length: of the clip.
        rate: frames a second.
        media_start: the source time of the file's first frame.
    """
    scale = _frames_a_second(item, rate)
    # Only a clip on a top-level track may have a length that just its file knows.
    begin: Bound = (-counted(item.head, rate) / scale, 0)
    end: Bound = ((length + counted(item.tail, rate)) / scale, 0)
    shown = tuple(
        replace(
            part,
            low=part.low if math.isfinite(part.low[0]) else begin,
            high=part.high if math.isfinite(part.high[0]) else end,
        )
        for part in item.shown
    )
    if item.curve:
        for part in through_curve(shown, item.curve):
            offset = snapped(part.offset * rate - media_start)
            yield Reading(part.slope, offset, *_bounds(part, scale))
        return
    for first in reading_starts(start, length, item.speed):
        for part in shown:
            offset = snapped(first + item.speed * part.offset * scale)
            yield Reading(item.speed * part.slope, offset, *_bounds(part, scale))


def _bounds(part: Shown, scale: Fraction) -> tuple[Bound, Bound]:
    """The instants of a part in frames."""
    return (part.low[0] * scale, part.low[1]), (part.high[0] * scale, part.high[1])


def _frames_a_second(item: Candidate, rate: Fraction) -> Fraction:
    """The rate by which `shown` was turned into seconds, which was done without the media.

    For media of exactly 29.97 frames per second that is 30000/1001.
    """
    if item.clip.source_range is not None:
        written = item.clip.source_range.duration.rate
        if exact_rate(written, rate) == rate:
            return exact_rate(written)
    return rate
