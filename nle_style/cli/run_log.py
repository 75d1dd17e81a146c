"""What a run was asked for and what became of it, in a file beside its reports: what a person sends
with a report of a fault."""

from __future__ import annotations

import os
import platform
import shlex
import sys
import traceback
from contextlib import suppress
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nle_style.render import Event, FramePainted, Scanning, Started, as_json

__all__ = ["LOG_NAME", "RunLog"]

LOG_NAME = "nle-style.log"
"""In the folder of the results; every run adds to it."""

_FIRST_LINE = "nle-style's log: what was run in this folder. Send it with a report of a fault.\n"
_MOST_BYTES = 2**20  # of the runs before; then it begins anew
_LIBRARIES = ("torch", "openvino", "numpy", "av", "OpenImageIO", "opencolorio", "opentimelineio")


class RunLog:
    """The log of one run.

    Nothing is written before the run has begun to render, so that what is refused leaves nothing
    behind; from then on every line as soon as it is known. A log that cannot be written is no
    reason to stop.

    Args:
        folder: of the results.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOG_NAME
        self._waiting = [_head(sys.argv)]
        self._open = False

    def __call__(self, event: Event) -> None:
        """Note an event, but for progress."""
        if isinstance(event, FramePainted | Scanning):
            return
        self.note(as_json(event))
        if isinstance(event, Started):
            self._begin()

    def note(self, text: str) -> None:
        """Note a text, which may have several lines."""
        self._waiting.append(text)
        if self._open:
            self._write()

    def crash(self, error: BaseException) -> Path | None:
        """Note an error that is no message of ours, with its traceback.

        Returns: where; None if there is no such folder.
        """
        self.note("".join(traceback.format_exception(error)).rstrip())
        self._begin()
        return self._path if self._open else None

    def _begin(self) -> None:
        """Begin the file, or go on in one of ours."""
        if self._open or not self._path.parent.is_dir():
            return
        with suppress(OSError, UnicodeDecodeError):
            there = self._path.exists()
            if there:
                with self._path.open(encoding="utf-8") as file:
                    if file.readline() != _FIRST_LINE:
                        return  # it is not ours
            if not there or self._path.stat().st_size > _MOST_BYTES:
                self._path.write_text(_FIRST_LINE, encoding="utf-8")
            self._open = True
            self._write()

    def _write(self) -> None:
        lines = [line for text in self._waiting for line in text.splitlines()]
        self._waiting.clear()
        stamp = f"{datetime.now().astimezone().isoformat(timespec='seconds')} {os.getpid()}"
        # Where the volume is gone, no file is made in the folder below it.
        with suppress(OSError), self._path.open("r+", encoding="utf-8", errors="replace") as file:
            file.seek(0, os.SEEK_END)
            file.write("".join(f"{stamp}  {line}\n" for line in lines))


def _head(words: list[str]) -> str:
    """The command line, the folder that it ran in, and the versions of what it runs on."""
    found = []
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    command = shlex.join(["nle-style", *words[1:]])
    return "\n".join(
        (
            f"--- {command}",
            f"in {Path.cwd()}",
            f"nle-style {version('nle-style')}, Python {platform.python_version()},"
            f" {platform.platform()}, {os.cpu_count()} cores",
            ", ".join(found),
        )
    )
