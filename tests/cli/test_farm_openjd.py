"""`openjd run` of a bundle, killed in the middle and run again."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from tests.helpers.command import FINE_STROKES, nle_style
from tests.helpers.stamps import make_clip

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 30  # four units in two tasks


def _tree(process: int) -> list[int]:
    """A process and all that it started, which run in sessions of their own."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(each for child in children for each in _tree(int(child)))]


def _painted(out: str) -> list[int]:
    return [int(frame) for frame in re.findall(r"openjd_status: .*: frame (\d+),", out)]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")
def test_killed_after_half_of_its_tasks(tiny_pack: Path, tmp_path: Path) -> None:
    """SIGKILL of openjd and its task, in the second of two: only what is not there is rendered."""
    openjd = shutil.which("openjd", path=Path(sys.executable).parent)
    if openjd is None:
        pytest.skip("openjd is not installed: pip install 'nle-style[farm]'")
    program = tmp_path / "nle-style"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nle_style "$@"\n')
    program.chmod(0o755)
    movie = make_clip(tmp_path / "crowd.mov", 3, FRAMES, Fraction(25))
    look = ("--style", "red", "--pack", tiny_pack, "--statistics", "frame", *FINE_STROKES)
    assert nle_style("render", movie, "-o", tmp_path / "plain", *look).code == 0
    bundle = tmp_path / "bundle"
    assert nle_style("farm", movie, "-o", bundle, *look, "--chunk", 16).code == 0
    command = [openjd, "run", bundle / "template.yaml", "-p", f"NleStyle={program}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        before = ""
        for line in process.stdout:
            before += line
            if _painted(line) == [24]:
                break
        for each in _tree(process.pid):
            os.kill(each, signal.SIGKILL)
        process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert re.findall(r"Pieces\(CHUNK\[INT\]\) = (\S+)", before) == ["0-1", "2-3"], before
    out = bundle / "output"
    assert not list(out.glob("*.mov"))
    kept = [path.name for path in out.glob(".*.work/unit-*") if ".part" not in path.name]
    assert sorted(kept) == [f"unit-00000{unit}.mov" for unit in range(len(kept))]
    # Those on their way when the signal comes may be whole before it, or not.
    assert len(kept) in (2, 3, 4)
    again = subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, env=environment
    )
    assert again.returncode == 0, again.stdout
    assert _painted(again.stdout) == list(range(8 * len(kept), FRAMES)), "what was not whole"
    units = {}
    (manifest,) = out.glob("*.manifest.jsonl")
    for entry in map(json.loads, manifest.read_text().splitlines()):
        if entry["type"] == "unit":
            units[entry["unit"]["index"]] = entry["unit"]["frame_hashes"]
    assert sum(map(len, units.values())) == FRAMES
    (whole,) = (tmp_path / "plain").glob("*.mov")
    assert (out / whole.name).read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in out.iterdir()) == sorted(
        path.name for path in (tmp_path / "plain").iterdir() if path.name != "nle-style.log"
    )
