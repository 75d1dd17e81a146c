"""Runs `nle-style` several times in one process, to be looked at from outside: `python -m
tests.faults.traced FILE`, a JSON list of argument lists."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.helpers.command import nle_style

for words in json.loads(Path(sys.argv[1]).read_text()):
    done = nle_style(*words)
    if done.code != 0:
        sys.exit(f"{words}: {done.code}\n{done.out}\n{done.err}")
