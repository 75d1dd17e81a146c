"""Running the command line: in this process for speed, or as a process that can be killed."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from unittest import mock

from nle_style.cli.main import main

__all__ = ["Outcome", "events_of", "nle_style", "start"]


@dataclass(frozen=True)
class Outcome:
    """Exit code and what was printed."""

    code: int
    out: str
    err: str


def nle_style(*arguments: object) -> Outcome:
    """`nle-style ARGUMENTS` in this process."""
    out, err = io.StringIO(), io.StringIO()
    words = ["nle-style", *map(str, arguments)]
    code: Any = 0
    with (
        mock.patch.object(sys, "argv", words),
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
