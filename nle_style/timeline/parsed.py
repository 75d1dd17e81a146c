"""What all readers of timeline formats share: opening files, and the form of their results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import opentimelineio as otio

from nle_style.errors import TimelineError

__all__ = ["SOURCE_KEY", "Parsed", "ReadTimeline", "file_bytes"]

SOURCE_KEY = "nle_style_source"
"""Key of a clip's or media reference's metadata that says where it was in the original file.

XML clips have {"element", "line"} and an "id", "file" or "asset" where the file has one; clips of
an EDL have {"event", "line"}. The media reference of an EDL has {"names"}: every name that its
file may go by.
"""


class Parsed(NamedTuple):
    """What a reader made of one timeline.

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
