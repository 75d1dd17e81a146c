"""What the rest of the media room shares: facts of a source, numbered files, timecode, parts."""

from __future__ import annotations

from nle_style.media.base.info import (
    DISPLAY_MARK,
    AlphaKind,
    AudioInfo,
    ColourTags,
    FieldOrder,
    ImageHeader,
    MediaInfo,
    check_name,
    gone,
)
from nle_style.media.base.numbered_files import IMAGE_SUFFIXES, find_sequence, is_pattern
from nle_style.media.base.parts import (
    file_sha256,
    make_folders,
    part_path,
    sweep_parts,
    write_text,
    writing_into,
)
from nle_style.media.base.row_bands import bands
from nle_style.media.base.timecode import (
    advance_timecode,
    conform_timecode,
    timecode_from_bcd,
    timecode_to_bcd,
)

__all__ = [
    "DISPLAY_MARK",
    "IMAGE_SUFFIXES",
    "AlphaKind",
    "AudioInfo",
    "ColourTags",
    "FieldOrder",
    "ImageHeader",
    "MediaInfo",
    "advance_timecode",
    "bands",
    "check_name",
    "conform_timecode",
    "file_sha256",
    "find_sequence",
    "gone",
    "is_pattern",
    "make_folders",
    "part_path",
    "sweep_parts",
    "timecode_from_bcd",
    "timecode_to_bcd",
    "write_text",
    "writing_into",
]
