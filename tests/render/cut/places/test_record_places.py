"""Where a clip of the cut stands, as the editor's own timecode."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.render.cut.clip_table import clip_place
from nle_style.timeline import ReadTimeline, read_timeline
from nle_style.timeline.needs import plan_shots
from tests.timeline.building import Facts, clip, probe_of, read_back, timeline, track

NTSC30 = Fraction(30000, 1001)
EDL = "TITLE: a\nFCM: {}\n001  N V C 01:00:01:00 01:00:02:00 01:10:00:00 01:10:01:00\n"
FCPXML = """<fcpxml version="1.10"><resources><format id="r" frameDuration="1001/30000s"/>
<asset id="a" start="0s" duration="10010/30000s" format="r" hasVideo="1" src="file:///m/a.mov"/>
</resources><project name="p"><sequence format="r" tcStart="108108/30s" tcFormat="{}"><spine>
<asset-clip ref="a" offset="108108/30s" start="0s" duration="30030/30000s"/>
</spine></sequence></project></fcpxml>"""
FCP7 = """<xmeml version="5"><sequence><name>s</name><rate><timebase>30</timebase><ntsc>TRUE</ntsc>
</rate><timecode><rate><timebase>30</timebase><ntsc>TRUE</ntsc></rate><frame>108000</frame>
<displayformat>{}</displayformat></timecode><media><video><track><clipitem id="c"><name>a</name>
<rate><timebase>30</timebase><ntsc>TRUE</ntsc></rate><start>0</start><end>30</end><in>0</in>
<out>30</out><file id="f"><name>a.mov</name><pathurl>file:///m/a.mov</pathurl><rate><timebase>30
</timebase><ntsc>TRUE</ntsc></rate><duration>100</duration></file></clipitem></track></video>
</media></sequence></xmeml>"""
KDENLIVE = """<mlt><profile frame_rate_num="25" frame_rate_den="1"/>
<producer id="a" in="0" out="99"><property name="mlt_service">avformat</property>
<property name="resource">/m/a.mov</property></producer>
<producer id="black_track"/>
<playlist id="p"><blank length="30"/><entry producer="a" in="0" out="9"/></playlist>
<tractor id="t"><track hide="audio" producer="p"/></tractor>
<tractor id="main"><track producer="black_track"/><track producer="t"/></tractor></mlt>"""


def places(read: ReadTimeline, facts: Facts) -> list[list[str]]:
    return [clip_place(read, use)["timeline"] for use in plan_shots(read, probe_of(facts)).uses]


@pytest.mark.parametrize(
    ("name", "text", "count", "place"),
    [
        # 4200 s of labels at 30 a second are 01:10:00:00 as the list has it.
        ("cut.edl", EDL, "NON-DROP FRAME", ["01:10:00:00", "01:10:01:00"]),
        ("cut.edl", EDL, "DROP FRAME", ["01:10:00;00", "01:10:01;00"]),
        # 108000 pictures: an hour of labels, or 108 of the labels that an hour leaves out more.
        ("cut.fcpxml", FCPXML, "NDF", ["01:00:00:00", "01:00:01:00"]),
        ("cut.fcpxml", FCPXML, "DF", ["01:00:03;18", "01:00:04;18"]),
        ("cut.xml", FCP7, "NDF", ["01:00:00:00", "01:00:01:00"]),
        ("cut.xml", FCP7, "DF", ["01:00:03;18", "01:00:04;18"]),
    ],
)
def test_a_record_at_29_97_is_counted_as_the_timeline_counts(
    tmp_path: Path, name: str, text: str, count: str, place: list[str]
) -> None:
    path = tmp_path / name
    path.write_text(text.format(count), encoding="utf-8")
    facts = Facts(NTSC30, 1000, 108000, day=2592000)
    if count == "DROP FRAME":
        facts = Facts(NTSC30, 1000, 107892, day=2589408)
    assert places(read_timeline(path, rate=NTSC30), facts) == [place]


@pytest.mark.parametrize(
    ("start", "place"),
    [(108000, "01:00:00:00"), (107892, "01:00:00;00"), (0, "00:00:00;00"), (1800, "00:01:00;02")],
)
def test_where_nothing_says_drop_frame_a_whole_hour_does(
    tmp_path: Path, start: int, place: str
) -> None:
    made = timeline(track(clip("a", (0, 10), rate=float(NTSC30))))
    made.global_start_time = otio.opentime.RationalTime(start, float(NTSC30))
    ((begin, _),) = places(read_back(made, tmp_path), Facts(NTSC30))
    assert begin == place


def test_a_kdenlive_cut_is_counted_at_its_own_rate(tmp_path: Path) -> None:
    path = tmp_path / "cut.kdenlive"
    path.write_text(KDENLIVE, encoding="utf-8")
    assert places(read_timeline(path), Facts(Fraction(50), 200)) == [["00:00:01:05", "00:00:01:15"]]


def test_without_a_start_the_cut_is_counted_at_the_rate_of_its_clips(tmp_path: Path) -> None:
    made = timeline(track(clip("a", (0, 30)), clip("b", (0, 10), media_rate=50)))
    assert made.global_start_time is None
    read = read_back(made, tmp_path)
    assert places(read, Facts(Fraction(50), 200))[1] == ["00:00:01:06", "00:00:01:16"]
