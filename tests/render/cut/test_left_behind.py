"""What a killed run leaves in the folder of the results is cleared away by the next one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from nle_style.render import Event, RenderJob
from nle_style.render.events import FramePainted
from nle_style.render.farm import FarmRun, make_farm_job
from nle_style.render.item import run_job
from tests.helpers.clips import make_clip

RESULTS = ["clip.red.manifest.jsonl", "clip.red.mkv", "clip.red.report.json"]


@pytest.fixture
def job(tiny_pack: Path, tmp_path: Path) -> RenderJob:
    clip = make_clip(tmp_path / "clip.mp4", frames=9, sound=False)
    return RenderJob.model_validate(
        {
            "items": [{"source": clip, "look": {"styles": {"red": 1}, "statistics": "frame"}}],
            "output": {"directory": tmp_path / "out", "format": "ffv1"},
            "control": {"device": "cpu"},
            "pack": str(tiny_pack),
        }
    )


def _names(job: RenderJob) -> list[str]:
    return sorted(path.name for path in job.output.directory.iterdir())


def _leave(job: RenderJob) -> Path:
    """As after a kill between the noting of what is published and the end."""
    work = job.output.directory / ".clip.red.mkv.work"
    work.mkdir()
    (work / "unit-000000.mkv").touch()
    work.with_suffix(".lock").touch()
    return work


def test_after_a_kill_when_all_was_published(job: RenderJob) -> None:
    assert run_job(job).exit_code == 0
    assert _names(job) == RESULTS
    work = _leave(job)
    with FileLock(work.with_suffix(".lock")):
        assert run_job(job).exit_code == 0, "another run is at its end right now"
        assert work.exists()
    assert run_job(job).exit_code == 0
    assert _names(job) == RESULTS


def test_after_a_kill_when_all_was_assembled(job: RenderJob) -> None:
    farm = make_farm_job(job)
    FarmRun(farm).render(0, 1)
    FarmRun(farm).assemble()
    assert _names(job) == RESULTS
    _leave(job)
    FarmRun(farm).assemble()
    assert _names(job) == RESULTS


def test_unfinished_files_of_killed_runs(job: RenderJob) -> None:
    """They would fill the disk, kill by kill, until the whole is published."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    work = job.output.directory / ".clip.red.mkv.work"
    work.mkdir(parents=True)
    part = work / f"unit-000001.part-{gone.pid}.mkv"
    part.touch()
    there = []

    def look(event: Event) -> None:
        if isinstance(event, FramePainted):
            there.append(part.exists())

    assert run_job(job, look).exit_code == 0
    assert there == [False] * 9
    assert _names(job) == RESULTS


def test_the_lock_is_unlinked_before_it_is_let_go(
    job: RenderJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that opened its file meanwhile must not hold one lock while a third makes another."""
    links: list[int] = []
    opened: list[int] = []
    release = FileLock.release

    def spy(lock: FileLock) -> None:
        links.extend(os.fstat(file).st_nlink for file in opened)
        release(lock)

    def open_too(event: Event) -> None:
        if isinstance(event, FramePainted) and not opened:
            (file,) = job.output.directory.glob(".*.lock")
            opened.append(os.open(file, os.O_RDWR))

    monkeypatch.setattr(FileLock, "release", spy)
    assert run_job(job, on_event=open_too).exit_code == 0
    os.close(opened[0])
    assert links == [0]
    assert _names(job) == RESULTS
