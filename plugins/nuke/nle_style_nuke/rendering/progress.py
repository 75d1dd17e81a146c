"""Nuke's progress bar with its cancel button, or nothing where there is no GUI."""

from __future__ import annotations

import nuke

from ..problems import Cancelled

__all__ = ["Progress"]


class Progress:
    """One progress bar, from the first text on; by Foundry's guide to threads it may be used from
    any thread.

    When its window is gone (Nuke is about to end, a layout was changed) its object is gone too, and
    calls are RuntimeErrors; the render goes on without it.

    Args:
        title: of the bar.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._may_be_shown: bool = nuke.GUI
        self._task: nuke.ProgressTask | None = None

    def cancelled(self) -> bool:
        """Whether its button was pressed."""
        try:
            return self._task is not None and bool(self._task.isCancelled())
        except RuntimeError:
            self._lose()
            return False

    def show(self, text: str, percent: int | None = None) -> None:
        """Say what is done, and how much of it (0-100); "" closes the bar until the next text."""
        if not text:
            self._task = None  # a bar is closed when nobody holds it
        if not text or not self._may_be_shown:
            return
        try:
            if self._task is None:
                self._task = nuke.ProgressTask(self._title)
            self._task.setMessage(text)
            if percent is not None:
                self._task.setProgress(percent)
        except RuntimeError:
            self._lose()

    def step(self, text: str) -> None:
        """Say what is done next, as `show` does.

        Raises:
            Cancelled: the button was pressed before it.
        """
        if self.cancelled():
            raise Cancelled
        self.show(text)

    def _lose(self) -> None:
        self._task = None
        self._may_be_shown = False
