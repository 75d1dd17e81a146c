"""What may be written over: told apart by what the system says of a file, and by its bytes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nle_style.errors import InputError
from nle_style.ownership import RECORD, Inputs, SafeWriter, refuse_foreign


def _refused(inputs: Inputs, path: Path) -> bool:
    try:
        inputs.refuse(path)
    except InputError:
        return True
    return False


def test_a_file_that_is_read_has_many_names(tmp_path: Path) -> None:
    source = tmp_path / "media" / "a.mov"
    source.parent.mkdir()
    source.write_bytes(b"a")
    (tmp_path / "copy.mov").write_bytes(b"a")
    os.link(source, tmp_path / "second.mov")
    (tmp_path / "link.mov").symlink_to(source)
    (tmp_path / "door").symlink_to(source.parent)
    inputs = Inputs([source])
    for name in ("second.mov", "link.mov", "door/a.mov", "media/../media/a.mov", "media", "door"):
        assert _refused(inputs, tmp_path / name), name
    for name in ("copy.mov", "media/b.mov", "nothing"):
        assert not _refused(inputs, tmp_path / name), name
    with pytest.raises(InputError) as caught:
        inputs.refuse(tmp_path / "second.mov", Path("/rushes/b.mov"))
    assert str(caught.value).startswith(
        f"{tmp_path / 'second.mov'}: the result of b.mov would replace {source}, which is read. "
    )


def test_a_link_that_is_read_stands_for_both(tmp_path: Path) -> None:
    """Neither the link nor what it leads to, nor the folders of either."""
    (tmp_path / "far").mkdir()
    (tmp_path / "near").mkdir()
    (tmp_path / "far" / "a.mov").write_bytes(b"a")
    (tmp_path / "near" / "a.mov").symlink_to(tmp_path / "far" / "a.mov")
    inputs = Inputs([tmp_path / "near" / "a.mov"])
    for name in ("far/a.mov", "near/a.mov", "far", "near"):
        assert _refused(inputs, tmp_path / name), name


@pytest.fixture
def folded(tmp_path: Path) -> Iterator[Path]:
    """A folder of a file system that takes a.mov for A.MOV, or a skip where none can be made."""
    image, place = tmp_path / "image", tmp_path / "folded"
    image.write_bytes(bytes(8 * 2**20))
    place.mkdir()
    for words in (
        ["mkfs.ext4", "-q", "-O", "casefold", image],
        ["mount", "-o", "loop", image, place],
    ):
        try:
            subprocess.run(words, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("no file system that folds cases can be made here")
    try:
        folder = place / "folder"
        folder.mkdir()
        if subprocess.run(["chattr", "+F", folder], capture_output=True).returncode:
            pytest.skip("this system's ext4 does not fold cases")
        yield folder
    finally:
        subprocess.run(["umount", place], check=True)


def test_other_letters_for_the_same_file(folded: Path) -> None:
    (folded / "Ä.mov").write_bytes(b"a")
    inputs = Inputs([folded / "Ä.mov"])
    for name in ("ä.MOV", "A\N{COMBINING DIAERESIS}.mov"):
        assert _refused(inputs, folded / name), name
    assert not _refused(inputs, folded / "a.mov")


def test_what_was_written_is_written_over_and_nothing_else(tmp_path: Path) -> None:
    writer, path = SafeWriter(), tmp_path / "cut.otio"
    for text in ("one", "two", "two", "one"):
        writer.write(path, text)
        assert path.read_text() == text
    lines = [json.loads(line) for line in (tmp_path / RECORD).read_text().splitlines()]
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in ("one", "two")]
    assert lines == [{"type": "wrote", "file": "cut.otio", "sha256": each} for each in hashes]
    path.write_text("two, and a note of mine")
    for act in (lambda: writer.check([path]), lambda: writer.write(path, "three")):
        with pytest.raises(InputError, match="is not what nle-style wrote"):
            act()
    assert path.read_text() == "two, and a note of mine"
    assert sorted(os.listdir(tmp_path)) == [RECORD, "cut.otio"]
    SafeWriter(overwrite=True).write(path, "three")
    writer.check([path])
    assert path.read_text() == "three"


def test_our_bytes_under_another_name_are_anothers(tmp_path: Path) -> None:
    SafeWriter().write(tmp_path / "a", "text")
    (tmp_path / "b").write_text("text")
    with pytest.raises(InputError):
        SafeWriter().check([tmp_path / "b"])


def test_links_and_folders_are_never_ours_and_an_empty_file_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "far").write_text("text")
    (tmp_path / "link").symlink_to(tmp_path / "far")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    for name in ("link", "dangling", "folder"):
        with pytest.raises(InputError, match="is not what nle-style wrote"):
            SafeWriter().check([tmp_path / name])
    (tmp_path / "empty").touch()
    SafeWriter().write(tmp_path / "empty", "text")
    assert (tmp_path / "far").read_text() == "text"


def test_a_file_is_known_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the two leaves either a file that is known or none."""

    class Killed(BaseException):
        pass

    def kill(part: Path, path: Path) -> None:
        raise Killed

    SafeWriter().write(tmp_path / "a", "old")
    monkeypatch.setattr(os, "replace", kill)
    with pytest.raises(Killed):
        SafeWriter().write(tmp_path / "a", "new")
    monkeypatch.undo()
    SafeWriter().check([tmp_path / "a"])
    (tmp_path / "a").write_text("new")
    SafeWriter().check([tmp_path / "a"])


@pytest.mark.parametrize("text", ["", "\0\0\0", '{"type": "wr', '{"type": "wrote"}\n[1]\nnull\n'])
def test_a_record_that_a_crash_cut_off_is_gone_on_with(text: str, tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text(text)
    SafeWriter().write(tmp_path / "a", "text")
    SafeWriter().check([tmp_path / "a"])


@pytest.mark.parametrize("kind", ["text", "link"])
def test_anothers_file_under_the_records_name_stays(kind: str, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    if kind == "link":
        (tmp_path / RECORD).symlink_to(tmp_path / "mine")
    else:
        (tmp_path / RECORD).write_text("mine")
    with pytest.raises(InputError, match=RECORD):
        SafeWriter().write(tmp_path / "a", "text")
    assert (tmp_path / "mine").read_text() == (tmp_path / RECORD).read_text() == "mine"


def test_what_is_read_is_not_written_over_on_purpose_either(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("text")
    with pytest.raises(InputError, match="which is read"):
        SafeWriter(Inputs([tmp_path / "a"]), overwrite=True).write(tmp_path / "a", "other")
    assert (tmp_path / "a").read_text() == "text"


def test_many_files_are_one_message(tmp_path: Path) -> None:
    refuse_foreign([])
    with pytest.raises(InputError) as caught:
        refuse_foreign([tmp_path / name for name in "abcdea"])
    assert str(caught.value).startswith(
        f"{tmp_path / 'a'}: is not what nle-style wrote (nor b, c, 2 more): "
    )
