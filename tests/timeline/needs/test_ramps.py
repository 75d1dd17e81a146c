"""Speeds that change over time, from each format: the frames were counted by hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.timeline import ReadTimeline, read_timeline
from nle_style.timeline.needs import Plan, plan_shots
from nle_style.timeline.needs.retime import Shown, at_once, curve_of
from nle_style.timeline.parsed import SOURCE_KEY, curve_effect
from tests.timeline.building import Facts, clip, probe_of, read_back, timeline, track, transition

R24 = Fraction(24)
FACTS = Facts(R24, 200, 86400)
FCPXML = """<fcpxml version="1.10"><resources><format id="r" frameDuration="1/24s"/>
<asset id="a" start="3600s" duration="200/24s" format="r" hasVideo="1" src="file:///m/a.mov"/>
</resources><project name="p"><sequence format="r"><spine>
<asset-clip name="ramp" ref="a" offset="0s" start="{start}/24s" duration="20/24s">
<timeMap>{points}</timeMap></asset-clip>
</spine></sequence></project></fcpxml>"""
RATE = "<rate><timebase>24</timebase></rate>"
FCP7 = f"""<xmeml version="5"><sequence><name>s</name>{RATE}<media><video><track><clipitem id="c">
<name>ramp</name>{RATE}<start>0</start><end>20</end><in>{{begin}}</in><out>99</out><file id="f">
<name>a</name><pathurl>file:///m/a.mov</pathurl>{RATE}<duration>200</duration><timecode>{RATE}
<frame>86400</frame></timecode></file>{{more}}<filter><effect><effectid>timeremap</effectid>
<parameter><parameterid>variablespeed</parameterid><value>1</value></parameter>
<parameter><parameterid>graphdict</parameterid>{{keys}}</parameter></effect></filter></clipitem>
</track></video></media></sequence></xmeml>"""
SUB = "<subclipinfo><startoffset>30</startoffset></subclipinfo>"


def fcpxml(folder: Path, *points: str, start: int = 0) -> ReadTimeline:
    """Points as "time value [attributes]", in frames; values from the file's first."""
    made = ""
    for point in points:
        time, value, *more = point.split(" ", 2)
        value = f"{86400 + int(value)}/24s"
        made += f'<timept time="{time}/24s" value="{value}" {" ".join(more)}/>'
    path = folder / "cut.fcpxml"
    path.write_text(FCPXML.format(points=made, start=start), encoding="utf-8")
    return read_timeline(path)


def fcp7(
    folder: Path, *points: tuple[int, int], begin: int = 0, more: str = "", handle: str = ""
) -> ReadTimeline:
    keys = "".join(
        f"<keyframe><when>{when}</when><value>{value}</value>{handle}</keyframe>"
        for when, value in points
    )
    path = folder / "cut.xml"
    path.write_text(FCP7.format(keys=keys, begin=begin, more=more), encoding="utf-8")
    return read_timeline(path)


def planned(read: ReadTimeline) -> Plan:
    return plan_shots(read, probe_of(FACTS))


def frames(plan: Plan) -> list[tuple[int, int]]:
    return [(use.first, use.last) for use in plan.uses]


# 10 frames at 100 %: 0 to 9; 10 at 300 %: 10, 13, ... 37; and one where editors round.
RAMP = ("0 0", "10 10", "20 40")


@pytest.mark.parametrize(
    ("points", "start", "shown"),
    [
        (RAMP, 0, (0, 38)),
        (RAMP, 5, (4, 10 + 42 + 1)),  # 5 to 9, then 10, 13, ... 52, past the last point
        (("0 50", "10 50", "20 60"), 0, (49, 60)),  # held, then 100 %
        (("0 10", "10 30", "20 10"), 0, (9, 31)),  # there and back: 10, 12, ... 30, 28, ...
        # A smooth transition within the clip that goes on forward shows all on its way.
        (("0 0", '10 10 interp="smooth2" inTime="2/24s" outTime="2/24s"', "20 40"), 0, (0, 38)),
    ],
)
def test_fcpxml(tmp_path: Path, points: tuple[str, ...], start: int, shown: object) -> None:
    read = fcpxml(tmp_path, *points, start=start)
    assert frames(planned(read)) == [shown]
    assert "changes its speed over time" in read.warnings[0]


@pytest.mark.parametrize(
    ("points", "start", "reason"),
    [
        (("0 0", '10 10 interp="smooth"', "20 40"), 0, "smooth points, whose curve FCPXML does"),
        (("0 10", '10 30 outTime="2/24s"', "20 10"), 0, "smooth transition (inTime, outTime)"),
        (("0 0", '10 10 inTime="2/24s"', "20 40"), 9, "smooth transition (inTime, outTime)"),
        (("0 0", "10 10", "10 20", "20 40"), 0, "do not go forward in time"),
    ],
)
def test_what_fcpxml_leaves_open_is_refused_with_that_reason(
    tmp_path: Path, points: tuple[str, ...], start: int, reason: str
) -> None:
    (refusal,) = planned(fcpxml(tmp_path, *points, start=start)).refusals
    assert reason in refusal.reason
    assert refusal.clip_name == "ramp"


@pytest.mark.parametrize(
    ("points", "begin", "more", "shown"),
    [
        (((0, 0), (10, 10), (20, 40)), 0, "", (0, 38)),
        # In-points count retimed frames: from 5 on it is as above.
        (((0, 0), (10, 10), (30, 70)), 5, "", (4, 10 + 42 + 1)),
        (((20, 40), (0, 0), (10, 10)), 0, SUB, (29, 68)),
    ],
)
def test_fcp7(
    tmp_path: Path, points: tuple[tuple[int, int], ...], begin: int, more: str, shown: object
) -> None:
    read = fcp7(tmp_path, *points, begin=begin, more=more)
    assert frames(planned(read)) == [shown]
    (ramp,) = read.timeline.find_clips()
    assert ramp.source_range.duration.value == 20


def test_what_fcp7_leaves_open_is_refused_with_that_reason(tmp_path: Path) -> None:
    curved = planned(fcp7(tmp_path, (0, 0), (10, 10), (20, 40), handle="<outbez><horiz/></outbez>"))
    assert "along a curve (Bezier handles)" in curved.refusals[0].reason
    assert "no keyframes of it" in planned(fcp7(tmp_path)).refusals[0].reason


def ramped(name: str, *points: tuple[int, int]) -> otio.schema.Clip:
    shot = clip(name, (0, 20), (0, 200))
    shot.effects.append(curve_effect("ramp", [(t / R24, v / R24) for t, v in points]))
    return shot


def test_transitions_show_more_of_a_ramp(tmp_path: Path) -> None:
    cut = timeline(track(ramped("a", (0, 10), (20, 70)), transition(0, 4), clip("b", (0, 20))))
    # 10, 13, ... 67 and four more: 79; one each side.
    plan = plan_shots(read_back(cut, tmp_path), probe_of(Facts(R24, 200)))
    assert frames(plan)[0] == (9, 80)


def test_a_nest_with_a_ramp_shows_its_clips_by_it(tmp_path: Path) -> None:
    nest = otio.schema.Stack("nest")
    nest.append(track(clip("a", (100, 10), (0, 200)), clip("b", (50, 60), (0, 200))))
    # The nest's frames 0 to 9, then 10, 13, ... 37: of b its first to its 28th.
    points = [(0, 0), (10, 10), (20, 40)]
    nest.effects.append(curve_effect("ramp", [(t / R24, v / R24) for t, v in points]))
    nest.source_range = clip("n", (0, 20)).source_range
    plan = plan_shots(read_back(timeline(track(nest)), tmp_path), probe_of(Facts(R24, 200)))
    assert [u.clip_name for u in plan.uses] == ["a", "b"]
    # Of a all, at 100 %, where nothing is added.
    assert frames(plan) == [(100, 109), (49, 78)]
    assert [u.note for u in plan.uses] == ["", ""]


@pytest.mark.parametrize(
    ("points", "last"), [(((0, 0), (24, 12)), 100), (((0, 0), (24, 12), (48, 36)), 188)]
)
def test_a_ramp_of_a_clip_whose_length_just_its_file_knows(
    tmp_path: Path, points: tuple[tuple[int, int], ...], last: int
) -> None:
    """200 frames of the cut: at 50 % up to frame 99, or from 24 on at 100 % up to 12 + 175."""
    shot = ramped("a", *points)
    shot.source_range = shot.media_reference.available_range = None
    plan = plan_shots(read_back(timeline(track(shot)), tmp_path), probe_of(Facts(R24, 200)))
    assert frames(plan) == [(0, last)]
    assert [use.note for use in plan.uses] == [""]


@pytest.mark.parametrize(
    "points", [[["0", "0"]], [["0", "x"], ["1", "2"]], [["1", "0"], ["1", "2"]], [1, 2], ["ab"]]
)
def test_points_that_are_none_refuse_their_clip(tmp_path: Path, points: object) -> None:
    shot = clip("a", (0, 20), (0, 200))
    about = {SOURCE_KEY: {"curve": points}}
    shot.effects.append(otio.schema.TimeEffect("ramp", metadata=about))
    plan = plan_shots(read_back(timeline(track(shot)), tmp_path), probe_of(Facts(R24, 200)))
    assert "points of its speed" in plan.refusals[0].reason


def test_a_ramp_beside_a_speed_is_refused(tmp_path: Path) -> None:
    shot = ramped("a", (0, 0), (20, 40))
    shot.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    plan = plan_shots(read_back(timeline(track(shot)), tmp_path), probe_of(Facts(R24, 200)))
    assert "does not say which frames" in plan.refusals[0].reason


def test_parts_at_once() -> None:
    one = Fraction(1)
    parts = [Shown(one, one, (Fraction(n), 0), (Fraction(n + 1), 0)) for n in range(3)]
    assert (at_once(parts), at_once([*parts, parts[1]]), at_once([])) == (1, 2, 0)
    assert [part.slope for part in curve_of(ramped("a", (0, 0), (10, 10), (20, 40)))] == [1, 3]
