"""A finished file's way onto the disk: whole, in order, and as Windows asks for it.

What a disk that fails does to it is in `tests/faults`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from nle_style.durable import replacing, settle


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

    def renaming(part: Path, path: Path) -> None:
        calls.append(("replace", path.name))
        really_replace(part, path)

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", renaming)
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


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_gets_its_name_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "card.yaml"
    with replacing(path) as part:
        part.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert names(path.parent) == ["card.yaml"]


def test_what_was_there_stays_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError), replacing(path) as part:
        part.write_text("ne\ud800", "utf-8")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["card.yaml"]


def test_a_name_that_cannot_be_taken_leaves_no_part(tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    path.mkdir()
    with pytest.raises(OSError, match=r"card\.yaml"), replacing(path) as part:
        part.write_text("new")
    assert names(tmp_path) == ["card.yaml"]
