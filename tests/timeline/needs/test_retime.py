"""Retimes and nests: numbers by hand from the rule."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.timeline import ReadTimeline
from nle_style.timeline.needs import clip_at, plan_shots
from tests.timeline.building import (
    Facts,
    clip,
    gap,
    probe_of,
    time_range,
    timeline,
    track,
    transition,
)
from tests.timeline.needs.retiming import COUNT, at_speed, frames, nest, planned, shot

# One retimed clip. source = start + floor(i * speed), and a frame each side.


@pytest.mark.parametrize(
    ("start", "length", "speed", "first", "last"),
    [
        (100, 10, 2.0, 99, 119),  # 100, 102, ... 118
        (100, 10, 0.5, 99, 105),  # 100, 100, 101, ... 104
        (100, 10, 1.25, 99, 112),  # the tenth is 100 + floor(11.25)
        (100, 10, 0.3, 99, 103),  # 100 + floor(2.7); 0.3 as a float is below 3/10
        (100, 11, 0.3, 99, 104),  # 100 + floor(3.0), which the float's 2.9999... would miss
        (100, 10, 1.0, 100, 109),  # no retime at all
        # Down from 100 + 10 - 1 to 100, or down from 100 to 91.
        (100, 10, -1.0, 90, 110),
        # 119, 117, ... 101, or 100, 98, ... 82.
        (100, 10, -2.0, 81, 120),
        # 102, 101.5, ... 100.5 (ceil(3 * 0.5) - 1 = 1: from 101 down), or 100, 99.5, 99.
        (100, 3, -0.5, 98, 102),
        (0, 10, -1.0, 0, 10),  # below the file there is nothing to render
        (990, 10, 2.0, 989, 999),  # runs over the end of the file
    ],
)
def test_a_linear_retime(start: int, length: int, speed: float, first: int, last: int) -> None:
    assert frames(planned(track(shot(start, length, speed)))) == [(first, last)]


@pytest.mark.parametrize(("frame", "planned_frames"), [(100, (100, 101)), (999, (998, 999))])
def test_a_freeze_is_its_frame_and_one_more(frame: int, planned_frames: tuple[int, int]) -> None:
    held = shot(frame, 48)
    held.effects.append(otio.schema.FreezeFrame())
    assert frames(planned(track(held))) == [planned_frames]
    assert frames(planned(track(held.deepcopy()), handles=8)) == [planned_frames]
    assert planned(track(shot(100, 48, 0.0)), handles=8).rendered_frames == 2


def test_retimes_multiply() -> None:
    twice = at_speed(at_speed(shot(100, 10), 2.0), 0.75)
    # 100 + floor(9 * 1.5) = 113.
    assert frames(planned(track(twice))) == [(99, 114)]


def test_a_retimed_clip_that_overruns_its_file_says_so() -> None:
    plan = planned(track(shot(990, 10, 2.0)))
    # 990 to 1008, of which 1000 to 1008 are not there.
    assert plan.uses[0].note == (
        "9 of the 19 frames it needs (990-1008) are missing from a.mov, which has 0-999"
    )
    lost = planned(track(shot(1000, 10, 2.0)))
    assert lost.refusals[0].reason.startswith("all 19 frames it needs (1000-1018) are missing")


def test_reverse_is_noted_and_missing_only_if_both_readings_are() -> None:
    (use,) = planned(track(shot(0, 10, -1.0))).uses
    assert use.note == "editors read reverse in two ways: the frames of both are planned"


def test_transitions_of_retimed_clips_take_their_speed() -> None:
    plan = planned(
        track(shot(100, 10, 2.0), transition(3, 5), shot(200, 10, 0.5), transition(4, 4), gap(9))
    )
    # a: i up to 14: 100 + 28. b: from i = -3, 200 + floor(-1.5), to i = 13, 200 + 6.
    assert frames(plan) == [(99, 129), (197, 207)]


def test_handles_are_frames_of_the_cut_at_the_speed_of_the_clip() -> None:
    plan = planned(track(shot(100, 10, 2.0), shot(500, 10, -0.3, name="b")), handles=8)
    assert [(r.first, r.last) for r in plan.ranges] == [
        (99 - 16, 119 + 16),
        # 502.0 down to 502 - 2.7, or 500 down to 497.3: 497-502; 8 * 0.3 is 3 whole frames.
        (496 - 3, 503 + 3),
    ]


def test_a_retime_at_another_rate_takes_all_that_is_touched() -> None:
    # 10 frames of 24 at double speed are 20/24 s: 25 frames of 30, from 125 on.
    made = at_speed(clip("a", (100, 10), (0, COUNT), media_rate=30), 2.0)
    plan = planned(track(made), facts=Facts(Fraction(30), COUNT))
    assert frames(plan) == [(124, 150)]
    assert "rate of 30" in plan.uses[0].note
    # Backwards: down from 125 + 25 - 1 or down from 125; the 25 frames before are touched too.
    made = at_speed(clip("a", (100, 10), (0, COUNT), media_rate=30), -2.0)
    assert frames(planned(track(made), facts=Facts(Fraction(30), COUNT))) == [(99, 150)]


# Nests


def test_a_nest_shows_its_trim_of_every_clip() -> None:
    inner = nest(shot(100, 10), shot(200, 10, name="b"), shot(300, 10, name="c"), source=(5, 10))
    plan = planned(track(gap(3), inner, name="Main"))
    assert frames(plan) == [(105, 109), (200, 204)]
    assert [use.clip_id for use in plan.uses] == [
        "tracks[0]/children[1]/children[0]/children[0]",
        "tracks[0]/children[1]/children[0]/children[1]",
    ]
    assert {use.track_name for use in plan.uses} == {"Main > Compound 1 > V1"}
    assert [use.record for use in plan.uses] == [
        (Fraction(3, 24), Fraction(8, 24)),
        (Fraction(8, 24), Fraction(13, 24)),
    ]
    assert [(s.clip_name, s.reason) for s in plan.skipped if s.clip_name] == [
        ("c", "trimmed off: no part of the cut shows it")
    ]


def test_clip_ids_find_nested_clips() -> None:
    made = timeline(track(gap(3), nest(gap(1), nest(shot(1, 2, name="deep")))), clip("loose"))
    (use, loose) = plan_shots(
        ReadTimeline(made, Path("/x/cut.otio"), Path("/x")), probe_of(Facts())
    ).uses
    assert use.clip_id.count("children") == 5
    assert clip_at(made, use.clip_id).name == "deep"
    assert clip_at(made, loose.clip_id).name == "loose"
    with pytest.raises(ValueError, match="not a clip id"):
        clip_at(made, "tracks[0]/children[1]/")


def test_trims_of_every_level_count() -> None:
    lowest = nest(shot(100, 20), source=(4, 12))  # 104-115
    middle = nest(gap(2), lowest, source=(5, 9))  # its 0..2 is cut off: 107-115
    plan = planned(track(nest(middle, source=(1, 3))))  # one frame on: 108, 109, 110
    assert frames(plan) == [(108, 110)]


def test_a_trimmed_track_inside_and_outside() -> None:
    inner = track(shot(100, 10), shot(200, 10, name="b"))
    inner.source_range = time_range(8, 4)
    outer = track(otio.schema.Stack("s", children=[inner]), shot(300, 10, name="c"))
    outer.source_range = time_range(1, 6)
    # Of 108, 109, 200, 201 the first is cut off; c is at 4 in the track, seen up to 7.
    assert frames(planned(outer)) == [(109, 109), (200, 201), (300, 302)]


def test_the_whole_sequence_may_be_trimmed_and_retimed() -> None:
    made = timeline(track(gap(10), shot(100, 10), shot(200, 10, name="b")))
    made.tracks.source_range = time_range(15, 10)
    read = ReadTimeline(made, Path("/x/cut.otio"), Path("/x"))
    plan = plan_shots(read, probe_of(Facts(frame_count=COUNT)))
    assert frames(plan) == [(105, 109), (200, 204)]
    assert [u.record for u in plan.uses] == [
        (Fraction(0), Fraction(5, 24)),
        (Fraction(5, 24), Fraction(10, 24)),
    ]
    at_speed(made.tracks, 0.5)
    # 15, 15.5, ... 19.5: 105 to 109; padded. Nothing of b.
    assert frames(plan_shots(read, probe_of(Facts(frame_count=COUNT)))) == [(104, 110)]


def test_retimes_of_a_nest_multiply_with_those_of_its_clips() -> None:
    inner = at_speed(nest(shot(100, 10, 0.5), shot(200, 10, name="b"), source=(2, 6)), 2.0)
    # The nest shows its instants 2, 4, ... 12: a at 100 + 0.5 * (2 ... 8), b at 200 and 202.
    assert frames(planned(track(inner))) == [(100, 105), (199, 203)]


def test_a_reversed_nest_is_read_both_ways() -> None:
    inner = at_speed(nest(shot(100, 10), shot(200, 10, name="b"), source=(10, 5)), -1.0)
    # Down from 14 to 10: b's 204-200. Or down from 10 to 6: b's 200, a's 109-106.
    assert frames(planned(track(inner))) == [(105, 110), (199, 205)]


def test_a_frozen_nest_shows_one_frame_of_one_clip() -> None:
    inner = nest(shot(100, 10), shot(200, 10, name="b"), source=(13, 50))
    inner.effects.append(otio.schema.FreezeFrame())
    plan = planned(track(inner))
    assert [(u.clip_name, u.first, u.last) for u in plan.uses] == [("b", 203, 204)]
    assert [s.clip_name for s in plan.skipped] == ["a"]


def test_a_clip_between_the_frames_of_a_fast_nest_is_not_rendered() -> None:
    # At 4x the nest shows 0, 4, 8: b lies at 5, 6, 7.
    inner = at_speed(nest(shot(100, 5), shot(200, 3, name="b"), shot(300, 4, name="c")), 4.0)
    plan = planned(track(inner))
    assert [u.clip_name for u in plan.uses] == ["a", "c"]
    assert [(s.clip_name, s.reason) for s in plan.skipped] == [
        ("b", "trimmed off: no frame of the cut falls on it")
    ]


def test_transitions_within_and_beside_nests() -> None:
    inner = nest(shot(100, 10), transition(2, 3), shot(200, 10, name="b"), source=(0, 12))
    plan = planned(track(inner, transition(1, 4), shot(300, 10, name="c")))
    # Inside, a runs to 13 and b begins at 8; the nest is seen up to 12 + 4.
    assert frames(plan) == [(100, 112), (198, 205), (299, 309)]


def test_upper_tracks_of_a_nest_and_bare_clips_in_it() -> None:
    both = otio.schema.Stack(
        "s", children=[track(shot(100, 10)), track(gap(4), shot(200, 3, name="b"), name="top")]
    )
    both.append(shot(300, 2, name="c"))
    plan = planned(track(both))
    assert [(u.clip_name, u.track_name) for u in plan.uses] == [
        ("a", "V1 > s > V1"),
        ("b", "V1 > s > top"),
        ("c", "V1 > s"),
    ]
    assert frames(plan) == [(100, 109), (200, 202), (300, 301)]


def test_disabled_parents_and_sound_are_left_alone() -> None:
    off, quiet = nest(shot(0, 9)), nest(shot(0, 9))
    off.enabled = False
    quiet[0].kind = "Audio"
    muted = nest(shot(0, 9, name="b"))
    muted[0].enabled = False
    muted[0].name = "muted"
    plan = planned(track(off, quiet, muted), track(nest(shot(0, 9)), kind="Audio"))
    assert [s.reason for s in plan.skipped] == [
        "inside 'Compound 1', which is disabled",
        "audio",
        "inside 'muted', which is disabled",
        "audio",
    ]
    assert (plan.uses, plan.refusals) == ((), ())


def test_what_is_in_an_unknown_retime_is_refused_by_name() -> None:
    inner = nest(shot(0, 9), shot(0, 9, name="b"))
    inner.effects.append(otio.schema.TimeEffect(effect_name="Ramp"))
    plan = planned(track(inner, shot(5, 5, name="c")))
    assert [r.clip_name for r in plan.refusals] == ["a", "b"]
    assert plan.refusals[0].reason == (
        "in the sequence 'Compound 1': the timeline does not say which frames its retime (Ramp) "
        "shows, as happens with keyframed speed"
    )
    assert frames(plan) == [(5, 9)]


def test_unknown_lengths_in_a_nest_are_refused_where_they_matter() -> None:
    inner = nest(clip("a", None, None), shot(0, 9, name="b"))
    plan = planned(track(inner.deepcopy(), shot(5, 5, name="c")))
    assert [u.clip_name for u in plan.uses] == ["a", "c"]
    assert [r.reason.partition(",")[0] for r in plan.refusals] == ["its place cannot be known"]
    inner.source_range = time_range(0, 20)
    plan = planned(track(inner, shot(5, 5, name="c")))
    assert [(r.clip_name, r.reason.partition(",")[0]) for r in plan.refusals] == [
        ("a", "its length cannot be known"),
        ("b", "its place cannot be known"),
    ]


def test_a_nest_at_another_rate_gets_a_frame_each_side() -> None:
    inner = nest(shot(100, 10), source=(2, 5))
    inner.source_range = time_range(2.5, 6.25, 30)  # 2 to 7 at 24
    plan = planned(track(inner))
    assert frames(plan) == [(101, 107)]
    assert "rate of 24" in plan.uses[0].note


def test_odd_floats_of_one_rate_are_no_mixture() -> None:
    r = 23.976024627685547
    inner = nest(shot(86410, 10, rate=r, name="a"))
    inner.source_range = time_range(2.000001, 4.999999, 23.976)
    inner[0][0].media_reference.available_range = time_range(86400, 500, r)
    plan = planned(track(inner), facts=Facts(Fraction(24000, 1001), 500))
    assert frames(plan) == [(12, 16)]
    assert plan.uses[0].note == ""


def test_a_thousand_levels_are_refused_and_the_rest_is_planned() -> None:
    deep: otio.core.Composable = shot(0, 9)
    for _ in range(1000):
        deep = nest(deep)
    plan = planned(track(deep, shot(3, 4, name="good")))
    (refusal,) = plan.refusals
    assert refusal.reason == "it is nested more than 100 levels deep"
    assert refusal.clip_name == "Compound 1"
    assert frames(plan) == [(3, 6)]


def test_reverse_within_reverse_has_an_end() -> None:
    many = at_speed(nest(shot(500, 40), source=(20, 18)), -1.0)
    for start, length in [(8, 9), (4, 5)]:
        many = at_speed(nest(many, source=(start, length)), -1.0)
    assert len(planned(track(many.deepcopy())).uses) == 1
    plan = planned(track(at_speed(nest(many, source=(2, 2)), -1.0)))
    assert "more than three reversed sequences" in plan.refusals[0].reason


def test_twice_reversed_is_forward_again() -> None:
    twice = at_speed(nest(at_speed(nest(shot(500, 40), source=(20, 10)), -1.0)), -1.0)
    # Outside 9 ... 0 or 0 (and -1 ..., where nothing is); inside from 29 or from 20 down:
    # 20-29, 11-20, 29 and 20 in all.
    assert frames(planned(track(twice.deepcopy()))) == [(510, 530)]
    # Of media at 30: from 511 * 1.25 = 638.75 up to 530 * 1.25 = 662.5, and a frame each side.
    twice.find_clips()[0].media_reference.available_range = time_range(0, COUNT, 30)
    plan = planned(track(twice), facts=Facts(Fraction(30), COUNT))
    assert frames(plan) == [(637, 663)]
