"""CMX 3600 edit decision lists.

Not through otio-cmx3600-adapter 1.0: it gives the incoming clip of a dissolve the outgoing clip's
file, drops a reverse speed whose lengths agree, ignores drop-frame, moves overlapping events
later, names no lines, and fails on some real lists. The tests compare the results of both for the
lists that it can read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.parsed import Dropped, Parsed, file_bytes
from nle_style.timeline.readers.edl.edl_clips import FRAME_SLACK, edl_clip
from nle_style.timeline.readers.edl.edl_events import Event, highest_frame, parse_events
from nle_style.timeline.readers.edl.edl_times import (
    GENERATED,
    EdlList,
    PlacedEvent,
    outgoing_part,
    placed_events,
)

__all__ = ["read_edl"]

_CHANNELS = re.compile(r"(?:V\d*|A\d*|B|[/,+&])+")


@dataclass
class _Layer:
    """A track under construction; `end` is its record time so far."""

    track: otio.schema.Track
    end: int
    last: PlacedEvent | None = None


def read_edl(path: Path, rate: Fraction | None) -> Parsed:
    """Read an edit decision list; record times decide where its clips lie.

    Events that overlap in record time, as a list of several tracks has them, go to tracks of
    their own. A clip without a file's path has a reference whose `target_url` is the likeliest
    name and whose metadata lists every name, for `nle_style.timeline.files.media_finder`.

    Args:
        path: the list.
        rate: frames per second, exact; None is enough for a drop-frame list alone.

    Raises:
        TimelineError: no rate, a timecode that does not exist at it, or no event.
    """
    text, notes = _text(path)
    title, events, unread = parse_events(text, notes)
    if not events:
        raise TimelineError(
            "no event of a CMX 3600 list was found in it",
            where=str(path),
            remedy="Export a CMX 3600 EDL, or the timeline as .otio.",
        )
    edl = EdlList(path, rate or _known_rate(path, events), notes)
    for line in unread:
        reason, remedy = "it is no event that can be read", "Correct the line in the list."
        edl.dropped.append(Dropped(f"line {line}", "", reason, remedy))
    timeline = otio.schema.Timeline(title or path.stem)
    placed = placed_events(edl, events)
    start = min((p.start for p in placed), default=0)
    timeline.global_start_time = edl.time(start)
    for kind in (otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio):
        for name, on_track in _by_track(edl, placed, kind).items():
            timeline.tracks.extend(_layers(edl, name, kind, on_track, start))
    drop = any(event.drop_record for event in events)
    return Parsed(timeline, edl.warnings, edl.dropped, drop)


def _text(path: Path) -> tuple[str, list[str]]:
    data = file_bytes(path)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace"), []
    if b"\0" in data[:2]:
        # A list begins with a letter or a digit: the zero beside it says which byte comes first.
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", errors="replace"), []
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        note = "the list is not UTF-8; its names were read as Windows-1252"
        return data.decode("cp1252", errors="replace"), [note]


def _known_rate(path: Path, events: list[Event]) -> Fraction:
    """The rate that drop-frame timecode implies; other lists do not say theirs."""
    highest = highest_frame(events)
    if any(event.drop_source or event.drop_record for event in events):
        return Fraction(60000 if highest >= 30 else 30000, 1001)
    raise TimelineError(
        "an EDL does not say its frame rate, and without it no source frame is certain",
        where=str(path),
        remedy="Give the rate of the sequence with --rate (24, 25, 24000/1001, ...); "
        f"its timecodes count up to frame {highest}, so it is more than {highest}.",
    )


def _by_track(edl: EdlList, placed: list[PlacedEvent], kind: str) -> dict[str, list[PlacedEvent]]:
    video = kind == otio.schema.TrackKind.Video
    tracks: dict[str, list[PlacedEvent]] = {}
    for item in placed:
        if not _CHANNELS.fullmatch(item.event.channels):
            if video:
                edl.drop(item.event, f"is on channel {item.event.channels}, which is no picture's")
            continue
        for name in _track_names(item.event.channels):
            if name.startswith("V") == video:
                tracks.setdefault(name, []).append(item)
    return dict(sorted(tracks.items(), key=lambda track: int(track[0][1:] or 0)))


def _track_names(channels: str) -> list[str]:
    """V, A1, ... of a channel field: B is V with A1, AA is A1 and A2."""
    found = ["A1" if c == "A" else c for c in re.findall(r"V\d*|A\d*|B", channels)]
    if "AA" in channels:
        found.append("A2")
    return sorted({name for c in found for name in (("V", "A1") if c == "B" else (c,))})


def _layers(
    edl: EdlList, name: str, kind: str, placed: list[PlacedEvent], start: int
) -> list[otio.schema.Track]:
    layers: list[_Layer] = []
    waiting = placed[::-1]
    while waiting:
        item = waiting.pop()
        fitting = [layer for layer in layers if layer.end <= item.start]
        # A transition needs the clip that it comes from before it on the track.
        touching = [layer for layer in fitting if layer.end == item.start]
        if touching or fitting:
            layer = (touching or fitting)[0]
        else:
            label = name if not layers else f"{name}.{len(layers) + 1}"
            layer = _Layer(otio.schema.Track(label, kind=kind), start)
            layers.append(layer)
            if len(layers) > 1 and item.event.kind == "K":
                edl.warn(item.event, f"is keyed over the clip before; put on track {label}")
            elif len(layers) > 1:
                edl.warn(item.event, f"overlaps another event; put on track {label}")
        if layer.end < item.start:
            layer.track.append(otio.schema.Gap(source_range=edl.range(0, item.start - layer.end)))
            layer.last = None
        if item.event.kind in ("D", "W"):
            waiting += _add_transition(edl, layer, item)
        layer.track.append(edl_clip(edl, item))
        layer.end, layer.last = item.end, item
    return [layer.track for layer in layers]


def _add_transition(edl: EdlList, layer: _Layer, item: PlacedEvent) -> list[PlacedEvent]:
    """A CMX transition begins at the event's in-point and shows more of the outgoing clip.

    Where that is not the clip before, what is shown of it comes back, as a clip of its own.
    """
    event = item.event
    before, length = layer.last, item.end - item.start
    frames, outgoing = min(event.frames, length), event.outgoing
    if event.frames == 0:
        edl.warn(event, "has a transition of 0 frames; read as a cut")
        return []
    if event.frames > length:
        edl.warn(event, f"has a transition of {event.frames} frames; read as one of its {length}")
    black = outgoing is not None and outgoing.reel in GENERATED
    if outgoing is not None and outgoing.incoming is None and not black:
        part, reel = outgoing_part(edl, item, outgoing, frames), outgoing.reel
        if before is None or not _goes_on(before, part):
            edl.warn(
                event,
                f"dissolves from {reel}, which is not the clip before: read as a cut, "
                f"and the {frames} frames of {reel} as a clip on a track of its own",
            )
            return [part]
        if reel != before.event.reel:
            edl.warn(event, f"dissolves from {reel}, which the clip before is not")
    elif before is None and not black:
        edl.warn(event, "dissolves from a clip that is not on the track; read as a cut")
        return []
    dissolve = event.kind == "D"
    layer.track.append(
        otio.schema.Transition(
            name=f"event {event.number}",
            transition_type=(
                otio.schema.TransitionTypes.SMPTE_Dissolve if dissolve else "SMPTE_Wipe"
            ),
            in_offset=edl.time(0),
            out_offset=edl.time(frames),
        )
    )
    return []


def _goes_on(before: PlacedEvent, outgoing: PlacedEvent) -> bool:
    """Whether the line that a transition starts from goes on where the clip before it ends.

    Lists begin what has no tape anew, and a speed's M2 line alone says where it goes on.
    """
    old, new = before.event, outgoing.event
    if old.reel == new.reel:
        motions = [*old.motions, *(new.incoming.motions if new.incoming else ())]
        if old.freeze or any(motion.name == old.reel for motion in motions):
            return True
        if outgoing.source[0] == before.source[0]:
            return True
    return abs(outgoing.source[0] - before.source[1]) <= FRAME_SLACK
