"""Renders in the background: a thread that touches the graph only through Nuke's main thread."""

from __future__ import annotations

import atexit
import threading

import nuke

from ..problems import Problem
from .prepared import Prepared
from .progress import Progress
from .steps import finish, prepare, run_worker

__all__ = ["cancel_background", "is_in_background", "render_in_background"]

_AT_EXIT = 40.0  # seconds: the worker has 30 for the frame at hand before it is killed

_running: dict[str, tuple[threading.Event, threading.Thread | None]] = {}


def is_in_background(name: str) -> bool:
    """Whether a node, by its full name, has a render in the background."""
    return name in _running


def render_in_background(node: nuke.Node) -> None:
    """Write upstream frames now, then render while the artist works on. Main thread only.

    Raises:
        Problem: as `steps.prepare`, or the node is rendering already. What goes wrong later is
            told by one `nuke.message`.
    """
    name = node.fullName()
    if is_in_background(name):
        raise Problem(f"{node.name()} is rendering already. Press Cancel to end that render.")
    prepared = prepare(node, Progress(node.name()).step)
    asked = threading.Event()
    thread = threading.Thread(target=_run, args=(prepared, asked), name=f"nle_style {name}")
    thread.daemon = True  # Nuke's end is not held up by it; see _end_all
    _running[name] = (asked, thread)
    thread.start()


def cancel_background(name: str) -> None:
    """Ask a node's render to stop after its frame.

    Raises:
        Problem: it has none.
    """
    if name not in _running:
        raise Problem(f"{name} has no render in the background.")
    _running[name][0].set()


def _run(prepared: Prepared, asked: threading.Event) -> None:
    progress = Progress(f"{prepared.node} (background)")
    try:
        outcome = run_worker(prepared, progress, lambda: asked.is_set() or progress.cancelled())
    except Exception as error:
        _running.pop(prepared.node, None)
        nuke.executeInMainThread(nuke.message, (_text(prepared, error),))
        return

    # executeInMainThreadWithResult gives None for whatever is raised in it: the message is made
    # inside, on the main thread.
    def finished() -> None:
        try:
            finish(prepared, outcome)
        except Exception as error:
            nuke.message(_text(prepared, error))
        finally:
            _running.pop(prepared.node, None)

    nuke.executeInMainThread(finished)


def _text(prepared: Prepared, error: Exception) -> str:
    known = str(error) if isinstance(error, Problem) else f"nle_style failed: {error!r}"
    return f"{prepared.node}: {known}"


def _end_all() -> None:
    """No worker outlives Nuke."""
    for asked, _thread in list(_running.values()):
        asked.set()
    for _asked, thread in list(_running.values()):
        if thread is not None:
            thread.join(_AT_EXIT)


atexit.register(_end_all)
