"""A cut of another machine, rendered through --path-map, comes back with that machine's paths."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import av
import opentimelineio as otio
import pytest

from nle_style.apply import Look
from nle_style.media.source import reel_of
from nle_style.render import Output
from nle_style.render.cut import BatchOptions, BatchResult, plan_batch, run_batch
from tests.helpers.stamps import frames_of, make_clip, make_sequence, read_stamp
from tests.timeline.building import clip, timeline, track

RATE = Fraction(25)
FCP7 = """<xmeml version="5"><sequence><name>s</name><rate><timebase>25</timebase></rate><media>
<video><track><clipitem id="c"><name>a</name><rate><timebase>25</timebase></rate><start>0</start>
<end>5</end><in>3</in><out>8</out><file id="f"><name>a.mov</name><pathurl>{}</pathurl><rate>
<timebase>25</timebase></rate><duration>20</duration></file></clipitem></track></video></media>
</sequence></xmeml>"""
FCPXML = """<fcpxml version="1.10"><resources><format id="r" frameDuration="1/25s"/>
<asset id="a" start="0s" duration="20/25s" format="r" hasVideo="1"><media-rep src="{}"/></asset>
</resources><project name="p"><sequence format="r"><spine>
<asset-clip ref="a" offset="0s" start="3/25s" duration="5/25s"/>
</spine></sequence></project></fcpxml>"""


def rendered(cut: Path, pack: Path, out: Path, **options: object) -> BatchResult:
    read = BatchOptions(**options)  # type: ignore[arg-type]
    look = Look({"red": 1.0}, 0.0)
    planned = plan_batch(cut, look, Output(directory=out), options=read, pack=str(pack))
    return run_batch(planned)


@pytest.mark.parametrize(
    ("name", "text", "before", "written"),
    [
        ("cut.xml", FCP7, "file://localhost/D%3a/Show", "file://localhost/D%3a/Show/out/"),
        ("cut.xml", FCP7, "D:\\Show", "D:\\Show\\out\\"),
        ("cut.fcpxml", FCPXML, "file:///D:/Show", "file:///D:/Show/out/"),
        # Letters are written as they were: encoded or not, composed or not.
        ("cut.fcpxml", FCPXML, "file:///Volumes/M%C3%A9", "file:///Volumes/M%C3%A9/out/"),
        ("cut.fcpxml", FCPXML, "file:///Volumes/Me%CC%81", "file:///Volumes/Me%CC%81/out/"),
        ("cut.fcpxml", FCPXML, "file:///Volumes/M\u00e9", "file:///Volumes/M\u00e9/out/"),
    ],
)
def test_a_patched_file_names_the_paths_of_its_own_machine(
    tiny_pack: Path, tmp_path: Path, name: str, text: str, before: str, written: str
) -> None:
    make_clip(tmp_path / "a.mov", 3, 20, RATE)
    cut = tmp_path / name
    end = "\\a.mov" if "\\" in before else "/a.mov"
    cut.write_text(text.format(before + end), encoding="utf-8")
    maps = (("d:/show", str(tmp_path)), ("/Volumes/M\u00e9", str(tmp_path)))
    result = rendered(cut, tiny_pack, tmp_path / "out", path_maps=maps)
    assert result.exit_code == 0
    made = (tmp_path / "out" / f"cut.red{cut.suffix}").read_text(encoding="utf-8")
    assert f"{written}a.red.sparse.mov" in made


def test_otios_and_lists_name_them_too(tiny_pack: Path, tmp_path: Path) -> None:
    make_clip(tmp_path / "a.mov", 3, 20, RATE)
    cut = tmp_path / "cut.otio"
    shot = clip("a", (3, 5), (0, 20), url="D:\\Show\\a.mov", rate=25)
    otio.adapters.write_to_file(timeline(track(shot)), str(cut))
    maps = (("D:/Show", str(tmp_path)),)
    both, baked = rendered(cut, tiny_pack, tmp_path / "out", path_maps=maps).timelines
    shots = [otio.adapters.read_from_file(str(t)).find_clips()[0] for t in (both, baked)]
    assert [each.media_reference.target_url for each in shots] == [
        "file:///D:/Show/out/a.red.mov",
        "D:\\Show\\out\\a.red.mov",
    ]
    edl = tmp_path / "cut.edl"
    edl.write_text(
        "TITLE: cut\nFCM: NON-DROP FRAME\n001  AX  V  C  00:00:00:05 00:00:00:15 00:00:00:00"
        " 00:00:00:10\n* FROM FILE: D:\\Show\\a.mov\n"
    )
    made = rendered(edl, tiny_pack, tmp_path / "edl", path_maps=maps, rate=RATE).timelines[2]
    (row,) = csv.DictReader(made.read_text(encoding="utf-8").splitlines())
    assert row["intermediate"] == "D:\\Show\\edl\\a.red.mov"


def test_intermediates_that_no_map_leads_to_are_said(tiny_pack: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    make_clip(tmp_path / "in" / "a.mov", 3, 20, RATE)
    cut = tmp_path / "cut.otio"
    shot = clip("a", (3, 5), (0, 20), url="D:\\Show\\a.mov", rate=25)
    otio.adapters.write_to_file(timeline(track(shot)), str(cut))
    maps = (("D:/Show", str(tmp_path / "in")),)
    result = rendered(cut, tiny_pack, tmp_path / "out", path_maps=maps)
    (note,) = json.loads(result.reports[0].read_text())["notes"]
    assert "--path-map leads to no folder around" in note


def test_a_reel_of_an_edl_is_found_by_the_movies_tag(tiny_pack: Path, tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    movie = make_clip(tmp_path / "media" / "take.mkv", 3, 40, RATE, timecode="01:00:00:00")
    tagged = tmp_path / "media" / "tagged.mkv"
    with_reel(movie, tagged, "A001C002")
    movie.unlink()
    (tmp_path / "media" / "notes.txt").write_text("no movie")
    assert (reel_of(tagged), reel_of(tmp_path / "media" / "notes.txt")) == ("A001C002", "")
    edl = tmp_path / "cut.edl"
    edl.write_text(
        "TITLE: cut\nFCM: NON-DROP FRAME\n001  A001C002  V  C  01:00:00:05 01:00:00:15 00:00:00:00"
        " 00:00:00:10\n"
    )
    result = rendered(edl, tiny_pack, tmp_path / "out", media=(tmp_path / "media",), rate=RATE)
    assert result.exit_code == 0
    stamps = [read_stamp(f) for f in frames_of(tmp_path / "out" / "tagged.red.mov")]
    assert stamps == [(3, number) for number in range(5, 15)]


def test_a_hole_beside_the_frames_that_are_used_is_no_obstacle(
    tiny_pack: Path, tmp_path: Path
) -> None:
    pattern = make_sequence(tmp_path / "seq", "x", 3, 30, 1001, RATE)
    (tmp_path / "seq" / "x.1026.exr").unlink()
    reference = otio.schema.ImageSequenceReference(
        str(pattern.parent), "x.", ".exr", 1001, rate=25, frame_zero_padding=4,
        available_range=clip("a", None, (0, 30), rate=25).media_reference.available_range,
    )  # fmt: skip
    cut = tmp_path / "cut.otio"

    def exit_code(first: int) -> int:
        shot = clip("a", (first, 5), rate=25)
        shot.media_reference = reference.deepcopy()
        otio.adapters.write_to_file(timeline(track(shot)), str(cut))
        return rendered(cut, tiny_pack, tmp_path / f"out{first}").exit_code

    # Number 1026 is frame 25.
    assert (exit_code(20), exit_code(26), exit_code(21)) == (0, 0, 2)


def with_reel(movie: Path, target: Path, reel: str) -> None:
    """A copy with the tag that cameras and Resolve write."""

    with av.open(str(movie)) as source, av.open(str(target), "w") as made:
        (stream,) = source.streams.video
        out = made.add_stream_from_template(stream)
        made.metadata.update({"reel_name": reel, "timecode": "01:00:00:00"})
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = out
                made.mux(packet)
