"""What is killed under a render, and what else works in its folder at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from tests.faults.nights import FAST, FRAMES, at_frame, files, names, refusals, render
from tests.helpers.command import nle_style
from tests.helpers.media_factory import TAGS, make

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("after", ["", 'head -c 3000 /dev/zero > "$last"; '])
def test_ffmpeg_is_killed(
    after: str, tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child that states the pixel aspect in Matroska, at once or half way through its file."""
    clip = make(tmp_path / "wide.mp4", frames=9, size="64x48", filters=f"setsar=64/45,{TAGS}")
    words = (*FAST, "--format", "ffv1")
    assert render(clip, tmp_path / "plain", tiny_pack, *words)[0] == 0
    killed = tmp_path / "ffmpeg"
    killed.write_text(f"#!/bin/sh\nfor last; do :; done\n{after}kill -KILL $$\n")
    killed.chmod(0o755)
    assert Path(get_ffmpeg_exe()).exists()
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(killed))
    out = tmp_path / "out"
    code, events = render(clip, out, tiny_pack, *words)
    assert code == 2
    (why,) = refusals(events)
    assert "its pixel aspect cannot be written" in why
    assert "run it again" in why
    units = [f".wide.red.mkv.work/unit-{n:06d}.mkv" for n in range(2)]
    assert names(out) == [*units, "wide.red.manifest.jsonl"], "no part of a movie is left"
    monkeypatch.delenv("IMAGEIO_FFMPEG_EXE")
    code, events = render(clip, out, tiny_pack, *words)
    assert code == 0
    assert not [each for each in events if each["event"] == "progress"], "all units were there"
    assert files(out) == files(tmp_path / "plain")


@pytest.fixture
def farm(clip: Path, tiny_pack: Path, tmp_path: Path) -> Path:
    """A bundle's farm.json; its results go to `tmp_path`/out."""
    words = ("--style", "red", "--pack", tiny_pack, *FAST, "--results", tmp_path / "out")
    assert nle_style("farm", clip, "-o", tmp_path / "bundle", *words).code == 0
    return tmp_path / "bundle" / "farm.json"


@pytest.mark.slow
def test_the_same_chunk_twice_at_once(farm: Path, plain: bytes, tmp_path: Path) -> None:
    """A manager that lost sight of a task starts it again: the second one steps back, a task with
    other pieces does not, and an Assemble that comes too early refuses."""
    task = ("run", farm, "--events", "--step", "render", "--pieces")
    told: list[tuple[int, str]] = []

    def others() -> None:
        program = [sys.executable, "-m", "nle_style", *map(str, task), "0-1"]
        same = subprocess.run(program, capture_output=True, text=True, check=False, cwd=ROOT)
        told.append((same.returncode, same.stdout))
        for words in ((*task, "2-2"), ("run", farm, "--events", "--step", "assemble")):
            done = nle_style(*words)
            told.append((done.code, done.out + done.err))

    assert nle_style(*task, "0-1", hear=at_frame(11, others)).code == 0
    (same, why), (other, _), (early, missing) = told
    assert same == 2
    assert "another run is rendering it right now" in why
    assert other == 0
    assert early == 2
    assert "1 of its 3 units are not there" in missing
    assert nle_style("run", farm, "--step", "assemble").code == 0
    assert files(tmp_path / "out") == {"one.red.mov": plain}
    assert _numbers(tmp_path / "out") == list(range(FRAMES))


def _numbers(folder: Path) -> list[int]:
    """The frames that a manifest names, in order; one that it names twice is here twice."""
    (path,) = folder.glob("*.manifest.jsonl")
    units = [json.loads(line).get("unit") for line in path.read_text().splitlines()]
    return sorted(n for unit in units if unit for n in range(unit["first"], unit["last"] + 1))


def test_a_plain_render_beside_a_task_of_a_farm(
    farm: Path, clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """It ends first and takes the work folder away: the task says so; run again, it is done."""
    task = ("run", farm, "--events", "--step", "render", "--pieces", "0-2")

    def beside() -> None:
        assert render(clip, tmp_path / "out", tiny_pack, *FAST)[0] == 0

    done = nle_style(*task, hear=at_frame(11, beside))
    assert done.code == 2
    assert "No such file or directory" in done.out
    movie = (tmp_path / "out" / "one.red.mov").read_bytes()
    assert nle_style(*task).code == 0
    assert nle_style("run", farm, "--step", "assemble").code == 0
    assert (tmp_path / "out" / "one.red.mov").read_bytes() == movie
    assert names(tmp_path / "out") == [
        "one.red.manifest.jsonl",
        "one.red.mov",
        "one.red.report.json",
    ]
