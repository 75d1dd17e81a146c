"""What every reader of a timeline format hands back, and where it leaves its notes."""

from __future__ import annotations

from typing import NamedTuple

import opentimelineio as otio

__all__ = ["SOURCE_KEY", "Parsed"]

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
