"""A file is there whole, or as it was; what a disk that fails does to it is in `tests/faults`."""

from __future__ import annotations

from pathlib import Path

import pytest

from nle_style.durable import replacing


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
