"""The root's settings, changed for a render and put back whatever happens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import nuke

__all__ = ["full_resolution"]


@contextlib.contextmanager
def full_resolution() -> Iterator[None]:
    """Switch the proxy and undo steps off; afterwards they, frame and "modified" are as before.

    For the main thread. Nodes that are made inside it must be deleted inside it, else the script
    would have them without being "modified".
    """
    frame, modified = nuke.frame(), nuke.root().modified()
    proxy = bool(nuke.root()["proxy"].value())
    undo = not nuke.Undo.disabled()
    try:
        if undo:
            nuke.Undo.disable()
        nuke.root()["proxy"].setValue(False)
        yield
    finally:
        nuke.root()["proxy"].setValue(proxy)
        nuke.frame(frame)
        if undo:
            nuke.Undo.enable()
        nuke.root().setModified(modified)
