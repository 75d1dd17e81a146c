"""Clip items of FCP7 XML beyond in and out: subclips, freezes, multiclips, placeholders, sequences.

Source frames were counted by hand; the file starts at 86400.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from nle_style.errors import MediaError, TimelineError
from nle_style.timeline import ReadTimeline, read_timeline
from nle_style.timeline.needs import Plan, plan_shots
from tests.timeline.building import Facts, probe_of, remap

RATE = "<rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate>"
FACTS = Facts(Fraction(24), 1000, 86400)


def file(name: str, *, path: str = "", rate: str = RATE, frames: int = 1000) -> str:
    return (
        f'<file id="{name}"><name>{name}</name><pathurl>{path or f"/m/{name}.mov"}</pathurl>{rate}'
        f"<duration>{frames}</duration><timecode>{rate}<frame>86400</frame></timecode></file>"
    )


def item(at: int, end: int, begin: int, *inside: str, name: str = "c", rate: str = RATE) -> str:
    return (
        f'<clipitem id="{name}"><name>{name}</name><duration>1000</duration>{rate}'
        f"<start>{at}</start><end>{end}</end><in>{begin}</in><out>{begin + end - at}</out>"
        f"{''.join(inside)}</clipitem>"
    )


def read(folder: Path, *items: str) -> ReadTimeline:
    path = folder / "cut.xml"
    path.write_text(
        f'<xmeml version="5"><sequence id="s"><name>s</name>{RATE}<media><video><track>'
        f"{''.join(items)}</track></video></media></sequence></xmeml>",
        encoding="utf-8",
    )
    return read_timeline(path)


def planned(made: ReadTimeline, facts: Facts = FACTS) -> Plan:
    return plan_shots(made, probe_of(facts))


def shown(plan: Plan) -> list[tuple[str, int, int]]:
    return [(use.source.stem, use.first, use.last) for use in plan.uses]


SUB = "<subclipinfo><startoffset>30</startoffset><endoffset>20</endoffset></subclipinfo>"
STILL = "<stillframe>TRUE</stillframe>"
AT_12 = "<stillframeoffset>12</stillframeoffset>"


@pytest.mark.parametrize(
    ("inside", "frames"),
    [
        ("", (5, 24)),
        (SUB, (35, 54)),
        # In-points of retimed clips are counted at the speed: 5 at 200 % is 10; one each side.
        (SUB + remap(speed="200"), (30 + 10 - 1, 30 + 10 + 38 + 1)),
        (STILL + AT_12, (12, 13)),
        (STILL, (5, 6)),
        (remap(speed="0"), (5, 6)),
    ],
)
def test_what_an_item_counts_from(tmp_path: Path, inside: str, frames: tuple[int, int]) -> None:
    plan = planned(read(tmp_path, item(0, 20, 5, file("a"), inside)))
    assert shown(plan) == [("a", *frames)]


def test_a_speed_of_0_is_a_guess(tmp_path: Path) -> None:
    made = read(tmp_path, item(0, 20, 5, file("a"), remap(speed="0")))
    assert "'c' has a speed of 0: read as a freeze of its frame 5" in made.warnings[0]


def angle(name: str, active: str, inner: str) -> str:
    track = f"<media><video><track>{inner}</track></video></media>"
    return f'<angle>{active}<clip id="clip-{name}"><name>{name}</name>{RATE}{track}</clip></angle>'


ACTIVE = "<activevideoangle>TRUE</activevideoangle>"
ANGLES = angle("one", "", item(0, 100, 0, file("a"), name="k1"))
# The second angle begins 10 frames later and in frame 7 of its file.
ANGLES += angle("two", ACTIVE, item(10, 100, 7, file("b"), name="k2"))


def test_a_multiclip_shows_its_active_angle(tmp_path: Path) -> None:
    plan = planned(
        read(
            tmp_path,
            item(0, 20, 30, f'<multiclip id="M">{ANGLES}</multiclip>', name="m"),
            item(20, 40, 60, '<multiclip id="M"/>', name="again"),
            item(40, 50, 0, file("c")),
        )
    )
    assert shown(plan) == [("b", 27, 46), ("b", 57, 76), ("c", 0, 9)]
    assert not plan.refusals


@pytest.mark.parametrize("inside", ['<multiclip id="M"></multiclip>', "", "<sound/>"])
def test_an_item_that_shows_nothing_is_refused_and_not_its_timeline(
    tmp_path: Path, inside: str
) -> None:
    plan = planned(read(tmp_path, item(0, 20, 0, inside, name="m"), item(20, 40, 3, file("a"))))
    assert [r.clip_name for r in plan.refusals] == ["m"]
    assert shown(plan) == [("a", 3, 22)]


def test_a_placeholder_without_a_rate_keeps_its_place(tmp_path: Path) -> None:
    none = RATE.replace("24", "0")
    made = read(
        tmp_path,
        item(0, 30, 0, f'<file id="p"><name>p</name>{none}</file>', name="p", rate=none),
        item(30, 50, 5, file("a")),
    )
    place, clip = made.timeline.tracks[0]
    assert (place.duration().value, place.duration().rate) == (30, 24)
    plan = planned(made)
    assert [(u.clip_name, u.record) for u in plan.uses] == [
        ("c", (Fraction(5, 4), Fraction(25, 12)))
    ]
    assert [r.clip_name for r in plan.refusals] == ["p"]
    assert clip.name == "c"


def series(folder: Path, first: int, count: int) -> None:
    for number in range(first, first + count):
        (folder / f"x.{number:04d}.png").touch()


@pytest.mark.parametrize(
    ("there", "first_number", "inside", "name", "frames"),
    [
        ((1000, 60), 1000, "", "x.%04d.png", (10, 29)),
        ((990, 70), 990, "", "x.%04d.png", (20, 39)),  # ten files lie before the first
        ((1000, 59), None, "", "x.1000.png", (0, 0)),  # not all of them: a still
        ((1000, 61), None, "", "x.1000.png", (0, 0)),  # a still among other photographs
        ((1000, 60), None, STILL, "x.1000.png", (0, 0)),
    ],
)
def test_a_sequence_is_named_by_its_first_file(
    tmp_path: Path,
    there: tuple[int, int],
    first_number: int | None,
    inside: str,
    name: str,
    frames: tuple[int, int],
) -> None:
    series(tmp_path, *there)
    first = file("x", path=f"file://localhost{tmp_path}/x.1000.png", frames=60)
    made = read(tmp_path, item(0, 20, 10, first, inside))

    def probe(path: Path) -> Facts:
        if path.name != name:
            raise MediaError("another path", where=str(path))
        return Facts(frame_count=there[1] if first_number else 1, first_file_number=first_number)

    (use,) = plan_shots(made, probe).uses
    assert (use.source.name, use.first, use.last) == (name, *frames)
    assert ("first file of a sequence" in use.note) == (first_number is not None)


def dissolve(start: int, end: int) -> str:
    return (
        f"<transitionitem><start>{start}</start><end>{end}</end><alignment>center</alignment>"
        "<effect><name>Cross Dissolve</name></effect></transitionitem>"
    )


REVERSE = remap(speed="100", reverse="TRUE")


def test_a_reverse_that_ends_in_a_dissolve(tmp_path: Path) -> None:
    """Its out-point, 50, is the dissolve's end: of 1000 frames it shows 989 down to 950."""
    first = item(0, 40, 10, file("a"), REVERSE, name="a").replace("<end>40<", "<end>-1<")
    second = item(30, 60, 0, file("b"), name="b").replace("<start>30<", "<start>-1<")
    plan = planned(read(tmp_path, first, dissolve(30, 40), second))
    (use, after) = plan.uses
    assert use.first <= 950
    assert use.last >= 989
    assert (after.first, after.last) == (0, 29)


def test_items_that_stand_in_another_order_keep_their_time(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        item(40, 60, 10, file("a"), name="late"),
        item(0, 20, 50, file("b"), name="early"),
    )
    uses = planned(made).uses
    assert [(u.clip_name, u.first, u.last, u.record) for u in uses] == [
        ("early", 50, 69, (0, Fraction(20, 24))),
        ("late", 10, 29, (Fraction(40, 24), Fraction(60, 24))),
    ]


def test_clips_that_overlap_under_a_dissolve_are_cut_in_its_middle(tmp_path: Path) -> None:
    first, second = item(0, 40, 10, file("a"), name="a"), item(20, 60, 0, file("b"), name="b")
    uses = planned(read(tmp_path, first, dissolve(20, 40), second)).uses
    assert [(u.first, u.last, u.record) for u in uses] == [
        (10, 49, (0, Fraction(30, 24))),
        (0, 39, (Fraction(30, 24), Fraction(60, 24))),
    ]


def test_a_speed_that_is_switched_off_is_none(tmp_path: Path) -> None:
    off = remap(speed="200").replace("<filter>", "<filter><enabled>FALSE</enabled>")
    assert shown(planned(read(tmp_path, item(0, 20, 5, file("a"), off)))) == [("a", 5, 24)]


TIMECODE = f"<timecode>{RATE}<frame>86400</frame></timecode>"


@pytest.mark.parametrize(
    "timecode",
    [
        f"<timecode>{RATE}<reel><name>A001</name></reel></timecode>",
        f"<timecode>{RATE}<string/><frame> </frame></timecode>",
        "",
    ],
)
def test_a_timecode_without_a_time_is_none(tmp_path: Path, timecode: str) -> None:
    source = file("a").replace(TIMECODE, timecode)
    plan = planned(read(tmp_path, item(0, 20, 5, source)), Facts(Fraction(24), 1000))
    assert shown(plan) == [("a", 5, 24)]


def test_a_timecode_counts_at_its_files_rate(tmp_path: Path) -> None:
    """86400 at 23.976 is 86.4 frames later than at the clip's 24."""
    rate = "<rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate>"
    source = file("a", rate=rate).replace(f"<timecode>{rate}", "<timecode>")
    facts = Facts(Fraction(24000, 1001), 1000, 86400)
    (use,) = planned(read(tmp_path, item(0, 24, 240, source)), facts).uses
    # 10 s are frame 239.76 at the clip's rate; by the sequence's count it is the same.
    assert (use.first, use.last) == (238, 264)


def test_25_is_never_an_ntsc_rate(tmp_path: Path) -> None:
    """The rate says nothing of NTSC, and the sequence around it does."""
    rate = "<rate><timebase>25</timebase></rate>"
    path = tmp_path / "cut.xml"
    path.write_text(
        '<xmeml version="5"><sequence id="s"><name>s</name><rate><timebase>30</timebase>'
        "<ntsc>TRUE</ntsc></rate><media><video><track>"
        f"{item(0, 30, 500, file('a', rate=rate), rate=rate)}"
        "</track></video></media></sequence></xmeml>",
        encoding="utf-8",
    )
    (clip,) = read_timeline(path).timeline.find_clips()
    start = clip.source_range.start_time
    assert (start.value, start.rate) == (86400 + 500, 25)


def test_a_path_may_stand_on_a_line_of_its_own(tmp_path: Path) -> None:
    made = read(tmp_path, item(0, 20, 5, file("a", path="\n  /m/a.mov\n  ")))
    assert [use.source.name for use in planned(made).uses] == ["a.mov"]


def test_a_clip_ends_where_one_is_put_over_it(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        item(0, 21, 10, file("a"), name="a"),
        item(20, 40, 50, file("b"), name="b"),
        item(40, 60, 0, '<file id="a"/>', name="c"),
    )
    assert [(u.first, u.last, u.record) for u in planned(made).uses] == [
        (10, 29, (0, Fraction(20, 24))),
        (50, 69, (Fraction(20, 24), Fraction(40, 24))),
        (0, 19, (Fraction(40, 24), Fraction(60, 24))),
    ]
    assert made.warnings == ("'a' overlaps 'b' by 1 frames; cut at 20",)


IN_5 = "<in>5</in>"


@pytest.mark.parametrize(
    ("old", "new", "frames"),
    [
        (IN_5, "", (0, 9)),
        (IN_5, "<in/>", (0, 9)),
        # -1 says that none is set.
        (IN_5, "<in>-1</in>", (0, 9)),
        ("<start>0</start>", "", (5, 14)),
        ("<start>0</start><end>10</end>", "", (5, 14)),
        ("<end>10</end>", "<end>10.0</end>", (5, 14)),
        ("<out>15</out>", "<marker><name>m</name></marker>", (5, 14)),
    ],
)
def test_points_that_are_left_out(
    tmp_path: Path, old: str, new: str, frames: tuple[int, int]
) -> None:
    first = item(0, 10, 5, file("a"))
    assert old in first
    made = read(tmp_path, first.replace(old, new), item(10, 20, 30, file("b")))
    assert shown(planned(made)) == [("a", *frames), ("b", 30, 39)]
    # Without its in-point it has 15 source frames for 10.
    assert len(made.warnings) == ("<start>" in old or "<in>" in old)


def test_a_clip_without_any_end_is_refused(tmp_path: Path) -> None:
    endless = item(0, 10, 5, file("a")).replace("<end>10</end>", "").replace("<out>15</out>", "")
    with pytest.raises(TimelineError, match="'c' does not say where it ends"):
        read(tmp_path, endless)


def test_a_transition_without_an_alignment_lies_about_its_cut(tmp_path: Path) -> None:
    across = (
        f"<transitionitem><start>20</start><end>30</end>{RATE}"
        "<effect><name>Cross Dissolve</name></effect></transitionitem>"
    )
    before, after = item(0, -1, 0, file("a")), item(-1, 40, 30, file("b"))
    made = read(tmp_path, before, across, after)
    assert shown(planned(made)) == [("a", 0, 29), ("b", 30, 49)]


def test_what_premiere_makes_of_a_reverse_that_ends_in_a_dissolve(tmp_path: Path) -> None:
    """Of 1000 frames it plays down from 1000 - 20, which is at 32.667 s at the file's 30 a second
    and at 40.833 s at the sequence's 24; how long it plays down to its cut is the same in both.
    """
    rate = RATE.replace("24", "30")
    across = (
        f"<transitionitem><start>20</start><end>30</end><alignment>center</alignment>{RATE}"
        "<effect><name>Cross Dissolve</name></effect></transitionitem>"
    )
    back = item(0, -1, 20, file("a", rate=rate), remap(speed="100", reverse="TRUE"), rate=rate)
    back = back.replace("<out>19</out>", "<out>50</out>")
    made = read(tmp_path, back, across, item(-1, 40, 30, file("b")))
    (clip, _) = made.timeline.find_clips()
    about = clip.metadata["nle_style_source"]
    assert Fraction(about["shift"]) == Fraction(980, 24) - Fraction(980, 30)
