"""A finished file's way onto the disk: the order of it, and what Windows asks for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from nle_style.durable import settle


def _listening(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is asked of the system from here on, in order: fsync and replace, each with a name."""
    calls: list[tuple[str, str]] = []
    opened: dict[int, str] = {}
    really_open, really_fsync, really_replace = os.open, os.fsync, os.replace

    def opening(path: Path, flags: int) -> int:
        windows = sys.platform == "win32"
        if windows and path.is_dir():
            raise PermissionError(13, "Permission denied", str(path))
        number = really_open(path, flags)
        opened[number] = path.name if flags & os.O_RDWR or not windows else "not for writing"
        return number

    def syncing(number: int) -> None:
        calls.append(("fsync", opened[number]))
        really_fsync(number)

    def replacing(part: Path, path: Path) -> None:
        calls.append(("replace", path.name))
        really_replace(part, path)

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", replacing)
    return calls


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_data_then_name_then_the_list_of_names(
    platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows does it, no folder can be opened, and nothing that is open for reading flushed."""
    part, path = tmp_path / "a.part-1", tmp_path / "a"
    part.write_bytes(b"new")
    path.write_bytes(b"old")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", platform)
        done = _listening(patch)
        settle(part, path)
    asked = [("fsync", "a.part-1"), ("replace", "a"), ("fsync", tmp_path.name)]
    assert done == (asked[:2] if platform == "win32" else asked)
    assert path.read_bytes() == b"new"
    assert not part.exists()
