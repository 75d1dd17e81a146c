"""What code values mean, and the way to a display picture and back."""

from __future__ import annotations

from nle_style.media.colour.display import SceneColour, scene_colour
from nle_style.media.colour.source_space import ColourSettings

__all__ = [
    "ColourSettings",
    "SceneColour",
    "scene_colour",
]
