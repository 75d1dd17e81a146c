"""`nle-style review` and `batch --review`."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.desk.review import Verdicts, read_entries
from tests.desk.review.cuts import write_cut
from tests.helpers.command import events_of, nle_style

CUT = Path("cut.otio")


@pytest.fixture
def out(reviewed: Callable[[Fraction], Path], tmp_path: Path) -> Path:
    """A copy of a reviewed folder that may be changed; the cut stays where it was."""
    return Path(shutil.copytree(reviewed(Fraction(24)).parent, tmp_path / "cut")) / "out"


def test_review_writes_a_page_of_what_was_rendered(out: Path) -> None:
    shutil.rmtree(out / "review")
    done = nle_style("review", out)
    page = out / "review" / "index.html"
    assert (done.code, done.out, done.err) == (0, f"{page}\n", "")
    assert len(list((out / "review" / "media").glob("*.webm"))) == 2
    assert nle_style("review", out, "--quiet").out == ""


def test_review_says_which_clips_have_no_pictures(out: Path) -> None:
    shutil.rmtree(out / "review")
    read_entries(out, CUT)[1].intermediate.write_bytes(b"no movie")
    done = nle_style("review", out)
    assert done.code == 3
    assert "clip 'crowd': " in done.err
    assert done.out == f"{out / 'review' / 'index.html'}\n"


def test_a_folder_without_a_batch_is_refused(tmp_path: Path) -> None:
    done = nle_style("review", tmp_path)
    assert done.code == 2
    assert "there is no report of a batch" in done.err


def test_batch_writes_the_review_before_its_end_is_told(tiny_pack: Path, tmp_path: Path) -> None:
    cut, out = write_cut(tmp_path), tmp_path / "out"
    asked = ("batch", cut, "--pack", tiny_pack, "-o", out, "--style", "red", "--strength", 0)
    done = nle_style(*asked, "--review", "--events")
    told = events_of(done.out)
    assert done.code == 0
    assert [event["path"] for event in told if event.get("what") == "review"] == [
        str(out / "review" / "index.html")
    ]
    assert told[-1]["event"] == "done"
    assert (out / "review" / "index.html").is_file()


def test_a_batch_is_whole_without_its_review(tiny_pack: Path, tmp_path: Path) -> None:
    cut, out = write_cut(tmp_path), tmp_path / "out"
    (out / "review").mkdir(parents=True)
    (out / "review" / "index.html").write_text("mine")
    asked = ("batch", cut, "--pack", tiny_pack, "-o", out, "--style", "red", "--strength", 0)
    done = nle_style(*asked, "--review", "--events")
    told = events_of(done.out)
    (warning,) = [e["message"] for e in told if "no review was written" in e.get("message", "")]
    assert "not what nle-style wrote" in warning
    assert (done.code, told[-1]["event"]) == (0, "done")


def _notes(out: Path, path: Path) -> Path:
    """A file as the page saves it: the second clip is sent back; one is not in the cut."""
    crowd = read_entries(out, CUT)[1]
    said = {"clip_id": crowd.clip_id, "name": crowd.name, "painting": crowd.painting}
    said |= {"verdict": "sent back", "note": "=softer", "frame": 21}
    gone = said | {"clip_id": "tracks[9]/children[9]", "name": "title"}
    path.write_text(json.dumps({"nle_style_review": 1, "verdicts": [said, gone]}))
    return path


def test_notes_are_taken_in_as_a_table_and_as_markers(out: Path, tmp_path: Path) -> None:
    done = nle_style("review", out, "--notes", _notes(out, tmp_path / "notes.json"))
    assert done.code == 0
    assert done.err == "nle-style: clip 'title' is not in the cut any more\n"
    assert done.out.splitlines() == [
        f"1 clip: {out / 'cut.review.json'}",
        *(str(out / name) for name in ("cut.review.csv", "cut.review.otio")),
    ]
    said = Verdicts(out / "cut.review.json").of(read_entries(out, CUT)[1])
    assert (said.verdict, said.note, said.frame) == ("sent back", "=softer", 21)
    with (out / "cut.review.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["note"] for row in csv.DictReader(file)] == ["", "'=softer"]
    made = otio.adapters.read_from_file(str(out / "cut.review.otio"))
    assert [m.color for clip in made.find_clips() for m in clip.markers] == ["BLUE", "RED"]


def test_notes_without_their_timeline_are_taken_in_without_markers(
    out: Path, tmp_path: Path
) -> None:
    report = out / "cut.red.report.json"
    lost = json.loads(report.read_text()) | {"timeline": "/cuts/cut.otio"}
    report.write_text(json.dumps(lost))
    done = nle_style("review", out, "--notes", _notes(out, tmp_path / "notes.json"))
    assert done.code == 3
    assert "no markers: /cuts/cut.otio: there is no such file" in done.err
    assert (out / "cut.review.csv").is_file()


def test_a_file_that_has_no_notes_is_refused(out: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("[]")
    done = nle_style("review", out, "--notes", tmp_path / "notes.json")
    assert done.code == 2
    assert "is no file of verdicts" in done.err
    assert not (out / "cut.review.json").exists()
