"""Nuke's progress bar with its cancel button, or nothing where there is no GUI."""

from __future__ import annotations

import nuke

from ..problems import Cancelled

__all__ = ["Progress"]


class Progress:
    """One progress bar; by Foundry's guide to threads it may be used from any thread.

    Args:
        title: of the bar.
    """

    def __init__(self, title: str) -> None:
        self._task: nuke.ProgressTask | None = nuke.ProgressTask(title) if nuke.GUI else None

    def cancelled(self) -> bool:
        """Whether its button was pressed."""
        return self._task is not None and bool(self._task.isCancelled())

    def show(self, text: str, percent: int | None = None) -> None:
        """Say what is done, and how much of it (0-100)."""
        if self._task is None:
            return
        self._task.setMessage(text)
        if percent is not None:
            self._task.setProgress(percent)

    def step(self, text: str) -> None:
        """Say what is done next.

        Raises:
            Cancelled: the button was pressed before it.
        """
        if self.cancelled():
            raise Cancelled
        self.show(text)
