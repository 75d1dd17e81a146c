"""Running the command line: in this process for speed, or as a process that can be killed."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

import typer.main

from nle_style.cli.main import main

__all__ = ["FINE_STROKES", "Outcome", "events_of", "nle_style", "start"]

FINE_STROKES = ("--stroke-scale", 0.25)
"""For tests that kill a render, or wait for it to be at work: a small clip is painted at sixteen
times its pixels, so that painting it takes a while."""


_command_of = functools.cache(typer.main.get_command)
"""typer makes every command with all its options anew at each start of a program, which takes
longer than many of the tests: they never change, and here they are made once."""


@dataclass(frozen=True)
class Outcome:
    """Exit code and what was printed."""

    code: int
    out: str
    err: str


class _Heard(io.StringIO):
    """Standard output whose lines are told as they are printed."""

    def __init__(self, hear: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._hear = hear

    def write(self, text: str) -> int:
        line = text.strip()
        if line:
            told = json.loads(line) if line.startswith("{") else {"event": "line", "line": line}
            self._hear(told)
        return super().write(text)


def nle_style(*arguments: object, hear: Callable[[dict[str, Any]], None] | None = None) -> Outcome:
    """`nle-style ARGUMENTS` in this process.

    Args:
        hear: called with every event of `--events`, or as {"event": "line", "line": …} with any
            other line, while the program waits: so something can befall it at that very moment.
    """
    out, err = io.StringIO() if hear is None else _Heard(hear), io.StringIO()
    words = ["nle-style", *map(str, arguments)]
    code: Any = 0
    with (
        mock.patch.object(sys, "argv", words),
        mock.patch.object(typer.main, "get_command", _command_of),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    return Outcome(int(code or 0), out.getvalue(), err.getvalue())


def start(*arguments: object) -> subprocess.Popen[str]:
    """`nle-style ARGUMENTS` as a process; its stdout is a pipe of text."""
    words = [sys.executable, "-m", "nle_style", *map(str, arguments)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def events_of(out: str) -> list[dict[str, Any]]:
    """The JSON lines of `--events`."""
    return [json.loads(line) for line in out.splitlines()]
