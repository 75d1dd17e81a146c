"""When the events of a CMX 3600 list are shown, and what of their tape, in frames.

Timecode begins anew at 24:00:00:00. An out-point nearly a day before its in-point is one of the
next day; a list whose events are more than half a day apart, and less if those of the morning are
the next day's, ran over midnight.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timecode import frames_in_a_day
from nle_style.timeline.parsed import Dropped
from nle_style.timeline.readers.edl.edl_events import Event, frames_of

__all__ = ["GENERATED", "EdlList", "PlacedEvent", "placed_events"]

GENERATED = {"BL": "black", "BLACK": "black", "BARS": "SMPTEBars"}
"""Reels that are no tape, and the generator that they stand for."""


@dataclass(frozen=True)
class PlacedEvent:
    """An event in frames.

    Attributes:
        start, end: in the record, `end` exclusive; past midnight they go on counting.
        source: in and out (exclusive) of its tape; an in-point may be one of the next day.
    """

    event: Event
    start: int
    end: int
    source: tuple[int, int]


@dataclass
class EdlList:
    """What all events of a list share: the file, its rate, and what was noted while reading."""

    path: Path
    rate: Fraction
    warnings: list[str] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)

    def time(self, frames: int) -> otio.opentime.RationalTime:
        """Frames as a time of the list."""
        return otio.opentime.RationalTime(frames, float(self.rate))

    def range(self, start: int, duration: int) -> otio.opentime.TimeRange:
        """Frames as a range of the list."""
        return otio.opentime.TimeRange(self.time(start), self.time(duration))

    def frame(self, event: Event, timecode: str, *, drop: bool) -> int:
        """A timecode of an event in frames.

        Raises:
            TimelineError: it does not exist at the list's rate.
        """
        try:
            return frames_of(timecode, self.rate, drop=drop)
        except ValueError as error:
            raise TimelineError(
                f"event {event.number} in line {event.line}: {error}",
                where=str(self.path),
                remedy="Give the sequence's rate with --rate.",
            ) from error

    def warn(self, event: Event, text: str) -> None:
        """Note something of an event that is read."""
        self.warnings.append(f"event {event.number} (line {event.line}): {text}")

    def drop(self, event: Event, reason: str) -> None:
        """Refuse an event that has no place in the timeline; one without a picture is noted."""
        if not re.search("[VB]", event.channels) or event.reel in GENERATED:
            self.warn(event, f"{reason}; left out")
            return
        name = event.names.get("FROM CLIP NAME") or event.reel
        reason = f"event {event.number} in line {event.line} {reason}"
        remedy = "Correct the event in the list, or export the list again."
        lost = Dropped(name, event.channels, reason, remedy)
        # Sound goes with the picture, on tracks of its own.
        if lost not in self.dropped:
            self.dropped.append(lost)

    def day(self, *, drop: bool) -> int:
        """Frames from midnight to midnight."""
        return frames_in_a_day(self.rate, drop=drop)


def placed_events(edl: EdlList, events: Sequence[Event]) -> list[PlacedEvent]:
    """The events that show something, in the order of the record.

    Raises:
        TimelineError: a timecode that does not exist at the list's rate.
    """
    placed = [p for event in events if (p := _placed(edl, event))]
    placed = _over_midnight(edl, placed)
    return sorted(placed, key=lambda p: p.start)


def _placed(edl: EdlList, event: Event) -> PlacedEvent | None:
    source_in, source_out = (edl.frame(event, t, drop=event.drop_source) for t in event.source)
    start, end = (edl.frame(event, t, drop=event.drop_record) for t in event.record)
    end = _after(start, end, edl.day(drop=event.drop_record))
    if end < start:
        edl.drop(event, "ends before it starts in the record")
    if end <= start:
        return None
    day = edl.day(drop=event.drop_source)
    return PlacedEvent(event, start, end, (source_in, _after(source_in, source_out, day)))


def outgoing_part(edl: EdlList, item: PlacedEvent, outgoing: Event, length: int) -> PlacedEvent:
    """What a transition of `length` frames shows of the line that it starts from, `outgoing`."""
    shown = replace(outgoing, incoming=item.event)
    begin = edl.frame(shown, shown.source[0], drop=shown.drop_source)
    return PlacedEvent(shown, item.start, item.start + length, (begin, begin + length))


def _after(begin: int, end: int, day: int) -> int:
    """The out-point, on the next day if it is that of a clip that runs over midnight."""
    return end + day if end < begin and (end + day - begin) * 2 < day else end


def _over_midnight(edl: EdlList, placed: list[PlacedEvent]) -> list[PlacedEvent]:
    """The morning's events behind those of the night before, if the list ran over midnight."""
    if not placed:
        return placed
    day = edl.day(drop=placed[0].event.drop_record)
    late = [p.start for p in placed if p.start * 2 >= day]
    early = [p.end for p in placed if p.start * 2 < day]
    if not late or not early or (max(early) + day - min(late)) * 2 >= day:
        return placed
    edl.warnings.append(
        f"its record timecode runs over midnight: the {len(early)} events after 00:00:00:00 are"
        f" placed behind the {len(late)} before it"
    )
    return [
        p if p.start * 2 >= day else replace(p, start=p.start + day, end=p.end + day)
        for p in placed
    ]
