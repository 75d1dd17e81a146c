"""Whatever goes wrong: one message, and the project as before."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.resolve.doubles.fake_resolve import Resolve
from tests.plugins.resolve.doubles.fake_world import Clip, Media, Take, World

STARTED = (
    "import json, os, sys, time\n"
    'print(json.dumps({"event": "started", "items": 1, "frames": 9}), flush=True)\n'
)
PROGRESS = (
    'print(json.dumps({"event": "progress", "item": 0, "name": "a", "frame": 0, "item_done": 1, '
    '"item_frames": 9, "done": 1, "frames": 9, "frames_per_second": 0, "seconds_left": None}), '
    "flush=True)\n"
)


def worker(folder: Path, program: str) -> list[str]:
    path = folder / "worker.py"
    path.write_text(program, encoding="utf-8")
    return [sys.executable, str(path)]


def message_of(world: World, command: list[str], settings: dict[str, Any], ui: Any = None) -> str:
    """The one message, after a look at the project."""
    from nle_style_resolve.flow import Silent, style_clips
    from nle_style_resolve.host import Host, HostError

    before = world.snapshot()
    with pytest.raises(HostError) as stopped:
        style_clips(Host(Resolve(world)), command, settings, ui or Silent())
    assert world.snapshot() == before
    return str(stopped.value)


@pytest.fixture
def settings(settings: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    return {**settings, "output": str(tmp_path / "out")}


def test_cancel(one_clip: World, settings: dict[str, Any], tmp_path: Path) -> None:
    program = (
        "job = json.load(open(sys.argv[2]))\n"
        'while not os.path.exists(job["control"]["cancel_file"]):\n    time.sleep(0.02)\n'
        'print(json.dumps({"event": "cancelled", "message": "stopped"}))\nsys.exit(130)\n'
    )
    told: list[str] = []

    class Impatient:
        def begin(self, cancel_file: str) -> None:
            told.append("begin")

        def progress(self, event: dict[str, Any]) -> None:
            told.append(event["event"])

        def cancelled(self) -> bool:
            return "progress" in told

    command = worker(tmp_path, STARTED + PROGRESS + program)
    text = message_of(one_clip, command, settings, Impatient())
    assert text.startswith("Cancelled.")
    assert told == ["begin", "started", "progress", "cancelled"]


def test_cancel_by_the_file_that_the_console_names(
    one_clip: World, settings: dict[str, Any], tmp_path: Path
) -> None:
    from nle_style_resolve.asking import Console

    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if "make the file" in text:
            Path(text.rpartition("make the file ")[2]).touch()

    program = (
        "job = json.load(open(sys.argv[2]))\n"
        'while not os.path.exists(job["control"]["cancel_file"]):\n    time.sleep(0.02)\n'
        'print(json.dumps({"event": "cancelled", "message": "stopped"}))\nsys.exit(130)\n'
    )
    text = message_of(one_clip, worker(tmp_path, STARTED + program), settings, Console(say))
    assert text.startswith("Cancelled")
    assert len(said) == 2


def test_the_worker_crashes(one_clip: World, settings: dict[str, Any], tmp_path: Path) -> None:
    program = 'sys.stderr.write("no such thing\\n")\nsys.exit(1)\n'
    text = message_of(one_clip, worker(tmp_path, STARTED + program), settings)
    assert "exit code 1" in text
    assert "no such thing" in text
    assert "as before" in text


def test_the_disk_is_full(one_clip: World, settings: dict[str, Any], tmp_path: Path) -> None:
    program = (
        'print(json.dumps({"event": "error", "exit_code": 2, '
        '"message": "/renders: No space left on device"}))\nsys.exit(2)\n'
    )
    text = message_of(one_clip, worker(tmp_path, STARTED + program), settings)
    assert text.startswith("/renders: No space left on device")


@pytest.mark.parametrize("end", ["sys.exit(1)", "os.kill(os.getpid(), 9)", "sys.exit(130)"])
def test_nothing_is_placed_of_a_job_that_ends_early(
    one_clip: World, settings: dict[str, Any], tmp_path: Path, media: dict[str, Media], end: str
) -> None:
    """Crashed, killed or cancelled after the first of its items was delivered."""
    item = '{"event": "item", "item": 0, "status": "delivered", "path": "%s", "message": ""}'
    program = STARTED + f"print({item % media['first'].path!r}, flush=True)\n{end}\n"
    text = message_of(one_clip, worker(tmp_path, program), {**settings, "handles": 60})
    assert "What is finished is kept" in text


def test_the_job_cannot_be_written(
    one_clip: World, settings: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    settings["output"] = str(tmp_path / "file" / "out")
    assert "output folder cannot be used" in message_of(one_clip, ["none"], settings)


def test_no_interpreter(one_clip: World, settings: dict[str, Any], tmp_path: Path) -> None:
    text = message_of(one_clip, [str(tmp_path / "python")], settings)
    assert "cannot be started" in text


def test_the_free_edition(one_clip: World, settings: dict[str, Any]) -> None:
    one_clip.product, one_clip.version = "DaVinci Resolve", [21, 1, 0, 1, ""]
    text = message_of(one_clip, ["none"], settings)
    assert "free edition runs no Python scripts" in text
    assert "docs/hosts/resolve.md" in text
    one_clip.version = [21, 0, 4, 1, ""]
    assert "cannot be started" in message_of(one_clip, ["none"], settings)


def test_wrong_settings(one_clip: World, settings: dict[str, Any], tmp_path: Path) -> None:
    settings.update(strength=2, format="ffv1", output=str(tmp_path / "none"))
    text = message_of(one_clip, ["none"], settings)
    assert "strength 2 is not a number from 0 to 1" in text
    assert "format 'ffv1'" in text
    assert "'blue:x' is no look" in message_of(
        one_clip, ["none"], {**settings, "strength": 1, "format": "exr", "style": "blue:x"}
    )
    assert not (tmp_path / "none").exists()


def reports_of(world: World, command: list[str], settings: dict[str, Any]) -> list[Any]:
    """The clips' reports, after a look at the project, which must be as before."""
    from nle_style_resolve.flow import Silent, style_clips
    from nle_style_resolve.host import Host

    before = world.snapshot()
    reports, _ = style_clips(Host(Resolve(world)), command, settings, Silent())
    assert world.snapshot() == before
    found: list[Any] = reports
    return found


def test_a_locked_track(one_clip: World, settings: dict[str, Any]) -> None:
    one_clip.tracks[0].locked = True
    (report,) = reports_of(one_clip, ["never started"], settings)
    assert report.state == "left alone"
    assert "track V1 is locked" in report.why


@pytest.mark.slow
def test_an_import_that_is_refused(
    one_clip: World, command: list[str], settings: dict[str, Any], renders: Path
) -> None:
    one_clip.refuses_import = True
    for destination in ("take", "track", "bin"):
        asked = {**settings, "output": str(renders), "destination": destination}
        (report,) = reports_of(one_clip, command, asked)
        assert report.state == "failed"
        assert "does not import" in report.why


def test_a_range_that_the_worker_refuses(
    one_clip: World, settings: dict[str, Any], tmp_path: Path, media: dict[str, Media]
) -> None:
    """One of two ranges is refused: its clip is named and left alone, the other one is placed."""
    one_clip.add(Clip("other", 86500, 5, [Take(media["second"], 0, 5)]))
    item = '{"event": "item", "item": %d, "status": "%s", "path": "%s", "message": "%s"}'
    folder = tmp_path / "out"
    folder.mkdir()
    made = folder / "first.mov"
    made.write_bytes(Path(media["first"].path).read_bytes())
    program = STARTED + "".join(
        f"print({text!r})\n"
        for text in (
            item % (0, "delivered", made, ""),
            item % (1, "refused", "", "second.mov: interlaced"),
            '{"event": "done", "exit_code": 3}',
        )
    )
    from nle_style_resolve.flow import Silent, style_clips
    from nle_style_resolve.host import Host

    # The movie that the worker "delivers" has 60 frames: all of the source, with these handles.
    asked = {**settings, "handles": 60}
    command = worker(tmp_path, program + "sys.exit(3)\n")
    reports, _ = style_clips(Host(Resolve(one_clip)), command, asked, Silent())
    assert (reports[1].state, reports[1].why) == ("left alone", "second.mov: interlaced")
    assert reports[0].state == ("failed" if one_clip.variant.lies else "placed")
    assert one_clip.tracks[0].clips[1].takes[1:] == []


def test_another_length_than_was_rendered(
    one_clip: World, settings: dict[str, Any], tmp_path: Path, media: dict[str, Media]
) -> None:
    item = '{"event": "item", "item": 0, "status": "delivered", "path": "%s", "message": ""}'
    program = (
        STARTED + f"print({item % media['second'].path!r})\n" + 'print(\'{"event": "done"}\')\n'
    )
    (report,) = reports_of(one_clip, worker(tmp_path, program), settings)
    assert "sees 40 frames" in report.why
    assert "which has 26" in report.why
