"""What every reader of a timeline format hands back, and where it leaves its notes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import opentimelineio as otio

__all__ = ["SOURCE_KEY", "Parsed", "ReadTimeline"]

SOURCE_KEY = "nle_style_source"
"""Metadata of a clip, or of its media reference, that says where it stood in the original file.

XML clips have {"element", "line"} and an "id", "file" or "asset" where the file has one; clips of
an EDL have {"event", "line"}. The media reference of an EDL has {"names"}: every name that its
file may go by.
"""


class Parsed(NamedTuple):
    """A timeline as its format's reader understood it.

    Attributes:
        timeline: the edit.
        warnings: what the reader had to guess, drop or repair; one sentence each, with its place.
    """

    timeline: otio.schema.Timeline
    warnings: list[str]


@dataclass(frozen=True)
class ReadTimeline:
    """A timeline as read from disk; never modified afterwards.

    Attributes:
        timeline: the OpenTimelineIO timeline, holding at least one clip with a picture.
        path: absolute path of the file (or bundle) it came from.
        media_root: folder that relative media URLs start from: the file's folder, the bundle
            itself, or the folder that an .otioz was unpacked into.
        warnings: what the reader had to guess, drop or repair; one sentence each, with its place
            in the file.
    """

    timeline: otio.schema.Timeline
    path: Path
    media_root: Path
    warnings: tuple[str, ...] = ()
