"""Two lines of one number, the names below them, and lists that run over midnight.

Expected values were counted by hand from the lists.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.timeline import ReadTimeline, read_timeline
from nle_style.timeline.needs import Plan, plan_shots
from tests.timeline.building import Facts, probe_of

R25 = Fraction(25)
LONG = Facts(R25, 500)


def read(folder: Path, *lines: str, rate: Fraction = R25) -> ReadTimeline:
    path = folder / "cut.edl"
    path.write_text("\n".join(["TITLE: cut", "FCM: NON-DROP FRAME", *lines]), encoding="utf-8")
    return read_timeline(path, rate=rate)


def pictures(read: ReadTimeline) -> list[otio.schema.Clip]:
    return [clip for track in read.timeline.video_tracks() for clip in track.find_clips()]


def planned(read: ReadTimeline, facts: Facts = LONG) -> Plan:
    return plan_shots(read, probe_of(facts))


def shown(plan: Plan) -> list[tuple[str, int, int]]:
    return [(use.source.name, use.first, use.last) for use in plan.uses]


def test_an_outgoing_line_with_a_length_is_a_clip(tmp_path: Path) -> None:
    """Final Cut 7: the first line holds the whole outgoing clip, and the comments follow both."""
    made = read(
        tmp_path,
        "001  ONE      V     C        00:00:00:10 00:00:01:10 01:00:00:00 01:00:01:00",
        "001  BL       V     D    010 00:00:00:00 00:00:00:15 01:00:01:00 01:00:01:15",
        "* FROM CLIP NAME:  ONE.MOV",
        "002  TWO      V     C        00:00:00:00 00:00:01:00 01:00:01:15 01:00:02:15",
        "002  THREE    V     D    010 00:00:02:00 00:00:03:00 01:00:02:15 01:00:03:15",
        "* FROM CLIP NAME:  TWO.MOV",
        "* TO CLIP NAME:  THREE.MOV",
    )
    plan = planned(made)
    assert shown(plan) == [("ONE.MOV", 10, 44), ("TWO.MOV", 0, 34), ("THREE.MOV", 50, 74)]
    assert [(s.clip_name, s.reason) for s in plan.skipped] == [("BL", "black")]
    assert not plan.refusals
    assert made.timeline.global_start_time.value == 90000
    assert made.warnings == ()


def test_each_line_may_have_its_own_comments(tmp_path: Path) -> None:
    """Shotcut: the first line is one frame long, and both clips are named FROM."""
    made = read(
        tmp_path,
        "001  A     V  C        00:00:00:00 00:00:05:00 00:00:00:00 00:00:05:00",
        "* FROM CLIP NAME: a.mp4",
        "002  A     V  C        00:00:05:00 00:00:05:01 00:00:05:00 00:00:05:01",
        "* FROM CLIP NAME: a.mp4",
        "002  B     V  D    025 00:00:00:00 00:00:01:00 00:00:05:01 00:00:06:01",
        "* FROM CLIP NAME: b.mp4",
    )
    assert shown(planned(made)) == [("a.mp4", 0, 124), ("a.mp4", 125, 150), ("b.mp4", 0, 24)]


def test_speeds_on_both_sides_of_a_transition(tmp_path: Path) -> None:
    lines = (
        "001  ONE      V     C        00:00:01:00 00:00:03:00 01:00:00:00 01:00:01:00",
        "001  {}       V     D    005 00:00:04:00 00:00:05:00 01:00:01:00 01:00:02:00",
        "M2   ONE       050.0                00:00:01:00",
    )

    def speeds(*lines: str) -> list[list[float]]:
        clips = pictures(read(tmp_path, *lines))
        return [[effect.time_scalar for effect in clip.effects] for clip in clips]

    assert speeds(*(line.format("TWO") for line in lines)) == [[2.0], []]
    # One reel on both sides: the timecode of the M2 line decides.
    assert speeds(*(line.format("ONE") for line in lines)) == [[2.0], []]


def test_a_dissolve_from_a_clip_that_is_nowhere_else(tmp_path: Path) -> None:
    """At the head of a list, from another place of the clip before, and from another clip of no
    reel: the frames of the dissolve are a clip of their own."""
    made = read(
        tmp_path,
        "001  A        AA/V  C        00:00:00:10 00:00:00:10 01:00:00:00 01:00:00:00",
        "001  B        AA/V  D    010 00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00",
        "* FROM CLIP NAME: a.mov",
        "* TO CLIP NAME: b.mov",
        "002  B        V     C        00:00:09:00 00:00:09:00 01:00:01:00 01:00:01:00",
        "002  C        V     D    005 00:00:00:00 00:00:01:00 01:00:01:00 01:00:02:00",
        "003  AX       V     C        00:00:02:00 00:00:03:00 01:00:02:00 01:00:03:00",
        "* FROM CLIP NAME: x.mov",
        "004  AX       V     C        00:00:04:00 00:00:04:00 01:00:03:00 01:00:03:00",
        "004  AX       V     D    006 00:00:06:00 00:00:07:00 01:00:03:00 01:00:04:00",
        "* FROM CLIP NAME: y.mov",
        "* TO CLIP NAME: z.mov",
    )
    plan = planned(made)
    assert not plan.refusals
    cut = [("b.mov", 0, 24), ("C", 0, 24), ("x.mov", 50, 74), ("z.mov", 150, 174)]
    assert shown(plan) == [*cut, ("a.mov", 10, 19), ("B", 225, 229), ("y.mov", 100, 105)]
    assert [use.record and use.record[0] for use in plan.uses] == [0, 1, 2, 3, 0, 1, 3]
    assert "line 4): dissolves from A, which is not the clip before" in made.warnings[0]


def test_a_dissolve_goes_on_where_the_clip_before_ends(tmp_path: Path) -> None:
    """Whatever its reel is called, and two frames off, as Avid counts speeds."""
    made = read(
        tmp_path,
        "001  A        V     C        00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00",
        "002  A.TRIM   V     C        00:00:02:00 00:00:02:00 01:00:01:00 01:00:01:00",
        "002  B        V     D    005 00:00:00:00 00:00:01:00 01:00:01:00 01:00:02:00",
        "003  B        V     C        00:00:01:02 00:00:01:02 01:00:02:00 01:00:02:00",
        "003  C        V     D    005 00:00:00:00 00:00:01:00 01:00:02:00 01:00:03:00",
    )
    assert shown(planned(made)) == [("A", 25, 54), ("B", 0, 29), ("C", 0, 24)]
    (warning,) = made.warnings
    assert "line 5): dissolves from A.TRIM, which the clip before is not" in warning


def test_comments_before_their_events(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        "* FROM CLIP NAME: a.mov",
        "001  A        V     C        00:00:01:00 00:00:02:00 01:00:00:00 01:00:00:12",
        "M2   A               050.0                00:00:01:00",
        "* FROM CLIP NAME: b.mov",
        "* LOC: 01:00:00:13 RED here",
        "002  B        V     C        00:00:03:00 00:00:04:00 01:00:00:12 01:00:01:12",
    )
    a, b = pictures(made)
    assert [(a.name, len(a.markers)), (b.name, len(b.markers))] == [("a.mov", 0), ("b.mov", 1)]
    assert [use.speed for use in planned(made).uses] == [2, 1]
    assert "comments stand before the first event" in made.warnings[0]


def test_a_key_has_a_foreground_above_its_background(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        "001  AX       V     K B      00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00",
        "001  AX       V     K    000 00:00:03:00 00:00:04:00 01:00:00:00 01:00:01:00",
        "* FROM CLIP NAME:  back.mov",
        "* KEY CLIP NAME:  front.mov",
    )
    assert [(t.name, [c.name for c in t]) for t in made.timeline.tracks] == [
        ("V", ["back.mov"]),
        ("V.2", ["front.mov"]),
    ]
    assert shown(planned(made)) == [("back.mov", 25, 49), ("front.mov", 75, 99)]
    assert "is keyed over the clip before" in made.warnings[0]


def test_a_reel_may_be_named_a_clip(tmp_path: Path) -> None:
    event = "0001 KASS1 A12V C        00:00:00:00 00:00:02:00  10:00:00:00 10:00:02:00"
    made = read(tmp_path, event, "* REEL RC100009 IS CLIP a25.mov")
    assert shown(planned(made)) == [("a25.mov", 0, 49)]


def test_a_source_runs_over_midnight(tmp_path: Path) -> None:
    """The file starts at 23:59:58:00 and has 125 frames: midnight is its frame 50."""
    made = read(
        tmp_path,
        "001  N V C 23:59:58:10 23:59:59:00 01:00:00:00 01:00:00:15",
        "002  N V C 23:59:59:10 00:00:00:10 01:00:00:15 01:00:01:15",
        "003  N V C 00:00:01:00 00:00:02:00 01:00:01:15 01:00:02:15",
    )
    night = Facts(R25, 125, 2159950, day=2160000)
    plan = planned(made, night)
    assert [(u.first, u.last) for u in plan.uses] == [(10, 24), (35, 59), (75, 99)]
    assert (plan.refusals, made.warnings) == ((), ())
    # 00:00:01:00 could also be the file's frame 25.
    assert "read as the file's timecode" in plan.uses[2].note


def test_a_record_runs_over_midnight(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        "001  ONE   V C 00:00:00:00 00:00:01:00 23:59:58:12 23:59:59:12",
        "002  TWO   V C 00:00:02:00 00:00:03:00 23:59:59:12 00:00:00:12",
        "003  THREE V C 00:00:00:00 00:00:01:00 00:00:00:12 00:00:01:12",
    )
    (track,) = made.timeline.tracks
    assert [(c.name, c.duration().value) for c in track] == [
        ("ONE", 25),
        ("TWO", 25),
        ("THREE", 25),
    ]
    assert made.timeline.global_start_time.value == 24 * 3600 * 25 - 38
    assert "over midnight" in made.warnings[0]


def test_what_ends_before_it_starts_is_refused_by_name(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        "001  ONE  V C 00:00:05:00 00:00:03:00 01:00:00:00 01:00:01:00",
        "002  TWO  V C 00:00:00:00 00:00:01:00 01:00:05:00 01:00:04:00",
        "* FROM CLIP NAME:  two.mov",
        "003  and a line that is no event",
        "004  FOUR V C 00:00:00:00 00:00:01:00 01:00:01:00 01:00:02:00",
        "005  SND  A C 00:00:00:00 00:00:01:00 01:00:05:00 01:00:04:00",
    )
    plan = planned(made)
    assert [(r.clip_name, r.reason) for r in plan.refusals] == [
        ("ONE", "its source ends at 00:00:03:00, before it starts at 00:00:05:00"),
        ("line 6", "it is no event that can be read"),
        ("two.mov", "event 002 in line 4 ends before it starts in the record"),
    ]
    assert shown(plan) == [("FOUR", 0, 24)]
