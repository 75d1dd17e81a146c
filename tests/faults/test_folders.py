"""Folders that vanish and come back, what a dead machine left in them, wrong clocks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.nights import (
    FAST,
    FRAMES,
    at_frame,
    files,
    names,
    refusals,
    render,
    small_disk,
    styled,
)
from tests.helpers.command import events_of

ROOT = Path(__file__).resolve().parents[2]


def _painted(events: list[dict[str, object]]) -> int:
    return sum(event["event"] == "progress" for event in events)


@pytest.mark.parametrize("frame", [11, FRAMES - 1])
def test_the_results_folder_is_moved_away(
    frame: int, clip: Path, plain: bytes, tiny_pack: Path, tmp_path: Path
) -> None:
    """It is not made anew; moved back, the render goes on in it."""
    out, away = tmp_path / "out", tmp_path / "away"
    code, events = render(
        clip, out, tiny_pack, *FAST, hear=at_frame(frame, lambda: out.rename(away))
    )
    assert code == 2
    (why,) = refusals(events)
    assert why.startswith(str(out))
    assert "No such file" in why
    assert "Check the folder and its volume" in why
    assert not out.exists()
    away.rename(out)
    code, events = render(clip, out, tiny_pack, *FAST)
    assert code == 0
    assert _painted(events) <= FRAMES - 8, "what was finished before is not painted again"
    assert files(out) == {"one.red.mov": plain}


def test_the_volume_is_unmounted_and_mounted_again(
    clip: Path, plain: bytes, tiny_pack: Path, tmp_path: Path
) -> None:
    """As a network volume that drops out: nothing is written where it was mounted."""
    volume, out = tmp_path / "volume", tmp_path / "out"
    out.mkdir()
    with small_disk(volume, "20m"):
        mount = ["mount", "--bind", str(volume), str(out)]
        subprocess.run(mount, check=True)
        unmount = ["umount", "-l", str(out)]
        hear = at_frame(11, lambda: subprocess.run(unmount, check=True))
        code, events = render(clip, out, tiny_pack, *FAST, hear=hear)
        assert code == 2
        assert "No such file" in refusals(events)[0]
        assert list(out.iterdir()) == [], "nothing in the folder below the volume"
        subprocess.run(mount, check=True)
        try:
            code, events = render(clip, out, tiny_pack, *FAST)
            assert code == 0
            assert _painted(events) <= FRAMES - 8
            assert files(out) == {"one.red.mov": plain}
        finally:
            subprocess.run(unmount, check=True)


def test_what_a_dead_machine_left(
    clip: Path, plain: bytes, tiny_pack: Path, tmp_path: Path
) -> None:
    """A lock file, half a unit, half a manifest line and a unit that reads as nulls."""
    hear = at_frame(11, lambda: os.kill(os.getpid(), 15))
    assert render(clip, tmp_path, tiny_pack, *FAST, hear=hear)[0] == 130
    work = tmp_path / ".one.red.mov.work"
    unit = work / "unit-000000.mov"
    unit.write_bytes(bytes(unit.stat().st_size))
    (work / "unit-000001.part-4194304.mov").write_bytes(b"half")
    (tmp_path / ".one.red.mov.lock").write_text("4194304\nanother-host\n")
    with (tmp_path / "one.red.manifest.jsonl").open("ab") as manifest:
        manifest.write(b'{"key": "torn')
    code, events = render(clip, tmp_path, tiny_pack, *FAST)
    assert code == 0
    assert _painted(events) == FRAMES, "a unit that is not what was noted is made again"
    assert names(tmp_path) == ["one.red.manifest.jsonl", "one.red.mov", "one.red.report.json"]
    assert files(tmp_path) == {"one.red.mov": plain}


@pytest.mark.slow
def test_a_clock_that_is_set_back(
    clip: Path, plain: bytes, tiny_pack: Path, tmp_path: Path
) -> None:
    """Begun with files of the future, gone on with three years earlier, by libfaketime."""
    program = shutil.which("faketime")
    if program is None:
        pytest.skip("faketime is not installed (apt-get install faketime)")
    hear = at_frame(11, lambda: os.kill(os.getpid(), 2))
    assert render(clip, tmp_path, tiny_pack, *FAST, hear=hear)[0] == 130
    for path in (clip, *(each for each in tmp_path.rglob("*"))):
        os.utime(path, (4e9, 4e9))
    words = styled("render", clip, tmp_path, tiny_pack, *FAST)
    run = [program, "-f", "-3y", sys.executable, "-m", "nle_style", *map(str, words)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    told = events_of(done.stdout)
    assert _painted(told) == FRAMES - 8, "the finished unit counts, whenever it was written"
    assert (tmp_path / "one.red.mov").read_bytes() == plain
    assert '"finished": "2023' in (tmp_path / "one.red.report.json").read_text()
    code, events = render(clip, tmp_path, tiny_pack, *FAST)
    assert code == 0
    assert [each["status"] for each in events if each["event"] == "item"] == ["present"]
