"""What a night brings: kills, a full disk, two runs at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.clips import frame_md5s, make_clip
from tests.helpers.command import FINE_STROKES, nle_style, start


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=40, size="96x64")


def _words(clip: Path, folder: Path, pack: Path, *more: object) -> list[object]:
    words: list[object] = ["render", clip, "--style", "red", "-o", folder, "--pack", pack]
    return [*words, *FINE_STROKES, "--events", *more]


@pytest.fixture(scope="module")
def whole(clip: Path, tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The movie of a run that was left alone."""
    folder = tmp_path_factory.mktemp("whole")
    assert nle_style(*_words(clip, folder, tiny_pack)).code == 0
    return folder / "clip.red.mov"


@pytest.mark.slow
@pytest.mark.parametrize("at", ["first", "unit", "late", "publishing"])
def test_sigkill_then_the_same_command(
    at: str, clip: Path, whole: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """Killed at some moment, run again: every frame as in a run that was left alone."""
    folder = tmp_path / "out"
    frame = {"first": 0, "unit": 11, "late": 30, "publishing": 39}[at]
    with start(*_words(clip, folder, tiny_pack)) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("frame") == frame:
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
    final = folder / "clip.red.mov"
    if final.exists():  # the kill came too late: then it is whole
        assert frame_md5s(final) == frame_md5s(whole)
    done = nle_style(*_words(clip, folder, tiny_pack))
    assert done.code == 0
    assert final.read_bytes() == whole.read_bytes()
    rendered = [json.loads(line) for line in done.out.splitlines()]
    progress = [event["frame"] for event in rendered if event["event"] == "progress"]
    if at in ("late", "publishing"):
        assert len(progress) <= 40 - 16, "finished units are not rendered again"
    assert sorted(path.name for path in folder.iterdir()) == [
        "clip.red.manifest.jsonl",
        "clip.red.mov",
        "clip.red.report.json",
        "nle-style.log",
    ]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB, or a skip where mounting is not allowed."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if os.name != "posix" or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a small tmpfs is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_message_and_goes_on_when_there_is_room(
    clip: Path, tiny_pack: Path, tmp_path: Path, small_disk: Path
) -> None:
    words = _words(clip, small_disk, tiny_pack)
    done = nle_style(*words)
    assert done.code == 2
    told = [json.loads(line) for line in done.out.splitlines()]
    (refused,) = [event for event in told if event["event"] == "item"]
    assert refused["status"] == "refused"
    assert "space" in refused["message"]
    assert not (small_disk / "clip.red.mov").exists()
    finished = list((small_disk / ".clip.red.mov.work").iterdir())
    assert finished, "the units that fitted are kept"
    assert not [path for path in finished if ".part" in path.name]
    subprocess.run(["mount", "-o", "remount,size=30m", str(small_disk)], check=True)
    done = nle_style(*words)
    assert done.code == 0
    told = [json.loads(line) for line in done.out.splitlines()]
    frames = [event["frame"] for event in told if event["event"] == "progress"]
    assert 0 < len(frames) < 40
    assert len(frame_md5s(small_disk / "clip.red.mov")) == 40


def test_a_read_only_disk_is_one_message(
    clip: Path, tiny_pack: Path, tmp_path: Path, small_disk: Path
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = nle_style(*_words(clip, small_disk / "out", tiny_pack))
    assert done.code == 2
    assert "ead-only" in done.out
    done = nle_style(*_words(clip, small_disk, tiny_pack))
    assert done.code == 2
    assert "ead-only" in done.out
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_two_runs_into_one_place(clip: Path, tiny_pack: Path, tmp_path: Path) -> None:
    with start(*_words(clip, tmp_path, tiny_pack)) as first:
        assert first.stdout is not None
        first.stdout.readline()
        deadline = time.monotonic() + 60
        # The work folder is made by the run that holds the lock; its file is there a moment before.
        while not list(tmp_path.glob(".*.work")) and time.monotonic() < deadline:
            time.sleep(0.01)
        first.send_signal(signal.SIGSTOP)
        try:
            second = nle_style(*_words(clip, tmp_path, tiny_pack))
        finally:
            first.send_signal(signal.SIGCONT)
        first.stdout.read()
        assert first.wait() == 0
    assert second.code == 2
    assert "another run" in second.out
    assert len(frame_md5s(tmp_path / "clip.red.mov")) == 40
