"""Verdicts are kept on the disk, and count for the painting that was seen."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from nle_style.desk.review import Verdict, Verdicts, verdicts_path
from nle_style.desk.review.verdicts import LONGEST_NOTE
from nle_style.errors import InputError, OutputError
from tests.desk.review.cuts import ENTRY, entry_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return verdicts_path(tmp_path, Path("/cuts/cut.otio"))


def test_what_was_said_is_there_in_another_session(path: Path) -> None:
    assert path.name == "cut.review.json"
    Verdicts(path).put(ENTRY, "sent back", "too strong on the faces", 7)
    said = Verdicts(path).of(ENTRY)
    assert said == Verdict(
        ENTRY.clip_id, "flower", "77ab", "sent back", "too strong on the faces", 7
    )
    Verdicts(path).put(ENTRY, None)
    assert Verdicts(path).of(ENTRY) == Verdict(ENTRY.clip_id, "flower", "77ab")


def test_an_approval_of_another_painting_does_not_count(path: Path) -> None:
    verdicts = Verdicts(path)
    verdicts.put(ENTRY, "approved", "good", 12)
    painted_again = verdicts.of(entry_of(painting="88cd"))
    assert (painted_again.verdict, painted_again.note, painted_again.frame) == (None, "good", 12)
    assert verdicts.of(entry_of(painting="88cd", frames=(5, 9))).frame is None
    assert verdicts.of(ENTRY).verdict == "approved"


def test_a_clip_that_moved_in_the_cut_keeps_its_verdict(path: Path) -> None:
    verdicts = Verdicts(path)
    verdicts.put(ENTRY, "approved", "good")
    moved = verdicts.of(entry_of(clip_id="tracks[0]/children[4]"))
    assert (moved.clip_id, moved.verdict, moved.note) == (
        *("tracks[0]/children[4]", "approved", "good"),
    )
    # What stands in its place now is another clip, which nobody has judged.
    assert verdicts.of(entry_of(name="crowd", painting="99")).note == ""


def test_two_sessions_do_not_lose_each_others_verdicts(path: Path) -> None:
    one, two = Verdicts(path), Verdicts(path)
    crowd = entry_of(clip_id="tracks[0]/children[2]", name="crowd", painting="99")
    one.put(ENTRY, "approved")
    two.put(crowd, "sent back")
    assert [each.verdict for each in map(Verdicts(path).of, (ENTRY, crowd))] == [
        *("approved", "sent back"),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"nle_style_review": 9}', '{"nle_style_review": 1, "verdicts": [3]}',
     '{"nle_style_review": 1, "verdicts": [{"clip_id": 1, "name": "", "painting": ""}]}',
     '{"nle_style_review": 1, "verdicts": [{"clip_id": "", "name": "", "painting": "",'
     ' "verdict": "maybe"}]}'],
)  # fmt: skip
def test_a_bad_file_is_told_and_kept(path: Path, text: str) -> None:
    path.write_text(text)
    verdicts = Verdicts(path)
    assert "cut.review.json: is no file of verdicts" in verdicts.warning
    assert verdicts.of(ENTRY).verdict is None
    assert path.read_text() == text
    verdicts.put(ENTRY, "approved")
    assert path.with_name("cut.review.json.unreadable").read_text() == text
    assert Verdicts(path).of(ENTRY).verdict == "approved"
    assert Verdicts(path).warning == ""


@pytest.mark.parametrize(
    ("verdict", "note", "frame", "fault"),
    [
        ("maybe", "", None, "'maybe' is no verdict"),
        ("approved", "x" * (LONGEST_NOTE + 1), None, "no text of at most 10000 characters"),
        ("approved", "", 13, "does not show frame 13. It shows frames 5 to 12"),
        ("approved", "", True, "no whole number"),
    ],
)
def test_what_cannot_be_said_is_refused(
    path: Path, verdict: str, note: str, frame: int | None, fault: str
) -> None:
    with pytest.raises(InputError, match=fault):
        Verdicts(path).put(ENTRY, verdict, note, frame)  # type: ignore[arg-type]
    assert not path.exists()


def test_what_cannot_be_written_is_not_said(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    verdicts = Verdicts(folder / "cut.review.json")
    verdicts.put(ENTRY, "approved")
    shutil.rmtree(folder)
    folder.write_text("no folder any more")
    with pytest.raises(OutputError):
        verdicts.put(ENTRY, "sent back")
    assert verdicts.of(ENTRY).verdict == "approved"


def test_notes_that_were_saved_elsewhere_are_taken_in(path: Path, tmp_path: Path) -> None:
    verdicts = Verdicts(path)
    verdicts.put(ENTRY, "approved")
    saved = tmp_path / "notes.json"
    said = {"clip_id": ENTRY.clip_id, "name": "flower", "painting": "77ab"}
    said |= {"verdict": "sent back", "note": "softer", "frame": 6}
    gone = {"clip_id": "tracks[3]/children[0]", "name": "title", "painting": "0"}
    saved.write_text(json.dumps({"nle_style_review": 1, "verdicts": [said, gone]}))
    assert verdicts.take_in(saved, [ENTRY]) == (1, ("title",))
    assert Verdicts(path).of(ENTRY).note == "softer"
    saved.write_text("nothing")
    with pytest.raises(InputError, match=r"notes\.json: is no file of verdicts"):
        verdicts.take_in(saved, [ENTRY])
    assert Verdicts(path).of(ENTRY).verdict == "sent back"
