"""CMX 3600 edit decision lists.

Not through otio-cmx3600-adapter 1.0: it gives the incoming clip of a dissolve the outgoing clip's
file, drops a reverse speed whose lengths agree, ignores drop-frame, moves overlapping events
later, names no lines, and fails on 4 of the 37 lists in ../shared/timelines. The tests compare
the results of both for the lists that it can read.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.parsed import SOURCE_KEY, Parsed, file_bytes
from nle_style.timeline.readers.edl_events import (
    Event,
    Motion,
    frames_of,
    highest_frame,
    parse_events,
)

__all__ = ["read_edl"]

_CHANNELS = re.compile(r"(?:V\d*|A\d*|B|/)+")
_GENERATED = {"BL": "black", "BLACK": "black", "BARS": "SMPTEBars"}
_NO_NAME = {"", "AX", "(NULL)"}
# An M2 line has one decimal, and Avid counts a frame or two more or less at a dissolve.
_SPEED_SLACK = Fraction(1, 20)
_FRAME_SLACK = 3


@dataclass
class _Placed:
    event: Event
    start: int
    end: int
    source: tuple[int, int]


@dataclass
class _Layer:
    """A track under construction; `end` is its record time so far."""

    track: otio.schema.Track
    end: int
    last: _Placed | None = None


@dataclass
class _List:
    path: Path
    rate: Fraction
    warnings: list[str] = field(default_factory=list)

    def time(self, frames: int) -> otio.opentime.RationalTime:
        return otio.opentime.RationalTime(frames, float(self.rate))

    def range(self, start: int, duration: int) -> otio.opentime.TimeRange:
        return otio.opentime.TimeRange(self.time(start), self.time(duration))

    def warn(self, event: Event, text: str) -> None:
        self.warnings.append(f"event {event.number} (line {event.line}): {text}")


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
    title, events, unread = parse_events(text)
    if not events:
        raise TimelineError(
            "no event of a CMX 3600 list was found in it",
            where=str(path),
            remedy="Export a CMX 3600 EDL, or the timeline as .otio.",
        )
    edl = _List(path, rate or _known_rate(path, events), notes)
    edl.warnings += [f"line {line}: not an event that can be read" for line in unread]
    timeline = otio.schema.Timeline(title or path.stem)
    placed = [p for event in events if (p := _placed(edl, event))]
    placed.sort(key=lambda p: p.start)
    start = min((p.start for p in placed), default=0)
    timeline.global_start_time = edl.time(start)
    for kind in (otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio):
        for name, on_track in _by_track(edl, placed, kind).items():
            timeline.tracks.extend(_layers(edl, name, kind, on_track, start))
    return Parsed(timeline, edl.warnings)


def _text(path: Path) -> tuple[str, list[str]]:
    data = file_bytes(path)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace"), []
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        note = "the list is not UTF-8; its names were read as Windows-1252"
        return data.decode("cp1252", errors="replace"), [note]


def _known_rate(path: Path, events: list[Event]) -> Fraction:
    """The rate that drop-frame timecode implies; other lists do not say theirs."""
    highest = highest_frame(events)
    if any(e.drop or ";" in "".join((*e.source, *e.record)) for e in events):
        return Fraction(60000 if highest >= 30 else 30000, 1001)
    raise TimelineError(
        "an EDL does not say its frame rate, and without it no source frame is certain",
        where=str(path),
        remedy="Give the rate of the sequence with --rate (24, 25, 24000/1001, ...); "
        f"its timecodes count up to frame {highest}, so it is more than {highest}.",
    )


def _placed(edl: _List, event: Event) -> _Placed | None:
    """The event with its times in frames; None if it shows nothing."""
    try:
        times = [frames_of(t, edl.rate, drop=event.drop) for t in (*event.source, *event.record)]
    except ValueError as error:
        raise TimelineError(
            f"event {event.number} in line {event.line}: {error}",
            where=str(edl.path),
            remedy="Give the sequence's rate with --rate.",
        ) from error
    source_in, source_out, start, end = times
    if end < start or source_out < source_in:
        edl.warn(event, "ends before it starts; left out")
        return None
    return _Placed(event, start, end, (source_in, source_out)) if end > start else None


def _by_track(edl: _List, placed: list[_Placed], kind: str) -> dict[str, list[_Placed]]:
    video = kind == otio.schema.TrackKind.Video
    tracks: dict[str, list[_Placed]] = {}
    for item in placed:
        if not _CHANNELS.fullmatch(item.event.channels):
            if video:
                edl.warn(item.event, f"is on channel {item.event.channels}, no picture; left out")
            continue
        for name in _track_names(item.event.channels):
            if name.startswith("V") == video:
                tracks.setdefault(name, []).append(item)
    return dict(sorted(tracks.items()))


def _track_names(channels: str) -> list[str]:
    """V, A1, ... of a channel field: B is V with A1, AA is A1 and A2."""
    found = ["A1" if c == "A" else c for c in re.findall(r"V\d*|A\d*|B", channels)]
    if "AA" in channels:
        found.append("A2")
    return sorted({name for c in found for name in (("V", "A1") if c == "B" else (c,))})


def _layers(
    edl: _List, name: str, kind: str, placed: list[_Placed], start: int
) -> list[otio.schema.Track]:
    layers: list[_Layer] = []
    for item in placed:
        fitting = [layer for layer in layers if layer.end <= item.start]
        # A transition needs the clip that it comes from before it on the track.
        touching = [layer for layer in fitting if layer.end == item.start]
        if touching or fitting:
            layer = (touching or fitting)[0]
        else:
            label = name if not layers else f"{name}.{len(layers) + 1}"
            layer = _Layer(otio.schema.Track(label, kind=kind), start)
            layers.append(layer)
            if len(layers) > 1:
                edl.warn(item.event, f"overlaps another event; put on track {label}")
        if layer.end < item.start:
            layer.track.append(otio.schema.Gap(source_range=edl.range(0, item.start - layer.end)))
            layer.last = None
        if item.event.kind != "C":
            _add_transition(edl, layer, item)
        layer.track.append(_clip(edl, item))
        layer.end, layer.last = item.end, item
    return [layer.track for layer in layers]


def _add_transition(edl: _List, layer: _Layer, item: _Placed) -> None:
    """A CMX transition begins at the event's in-point and shows more of the outgoing clip."""
    event = item.event
    if event.kind == "K":
        edl.warn(event, "is a key; its picture is read as a plain cut")
        return
    before = layer.last
    black = event.outgoing is not None and event.outgoing.reel in _GENERATED
    if before is None and not black:
        edl.warn(event, "dissolves from a clip that is not on the track; read as a cut")
        return
    if before and event.outgoing and event.outgoing.reel != before.event.reel:
        edl.warn(event, f"dissolves from {event.outgoing.reel}, not the clip before; see its edit")
    if not 0 < event.frames <= item.end - item.start:
        edl.warn(event, f"has a transition of {event.frames} frames; read as a cut")
        return
    dissolve = event.kind == "D"
    layer.track.append(
        otio.schema.Transition(
            name=f"event {event.number}",
            transition_type=(
                otio.schema.TransitionTypes.SMPTE_Dissolve if dissolve else "SMPTE_Wipe"
            ),
            in_offset=edl.time(0),
            out_offset=edl.time(event.frames),
        )
    )


def _clip(edl: _List, item: _Placed) -> otio.schema.Clip:
    event = item.event
    incoming = "FROM" if event.kind == "C" else "TO"
    clip_name = event.names.get(f"{incoming} CLIP NAME", "")
    files = [event.names.get(f"{incoming} {key}", "") for key in ("FILE", "CLIP")]
    files.append(event.names.get(incoming, ""))
    # In a transition, the one SOURCE FILE comment is the outgoing clip's.
    tape = event.names.get("SOURCE FILE", "") if event.kind == "C" else ""
    files = [file for file in files if file not in _NO_NAME]
    names = [n for n in (*files, clip_name, tape, event.reel) if n not in _NO_NAME]
    clip = otio.schema.Clip(clip_name or (names[0] if names else f"event {event.number}"))
    if event.reel in _GENERATED:
        clip.media_reference = otio.schema.GeneratorReference(generator_kind=_GENERATED[event.reel])
    elif names:
        reference = otio.schema.ExternalReference(target_url=names[0])
        reference.metadata[SOURCE_KEY] = {"names": list(dict.fromkeys(names))}
        clip.media_reference = reference
    clip.metadata[SOURCE_KEY] = {"event": event.number, "line": event.line}
    clip.metadata["cmx_3600"] = {"reel": event.reel, "comments": list(event.comments)}
    _set_range(edl, clip, item)
    _add_markers(edl, clip, item)
    return clip


def _set_range(edl: _List, clip: otio.schema.Clip, item: _Placed) -> None:
    """Source range and speed; a speed is a share of the nominal rate, as M2 lines count it."""
    event, length = item.event, item.end - item.start
    start, consumed = item.source[0], item.source[1] - item.source[0]
    motion = _own_motion(event)
    speed = Fraction(1) if motion is None else motion.speed / round(edl.rate)
    if event.freeze or speed == 0:
        clip.effects.append(otio.schema.FreezeFrame())
    elif speed != 1:
        needed = math.ceil(length * abs(speed))
        if speed < 0 and consumed < needed:
            # Avid lists one frame, the one from which the picture runs backwards.
            edl.warn(event, f"reverse; taken as the {needed} frames up to its source in-point")
            start -= needed - 1
        elif abs(needed - consumed) > _FRAME_SLACK + length * _SPEED_SLACK / round(edl.rate):
            edl.warn(event, f"its speed needs {needed} source frames, and it lists {consumed}")
        clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(speed)))
    elif abs(consumed - length) == 1:
        edl.warn(event, f"lists {consumed} source frames for {length} of the record")
    elif consumed != length and event.reel not in _GENERATED:
        edl.warn(event, f"{consumed} source frames fill {length} of the record, without a speed")
        clip.effects.append(
            otio.schema.TimeEffect(
                "unknown", metadata={SOURCE_KEY: {"source": consumed, "record": length}}
            )
        )
    clip.source_range = edl.range(start, length)


def _own_motion(event: Event) -> Motion | None:
    """The M2 line of the event's own clip, not of the one that a transition comes from."""
    own = [m for m in event.motions if m.name == event.reel]
    if not own and event.outgoing is not None:
        own = [m for m in event.motions if m.name != event.outgoing.reel]
    elif not own:
        own = event.motions
    return own[-1] if own else None


def _add_markers(edl: _List, clip: otio.schema.Clip, item: _Placed) -> None:
    for locator in item.event.locators:
        timecode, _, rest = locator.partition(" ")
        colour, _, name = rest.strip().partition(" ")
        try:
            at = frames_of(timecode, edl.rate, drop=item.event.drop) - item.start
        except ValueError:
            continue
        marker = otio.schema.Marker(name.strip(), color=colour.upper() or None)
        marker.marked_range = edl.range(int(clip.source_range.start_time.value) + at, 0)
        clip.markers.append(marker)
