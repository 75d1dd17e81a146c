"""A source as it is described to what needs no file of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from nle_style.media.base import ColourTags, MediaInfo

__all__ = ["EIGHT_BITS"]

EIGHT_BITS = MediaInfo(
    path=Path("a.mov"), kind="movie", width=1920, height=1080, rate=Fraction(25), frame_count=9,
    first_frame_number=0, pixel_format="yuv420p", bit_depth=8, is_float=False, alpha="none",
    pixel_aspect=Fraction(1), rotation=0, colour=ColourTags(), interlaced=False,
    variable_rate=False, timecode=None, reel=None, audio=(),
)  # fmt: skip
