"""Probe a source, and read its frames by number."""

from __future__ import annotations

from nle_style.media.source.check import check_fields, check_frames
from nle_style.media.source.frame_reader import (
    as_floats,
    decoded_rgb,
    frames_at,
    read_back,
    read_frames,
)
from nle_style.media.source.probe import probe_media
from nle_style.media.source.tags import reel_of

__all__ = [
    "as_floats",
    "check_fields",
    "check_frames",
    "decoded_rgb",
    "frames_at",
    "probe_media",
    "read_back",
    "read_frames",
    "reel_of",
]
