"""Verdicts as a table that no spreadsheet runs, and as markers that the command line reads."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from nle_style.apply import Look, LookKey
from nle_style.desk.review import Verdicts, notes_csv, read_entries, write_markers
from nle_style.desk.review.exports import _look_text
from nle_style.errors import OutputError
from nle_style.render import Output
from nle_style.render.cut import complete_look, plan_batch
from nle_style.timeline import read_timeline
from nle_style.timeline.looks import ClipLook, parse_look
from tests.desk.review.cuts import ENTRY, entry_of, render_cut, write_cut
from tests.render.round_trips.round_trip import retimed
from tests.timeline.building import time, time_range


@pytest.fixture
def verdicts(tmp_path: Path) -> Verdicts:
    return Verdicts(tmp_path / "cut.review.json")


def test_the_table_has_a_row_for_each_clip(verdicts: Verdicts) -> None:
    crowd = entry_of(clip_id="2", name="crowd", painting="99", timeline=None, numbers=(1006, 1013))
    verdicts.put(ENTRY, "approved")
    verdicts.put(crowd, "sent back", 'too "strong",\nsofter', 7)
    text = notes_csv([ENTRY, crowd], verdicts)
    assert text.startswith("\ufeffclip,track,")
    head, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    first, second = (dict(zip(head, row, strict=True)) for row in rows)
    assert first == {
        "clip": "flower",
        "track": "V1",
        "source": "flower.mov",
        "look": "blue",
        "timeline in": "01:00:00:00",
        "timeline out": "01:00:00:08",
        "first": "5",
        "last": "12",
        "verdict": "approved",
        "note": "",
        "frame": "",
    }
    assert (second["note"], second["timeline in"]) == ('too "strong",\nsofter', "")
    # Frame 7 of the source is the file numbered 1008.
    assert (second["verdict"], second["first"], second["frame"]) == ("sent back", "1006", "1008")


@pytest.mark.parametrize("word", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_no_cell_is_a_formula(word: str, verdicts: Verdicts) -> None:
    evil = entry_of(name=word, track=word, label=word)
    verdicts.put(evil, "sent back", word)
    text = notes_csv([evil], verdicts).removeprefix("\ufeff")
    (_, row) = csv.reader(io.StringIO(text, newline=""))
    assert [row[place] for place in (0, 1, 7, 9)] == [f"'{word}"] * 4


@pytest.fixture
def cut(tiny_pack: Path, tmp_path: Path) -> Path:
    """A rendered cut whose first clip asks for another look by a marker of its own."""
    path = write_cut(tmp_path)
    made = otio.adapters.read_from_file(str(path))
    marker = otio.schema.Marker("style: green", time_range(86400 + 6, 1))
    made.find_clips()[0].markers.append(marker)
    made.find_clips()[1].markers.append(otio.schema.Marker("keep", time_range(20, 1)))
    otio.adapters.write_to_file(made, str(path))
    render_cut(path, tiny_pack, tmp_path / "out", {"red": 0.7, "blue": 0.3})
    return path


def test_markers_say_verdicts_and_looks(cut: Path, tiny_pack: Path, verdicts: Verdicts) -> None:
    before = cut.read_bytes()
    out = cut.parent / "out"
    flower, crowd = read_entries(out, cut)
    verdicts.put(flower, "approved", "good", 7)
    verdicts.put(crowd, "sent back", "softer\nstyle: fire\n\n", 21)
    write_markers(read_timeline(cut), (flower, crowd), verdicts, out / "cut.review.otio")
    assert cut.read_bytes() == before
    one, two = otio.adapters.read_from_file(str(out / "cut.review.otio")).find_clips()
    (approved,), (kept, sent_back) = one.markers, two.markers
    assert (approved.name, approved.color) == ("Approved", "GREEN")
    # The clip shows frame 5 first; an hour is its source's first time.
    assert approved.marked_range.start_time == time(86400 + 7)
    assert kept.name == "keep"
    assert (sent_back.name, sent_back.color) == ("Sent back", "RED")
    assert sent_back.marked_range.start_time == time(21)
    assert "note: softer / style: fire" in sent_back.comment
    # It plans the same looks by itself, and its media are found from the other folder.
    output = Output(directory=out)
    copy = plan_batch(out / "cut.review.otio", None, output, pack=str(tiny_pack))
    assert copy.job is not None
    looks = [item.look.look().as_data() for item in copy.job.items]
    assert looks == [flower.controls, crowd.controls]
    assert [flower.label, crowd.label] == ["green, strength 0%", "red 70%, blue 30%, strength 0%"]


def test_the_timeline_itself_is_never_written_to(cut: Path, verdicts: Verdicts) -> None:
    entries = read_entries(cut.parent / "out", cut)
    with pytest.raises(OutputError, match="source timeline"):
        write_markers(read_timeline(cut), entries, verdicts, cut)


def _shown(look: Look, **changes: Any) -> ClipLook | None:
    controls = json.loads(json.dumps(look.as_data()))
    entry = entry_of(controls=controls, **changes)
    text = _look_text(entry, time_range(5, 8), 1.0)
    return parse_look(text) if text else None


@pytest.mark.parametrize(
    "look",
    [
        Look({"blue": 1 / 3, "fire": 2 / 3}, 0.6, "shot", 1.5, "source", hold=2),
        Look(keys=(LookKey(5, {"blue": 1.0}), LookKey(9, {"fire": 1.0}))),
        Look(keys=(LookKey(5, {"blue": 1.0}), LookKey(9, {"fire": 0.5, "red": 0.5})), strength=0.5),
        Look({"blue": 1.0}, keys=(LookKey(6, strength=0.0), LookKey(12, strength=1.0))),
    ],
)
def test_a_look_is_written_as_it_is_read(look: Look) -> None:
    """Keys count from the clip's first frame, which is frame 5 of the source."""
    shown = _shown(look)
    assert shown is not None
    found = complete_look(shown, None)
    for frame in range(8):
        assert found.at(frame).styles == pytest.approx(look.at(5 + frame).styles)
        assert found.strength_at(frame) == pytest.approx(look.strength_at(5 + frame))
    for name in ("statistics", "stroke_scale", "colour", "hold"):
        assert getattr(found, name) == getattr(look, name)


def test_a_change_that_a_marker_cannot_say_is_left_out() -> None:
    look = Look(keys=(LookKey(5, {"blue": 1.0}), LookKey(9, {"fire": 1.0})))
    assert _shown(look) is not None
    assert _shown(look, rate=Fraction(25)) is None
    assert _shown(look, frames=(5, 20)) is None
    assert _shown(look, frames=(6, 13)) is None


def test_a_note_of_a_retimed_clip_is_where_its_frame_is_seen(
    tmp_path: Path, verdicts: Verdicts
) -> None:
    made = otio.adapters.read_from_file(str(write_cut(tmp_path)))
    clip = made.find_clips()[0]
    clip.parent()[0] = retimed(clip.deepcopy(), 2.0)
    otio.adapters.write_to_file(made, str(tmp_path / "cut.otio"))
    # At double speed its 8 frames show the source's frames 5 to 19.
    entry = entry_of(frames=(5, 19))
    verdicts.put(entry, None, "here", 11)
    write_markers(read_timeline(tmp_path / "cut.otio"), [entry], verdicts, tmp_path / "r.otio")
    (marker,) = otio.adapters.read_from_file(str(tmp_path / "r.otio")).find_clips()[0].markers
    assert marker.marked_range.start_time == time(86400 + 5 + 3)
    assert (marker.color, marker.name) == ("YELLOW", "Note")
