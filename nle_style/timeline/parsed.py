"""What all readers of timeline formats share: opening files, and the form of their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import opentimelineio as otio

from nle_style.errors import TimelineError

__all__ = [
    "CURVE_NOTE",
    "SOURCE_KEY",
    "Dropped",
    "Parsed",
    "ReadTimeline",
    "curve_effect",
    "curve_points",
    "curve_start",
    "file_bytes",
    "refused_effect",
]

SOURCE_KEY = "nle_style_source"
"""Key of a clip's or media reference's metadata that says where it was in the original file.

XML clips have {"element", "line", "place"}, place being the byte at which the element starts, and
an "id", "file" or "asset" where the file has one; clips of an EDL have {"event", "line"}, and at
29.97 and 59.94 "drop": whether their source's timecode is drop-frame, None if nothing says it. The
media reference of an EDL has {"names"}: every name that its file may go by. A bare TimeEffect, and
a MissingReference, may have the "reason" for which it is refused. Of a speed that changes over time
it has the "curve", see `curve_effect`. A clip of which writers count the in-point differently has
{"shift", "why"}: the seconds between the two, and a sentence. A media reference of which nobody
else would go on past its end as its editor does has {"past_end"}: what it does there.
"""

CURVE_NOTE = "changes its speed over time: no .otio says so"
"""What a reader warns of a clip with a curve."""


class Dropped(NamedTuple):
    """A picture of the file that has no place in the timeline: a cut with it is never whole.

    Attributes:
        name: of the clip, as an editor finds it.
        track: its track, "" if it is not known.
        reason: one clause, without a full stop.
        remedy: one sentence the user can act on.
    """

    name: str
    track: str
    reason: str
    remedy: str


class Parsed(NamedTuple):
    """What a reader made of one timeline.

    Attributes:
        timeline: the edit.
        warnings: what the reader had to guess or repair; one sentence each, with its place.
        dropped: pictures that it could not put into the timeline.
        drop: as of `ReadTimeline`.
    """

    timeline: otio.schema.Timeline
    warnings: list[str]
    dropped: Sequence[Dropped] = ()
    drop: bool | None = None


@dataclass(frozen=True)
class ReadTimeline:
    """A timeline as read from disk; never modified afterwards.

    Attributes:
        timeline: the OpenTimelineIO timeline, holding at least one clip with a picture.
        path: absolute path of the file (or bundle) it came from.
        media_root: folder that relative media URLs start from: the file's folder, the bundle
            itself, or the folder that an .otioz was unpacked into.
        warnings: what the reader had to guess or repair; one sentence each, with its place in
            the file.
        dropped: pictures that it could not put into the timeline; the plan refuses them.
        drop: whether its record timecode is drop-frame; None where it does not say.
    """

    timeline: otio.schema.Timeline
    path: Path
    media_root: Path
    warnings: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    drop: bool | None = None


def file_bytes(path: Path, count: int = -1) -> bytes:
    """The bytes of a timeline's file: all, or the first `count`.

    Raises:
        TimelineError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise TimelineError(
            f"the file cannot be read ({error})", where=str(path), remedy="Check its rights."
        ) from error


def curve_effect(name: str, points: Sequence[tuple[Fraction, Fraction]]) -> otio.schema.TimeEffect:
    """A speed that changes over time, which OpenTimelineIO has no effect for.

    Args:
        name: of the effect.
        points: time since the item's start in its parent, and the item's own time there, both in
            seconds; straight between them. At least two, in order of time.
    """
    curve = [[str(time), str(value)] for time, value in points]
    return otio.schema.TimeEffect(name, metadata={SOURCE_KEY: {"curve": curve}})


def refused_effect(
    name: str, reason: str, about: Mapping[str, str] | None = None
) -> otio.schema.TimeEffect:
    """A speed whose frames nobody can tell, by which its clip is refused.

    Args:
        name: of the effect.
        reason: a clause, without a full stop.
        about: what else there is to say, such as the "remedy".
    """
    return otio.schema.TimeEffect(name, metadata={SOURCE_KEY: {"reason": reason, **(about or {})}})


def curve_points(effect: otio.schema.TimeEffect) -> list[Any]:
    """The points that `curve_effect` wrote into an effect, as they stand there; else none."""
    about = effect.metadata.get(SOURCE_KEY)
    curve = about.get("curve") if isinstance(about, Mapping) else None
    return list(curve) if isinstance(curve, Sequence) and not isinstance(curve, str) else []


def curve_start(points: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    """Where a curve is at time 0, straight on from the points beside it.

    Args:
        points: time since an item's start, and a place in its media; at least two, in order of
            time.
    """
    pairs = list(pairwise(points))
    (t0, v0), (t1, v1) = next((pair for pair in pairs if pair[1][0] > 0), pairs[-1])
    return v0 - t0 * (v1 - v0) / (t1 - t0)
