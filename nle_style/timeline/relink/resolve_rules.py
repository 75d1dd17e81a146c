"""The rules that a timeline file must keep for DaVinci Resolve's import to take it.

Resolve gives no reason when it refuses a file: a scripted import returns None. These are the rules
that its own exports keep and that users have reported (docs/hosts/resolve.md); they were not tried
in Resolve. The file's JSON is read without OpenTimelineIO, which would repair it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nle_style.errors import TimelineError

__all__ = ["resolve_faults"]

_KNOWN = frozenset(
    {"Timeline.1", "Stack.1", "Track.1", "Gap.1", "Transition.1", "Clip.2", "Marker.2", "Effect.1"}
    | {"LinearTimeWarp.1", "FreezeFrame.1", "TimeEffect.1", "RationalTime.1", "TimeRange.1"}
    | {"ExternalReference.1", "MissingReference.1", "GeneratorReference.1", "Box2d.1", "V2d.1"}
    | {"ImageSequenceReference.1", "Color.1"}
)
_PLAIN = re.compile(r"/|[A-Za-z]:[\\/]|\\\\")
# Times are results of float arithmetic: an hour at 23.976 is 86313.6 frames of 24.
_SAME = 0.01

_Node = dict[str, Any]


def resolve_faults(path: Path) -> list[str]:
    """What of a timeline file Resolve's import is known not to take.

    The rules: only known schemas; every clip a Clip.2 whose active reference is one file, named by
    a plain absolute path, with an available range that holds the source range; a start time; a
    name, which differs from that of the timeline before it was relinked. Titles and offline clips
    (MissingReference) pass. Whether the files exist is not checked.

    Args:
        path: an .otio file.

    Returns:
        a line for each fault, with the clip's name; [] if all rules are kept.

    Raises:
        TimelineError: the file cannot be read, or is no timeline.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TimelineError(
            f"not a timeline in JSON ({error})", where=str(path), remedy="Give an .otio file."
        ) from error
    if not isinstance(data, dict) or not str(data.get("OTIO_SCHEMA")).startswith("Timeline."):
        raise TimelineError(
            "not an OpenTimelineIO timeline", where=str(path), remedy="Give an .otio file."
        )
    faults = [
        f"schema {schema} is not known to be read: one such aborts the import"
        for schema in sorted({str(node["OTIO_SCHEMA"]) for node in _nodes(data)} - _KNOWN)
    ]
    name = data.get("name")
    before = (data.get("metadata") or {}).get("nle_style", {}).get("original_name")
    if not name:
        faults.append("the timeline has no name: Resolve needs one that its project does not have")
    elif name == before:
        faults.append(f"the timeline is called '{name}', as the one it was made from")
    if not data.get("global_start_time"):
        faults.append("the timeline has no global_start_time")
    for node in _nodes(data):
        if str(node["OTIO_SCHEMA"]).startswith("Clip."):
            faults += [f"clip '{node.get('name')}': {fault}" for fault in _clip_faults(node)]
    return faults


def _nodes(value: Any) -> Iterator[_Node]:
    """Every object of a schema outside of metadata, which Resolve does not interpret."""
    if isinstance(value, list):
        for each in value:
            yield from _nodes(each)
    elif isinstance(value, dict):
        if "OTIO_SCHEMA" in value:
            yield value
        for key, each in value.items():
            if key != "metadata":
                yield from _nodes(each)


def _clip_faults(clip: _Node) -> Iterator[str]:
    references, key = clip.get("media_references"), clip.get("active_media_reference_key")
    if not isinstance(references, dict) or references.get(key) is None:
        yield "it has no active media reference"
        return
    reference = references[key]
    schema = str(reference.get("OTIO_SCHEMA"))
    if schema.startswith(("MissingReference.", "GeneratorReference.")):
        return
    if schema.startswith("ImageSequenceReference."):
        yield "its media is an image sequence, whose import is reported to fail; render a movie"
        return
    url = str(reference.get("target_url") or "")
    if not _PLAIN.match(url):
        yield f"its path is not plain and absolute: '{url}'"
    available, source = reference.get("available_range"), clip.get("source_range")
    if not available:
        yield "its media has no available_range"
    elif not source:
        yield "it has no source_range"
    elif available["duration"]["value"] > 1:  # a still has one frame and is held
        yield from _range_faults(clip, source, available)


def _range_faults(clip: _Node, source: _Node, available: _Node) -> Iterator[str]:
    """The part that is shown lies in the media, both counted in its timecode."""
    start, length = _seconds(source["start_time"]), _seconds(source["duration"])
    first, whole = _seconds(available["start_time"]), _seconds(available["duration"])
    frame = 1 / float(available["duration"]["rate"])
    speed = 1.0
    for effect in clip.get("effects") or ():
        speed *= float(effect.get("time_scalar", 1.0))
    slack = frame * (_SAME if speed == 1 else 1)
    if start < first - slack or start + length * abs(speed) > first + whole + slack:
        yield (
            f"it shows {start:.3f} s and {length * abs(speed):.3f} s from there, its media has "
            f"{first:.3f} s and {whole:.3f} s"
        )


def _seconds(time: _Node) -> float:
    return float(time["value"]) / float(time["rate"]) if time["value"] else 0.0
