"""The look of every clip of a cut, from markers, metadata, tracks or a map file."""

from __future__ import annotations

from nle_style.timeline.looks.clip_looks import asks_look, looks_for, markers_without_clip
from nle_style.timeline.looks.look_map import LookRule, read_look_map
from nle_style.timeline.looks.look_text import END, ClipLook, parse_look
from nle_style.timeline.looks.map_text import look_map_text, marker_text, mix_text
from nle_style.timeline.looks.selection import check_chosen, chosen_by

__all__ = [
    "END",
    "ClipLook",
    "LookRule",
    "asks_look",
    "check_chosen",
    "chosen_by",
    "look_map_text",
    "looks_for",
    "marker_text",
    "markers_without_clip",
    "mix_text",
    "parse_look",
    "read_look_map",
]
