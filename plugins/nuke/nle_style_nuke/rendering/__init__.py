"""A render from the knobs to the Read: at once or in the background, and which version it is."""

from __future__ import annotations

from .background import cancel_background, is_in_background, render_in_background
from .steps import render_node

__all__ = ["cancel_background", "is_in_background", "render_in_background", "render_node"]
