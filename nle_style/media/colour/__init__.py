"""Convert scene-linear, log and HDR frames to display pictures and back."""

from __future__ import annotations

from nle_style.media.colour.display import SceneColour, scene_colour
from nle_style.media.colour.icc import IccColours, icc_colours
from nle_style.media.colour.primaries import primaries_code
from nle_style.media.colour.source_space import ColourSettings

__all__ = [
    "ColourSettings",
    "IccColours",
    "SceneColour",
    "icc_colours",
    "primaries_code",
    "scene_colour",
]
