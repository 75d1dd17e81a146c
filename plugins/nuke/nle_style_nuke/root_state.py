"""The root's settings, changed for a render and put back whatever happens."""

from __future__ import annotations

from types import TracebackType

import nuke

__all__ = ["FullResolution"]


class FullResolution:
    """While it lasts: proxy off, no undo steps; afterwards proxy, frame, undo and "modified" as
    before.

    A context manager for the main thread. Nodes that are made inside it must be deleted inside it,
    else the script would have them without being "modified".
    """

    def __enter__(self) -> FullResolution:
        """Remember, then switch the proxy off."""
        self._frame = nuke.frame()
        self._proxy = bool(nuke.root()["proxy"].value())
        self._modified = nuke.modified()
        self._undo = not nuke.Undo.disabled()
        if self._undo:
            nuke.Undo.disable()
        nuke.root()["proxy"].setValue(False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Put everything back."""
        nuke.root()["proxy"].setValue(self._proxy)
        nuke.frame(self._frame)
        if self._undo:
            nuke.Undo.enable()
        nuke.modified(self._modified)
