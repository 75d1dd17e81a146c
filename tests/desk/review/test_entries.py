"""What there is to judge, from the reports of real batches."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from nle_style.apply import Look, LookKey
from nle_style.desk.review import look_words, read_entries, timelines_in_folder
from nle_style.errors import InputError
from tests.desk.review.cuts import render_cut, write_cut


@pytest.fixture(scope="module")
def batch(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cut.otio, rendered with 3 handles in "red" to out/."""
    folder = tmp_path_factory.mktemp("cut")
    render_cut(write_cut(folder), tiny_pack, folder / "out", {"red": 1.0}, handles=3)
    return folder


@pytest.fixture
def own(batch: Path, tmp_path: Path) -> Path:
    """A copy of that folder that may be changed."""
    return Path(shutil.copytree(batch, tmp_path / "moved"))


def _report(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "out" / "cut.red.report.json"
    return path, json.loads(path.read_text())


def test_clips_come_in_the_order_of_the_cut(batch: Path, tiny_pack: Path) -> None:
    flower, crowd = read_entries(batch / "out", batch / "cut.otio")
    assert (flower.name, flower.track, flower.frames) == ("flower field", "V1", (5, 12))
    assert flower.timeline == ("01:00:00:00", "01:00:00:08")
    assert crowd.timeline == ("01:00:00:10", "01:00:00:17")
    assert (crowd.frames, crowd.numbers, crowd.count) == ((20, 26), (20, 26), 7)
    # Three handles before: the intermediate begins at the source's frame 2.
    assert (flower.first, crowd.first) == (2, 17)
    assert flower.source == batch / "flower field.mov"
    assert flower.intermediate.is_file()
    assert flower.intermediate.parent == batch / "out"
    assert (flower.rate, flower.size, flower.checked) == (Fraction(24), (192, 32), 8)
    assert flower.label == "red, strength 0%"
    assert flower.controls == Look({"red": 1.0}, strength=0.0).as_data()
    assert flower.pack == hashlib.sha256(tiny_pack.read_bytes()).hexdigest()
    assert flower.painting == _report(batch)[1]["clips"][0]["frames_sha256"]
    assert timelines_in_folder(batch / "out") == (batch / "cut.otio",)


def test_a_folder_that_was_moved_is_read_where_it_is(own: Path) -> None:
    entries = read_entries(own / "out", Path("cut.otio"))
    assert [entry.intermediate.parent for entry in entries] == [own / "out"] * 2


def test_the_newest_report_with_an_intermediate_counts(own: Path, tiny_pack: Path) -> None:
    render_cut(own / "cut.otio", tiny_pack, own / "out", {"red": 0.5, "blue": 0.5}, handles=3)
    newest = own / "out" / "cut.blue50-red50.report.json"
    os.utime(newest, ns=(2 * 10**18, 2 * 10**18))
    labels = [entry.label for entry in read_entries(own / "out", own / "cut.otio")]
    assert labels == ["blue 50%, red 50%, strength 0%"] * 2
    next((own / "out").glob("crowd.blue50-red50*.mov")).unlink()
    labels = [entry.label for entry in read_entries(own / "out", own / "cut.otio")]
    assert labels == ["blue 50%, red 50%, strength 0%", "red, strength 0%"]


def test_an_intermediate_of_another_look_by_now_is_none_of_the_reports(own: Path) -> None:
    path, report = _report(own)
    report["clips"][0]["controls"]["strength"] = 0.5
    path.write_text(json.dumps(report))
    assert [entry.name for entry in read_entries(own / "out", own / "cut.otio")] == ["crowd"]


def test_clips_that_the_cut_has_no_more_are_left_out(own: Path) -> None:
    path, report = _report(own)
    report["clips"] = report["clips"][1:]
    newer = path.with_name("cut.blue.report.json")
    newer.write_text(json.dumps(report))
    os.utime(newer, ns=(2 * 10**18, 2 * 10**18))
    assert [entry.name for entry in read_entries(own / "out", own / "cut.otio")] == ["crowd"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"nle_style_batch_report": 1, "clips": 3}'])
def test_a_report_that_is_none_is_passed_over(own: Path, text: str) -> None:
    path, _ = _report(own)
    path.with_name("cut.fire.report.json").write_text(text)
    assert len(read_entries(own / "out", own / "cut.otio")) == 2
    path.write_text(text)
    assert read_entries(own / "out", own / "cut.otio") == ()


def test_a_batch_of_another_cut_is_not_this_ones(batch: Path) -> None:
    assert read_entries(batch / "out", Path("other.otio")) == ()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none: cannot be read .*nle-style batch"):
        read_entries(tmp_path / "none", Path("cut.otio"))


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (Look({"blue": 1.0}), "blue"),
        (Look({"fire": 0.3, "blue": 0.7}, strength=0.6), "blue 70%, fire 30%, strength 60%"),
        (Look({"dark": 1.0}, stroke_scale=1.5, colour="source", hold=2),
         "dark, stroke scale 1.5, colour source, hold 2"),
        (Look(keys=(LookKey(0, {"blue": 1.0}), LookKey(9, {"fire": 1.0}, 0.5))),
         "blue to fire, changing strength"),
    ],
)  # fmt: skip
def test_a_look_in_words(look: Look, words: str) -> None:
    assert look_words(json.loads(json.dumps(look.as_data()))) == words
