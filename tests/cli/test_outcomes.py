"""Exit codes, events and files of the program itself, as docs/outcomes.md has them.

Each start of the program loads torch: one run shows several rows, and each exit code is that of a
process once; the rest is called in this one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from tests.faults.nights import small_disk
from tests.helpers.clips import make_clip as make_grainy
from tests.helpers.command import events_of, nle_style
from tests.helpers.media_factory import ffmpeg
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip, gap, timeline, track

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 26
PLAIN = ("--strength", 0)  # all but the network

pytestmark = pytest.mark.slow


def _command(*words: object) -> list[str]:
    return [sys.executable, "-m", "nle_style", *map(str, words)]


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def _run(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
    """The program, as a process, without a terminal."""
    done = subprocess.run(
        _command(*words),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=_environment(**more),
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "\r" not in done.stdout + done.stderr, "no bar in a log"
    return done


def _kinds(told: Sequence[dict[str, Any]]) -> set[str]:
    return {each["event"] for each in told}


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clip, and one whose end is cut off; and a cut of them, and of one more."""
    folder = tmp_path_factory.mktemp("media")
    whole = make_clip(folder / "whole.mov", 1, FRAMES, Fraction(25))
    grainy = make_grainy(folder / "grainy.mp4", frames=40, sound=False)
    ffmpeg("-i", grainy, "-c", "copy", "-movflags", "+faststart", folder / "damaged.mp4")
    data = (folder / "damaged.mp4").read_bytes()
    (folder / "damaged.mp4").write_bytes(data[: len(data) * 3 // 4])
    rate = 30000 / 1001
    shots = [
        clip("one", (2, 4), (0, FRAMES), url=whole.as_uri(), rate=25),
        clip("two", (2, 4), (0, FRAMES), url=whole.as_uri(), rate=25),
        gap(5, 25),
        clip("gone", (0, 5), (0, 9), url=(folder / "missing.mov").as_uri(), rate=25),
        clip("torn", (34, 5), (0, 40), url=(folder / "damaged.mp4").as_uri(), rate=rate),
        clip("title", (0, 5), (0, 9), url=whole.as_uri(), rate=25),
    ]
    shots[-1].enabled = False
    otio.adapters.write_to_file(timeline(track(*shots)), str(folder / "cut.otio"))
    return folder


@pytest.fixture(scope="module")
def look(tiny_pack: Path) -> tuple[object, ...]:
    return ("--style", "red", "--pack", tiny_pack)


def test_all_of_it(media: Path, look: tuple[object, ...], tmp_path: Path) -> None:
    done = _run("render", media / "whole.mov", "-o", tmp_path, *look, *PLAIN)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr.splitlines() == [f"done  {tmp_path / 'whole.red.mov'}  ({FRAMES} frames)"]


def test_a_job_of_three(media: Path, look: tuple[object, ...], tmp_path: Path) -> None:
    """One clip is whole, one is not there, one is damaged: every event of a job, and its files."""
    sources = [media / name for name in ("whole.mov", "missing.mov", "damaged.mp4")]
    done = _run("render", *sources, "-o", tmp_path, *look, "--events")
    assert done.returncode == 3, done.stderr
    assert done.stderr == ""
    told = events_of(done.stdout)
    assert _kinds(told) == {"started", "scanning", "progress", "item", "done"}
    ends = [(each["status"], each["outcome"]) for each in told if each["event"] == "item"]
    assert ends == [("delivered", "delivered"), ("refused", "missing"), ("refused", "damaged")]
    assert told[0] == {"event": "started", "items": 3, "frames": FRAMES}
    assert told[-1] == {
        "event": "done",
        "delivered": 1,
        "present": 0,
        "refused": 2,
        "exit_code": 3,
        "missing": 1,
        "damaged": 1,
        "clips": None,
    }
    made = {f"whole.red.{end}" for end in ("mov", "manifest.jsonl", "report.json")}
    made.add("nle-style.log")
    assert {name for name in _names(tmp_path) if "damaged" not in name} == made
    # The same for people: each item a line, the sum on stdout.
    again = nle_style("render", *sources, "-o", tmp_path, *look)
    assert again.code == 3
    said = [line.split("  ")[0] for line in again.err.splitlines()]
    assert said == ["was there already", "missing", "damaged"]
    assert again.out == "1 clip styled (1 was there already), 1 missing, 1 damaged\n"


def test_a_cut(media: Path, look: tuple[object, ...], tmp_path: Path) -> None:
    """Events, report, `--json`, dry run and console agree on every clip, and on the exit code."""
    out = tmp_path / "out"
    words = ("batch", media / "cut.otio", "-o", out, *look, *PLAIN)
    plan = nle_style(*words, "--dry-run", "--json")
    assert plan.code == 3, plan.err
    assert not out.exists()
    planned = json.loads(plan.out)
    assert planned["summary"] == "2 clips to style, 1 missing, 1 damaged, 1 left as it is"
    assert planned["exit_code"] == 3
    assert [each["outcome"] for each in planned["refusals"]] == ["missing"]

    done = nle_style(*words, "--events")
    assert (done.code, done.err) == (3, "")
    told = events_of(done.out)
    (warned,) = [each for each in told if each["event"] == "warning"]
    assert warned["outcome"] == "missing"
    assert warned["message"].startswith("clip 'gone' on V1: ")
    assert [Path(each["path"]).name for each in told if each["event"] == "written"] == [
        *("cut.red.otio", "cut.red.baked.otio", "cut.red.report.json", "cut.red.report.md")
    ]
    assert told[-1]["event"] == "done"
    assert told[-1]["exit_code"] == 3
    assert told[-1]["clips"] == {"delivered": 2, "skipped": 1, "missing": 1, "damaged": 1}
    written = {each["path"] for each in told if each["event"] == "written"}
    assert all(Path(path).is_file() for path in written)
    summary = "2 clips styled, 1 missing, 1 damaged, 1 left as it is"
    assert f"{summary}. " in (out / "cut.red.report.md").read_text()

    again = nle_style(*words, "--json")
    assert again.code == 3
    report = json.loads(again.out)
    assert report == json.loads((out / "cut.red.report.json").read_text())
    assert (report["summary"], report["exit_code"]) == (summary, 3)
    counts = Counter(each["outcome"] for each in report["clips"])
    assert counts == {"delivered": 2, "missing": 1, "damaged": 1, "skipped": 2}
    said = again.err.splitlines()
    assert [line.split("  ")[0] for line in said] == ["missing", "was there already", "damaged"]
    assert said[0] == f"missing  {warned['message']}"

    shown = nle_style(*words, "--dry-run")
    assert shown.code == 3
    assert said[0] in shown.out.splitlines()
    assert said[2] in shown.out.splitlines()
    assert summary.replace("styled", "to style (2 are there already)") in shown.out
    seen = nle_style("info", media / "cut.otio", *look[2:])
    assert seen.code == 3
    assert {said[0], said[2]} <= {line.strip() for line in seen.out.splitlines()}
    both = nle_style(*words, "--json", "--events")
    assert both.code == 2
    assert "both write to stdout" in both.err


def test_a_fault_of_the_job_is_said_once(
    media: Path, look: tuple[object, ...], tmp_path: Path
) -> None:
    names = ("whole.mov", "grainy.mp4", "damaged.mp4")
    words = ("render", *(media / name for name in names), "-o", tmp_path, "--style", "bleu")
    done = _run(*words, *look[2:], "--events")
    assert done.returncode == 2
    (error,) = events_of(done.stdout)
    assert (error["event"], error["exit_code"]) == ("error", 2)
    for more in ((), ("--workers", 2)):
        people = nle_style(*words, *look[2:], *more)
        assert people.code == 2
        assert people.err.count("unknown style 'bleu'") == 1
        assert people.err.startswith("nle-style: error: ")
    cut = nle_style("batch", media / "cut.otio", "-o", tmp_path, "--style", "bleu", *look[2:])
    assert cut.code == 2
    assert cut.err.count("bleu") == 1
    bundle = nle_style("farm", *words[1:-4], "-o", tmp_path / "b", "--style", "bleu", *look[2:])
    assert bundle.code == 2
    assert bundle.err.count("bleu") == 1


@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_a_disk_that_refuses_is_said_once(
    fault: str, media: Path, look: tuple[object, ...], tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    sources = [media / name for name in ("whole.mov", "grainy.mp4", "whole.mov")]
    with small_disk(disk, "8k"):
        if fault == "read-only":
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        done = nle_style("render", *sources, "-o", disk, *look, *PLAIN)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1, done.err
    assert ("o space" if fault == "full" else "ead-only") in done.err


def test_cancelled(media: Path, look: tuple[object, ...], tmp_path: Path) -> None:
    words = ("render", media / "whole.mov", media / "grainy.mp4", "-o", tmp_path, *look, "--events")
    with subprocess.Popen(_command(*words), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(json.loads(line))
            if told[-1].get("frame") == 12 and told[-1]["event"] == "progress":
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 130
    last = told[-1]
    assert (last["event"], last["exit_code"], last["unfinished"]) == ("cancelled", 130, 2)
    assert ".whole.red.mov.work/unit-000000.mov" in _names(tmp_path)
    assert not (tmp_path / "whole.red.mov").exists()


def test_nobody_reads(media: Path, look: tuple[object, ...], tmp_path: Path) -> None:
    """`nle-style render … --events | head -1`, and a short command that only prints."""
    words = ("render", media / "whole.mov", "-o", tmp_path, *look, "--events")
    process = subprocess.Popen(
        _command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment()
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141
    process.stderr.close()
    assert not (tmp_path / "whole.red.mov").exists(), "it stopped"
    # A pipe that is closed before anything is written, where a command only prints.
    reading, writing = os.pipe()
    os.close(reading)
    listed = subprocess.run(
        _command("styles", *look[2:]), stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (listed.returncode, listed.stderr) == (141, b"")


def test_doctor_finds_a_fault(tmp_path: Path) -> None:
    """A plugin that is half there."""
    assert nle_style("install", "nuke", "--dir", tmp_path / ".nuke").code == 0
    (tmp_path / ".nuke" / "menu.py").unlink()
    done = _run("doctor", HOME=str(tmp_path))
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("wrong")]


def test_the_demo(media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here of another cut. A picture is named only if there is one."""
    examples = tmp_path / "examples"
    examples.mkdir()
    monkeypatch.setattr("nle_style.cli.commands.demo.bundled", lambda _: examples)
    for name, shots in (("demo.otio", "whole.mov"), ("none.otio", "missing.mov")):
        shot = clip("one", (2, 2), (0, FRAMES), url=(media / shots).as_uri(), rate=25)
        otio.adapters.write_to_file(timeline(track(shot)), str(examples / name))
    out = tmp_path / "out"
    done = nle_style("demo", "-o", out)
    assert done.code == 0, done.err
    summary, *paths = done.out.splitlines()
    assert summary == "1 clip styled"
    assert paths[-1] == str(out / "before_after.png")
    assert all(Path(path).is_file() for path in paths)
    (examples / "none.otio").rename(examples / "demo.otio")
    none = nle_style("demo", "-o", tmp_path / "none")
    assert none.code == 2
    summary, *paths = none.out.splitlines()
    assert summary == "0 clips styled, 1 missing"
    assert paths
    assert all(Path(path).is_file() for path in paths)


def test_a_farm(media: Path, look: tuple[object, ...], tmp_path: Path) -> None:
    bundle, work = tmp_path / "bundle", "output/.whole.red.mov.work"
    made = nle_style("farm", media / "whole.mov", media / "missing.mov", "-o", bundle, *look)
    assert made.code == 3
    assert made.err.startswith("missing  ")
    files = ("template.yaml", "parameter_values.yaml", "asset_references.yaml", "farm.json")
    assert _names(bundle) == {*files, ".nle_style.jsonl"}
    farm = bundle / "farm.json"
    assert nle_style("run", farm, "--step", "measure").code == 0
    assert nle_style("run", farm, "--step", "render", "--pieces", "0-1").code == 0
    left = {"measured.jsonl", "statistics.safetensors", "part-000000-000001.jsonl"}
    assert {f"{work}/{name}" for name in left} <= _names(bundle)
    done = nle_style("run", farm, "--events")
    assert done.code == 0, "what was refused in the bundle is not told again by the code"
    told = events_of(done.out)
    assert told[-1]["event"] == "done"
    assert (told[-1]["missing"], told[-1]["exit_code"]) == (1, 0)
    assert not (bundle / work).exists()


def test_advice_is_about_what_was_given(
    media: Path, look: tuple[object, ...], tmp_path: Path
) -> None:
    done = nle_style("render", media / "whole.mov", "-o", tmp_path, *look, "--conform", 0)
    assert done.code == 2
    assert "--conform 25" in done.err
    assert "--rate" not in done.err
    assert "starting" not in done.err
    gone = tmp_path / "nodir" / "x.png"
    sheet = nle_style("sheet", media / "whole.mov", "-o", gone, *look[2:])
    assert sheet.code == 2
    assert "there is no such folder" in sheet.err
    assert not gone.parent.exists()
    for words in (("preload", "--serve"), ("run", tmp_path / "none.yaml"), ("run", tmp_path)):
        hidden = nle_style(*words)
        assert hidden.code == 2
        assert "Traceback" not in hidden.err
