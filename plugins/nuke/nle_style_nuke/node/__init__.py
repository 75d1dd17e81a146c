"""The style node: its knobs, how it is made and kept up to date, and what its knobs ask for."""

from __future__ import annotations

from .knobs import DEPTH_FLOAT
from .ranges import frame_range, wanted_range, wanted_views
from .settings import Settings, file_stem, frame_rate, read_settings
from .style_node import create, is_style_node, knob_changed, refresh_styles, upgrade

__all__ = [
    "DEPTH_FLOAT",
    "Settings",
    "create",
    "file_stem",
    "frame_range",
    "frame_rate",
    "is_style_node",
    "knob_changed",
    "read_settings",
    "refresh_styles",
    "upgrade",
    "wanted_range",
    "wanted_views",
]
