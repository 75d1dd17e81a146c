"""A finished file's way onto the disk: whole, in order, and as Windows asks for it.

What a disk that fails does to it is in `tests/faults`.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nle_style.durable import (
    file_sha256,
    make_folders,
    part_path,
    replacing,
    settle,
    sweep_parts,
    write_file,
    writing_into,
)
from nle_style.errors import OutputError


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
    with pytest.raises(OutputError, match=r"card\.yaml") as caught, replacing(path) as part:
        part.write_text("new")
    assert isinstance(caught.value.__cause__, OSError)
    assert names(tmp_path) == ["card.yaml"]


@pytest.mark.parametrize("data", ["straße\n", "straße\n".encode()])
def test_text_and_bytes_are_written_as_they_are(tmp_path: Path, data: str | bytes) -> None:
    write_file(tmp_path / "a" / "b", data)
    assert (tmp_path / "a" / "b").read_bytes() == "straße\n".encode()
    assert names(tmp_path / "a") == ["b"]


def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    done = _listening(monkeypatch)
    write_file(path, "new")
    asked = [("fsync", part_path(path).name), ("replace", "a"), ("fsync", tmp_path.name)]
    assert done == asked


def test_a_part_elsewhere_makes_no_folder(tmp_path: Path) -> None:
    """A work folder that is gone may be a volume that is gone: nothing is put in its place."""
    gone = tmp_path / "gone" / "unit"
    with pytest.raises(OutputError), replacing(gone, part_path(gone)) as part:
        part.write_text("new")
    assert names(tmp_path) == []


def test_what_an_earlier_process_of_this_number_left_is_not_written_into(tmp_path: Path) -> None:
    path, source = tmp_path / "copy", tmp_path / "source"
    source.write_text("source")
    os.link(source, part_path(path))
    write_file(path, "new")
    assert source.read_text() == "source"


class _Refused(Exception):
    strerror, errno = "no room", errno.ENOSPC


def test_a_refusal_says_where_how_much_is_free_and_what_to_do(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"no room; \d+ MB free") as caught,
        replacing(tmp_path / "a", None, _Refused),
    ):
        raise _Refused
    assert caught.value.where == str(tmp_path / "a")
    assert caught.value.remedy.startswith("Free some space")
    assert names(tmp_path) == []


def test_other_errors_are_not_taken_for_refusals(tmp_path: Path) -> None:
    with pytest.raises(_Refused), writing_into(tmp_path):
        raise _Refused


def test_folders_are_made_and_their_names_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    done = _listening(monkeypatch)
    make_folders(tmp_path / "a" / "b")
    assert sorted(done) == sorted([("fsync", "a"), ("fsync", tmp_path.name)])
    with pytest.raises(OutputError, match="Not a directory"):
        make_folders(tmp_path / "file" / "c")


def test_stale_parts_of_dead_processes_only(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    stale = [f"a.part-{dead.pid}.mov", f"d.otio.part-{dead.pid}"]
    others = [part_path(Path("b.mov"), ".mov").name, "c.mov", "part-9.mov"]
    for name in stale + others:
        (tmp_path / name).touch()
    assert [path.name for path in sweep_parts(tmp_path)] == stale
    assert names(tmp_path) == sorted(others)


def test_the_sum_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_sha256(tmp_path / "a").startswith("ba7816bf8f01cfea")
