"""Which frames of its file one clip of the cut shows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.files import MediaFacts, first_number
from nle_style.timeline.frames import (
    counted,
    exact_rate,
    is_counted_at,
    snapped,
    usable_range,
    whole_frames,
)
from nle_style.timeline.needs.candidates import Candidate
from nle_style.timeline.needs.retime import Bound, reading_starts

__all__ = ["Need", "need_of"]

# Shorter stretches than this part of a frame are noise of float arithmetic upstream.
_SLIVER = Fraction(1, 100)
# Some timelines count in seconds or in ticks of a media clock: that is no picture rate.
_SLOWEST, _FASTEST = 5, 250


@dataclass(frozen=True)
class Need:
    """The frames of one clip, before handles and before ranges are merged.

    Attributes:
        clip: the clip as the survey found it.
        source: absolute path of the media, for an image sequence its pattern.
        first, last: zero-based frames of the file, inclusive, within the file.
        rate, media_frames, media_start: as in `nle_style.timeline.needs.shot_plan.ClipUse`.
        speed: source frames that go by in a frame of the cut, without sign: handles are so many
            times longer.
        note: what the user should know, "" if nothing.
    """

    clip: Candidate
    source: Path
    first: int
    last: int
    rate: Fraction
    media_frames: int
    media_start: Fraction
    speed: Fraction
    note: str


@dataclass(frozen=True)
class _Reading:
    """Source frame position = slope * n + offset at the instants n, in frames, low to high."""

    slope: Fraction
    offset: Fraction
    low: Bound
    high: Bound

    def at(self, instant: Fraction | float) -> Fraction:
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
        """The frames at whole instants only: the law of `nle_style.timeline.needs.retime`."""
        low, high = snapped(Fraction(self.low[0])), snapped(Fraction(self.high[0]))
        begin = math.ceil(low) + (1 if low.denominator == 1 and self.low[1] else 0)
        end = math.floor(high) - (1 if high.denominator == 1 and not self.high[1] else 0)
        if begin > end:
            return None
        first, last = sorted(math.floor(self.at(instant)) for instant in (begin, end))
        return first, last


def need_of(item: Candidate, source: Path, facts: MediaFacts) -> Need | None:
    """The file frames that a clip shows, transitions included; None if no frame falls on it.

    Where a retime is counted at the media's rate, they are the frames that the law names (see
    `nle_style.timeline.needs.retime`), and one on each side, because editors round; a freeze is its
    frame and the next. Where reverse can be read in two ways they are the frames of both.
    Without retime they are all that the clip's time touches. Where anything is counted at another
    rate than the media's, they are all that is touched, and one on each side.

    Raises:
        TimelineError: none of the frames is in the file, or the clip's place in the file cannot be
            known.
    """
    rate, count = _picture_rate(item, facts), facts.frame_count
    wanted, available = item.clip.source_range, usable_range(item.reference)
    if count == 1:
        return _still(item, source, rate, available)
    media_start = _media_start(item, facts, rate)
    if wanted is None:
        # No trim: the available range is shown, or the whole file where there is none.
        start = counted(available.start_time, rate) if available else media_start
        length = counted(available.duration, rate) if available else Fraction(count)
        times = [item.head, item.tail] + ([available.duration] if available else [])
    else:
        start, length = counted(wanted.start_time, rate), counted(wanted.duration, rate)
        times = [wanted.start_time, wanted.duration, item.head, item.tail]
        times += [available.start_time] if available else []
    same_rate = is_counted_at(times, rate) and all(
        exact_rate(clock, rate) == rate for clock in item.clocks
    )
    # Twice reversed is forward again, but not read in one way.
    retimed = item.speed != 1 or any(p.slope != 1 or p.high[1] for p in item.shown)
    readings = list(_readings(item, snapped(start - media_start), snapped(length), rate))
    frozen = all(reading.slope == 0 for reading in readings)
    shown = [
        span
        for reading in readings
        for span in [reading.sampled() if retimed and same_rate else reading.touched()]
        if span is not None
    ]
    if not shown:
        return None
    inside = [(max(a, 0), min(b, count - 1)) for a, b in shown if a < count and b >= 0]
    notes = [_overhang(shown, source, count)]
    if len(readings) > 1:
        notes.append("editors read reverse in two ways: the frames of both are planned")
    first, last = min(a for a, _ in inside), max(b for _, b in inside)
    if frozen and same_rate:
        # The same frame for as long as it is held; but one frame is not much of a movie.
        first, last = (first, last + 1) if last < count - 1 else (first - 1, last)
    elif retimed or not same_rate:
        first, last = first - 1, last + 1
    if not same_rate:
        notes.append(f"the timeline does not count at the media's rate of {rate}")
    return Need(
        clip=item,
        source=source,
        first=max(first, 0),
        last=min(last, count - 1),
        rate=rate,
        media_frames=count,
        media_start=media_start,
        speed=max(abs(reading.slope) for reading in readings),
        note="; ".join(note for note in notes if note),
    )


def _readings(
    item: Candidate, start: Fraction, length: Fraction, rate: Fraction
) -> Iterator[_Reading]:
    """What the clip shows of its file, in frames; `start` is a position in the file."""
    scale = _frames_a_second(item, rate)
    for begin in reading_starts(start, length, item.speed):
        for part in item.shown:
            low, high = (
                (value * scale if math.isfinite(value) else value, side)
                for value, side in (part.low, part.high)
            )
            # Only a clip on a top-level track may have a length that just its file knows.
            if not math.isfinite(low[0]):
                low = (-counted(item.head, rate), 0)
            if not math.isfinite(high[0]):
                high = (length + counted(item.tail, rate), 0)
            offset = snapped(begin + item.speed * part.offset * scale)
            yield _Reading(item.speed * part.slope, offset, low, high)


def _frames_a_second(item: Candidate, rate: Fraction) -> Fraction:
    """The media's rate as the walk read it, which did not know the media.

    For media of 29.97 frames exactly it has taken 29.97 for 30000/1001.
    """
    if item.clip.source_range is not None:
        written = item.clip.source_range.duration.rate
        if exact_rate(written, rate) == rate:
            return exact_rate(written)
    return rate


def _picture_rate(item: Candidate, facts: MediaFacts) -> Fraction:
    """The media's rate; for stills and sequences, which have none of their own, the timeline's."""
    if facts.first_file_number is None and facts.frame_count > 1:
        return facts.rate
    available, wanted = usable_range(item.reference), item.clip.source_range
    rates = [
        getattr(item.reference, "rate", 0.0),
        0.0 if available is None else available.duration.rate,
        0.0 if wanted is None else wanted.duration.rate,
    ]
    for rate in rates:
        if _SLOWEST <= rate <= _FASTEST:
            return exact_rate(rate, facts.rate)
    return facts.rate


def _still(
    item: Candidate,
    source: Path,
    rate: Fraction,
    available: otio.opentime.TimeRange | None,
) -> Need:
    """One frame, whatever part of its endless time the editor took."""
    return Need(
        clip=item,
        source=source,
        first=0,
        last=0,
        rate=rate,
        media_frames=1,
        media_start=counted(available.start_time, rate) if available else Fraction(0),
        speed=Fraction(1),
        note="a still: one frame is rendered, and the editor holds it as it holds the original",
    )


def _overhang(shown: list[tuple[int, int]], source: Path, count: int) -> str:
    """A note on frames that the file does not have, in the reading that has most of them."""
    missing, wanted, first, last = min(
        (min(b - a + 1, max(0, -a) + max(0, b - count + 1)), b - a + 1, a, b) for a, b in shown
    )
    if not missing:
        return ""
    if missing >= wanted:
        raise TimelineError(
            f"all {wanted} frames it needs ({first}-{last}) are missing from {source.name}, "
            f"which has 0-{count - 1}",
            remedy="Relink the clip to the right media, or correct its timecode.",
        )
    return (
        f"{missing} of the {wanted} frames it needs ({first}-{last}) are missing from "
        f"{source.name}, which has 0-{count - 1}"
    )


def _media_start(item: Candidate, facts: MediaFacts, rate: Fraction) -> Fraction:
    """The source time of the file's first frame, in frames at the media's rate."""
    available, wanted = usable_range(item.reference), item.clip.source_range
    number, named = facts.first_file_number, first_number(item.reference)
    if available is not None:
        start = counted(available.start_time, rate)
        if number is None:
            return start
        if named is not None:
            # File number = named + (source time - start of the available range).
            return start + number - named
        end = start + counted(available.duration, rate)
        # No number is said: source times that are numbers of files are taken for them.
        return Fraction(number) if number <= start and end <= number + facts.frame_count else start
    if wanted is None:
        return Fraction(facts.start_frame if number is None else number)
    start = counted(wanted.start_time, rate)
    for origin in (facts.start_frame, number or 0, 0):
        if origin <= start < origin + facts.frame_count:
            return Fraction(origin)
    raise TimelineError(
        f"it starts at source frame {float(start):g}, but its media has no available range and "
        f"starts at {facts.start_frame} with {facts.frame_count} frames",
        remedy="Relink the clip to the right media, or export the timeline with media ranges.",
    )
