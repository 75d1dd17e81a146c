"""What the buttons, the menu and the callbacks do; every fault ends as one message."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Sequence
from typing import Callable

import nuke

from . import node
from .problems import Problem
from .rendering import cancel_background, is_in_background, render_in_background, render_node
from .worker_client import client

__all__ = ["add_menu", "create", "press", "register", "render"]

MINIMUM_NUKE = 14

_registered = False


def register() -> None:
    """Add the callbacks, in every mode of Nuke, once.

    Raises:
        Problem: this Nuke is too old; nothing is added.
    """
    global _registered
    if nuke.NUKE_VERSION_MAJOR < MINIMUM_NUKE:
        raise Problem(f"nle_style needs Nuke {MINIMUM_NUKE}; this is {nuke.NUKE_VERSION_STRING}.")
    if not _registered:
        nuke.addOnCreate(_created, nodeClass="NoOp")
        nuke.addKnobChanged(node.knob_changed, nodeClass="NoOp")
        _registered = True


def add_menu() -> None:
    """Put the node into the toolbar. GUI only."""
    if _registered:
        command = "import nle_style_nuke; nle_style_nuke.create()"
        nuke.menu("Nodes").addCommand("Filter/NLEStyle", command)


def _created() -> None:
    made = nuke.thisNode()
    if node.is_style_node(made):
        try:
            node.upgrade(made)
        except Problem as problem:  # a script must open whatever is missing
            print(f"nle_style: {made.name()}: {problem}")


def create() -> nuke.Node | None:
    """Make a node; None, and a message, if that cannot be done."""
    try:
        return node.create()
    except Problem as problem:
        nuke.message(str(problem))
        return None


def render(
    node_name: str,
    frames: tuple[int, int] | None = None,
    views: Sequence[str] | None = None,
) -> nuke.Node:
    """Render a node to its end: for scripts, `nuke -t` and farms.

    Args:
        node_name: full name of the style node, "Group1.NLEStyle1" inside a group.
        frames: first and last of Nuke's frames, inclusive; None for the node's own.
        views: names; None for the node's own.

    Returns:
        the Read.

    Raises:
        Problem: one message; the graph and the root are as before.
    """
    with nuke.root():
        found = nuke.toNode(node_name)
    if found is None or not node.is_style_node(found):
        raise Problem(f"{node_name} is not an NLEStyle node of this script.")
    return render_node(found, frames, views)


def press(pressed: nuke.Node, action: str) -> None:
    """Run a button's action; `pressed` is its node."""
    try:
        _ACTIONS[action](pressed)
    except Problem as problem:
        nuke.message(str(problem))
    except Exception as error:
        traceback.print_exc()
        nuke.message(f"nle_style failed: {error!r}. The script editor has the details.")


def _render(pressed: nuke.Node) -> None:
    _refuse_if_running(pressed)
    render_node(pressed)


def _preview(pressed: nuke.Node) -> None:
    frame, view = nuke.frame(), nuke.thisView()
    render_node(pressed, (frame, frame), [view] if view in nuke.views() else None, preview=True)


def _refuse_if_running(pressed: nuke.Node) -> None:
    if is_in_background(pressed.fullName()):
        raise Problem(f"{pressed.name()} is rendering in the background. Press Cancel to end that.")


def _reset_range(pressed: nuke.Node) -> None:
    for knob, frame in zip(("first", "last"), node.frame_range(pressed)):
        pressed[knob].setValue(frame)


def _open_folder(pressed: nuke.Node) -> None:
    folder = node.read_settings(pressed).output
    if not folder.is_dir():
        raise Problem(f"{pressed.name()}: nothing is rendered yet ({folder} does not exist).")
    if sys.platform == "win32":
        os.startfile(folder)  # noqa: S606
        return
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    try:
        subprocess.Popen([opener, str(folder)], env=client.worker_environment())
    except OSError as error:
        raise Problem(f"{opener} cannot be started ({error}). The folder is {folder}") from error


_ACTIONS: dict[str, Callable[[nuke.Node], None]] = {
    "render": _render,
    "render_background": render_in_background,
    "cancel": lambda pressed: cancel_background(pressed.fullName()),
    "preview": _preview,
    "open_folder": _open_folder,
    "reset_range": _reset_range,
    "reload_styles": node.refresh_styles,
}
