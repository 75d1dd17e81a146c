"""Which frames of its file one clip of the cut shows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from nle_style.errors import TimelineError
from nle_style.timeline.frames import counted, is_counted_at, usable_range, whole_frames
from nle_style.timeline.survey import Candidate

__all__ = ["MediaFacts", "Need", "need_of"]


class MediaFacts(Protocol):
    """What the plan has to know of a media file; `nle_style.media` supplies it."""

    @property
    def rate(self) -> Fraction:
        """Frames per second, exact."""

    @property
    def frame_count(self) -> int:
        """Number of frames that really decode."""

    @property
    def start_frame(self) -> int:
        """The file's start timecode counted in frames at `rate`; 0 if it has none."""


@dataclass(frozen=True)
class Need:
    """The frames of one clip, before handles and before ranges are merged.

    Attributes:
        clip: the clip as the survey found it.
        source: absolute path of the media.
        first, last: zero-based frames of the file, inclusive, within the file.
        facts: of the media.
        media_start: as in `nle_style.timeline.plan.ClipUse`.
        note: what the user should know, "" if nothing.
    """

    clip: Candidate
    source: Path
    first: int
    last: int
    facts: MediaFacts
    media_start: Fraction
    note: str


def need_of(item: Candidate, source: Path, facts: MediaFacts) -> Need:
    """The file frames that a clip shows, transitions included.

    Raises:
        TimelineError: none of the frames is in the file, the clip's place in the file cannot be
            known, or a still is held.
    """
    rate, count = facts.rate, facts.frame_count
    wanted = item.clip.source_range
    media_start = _media_start(item, facts)
    if wanted is None:
        # No trim: the available range is shown, or the whole file where there is none.
        available = usable_range(item.reference)
        start = media_start
        length = counted(available.duration, rate) if available else Fraction(count)
        times = [item.head, item.tail] + ([available.duration] if available else [])
    else:
        start, length = counted(wanted.start_time, rate), counted(wanted.duration, rate)
        times = [wanted.start_time, wanted.duration, item.head, item.tail]
        times += [a.start_time for a in [usable_range(item.reference)] if a]
    first, last = whole_frames(
        start - media_start - counted(item.head, rate),
        start - media_start + length + counted(item.tail, rate),
    )
    notes = [_overhang(first, last, source, count)]
    if not is_counted_at(times, rate):
        first, last = first - 1, last + 1
        notes.append(f"the timeline does not count at the media's rate of {rate}")
    return Need(
        clip=item,
        source=source,
        first=max(first, 0),
        last=min(last, count - 1),
        facts=facts,
        media_start=media_start,
        note="; ".join(note for note in notes if note),
    )


def _overhang(first: int, last: int, source: Path, count: int) -> str:
    """A note on frames that the file does not have, "" if it has them all."""
    missing = max(0, -first) + max(0, last - count + 1)
    if not missing:
        return ""
    wanted = last - first + 1
    if missing >= wanted:
        raise TimelineError(
            f"all {wanted} frames it needs ({first}-{last}) are missing from {source.name}, "
            f"which has 0-{count - 1}",
            remedy="Relink the clip to the right media, or correct its timecode.",
        )
    if count == 1:
        raise TimelineError(
            f"a still image is held for {wanted} frames, which is not read yet",
            remedy="Render the still as a movie of that length and cut that in.",
        )
    return (
        f"{missing} of the {wanted} frames it needs ({first}-{last}) are missing from "
        f"{source.name}, which has 0-{count - 1}"
    )


def _media_start(item: Candidate, facts: MediaFacts) -> Fraction:
    """The source time of the file's first frame, in frames at the media's rate."""
    available = usable_range(item.reference)
    if available is not None:
        return counted(available.start_time, facts.rate)
    if item.clip.source_range is None:
        return Fraction(facts.start_frame)
    start = counted(item.clip.source_range.start_time, facts.rate)
    for origin in (facts.start_frame, 0):
        if origin <= start < origin + facts.frame_count:
            return Fraction(origin)
    raise TimelineError(
        f"it starts at source frame {float(start):g}, but its media has no available range and "
        f"starts at {facts.start_frame} with {facts.frame_count} frames",
        remedy="Relink the clip to the right media, or export the timeline with media ranges.",
    )
