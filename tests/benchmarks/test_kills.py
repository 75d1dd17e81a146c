"""benchmarks/kills.py: it runs, and it sees what it is to see."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 16


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script's module, with its folder on the path as when it is run."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import kills

    return kills


@pytest.mark.slow
def test_three_kills(tiny_pack: Path) -> None:
    """The script itself, small: killed in units, in publishing and while measuring."""
    words = ["--kills", "3", "--frames", str(FRAMES), "--seed", "4", "--size", "96x64"]
    words += ["--style", "red", "--pack", str(tiny_pack), "--format", "ffv1"]
    words += ["--stroke-scale", "0.25"]  # of so small a clip, that its frames take a while
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "kills.py", *words],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("seed 4, 3 kills, 16 frames")
    assert "bit-identical, nothing lost, doubled or left behind" in done.stdout
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][1:]
    assert sorted(row[1] for row in rows) == ["measuring", "publishing", "units"]


def test_every_difference_is_told(kills: ModuleType, tmp_path: Path) -> None:
    """A movie with a frame doubled and one lost, a file too many, another manifest."""
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    alone.mkdir()
    kills.make_clip(tmp_path / "clip.mkv", "64x48", 6)
    ffmpeg = [kills.get_ffmpeg_exe(), "-v", "error", "-i", str(tmp_path / "clip.mkv")]
    code = ["-c:v", "ffv1", "-frames:v", "5"]
    subprocess.run([*ffmpeg, *code, alone / "a.mkv"], check=True)
    (alone / "a.manifest.jsonl").write_text(
        '{"type": "unit", "unit": {"index": 0, "frame_hashes": ["x"]}}'
    )
    shutil.copytree(alone, killed)
    assert list(kills.differences(alone, killed, 5)) == []
    assert kills.torn(alone, killed) == []
    (alone / ".a.mkv.work").mkdir()  # a render that was left alone is to leave none either
    # Frame 1 is shown twice and frame 4 is gone.
    again = ["-vf", "loop=loop=1:size=1:start=1", "-y"]
    subprocess.run([*ffmpeg, *again, *code, killed / "a.mkv"], check=True)
    (killed / ".a.mkv.lock").touch()
    (killed / ".a.mkv.work").mkdir()
    (killed / "a.manifest.jsonl").write_text('{"type": "unit", "unit": {"index": 0, "frame_ha')
    assert list(kills.differences(alone, killed, 5)) == [
        ".a.mkv.lock was left behind",
        ".a.mkv.work was left behind",
        "a.mkv is other bytes",
        "the manifest tells of other frames",
        "5 frames, 1 lost, 1 doubled",
    ]
    assert kills.torn(alone, killed) == ["a.mkv"]
    (killed / "a.mkv").unlink()
    shutil.copy(alone / "a.mkv", killed / "b.mkv")
    assert "a.mkv is missing" in list(kills.differences(alone, killed, 5))
    assert kills.torn(alone, killed) == []


def test_the_moments_are_spread(kills: ModuleType) -> None:
    """20 kills: all phases, publishing last; no moment beyond its phase."""
    rng = kills.random.Random(5)
    phases = kills.order(20, rng)
    assert {phase: phases.count(phase) for phase in phases} == {
        "units": 8, "publishing": 4, "measuring": 4, "start": 4
    }  # fmt: skip
    assert phases[-4:] == ["publishing"] * 4
    course = kills.Course(start=4.0, measuring=2.0, frame=0.1, publishing=1.0)
    longest = {"start": 4.0, "measuring": 2.0, "units": 0.1, "publishing": 1.0}
    for phase, most in longest.items():
        waits = [kills.wait_for(phase, course, 120, 8, rng) for _ in range(200)]
        assert 0.8 * most < max(wait.seconds for wait in waits) <= most
        assert min(wait.seconds for wait in waits) < 0.2 * most
        frames = {wait.frames for wait in waits}
        assert frames == (
            set(range(1, 31)) if phase == "units" else {120} if phase == "publishing" else {1}
        )
    assert kills.wait_for("publishing", course, 0, 0, rng).event == "started"
