"""What the tests of faults share: a cut of clips, the program at work, what is left on the disk."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.command import events_of, nle_style

__all__ = [
    "FAST",
    "FRAMES",
    "at_frame",
    "files",
    "names",
    "refusals",
    "render",
    "small_disk",
    "styled",
]

FRAMES = 18  # two units of eight, and one of two
FAST = ("--strength", 0)  # all but the network, which has no part in this


def styled(command: str, source: object, folder: Path, pack: Path, *more: object) -> list[object]:
    """The words of a render or a batch in the style "red", telling its events."""
    return [command, source, "--style", "red", "-o", folder, "--pack", pack, "--events", *more]


def render(
    source: object, folder: Path, pack: Path, *more: object, hear: Any = None
) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and events of a render."""
    done = nle_style(*styled("render", source, folder, pack, *more), hear=hear)
    assert "Traceback" not in done.err, done.err
    return done.code, events_of(done.out)


def at_frame(frame: int, act: Callable[[], object]) -> Callable[[dict[str, Any]], None]:
    """For `hear`: does something once, when a frame is told the first time."""
    left = [act]

    def hear(event: dict[str, Any]) -> None:
        if left and event.get("frame") == frame and event["event"] == "progress":
            left.pop()()

    return hear


def refusals(events: list[dict[str, Any]]) -> list[str]:
    """The messages of the items that were refused."""
    return [each["message"] for each in events if each.get("status") == "refused"]


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but for manifests, reports and logs, by its path within it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".json", ".jsonl", ".md", ".log")
    }


def names(folder: Path) -> list[str]:
    """The paths of all files in a folder but for its log, hidden ones too."""
    found = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(name for name in found if name != "nle-style.log")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A file system of some size at `folder`, or a skip where mounting is not allowed.

    Yields: a function that gives it another size.
    """
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small tmpfs is not allowed here")

    def resize(size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)
