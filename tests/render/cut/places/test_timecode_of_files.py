"""Timecodes as files really have them, and the frames that a cut then takes."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.apply import Look
from nle_style.render import Output
from nle_style.render.cut import BatchOptions, PlannedBatch, plan_batch
from nle_style.render.cut.dry_run import dry_run_batch
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip, timeline, track


def planned(cut: Path, pack: Path, **options: object) -> PlannedBatch:
    read = BatchOptions(**options)  # type: ignore[arg-type]
    look, output = Look({"red": 1.0}, 0.0), Output(directory=cut.parent / "out")
    return plan_batch(cut, look, output, options=read, pack=str(pack))


def counted_at_half(path: Path) -> None:
    """Let the timecode track of a MOV count half as many labels a second as it has pictures."""
    data = path.read_bytes()
    entry = data.rindex(b"tmcd", 0, data.index(b"stts", data.index(b"gmhd"))) + 20
    ticks, length, labels = struct.unpack_from(">IIB", data, entry)
    half = struct.pack(">IIB", ticks, length * 2, labels // 2)
    data = data[:entry] + half + data[entry + 9 :]
    # 01:00:00:24 in 50 labels a second, and 01:00:00:12 in 25.
    before, after = (number.to_bytes(4, "big") for number in (180024, 90012))
    assert data.count(before) == 1
    path.write_bytes(data.replace(before, after))


def test_a_track_that_counts_25_under_50_pictures(tiny_pack: Path, tmp_path: Path) -> None:
    movie = make_clip(tmp_path / "a.mov", 3, 60, Fraction(50), timecode="01:00:00:24")
    counted_at_half(movie)
    cut = tmp_path / "cut.edl"
    cut.write_text(
        "TITLE: cut\nFCM: NON-DROP FRAME\n"
        "001  A  V  C  01:00:00:17 01:00:00:22 00:00:00:00 00:00:00:05\n* FROM CLIP NAME: a.mov\n"
    )
    (use,) = planned(cut, tiny_pack, rate=Fraction(25), media=(tmp_path,)).plan.uses
    # 5 frames of 25 after 01:00:00:12 are 10 of 50; 5 of them are 10. One more on each side.
    assert (use.first, use.last) == (9, 20)


def test_a_timecode_that_is_none_is_a_note_of_its_clip(tiny_pack: Path, tmp_path: Path) -> None:
    rate = Fraction(25)
    make_clip(tmp_path / "a.mkv", 3, 20, rate, timecode="foo")
    make_clip(tmp_path / "b.mov", 4, 20, rate, timecode="01:00:00:00")
    shots = [
        clip("a", (5, 4), None, url="a.mkv", rate=25),
        clip("b", (90003, 4), None, url="b.mov", rate=25),
    ]
    cut = tmp_path / "cut.otio"
    otio.adapters.write_to_file(timeline(track(*shots)), str(cut))
    batch = planned(cut, tiny_pack)
    a, b = batch.plan.uses
    assert ((a.first, a.last), (b.first, b.last)) == ((5, 8), (3, 6))
    assert ("counted from the first frame" in a.note, b.note) == (True, "")
    renders = dry_run_batch(batch).renders
    assert "'foo', is none" in " ".join(renders[0].notes)
    assert not any("is none" in note for note in renders[1].notes)
