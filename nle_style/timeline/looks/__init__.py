"""Which look every clip of a cut gets: from markers, metadata, tracks or a map."""

from __future__ import annotations

from nle_style.timeline.looks.clip_looks import looks_for, unheard_markers
from nle_style.timeline.looks.look_map import LookRule, read_look_map
from nle_style.timeline.looks.look_text import ClipLook, parse_look

__all__ = [
    "ClipLook",
    "LookRule",
    "looks_for",
    "parse_look",
    "read_look_map",
    "unheard_markers",
]
