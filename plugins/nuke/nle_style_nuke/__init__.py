"""nle_style in Nuke: a node that paints what is connected to it, and its render.

Standard library and Nuke's own module only; torch lives in the worker's process. Written for Nuke
14 and later (Python 3.9) and tested against a stand-in: not yet run in Nuke.
"""

from __future__ import annotations

from nle_style_nuke.actions import add_menu, create, press, register, render

__all__ = ["add_menu", "create", "press", "register", "render"]
