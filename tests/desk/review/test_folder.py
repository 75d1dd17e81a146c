"""The review folder as files: what is in it, what stays and what goes."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from nle_style.desk.review import Verdicts, read_entries, review_timeline, write_review
from nle_style.errors import Cancelled, InputError

CUT = Path("cut.otio")


@pytest.fixture
def out(reviewed: Callable[[Fraction], Path], tmp_path: Path) -> Path:
    """A copy of a reviewed folder that may be changed."""
    return Path(shutil.copytree(reviewed(Fraction(24)).parent, tmp_path / "cut")) / "out"


def _data(page: Path) -> dict[str, Any]:
    found = re.search(r'id="review">(.*)</script>\n<script', page.read_text("utf-8"))
    assert found is not None
    return dict(json.loads(found[1]))


def _files(out: Path) -> dict[str, int]:
    place = out / "review"
    return {
        path.relative_to(place).as_posix(): path.stat().st_mtime_ns
        for path in place.rglob("*")
        if path.is_file()
    }


def test_everything_in_the_page_is_beside_it(out: Path) -> None:
    clips = _data(out / "review" / "index.html")["clips"]
    assert [clip["name"] for clip in clips] == ["flower field", "crowd"]
    assert [clip["frames"] for clip in clips] == [[5, 12], [20, 26]]
    assert [[still["frame"] for still in clip["stills"]] for clip in clips] == [[8], [23]]
    named = {clip["proxy"] for clip in clips}
    named |= {still[side] for c in clips for still in c["stills"] for side in ("source", "painted")}
    assert set(_files(out)) == {*named, "index.html", ".nle_style.jsonl"}


def test_what_is_there_already_stays_and_what_is_no_clips_goes(out: Path) -> None:
    (out / "review" / "media" / f"{'0' * 20}.webm").touch()
    (out / "review" / "media" / "of somebody else.webm").touch()
    before = _files(out)
    crowd = read_entries(out, CUT)[1]
    Verdicts(out / "cut.review.json").put(crowd, "sent back", "here", 21)
    page, faults = write_review(out, CUT)
    after = _files(out)
    media = {name for name in before if name.startswith(("media/", "stills/"))}
    gone = f"media/{'0' * 20}.webm"
    assert faults == ()
    assert {name: after[name] for name in media - {gone}} == {
        name: before[name] for name in media - {gone}
    }
    assert gone not in after
    clip = _data(page)["clips"][1]
    assert (clip["verdict"], clip["note"], clip["note_frame"]) == ("sent back", "here", 21)
    assert [still["frame"] for still in clip["stills"]] == [21, 23]


def test_a_clip_without_pictures_is_there_with_the_reason(out: Path) -> None:
    shutil.rmtree(out / "review")
    # Reports name sources where they were: a frame that cannot be read is one that is cut off.
    crowd = read_entries(out, CUT)[1]
    crowd.intermediate.write_bytes(crowd.intermediate.read_bytes()[:3000])
    page, (fault,) = write_review(out, CUT)
    assert fault.startswith("clip 'crowd': ")
    flower, broken = _data(page)["clips"]
    assert (out / "review" / flower["proxy"]).is_file()
    assert not (out / "review" / broken["proxy"]).exists()
    assert broken["notes"][-1].startswith("no pictures: ")
    for entry in read_entries(out, CUT):
        entry.intermediate.write_bytes(b"no movie")
    shutil.rmtree(out / "review")
    with pytest.raises(InputError, match="no clip can be shown: clip 'flower field'"):
        write_review(out, CUT)
    assert not (out / "review" / "index.html").exists()


def test_a_page_that_is_not_ours_stays(out: Path) -> None:
    page = out / "review" / "index.html"
    page.write_text("mine")
    with pytest.raises(InputError, match="not what nle-style wrote"):
        write_review(out, CUT)
    assert page.read_text() == "mine"


def test_one_that_is_given_up_keeps_what_is_done(out: Path) -> None:
    shutil.rmtree(out / "review")
    stop = threading.Event()

    def told(done: int, count: int, name: str) -> None:
        assert (count, name) == (2, ["flower field", "crowd"][done])
        if done:
            stop.set()

    with pytest.raises(Cancelled):
        write_review(out, CUT, told=told, stop=stop)
    assert [name for name in _files(out) if name.startswith("media/")] != []
    assert not (out / "review" / "index.html").exists()


def test_the_timeline_of_a_folder(out: Path, tmp_path: Path) -> None:
    assert review_timeline(out).name == "cut.otio"
    report = json.loads((out / "cut.red.report.json").read_text())
    other = {**report, "timeline": "/cuts/other.otio"}
    (out / "other.red.report.json").write_text(json.dumps(other))
    with pytest.raises(InputError, match=r"it has renders of .*\. Give one of them"):
        review_timeline(out)
    assert review_timeline(out, Path("other.otio")) == Path("/cuts/other.otio")
    with pytest.raises(InputError, match="there is no report of a batch"):
        review_timeline(tmp_path)
    with pytest.raises(InputError, match="no rendered clip of none"):
        write_review(out, Path("none.otio"))
