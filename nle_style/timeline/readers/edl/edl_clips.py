"""One event of a CMX 3600 list as a clip: its names, its source range and speed, its markers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from nle_style.timecode import DROP_RATES
from nle_style.timeline.frames import exact_rate
from nle_style.timeline.parsed import SOURCE_KEY
from nle_style.timeline.readers.edl.edl_events import Event, Motion, frames_of
from nle_style.timeline.readers.edl.edl_times import GENERATED, EdlList, PlacedEvent

__all__ = ["FRAME_SLACK", "edl_clip"]

_NO_NAME = {"", "AX", "(NULL)"}
# An M2 line has one decimal, and Avid counts a frame or two more or less at a dissolve.
_SPEED_SLACK = Fraction(1, 20)
FRAME_SLACK = 3


def edl_clip(edl: EdlList, item: PlacedEvent) -> otio.schema.Clip:
    """The clip of an event.

    Its reference's `target_url` is the likeliest name of its file, and the reference's metadata
    list every name. A length that no speed explains gets a bare TimeEffect.
    """
    event = item.event
    clip_name, names, side = _names(event)
    clip = otio.schema.Clip(clip_name or (names[0] if names else f"event {event.number}"))
    if event.reel in GENERATED:
        clip.media_reference = otio.schema.GeneratorReference(generator_kind=GENERATED[event.reel])
    elif names:
        reference = otio.schema.ExternalReference(target_url=names[0])
        reference.metadata[SOURCE_KEY] = {"names": names}
        clip.media_reference = reference
    clip.metadata[SOURCE_KEY] = {"event": event.number, "line": event.line}
    if edl.rate in DROP_RATES and not event.source[0].isdigit():
        clip.metadata[SOURCE_KEY]["drop"] = event.drop_source if event.says_drop else None
    clip.metadata["cmx_3600"] = {"reel": event.reel, "comments": list(event.comments)}
    _add_grade(edl, clip, event, side)
    _set_range(edl, clip, item)
    _add_markers(edl, clip, item)
    return clip


def _names(event: Event) -> tuple[str, list[str], str]:
    """The clip's name, every name that its file may go by, likeliest first, and which comments are
    its: FROM, TO or KEY.

    Comments below a pair of lines say FROM of the first and TO of the second, KEY of a key's
    foreground; if each line has comments of its own, both say FROM.
    """
    side, said = "FROM", event.names
    if event.kind == "K":
        side = "KEY"
    elif event.kind in ("D", "W"):
        has_own = event.outgoing is not None and event.outgoing.names
        side = "FROM" if has_own and not any(key.startswith("TO") for key in said) else "TO"
    elif event.incoming is not None and not said:
        said = event.incoming.names
    clip_name = said.get(f"{side} CLIP NAME", "")
    files = [said.get(f"{side} {key}", "") for key in ("FILE PATH", "FILE", "CLIP")]
    # In a transition, the one SOURCE FILE comment is the outgoing clip's.
    paths = ("SOURCE FILE PATH", "SOURCE FILE") if side == "FROM" else ()
    tapes = [said.get(key, "") for key in paths]
    names = [*files, said.get(side, ""), clip_name, *_reel_clips(event), *tapes, event.reel]
    return clip_name, [n for n in dict.fromkeys(names) if n not in _NO_NAME], side


def _reel_clips(event: Event) -> list[str]:
    """What comments say that its reel is; those below a pair of lines are of both reels."""
    other = event.outgoing or event.incoming
    reels = event.reels or (event.incoming.reels if event.incoming else {})
    if event.reel in reels:
        return [reels[event.reel]]
    # The comment of an only reel may spell it out.
    return [clip for reel, clip in reels.items() if other is None or reel != other.reel]


def _add_grade(edl: EdlList, clip: otio.schema.Clip, event: Event, side: str) -> None:
    """ASC_SOP and ASC_SAT as metadata["cdl"], in the form of OpenTimelineIO's CMX 3600 adapter, so
    that they are in the .otio: nothing here is graded by them."""
    given = event.grades
    if not given and event.incoming is not None and side == "FROM":
        given = event.incoming.grades
    if len(given) == 1 and (event.outgoing is None or event.outgoing.incoming is None):
        (grade,) = given.values()  # there is no other clip whose it could be
    else:
        grade = given.get("TO" if side == "TO" else "FROM", {})
    cdl: dict[str, Any] = {}
    try:
        if "ASC_SOP" in grade:
            # The list's nine numbers, in brackets by three: slopes, offsets, powers.
            numbers = [float(text) for text in re.split(r"[\s,()]+", grade["ASC_SOP"].strip(" ()"))]
            slope, offset, power = numbers[:3], numbers[3:6], numbers[6:]
            if len(numbers) != 9 or not all(map(math.isfinite, numbers)):
                raise ValueError("not nine numbers")
            cdl["asc_sop"] = {"slope": slope, "offset": offset, "power": power}
        if "ASC_SAT" in grade:
            cdl["asc_sat"] = float(grade["ASC_SAT"])
    except ValueError:
        edl.warn(event, f"its ASC comments are no colour decision: {' '.join(grade.values())}")
        return
    if cdl:
        clip.metadata["cdl"] = cdl


def _set_range(edl: EdlList, clip: otio.schema.Clip, item: PlacedEvent) -> None:
    """Source range and speed."""
    event, length = item.event, item.end - item.start
    start, consumed = item.source[0], item.source[1] - item.source[0]
    motion = _own_motion(event)
    speed = _speed(edl.rate, motion, length, consumed)
    if consumed < 0 and speed is not None and speed < 0:
        edl.warn(event, "lists its source backwards, and its speed is reverse: read as one reverse")
        start, consumed = item.source[1], -consumed
    if speed is None:
        clip.effects.append(_unknown({"reason": "its speed (M2) in the list cannot be read"}))
    elif consumed < 0:
        unknown = f"its source ends at {event.source[1]}, before it starts at {event.source[0]}"
        clip.effects.append(_unknown({"reason": unknown}))
    elif event.freeze or speed == 0:
        clip.effects.append(otio.schema.FreezeFrame())
    elif speed != 1:
        needed = math.ceil(length * abs(speed))
        if speed < 0 and consumed < needed:
            # Avid lists one frame, the one from which the picture runs backwards.
            edl.warn(event, f"reverse; taken as the {needed} frames up to its source in-point")
            start -= needed - 1
        elif abs(needed - consumed) > FRAME_SLACK + length * _SPEED_SLACK / round(edl.rate):
            edl.warn(event, f"its speed needs {needed} source frames, and it lists {consumed}")
        clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(speed)))
    elif abs(consumed - length) == 1:
        edl.warn(event, f"lists {consumed} source frames for {length} of the record")
    elif consumed != length and event.reel not in GENERATED:
        unknown = f"{consumed} source frames fill {length} of the record, without a speed"
        edl.warn(event, unknown)
        clip.effects.append(_unknown({"source": consumed, "record": length, "reason": unknown}))
    clip.source_range = edl.range(start, length)


def _speed(rate: Fraction, motion: Motion | None, length: int, consumed: int) -> Fraction | None:
    """Source frames for each of the `length` frames of the record; None if it cannot be read.

    M2 lines count it at the nominal rate, 060.0 for twice 29.97, and in some lists at the exact
    one, 59.94; the source frames that the list names tell them apart.
    """
    if motion is None:
        return Fraction(1)
    if motion.speed is None:
        return None
    ways = [motion.speed / round(rate)]
    if motion.speed.denominator != 1:
        exact = exact_rate(float(abs(motion.speed)))
        ways.append((exact if motion.speed > 0 else -exact) / rate)
    return min(ways, key=lambda speed: abs(abs(speed) * length - abs(consumed)))


def _unknown(about: dict[str, str | int]) -> otio.schema.TimeEffect:
    return otio.schema.TimeEffect("unknown", metadata={SOURCE_KEY: about})


def _own_motion(event: Event) -> Motion | None:
    """The M2 line of the event's own clip, not of the one on the other side of a transition."""
    other = event.outgoing or event.incoming
    motions: Sequence[Motion] = event.motions
    if not motions and event.incoming is not None:
        motions = event.incoming.motions
    own = [m for m in motions if m.name == event.reel]
    if other is not None and other.reel == event.reel and other.record[0] != other.record[1]:
        return next((m for m in own if m.at == event.source[0]), None)
    own = own or [m for m in motions if other is None or m.name != other.reel]
    return own[-1] if own else None


def _add_markers(edl: EdlList, clip: otio.schema.Clip, item: PlacedEvent) -> None:
    for locator in item.event.locators:
        timecode, _, rest = locator.partition(" ")
        colour, _, name = rest.strip().partition(" ")
        try:
            at = frames_of(timecode, edl.rate, drop=item.event.drop_record) - item.start
        except ValueError:
            continue
        marker = otio.schema.Marker(name.strip(), color=colour.upper() or None)
        marker.marked_range = edl.range(int(clip.source_range.start_time.value) + at, 0)
        clip.markers.append(marker)
