"""What the other folders of media share: sources, files of sequences, formats to write."""

from __future__ import annotations

from nle_style.media.base.formats import INTERMEDIATES, OutputSpec, resolve_format
from nle_style.media.base.info import (
    DISPLAY_MARK,
    AlphaKind,
    AudioInfo,
    ColourTags,
    FieldOrder,
    HdrLevels,
    ImageHeader,
    MediaInfo,
    check_name,
    gone,
)
from nle_style.media.base.numbered_files import SequenceFiles, find_sequence, is_pattern
from nle_style.media.base.row_bands import bands

__all__ = [
    "DISPLAY_MARK",
    "INTERMEDIATES",
    "AlphaKind",
    "AudioInfo",
    "ColourTags",
    "FieldOrder",
    "HdrLevels",
    "ImageHeader",
    "MediaInfo",
    "OutputSpec",
    "SequenceFiles",
    "bands",
    "check_name",
    "find_sequence",
    "gone",
    "is_pattern",
    "resolve_format",
]
