"""A run that is asked to stop leaves what it can go on from, and nothing else."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.faults.nights import FAST, FRAMES, at_frame, files, names, render, styled
from tests.helpers.command import nle_style

LEFT = [".one.red.mov.work/unit-000000.mov", "one.red.manifest.jsonl"]
WHOLE = ["one.red.manifest.jsonl", "one.red.mov", "one.red.report.json"]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("times", [1, 2])
def test_by_a_signal(
    sent: signal.Signals, times: int, clip: Path, plain: bytes, tiny_pack: Path, tmp_path: Path
) -> None:
    """One is asked to stop, two at once are an order; what is left is the same."""

    def stop() -> None:
        for _ in range(times):
            os.kill(os.getpid(), sent)

    words = styled("render", clip, tmp_path, tiny_pack, *FAST)
    done = nle_style(*words, hear=at_frame(11, stop))
    assert done.code == 130
    assert "Traceback" not in done.err
    assert names(tmp_path) == LEFT
    code, events = render(clip, tmp_path, tiny_pack, *FAST)
    assert code == 0
    assert sum(each["event"] == "progress" for each in events) == FRAMES - 8
    assert names(tmp_path) == WHOLE
    assert files(tmp_path) == {"one.red.mov": plain}


def test_in_the_first_frame_nothing_is_left_but_the_plan(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    hear = at_frame(0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert render(clip, tmp_path, tiny_pack, *FAST, hear=hear)[0] == 130
    assert names(tmp_path) == ["one.red.manifest.jsonl"]
    assert "unit" not in (tmp_path / "one.red.manifest.jsonl").read_text()


def test_a_task_of_a_farm(clip: Path, plain: bytes, tiny_pack: Path, tmp_path: Path) -> None:
    """As Open Job Description cancels: SIGTERM first. The task says so and can be run again."""
    bundle, out = tmp_path / "bundle", tmp_path / "out"
    words = ("--style", "red", "--pack", tiny_pack, *FAST, "--results", out)
    assert nle_style("farm", clip, "-o", bundle, *words).code == 0
    task = ("run", bundle / "farm.json", "--step", "render", "--pieces", "0-2", "--openjd")
    left = [signal.SIGTERM]

    def hear(event: dict[str, str]) -> None:
        if left and "frame 11" in event["line"]:
            os.kill(os.getpid(), left.pop())

    done = nle_style(*task, hear=hear)
    assert done.code == 130
    assert "openjd_fail" not in done.out
    assert "openjd_status: cancelled" in done.out
    work = ".one.red.mov.work"
    assert names(out) == [f"{work}/part-000000-000002.jsonl", f"{work}/unit-000000.mov"]
    again = nle_style(*task)
    assert again.code == 0
    assert again.out.count("openjd_progress") == FRAMES - 8
    assert nle_style("run", bundle / "farm.json", "--step", "assemble").code == 0
    assert names(out) == WHOLE
    assert files(out) == {"one.red.mov": plain}
