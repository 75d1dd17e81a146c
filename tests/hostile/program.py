"""The program as a process of its own, with what it took."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.command import Outcome

__all__ = ["ROOT", "Run", "run"]

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run(Outcome):
    """And the most memory that it held, in MiB."""

    peak_mb: int


def run(*arguments: object) -> Run:
    """`nle-style ARGUMENTS`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "nle_style", *map(str, arguments)],
            stdout=out,
            stderr=err,
            env=environment,
        )
        # wait4 and not communicate: it says what this one child took, not the largest of all.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Run(process.returncode, *texts, used.ru_maxrss // 1024)
