"""What can go wrong in a way that the artist can mend: one message each."""

from __future__ import annotations

__all__ = ["Cancelled", "Problem"]


class Problem(Exception):
    """A message for people: what is wrong, where, and what to do."""


class Cancelled(Problem):
    """The artist asked for the end."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or "Cancelled. The script is as it was.")
