"""nle_style in Nuke: a node that paints what is connected to it, and its render.

Standard library and Nuke's own module only; torch lives in the worker's process. Written for Nuke
14 and later (Python 3.9) and tested against a stand-in: not yet run in Nuke.

    actions    what the buttons, the menu and scripts call; headless: the same from `nuke -t`
    node/      the node's knobs, and what they say
    upstream/  the node's input, written as EXR files
    rendering/ a render, from the knobs to the Read
    installation, worker_client: the nle_style that does the painting

Saved scripts and toolbars call the names below, so they stay where they are.
"""

from __future__ import annotations

from .actions import add_menu, create, press, register, render

__all__ = ["add_menu", "create", "press", "register", "render"]
