"""Which frames of its file one clip of the cut shows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from nle_style.errors import TimelineError
from nle_style.timeline.files import MediaFacts
from nle_style.timeline.frames import counted, exact_rate, is_counted_at, snapped, usable_range
from nle_style.timeline.needs.candidates import Candidate
from nle_style.timeline.needs.origin import origin_of
from nle_style.timeline.needs.readings import (
    OtherReading,
    Reading,
    numbered_spans,
    other_spans,
    readings_of,
)
from nle_style.timeline.needs.retime import ALWAYS, at_once
from nle_style.timeline.needs.tree import ClipPlace
from nle_style.timeline.parsed import SOURCE_KEY

__all__ = ["ClipUse", "SourceRange", "use_of"]

# Some timelines count in seconds, or in ticks of a media clock, which are no picture rates.
_SLOWEST, _FASTEST = 5, 250


@dataclass(frozen=True)
class SourceRange:
    """Frames to render from one file in one look: merged, with handles, within the file.

    Attributes:
        source: absolute path; of an image sequence its pattern, `name.%04d.exr`.
        first, last: zero-based positions in the file (among a sequence's files), inclusive.
        look: what `look_of` returned for the clips.
        rate: frames per second that the intermediate must have. The media's own; for stills and
            image sequences the one that the timeline plays them at.
    """

    source: Path
    first: int
    last: int
    look: Hashable
    rate: Fraction


@dataclass(frozen=True)
class ClipUse(ClipPlace):
    """One clip of the cut and the frames it shows, transitions included.

    Attributes:
        source: as in `SourceRange`.
        first, last: zero-based frames of the file, inclusive, clamped to the file, with the
            frames that are added where editors round.
        range: the range of the plan that holds them.
        look: as in `SourceRange`.
        rate: exact frames per second, as in `SourceRange`.
        media_frames: number of frames of the media.
        media_start: the source time, in frames at `rate`, that the timeline means by the file's
            first frame: a one-hour timecode at 24 is 86400. Not whole in odd timelines.
        record: first instant and end in the timeline, in seconds from its start, without the
            clip's own transitions; None where the timeline does not say.
        note: a sentence for the user, or "".
        speed: source frames for each frame of the cut, without sign; handles are multiplied by it.
        way: (offset, slope): at n frames of the cut, at `rate`, from its own first one, which a
            nest may trim off, the clip shows offset + slope · n of the file; None for stills, where
            its speed changes or is 0, and where writers disagree on it.
        length: of the clip in the cut, transitions left out, in frames at `rate`.
    """

    source: Path
    first: int
    last: int
    range: SourceRange
    look: Hashable
    rate: Fraction
    media_frames: int
    media_start: Fraction
    record: tuple[Fraction, Fraction] | None = None
    note: str = ""
    speed: Fraction = Fraction(1)
    way: tuple[Fraction, Fraction] | None = None
    length: Fraction = Fraction(0)


def use_of(
    item: Candidate,
    source: Path,
    facts: MediaFacts,
    look: Hashable,
    other: OtherReading | None = None,
) -> ClipUse | None:
    """The file frames that a clip shows, transitions included; None if no frame falls on it.

    Its `range` is of these frames alone.

    Without a retime they are all frames that the clip's time touches. With one that is counted at
    the media's rate they are those of the rule in `nle_style.timeline.needs.retime`, and one more
    on each side, because editors round; a freeze is its frame and the next. Where editors read
    reverse in two ways they are the frames of both. Where anything is counted at another rate than
    the media's, they are all that is touched, and one more on each side. With an `other` reading
    they are the frames of both.

    Raises:
        TimelineError: none of the frames is in the file, or the clip's place in the file cannot be
            known.
    """
    rate, count = _picture_rate(item, facts), facts.frame_count
    wanted, available = item.clip.source_range, usable_range(item.reference)
    if count == 1:
        start = counted(available.start_time, rate) if available else Fraction(0)
        note = "a still: one frame is rendered, and the editor holds it as it holds the original"
        return _use(item, SourceRange(source, 0, 0, look, rate), 1, start, note, Fraction(1))
    media_start, guess = origin_of(item, facts, rate)
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
    # What is reversed twice plays forward, but editors read it in several ways.
    retimed = bool(item.curve) or item.speed != 1
    retimed = retimed or any(p.slope != 1 or p.high[1] for p in item.shown)
    position = snapped(start - media_start)
    readings = list(readings_of(item, position, snapped(length), rate, media_start))
    frozen = all(reading.slope == 0 for reading in readings)
    shown = [
        span
        for reading in readings
        for span in [reading.sampled() if retimed and same_rate else reading.touched()]
        if span is not None
    ]
    if not shown:
        return None
    two_ways = (len(item.shown) < len(readings) and not item.curve) or at_once(item.shown) > 1
    if not two_ways:
        # Parts of one curve, which are shown one after another.
        shown = [(min(a for a, _ in shown), max(b for _, b in shown))]
    numbered = [] if same_rate else numbered_spans(item, shown, position, rate)
    shown += [*other_spans(other, shown, position, rate), *numbered]
    inside = [(max(a, 0), min(b, count - 1)) for a, b in shown if a < count and b >= 0]
    notes = [guess, _overhang(item, shown, source, count)]
    if two_ways:
        notes.append("editors read reverse in two ways: the frames of both are planned")
    if other is not None:
        notes.append(f"{other.why}: the frames of both are planned")
    first, last = min(a for a, _ in inside), max(b for _, b in inside)
    if frozen and same_rate and not item.curve:
        # A freeze needs one frame; the intermediate gets two, so that it is a movie. That of a
        # curve is a time in seconds, which players round to either side.
        first, last = (first, last + 1) if last < count - 1 else (first - 1, last)
    elif retimed or not same_rate:
        first, last = first - 1, last + 1
    if not same_rate:
        both = ": frames that it means by number or by time are planned" if numbered else ""
        notes.append(f"the timeline does not count at the media's rate of {rate}{both}")
    shown_range = SourceRange(source, max(first, 0), min(last, count - 1), look, rate)
    speed = max(abs(reading.slope) for reading in readings)
    use = _use(item, shown_range, count, media_start, "; ".join(filter(None, notes)), speed)
    # Speeds of the nests around it, whatever of them the cut shows.
    slopes = {part.slope for part in item.shown}
    if other or len(slopes) > 1 or (slope := slopes.pop()) <= 0:
        return replace(use, length=snapped(length))
    whole = replace(item, shown=(replace(ALWAYS, slope=slope),))
    ways = list(readings_of(whole, position, snapped(length), rate, media_start))
    return replace(use, way=_way(ways), length=snapped(length) / slope)


def _way(readings: list[Reading]) -> tuple[Fraction, Fraction] | None:
    """What all readings of a clip agree on within a frame."""
    first = readings[0]
    alike = all(
        each.slope == first.slope and abs(each.offset - first.offset) <= 1 for each in readings
    )
    return (first.offset, first.slope) if alike and first.slope else None


def _use(
    item: Candidate, shown: SourceRange, count: int, start: Fraction, note: str, speed: Fraction
) -> ClipUse:
    return ClipUse(
        item.clip_id,
        item.clip_name,
        item.track_name,
        **vars(shown),
        range=shown,
        media_frames=count,
        media_start=start,
        record=item.record,
        note=note,
        speed=speed,
    )


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


def _overhang(item: Candidate, shown: list[tuple[int, int]], source: Path, count: int) -> str:
    """A note on frames that the file does not have; of several readings, the best one counts."""
    missing, wanted, first, last = min(
        (min(b - a + 1, max(0, -a) + max(0, b - count + 1)), b - a + 1, a, b) for a, b in shown
    )
    if not missing:
        return ""
    about = {} if item.reference is None else item.reference.metadata.get(SOURCE_KEY, {})
    if isinstance(about, Mapping) and (what := about.get("past_end")):
        raise TimelineError(
            f"it {what} past the end of {source.name}, which has 0-{count - 1} of the frames "
            f"{first}-{last}",
            remedy="Shorten the clip to its media and put it in again behind itself.",
        )
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
