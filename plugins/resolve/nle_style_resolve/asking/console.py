"""Without windows: settings come from their file, and what happens is printed."""

import os
import time

from ..host import HostError
from .settings import DEFAULTS, load_settings, save_settings

__all__ = ["Console", "settings_of_file"]


class Console:
    """Prints a line every few seconds; cancelled by Ctrl+C, or by making the file that it names.

    Args:
        say: prints a line.
    """

    def __init__(self, say=print):
        self._say = say
        self._last = 0.0
        self._cancel_file = ""

    def begin(self, cancel_file):
        """Say how to stop: inside Resolve there is no Ctrl+C."""
        self._cancel_file = cancel_file
        self._say(f"NLE Style: to stop after the frame at hand, make the file {cancel_file}")

    def progress(self, event):
        """Print the share of frames that are done, warnings and refusals."""
        kind = event["event"]
        if kind == "started":
            self._say(f"NLE Style: {event['items']} ranges, {event['frames']} frames")
        elif kind == "warning":
            self._say(f"NLE Style: {event['message']}")
        elif kind == "progress" and time.monotonic() - self._last > 3:
            self._last = time.monotonic()
            left = event["seconds_left"]
            rest = "" if left is None else f", {left:.0f} s left"
            self._say(f"NLE Style: frame {event['done']} of {event['frames']}{rest}")

    def cancelled(self):
        """Whether the file is there. Ctrl+C ends the script, and the worker with it."""
        return os.path.exists(self._cancel_file)


def settings_of_file(path):
    """The settings in the file; the first time it is written, for people to look at.

    Raises:
        HostError: it was not there yet.
    """
    if not os.path.isfile(path):
        try:
            save_settings(DEFAULTS, path)
        except OSError as error:
            raise HostError(f"The settings file {path} cannot be written: {error}") from error
        raise HostError(
            f"This Resolve shows no windows to scripts. The settings are in {path}: look at them, "
            "then start the script again."
        )
    return load_settings(path)
