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


# A process begins with the peak of the one that forks it, and the tests have a large one: so a
# small one stands between, and says what its child took.
_BETWEEN = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024))
sys.exit(code)
"""


def run(*arguments: object) -> Run:
    """`nle-style ARGUMENTS`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    with tempfile.TemporaryDirectory() as folder:
        peak = Path(folder) / "peak"
        words = [sys.executable, "-c", _BETWEEN, str(peak), sys.executable, "-m", "nle_style"]
        done = subprocess.run(
            [*words, *map(str, arguments)], capture_output=True, env=environment, check=False
        )
        out, err = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
        return Run(done.returncode, out, err, int(peak.read_text()))
