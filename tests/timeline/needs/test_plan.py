from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import LookError, TimelineError
from nle_style.timeline.needs import Candidate, Plan, SourceRange, plan_shots
from tests.timeline.building import (
    Facts,
    clip,
    gap,
    probe_of,
    read_back,
    time_range,
    timeline,
    track,
    transition,
)

NTSC24 = Fraction(24000, 1001)
Made = Callable[..., Plan]


@pytest.fixture
def planned(tmp_path: Path) -> Made:
    def plan(*tracks: otio.core.Composable, handles: int = 0, **facts: Facts) -> Plan:
        probe = probe_of(**facts) if facts else probe_of(Facts())
        return plan_shots(read_back(timeline(*tracks), tmp_path), probe, handles=handles)

    return plan


def frames(plan: Plan) -> list[tuple[int, int]]:
    return [(use.first, use.last) for use in plan.uses]


def spans(plan: Plan) -> list[tuple[str, int, int]]:
    return [(r.source.stem, r.first, r.last) for r in plan.ranges]


def only_refusal(plan: Plan) -> str:
    """The reason of the one refusal; it must name clip, track and remedy."""
    (refusal,) = plan.refusals
    assert refusal.clip_name
    assert refusal.track_name
    assert refusal.remedy
    assert not plan.uses
    return refusal.reason


# Which frames a clip shows


def test_a_trim_and_a_whole_clip(planned: Made) -> None:
    plan = planned(track(clip("a", (5, 10)), clip("b")))
    assert frames(plan) == [(5, 14), (0, 99)]
    assert [use.clip_id for use in plan.uses] == ["tracks[0]/children[0]", "tracks[0]/children[1]"]
    assert plan.uses[0].source == Path("/media/a.mov")
    assert (plan.refusals, plan.skipped) == ((), ())


def test_an_hour_of_timecode_is_taken_off(planned: Made) -> None:
    plan = planned(track(clip("a", (86410, 5), (86400, 100))))
    assert frames(plan) == [(10, 14)]
    assert plan.uses[0].media_start == 86400


@pytest.mark.parametrize(
    ("start", "start_frame", "first", "media_start"),
    [
        (86410, 86400, 10, 86400),  # timecode
        (10, 86400, 10, 0),  # zero-based, though the media has a timecode
        (10, 0, 10, 0),
        (55, 50, 5, 50),  # either reading fits: the timecode
    ],
)
def test_without_available_range_the_media_decides(
    planned: Made, start: int, start_frame: int, first: int, media_start: int
) -> None:
    plan = planned(track(clip("a", (start, 5), None)), a=Facts(start_frame=start_frame))
    assert frames(plan) == [(first, first + 4)]
    assert plan.uses[0].media_start == media_start


def test_without_any_range_it_is_the_whole_file(planned: Made) -> None:
    assert frames(planned(track(clip("a", None, None)), a=Facts(start_frame=86400))) == [(0, 99)]


def test_without_available_range_a_foreign_timecode_is_refused(planned: Made) -> None:
    plan = planned(track(clip("a", (5000, 5), None)), a=Facts(start_frame=86400))
    assert only_refusal(plan) == (
        "it starts at source frame 5000, but its media has no available range and starts at "
        "86400 with 100 frames"
    )


def test_an_available_range_of_no_length_says_nothing(planned: Made) -> None:
    shot = clip("a", (86410, 5))
    shot.media_reference.available_range = time_range(0, 0, 0)
    assert frames(planned(track(shot), a=Facts(start_frame=86400))) == [(10, 14)]


def test_float_noise_does_not_shift_a_frame(planned: Made) -> None:
    shot = clip("a", (86410.999999, 4.000001), (86400, 100), rate=23.976024627685547)
    assert frames(planned(track(shot), a=Facts(NTSC24))) == [(11, 14)]


def test_a_cut_off_the_frame_takes_both_frames(planned: Made) -> None:
    assert frames(planned(track(clip("a", (10.5, 5))))) == [(10, 15)]


def test_another_rate_than_the_media_gets_a_frame_each_side(planned: Made) -> None:
    # 12..36 at 24 is 0.5..1.5 s: frames 15-44 of 30 per second.
    plan = planned(track(clip("a", (12, 24), (0, 100), media_rate=30)), a=Facts(Fraction(30)))
    assert frames(plan) == [(14, 45)]
    assert "rate of 30" in plan.uses[0].note
    edge = planned(track(clip("a", (0, 80), (0, 100), media_rate=30)), a=Facts(Fraction(30)))
    assert frames(edge) == [(0, 99)]


def test_ticks_of_a_media_time_base(planned: Made) -> None:
    # AVFoundation: 2.5 s from 3.5 s in 1/24000 s; 3.5 * 24000/1001 = 83.9, 6 s = 143.86.
    plan = planned(track(clip("a", (84000, 60000), (0, 240240), rate=24000)), a=Facts(NTSC24, 240))
    assert frames(plan) == [(82, 144)]


def test_transitions_show_more_than_the_cut(planned: Made) -> None:
    plan = planned(track(clip("a", (10, 20)), transition(3, 5), clip("b", (40, 20))))
    # a runs 5 frames on (out_offset), b starts 3 earlier (in_offset).
    assert frames(plan) == [(10, 34), (37, 59)]


def test_two_transitions_and_another_rate_of_offset(planned: Made) -> None:
    plan = planned(
        track(
            clip("a", (10, 20)),
            transition(3, 5),
            clip("b", (40, 20)),
            transition(6, 12, 48),  # 3 and 6 frames at 24
            clip("c", (50, 10)),
        )
    )
    assert frames(plan)[2] == (46, 60)
    assert frames(plan)[1] == (36, 66)


def test_media_too_short_is_planned_as_far_as_it_goes(planned: Made) -> None:
    plan = planned(track(clip("a", (90, 20)), clip("b", (-5, 20))))
    assert frames(plan) == [(90, 99), (0, 14)]
    assert plan.uses[0].note == (
        "10 of the 20 frames it needs (90-109) are missing from a.mov, which has 0-99"
    )
    assert plan.uses[1].note.startswith("5 of the 20 frames")


@pytest.mark.parametrize("start", [100, 500, -20])
def test_media_without_any_of_the_frames_is_refused(planned: Made, start: int) -> None:
    reason = only_refusal(planned(track(clip("a", (start, 20)))))
    assert reason.startswith(f"all 20 frames it needs ({start}-{start + 19}) are missing")


@pytest.mark.parametrize("start", [0, 1, 107892])
def test_a_still_is_one_frame_however_long_it_is_held(planned: Made, start: int) -> None:
    plan = planned(track(clip("a", (start, 48), (0, 1), rate=25)), a=Facts(frame_count=1))
    assert frames(plan) == [(0, 0)]
    assert spans(plan) == [("a", 0, 0)]
    # It has no rate of its own, whatever the probe says (24): the timeline's.
    assert (plan.uses[0].rate, plan.uses[0].media_frames) == (25, 1)
    assert plan.uses[0].note.startswith("a still: one frame is rendered")


# Ranges


def test_a_clip_used_twice_is_rendered_once(planned: Made) -> None:
    shots = [clip("a", (0, 10)), clip("a", (30, 10)), clip("a", (5, 10)), clip("b", (0, 5))]
    plan = planned(track(*shots))
    assert spans(plan) == [("a", 0, 14), ("a", 30, 39), ("b", 0, 4)]
    assert [use.range for use in plan.uses] == [
        plan.ranges[0],
        plan.ranges[1],
        plan.ranges[0],
        plan.ranges[2],
    ]


def test_touching_ranges_become_one_and_a_gap_keeps_them_apart(planned: Made) -> None:
    assert spans(planned(track(clip("a", (0, 10)), clip("a", (10, 10))))) == [("a", 0, 19)]
    apart = planned(track(clip("a", (0, 10)), clip("a", (11, 9))))
    assert spans(apart) == [("a", 0, 9), ("a", 11, 19)]


def test_a_range_inside_another_does_not_shorten_it(planned: Made) -> None:
    assert spans(planned(track(clip("a", (0, 50)), clip("a", (10, 5))))) == [("a", 0, 49)]


def test_handles_stop_at_the_ends_of_the_file(planned: Made) -> None:
    plan = planned(track(clip("a", (4, 10)), clip("a", (90, 5))), handles=8)
    assert spans(plan) == [("a", 0, 21), ("a", 82, 99)]
    assert frames(plan) == [(4, 13), (90, 94)]
    # 10-19 and 36-45: with 8 frames each side they touch at 27|28.
    joined = planned(track(clip("a", (10, 10)), clip("a", (36, 10))), handles=8)
    assert spans(joined) == [("a", 2, 53)]
    with pytest.raises(ValueError, match="handles"):
        planned(track(clip("a")), handles=-1)


def test_one_file_by_two_names_is_one_source(planned: Made) -> None:
    plan = planned(track(clip("a", (0, 10)), clip("a", (5, 10), url="file:///media/x/../a.mov")))
    assert plan.ranges == (SourceRange(Path("/media/a.mov"), 0, 14, "", Fraction(24)),)


def test_a_file_is_probed_once(tmp_path: Path) -> None:
    asked: list[Path] = []

    def probe(path: Path) -> Facts:
        asked.append(path)
        return Facts()

    made = timeline(track(clip("a", (0, 10)), clip("a", (30, 10))))
    plan_shots(read_back(made, tmp_path), probe)
    assert asked == [Path("/media/a.mov")]


# What is not planned: always by name, never the rest with it


def warped(effect: otio.schema.Effect) -> otio.schema.Clip:
    shot = clip("a", (0, 10))
    shot.effects.append(effect)
    return shot


def with_reference(reference: otio.core.MediaReference | None) -> otio.schema.Clip:
    return otio.schema.Clip("a", reference, time_range(0, 10))


@pytest.mark.parametrize(
    ("child", "reason"),
    [
        (warped(otio.schema.TimeEffect()), "the timeline does not say which frames its retime"),
        (warped(otio.schema.TimeEffect("ramp")), "the timeline does not say which frames its"),
        (warped(otio.schema.LinearTimeWarp(time_scalar=math.nan)), "its retime (LinearTimeWarp)"),
        (with_reference(None), "its media is missing"),
        (with_reference(otio.schema.MissingReference("offline")), "its media is missing"),
        (
            with_reference(otio.schema.GeneratorReference(generator_kind="SMPTEBars")),
            "its picture is generated by the editor (SMPTEBars)",
        ),
        (clip("a", (0, 10), url="https://example.org/a.mov"), "its media is at https://"),
        (clip("a", (0, 10), url=""), "its media reference holds no path"),
        (clip("lost", (0, 10)), "/media/lost.mov: there is no such file"),
    ],
)
def test_refusals_are_by_name_and_the_rest_is_planned(
    planned: Made, child: otio.schema.Item, reason: str
) -> None:
    plan = planned(track(child.deepcopy(), clip("good", (3, 4)), name="Main"), good=Facts())
    (refusal,) = plan.refusals
    assert refusal.reason.startswith(reason)
    assert (refusal.clip_name, refusal.track_name) == (child.name, "Main")
    assert refusal.clip_id == "tracks[0]/children[0]"
    assert refusal.remedy.endswith(".")
    assert frames(plan) == [(3, 6)]


def test_an_unknown_retime_of_the_track_refuses_its_clips_only(planned: Made) -> None:
    fast = track(clip("a", (0, 10)), clip("b", (0, 10)))
    fast.effects.append(otio.schema.TimeEffect())
    plan = planned(fast, track(clip("c", (0, 10))))
    assert [(r.clip_name, r.track_name) for r in plan.refusals] == [("a", "V1"), ("b", "V1")]
    assert plan.refusals[0].reason.startswith("in the track 'Track': the timeline does not say")
    assert [(use.clip_name, use.track_name) for use in plan.uses] == [("c", "V2")]


def test_a_retime_that_is_switched_off_and_other_effects_are_no_obstacle(planned: Made) -> None:
    off = otio.schema.LinearTimeWarp(time_scalar=2.0)
    off.enabled = False
    blur = otio.schema.Effect(effect_name="Blur")
    assert frames(planned(track(warped(off), warped(blur)))) == [(0, 9), (0, 9)]


def test_a_time_without_rate_is_refused(planned: Made) -> None:
    assert "0 frames per second" in only_refusal(planned(track(clip("a", (5, 10), rate=0))))


def test_media_without_frames_is_refused(planned: Made) -> None:
    plan = planned(track(clip("a", (0, 10))), a=Facts(frame_count=0))
    assert "no frames at a steady rate" in only_refusal(plan)


def test_a_clip_on_no_track_is_planned(planned: Made) -> None:
    plan = planned(clip("loose", (5, 10)), track(clip("a", (0, 10))))
    assert [(use.clip_id, use.first, use.last) for use in plan.uses] == [
        ("tracks[0]", 5, 14),
        ("tracks[1]/children[0]", 0, 9),
    ]


def test_adjustment_layers_have_no_picture_to_style(planned: Made) -> None:
    layer = otio.schema.Clip("Adjustment Layer", None, time_range(0, 10))
    solid = otio.schema.GeneratorReference("Adjustment Clip", generator_kind="x")
    plan = planned(track(layer, otio.schema.Clip("fx", solid, time_range(0, 10))))
    assert [s.clip_name for s in plan.skipped] == ["Adjustment Layer", "fx"]
    assert plan.skipped[0].reason.startswith("adjustment layer")
    # A film of that name is a film.
    assert len(planned(track(clip("Adjustment Layer", (0, 10)))).uses) == 1


def test_what_is_left_alone_is_counted(planned: Made) -> None:
    off = clip("off", (0, 10))
    off.enabled = False
    hidden = track(clip("hidden", (0, 10)))
    hidden.enabled = False
    sound = track(clip("sound", (0, 10)), gap(5), kind=otio.schema.TrackKind.Audio)
    captions = track(clip("words", (0, 10)), kind="Subtitle")
    plan = planned(
        track(gap(10), off, clip("none", (0, 0)), clip("a", (0, 10))), hidden, sound, captions
    )
    assert [(s.clip_name, s.reason) for s in plan.skipped] == [
        ("", "gap"),
        ("off", "disabled"),
        ("none", "no length"),
        ("hidden", "disabled track"),
        ("sound", "audio"),
        ("", "audio"),
        ("words", "a track of kind 'Subtitle'"),
    ]
    assert [s.track_name for s in plan.skipped][-3:] == ["A1", "A1", "S1"]
    assert [use.clip_name for use in plan.uses] == ["a"]


def test_a_nameless_clip_goes_by_its_media(planned: Made) -> None:
    plan = planned(track(clip("", (0, 9), url="/media/take 7.mov")))
    assert plan.uses[0].clip_name == "take 7.mov"


def test_a_styled_timeline_is_planned_from_its_originals(planned: Made) -> None:
    shot = clip("a", (10, 5))
    styled = otio.schema.ExternalReference("/renders/a.blue.mov", time_range(8, 9))
    references = {**shot.media_references(), "nle_style": styled}
    shot.set_media_references(references, "nle_style")
    plan = planned(track(shot))
    assert plan.ranges == (SourceRange(Path("/media/a.mov"), 10, 14, "", Fraction(24)),)


def test_the_timeline_is_not_modified(tmp_path: Path) -> None:
    made = timeline(track(clip("a"), gap(5), clip("b", (0, 10))))
    read = read_back(made, tmp_path)
    plan_shots(read, probe_of(Facts()), handles=8)
    assert read.timeline.is_equivalent_to(made)


# Looks, sharing, record times


def test_frames_are_shared_within_a_look_only(tmp_path: Path) -> None:
    made = timeline(
        track(clip("a", (0, 10)), clip("a", (5, 10)), clip("a", (5, 10)), clip("a", (50, 9)))
    )
    looks = iter(["blue", "fire", "blue", None])
    plan = plan_shots(
        read_back(made, tmp_path), probe_of(Facts()), look_of=lambda item: next(looks)
    )
    assert [(r.look, r.first, r.last) for r in plan.ranges] == [("blue", 0, 14), ("fire", 5, 14)]
    assert [use.look for use in plan.uses] == ["blue", "fire", "blue"]
    assert [use.range.look for use in plan.uses] == ["blue", "fire", "blue"]
    assert [(s.clip_id, s.reason) for s in plan.skipped] == [
        ("tracks[0]/children[3]", "no look asked for")
    ]


def test_no_look_asks_for_no_media_and_a_bad_look_refuses_the_clip(tmp_path: Path) -> None:
    made = timeline(track(clip("lost", (0, 10)), clip("b", (0, 9)), with_reference(None)))

    def look_of(item: Candidate) -> str | None:
        if item.clip_name == "b":
            raise LookError("unknown style 'bleu'", remedy="Use blue.")
        assert [parent.kind for parent in item.parents] == ["Video"]
        return None

    plan = plan_shots(read_back(made, tmp_path), probe_of(b=Facts()), look_of=look_of)
    assert [(r.clip_name, r.reason, r.remedy) for r in plan.refusals] == [
        ("b", "unknown style 'bleu'", "Use blue.")
    ]
    assert [s.clip_name for s in plan.skipped] == ["lost", "a"]


def test_media_may_be_found_elsewhere(tmp_path: Path) -> None:
    made = timeline(track(clip("a", (0, 10)), clip("b", (0, 10))))

    def find(shot: otio.schema.Clip, reference: otio.core.MediaReference) -> Path:
        if shot.name == "b":
            raise TimelineError("two files of that name", remedy="Name one.")
        return Path("/elsewhere") / Path(reference.target_url).name

    plan = plan_shots(read_back(made, tmp_path), probe_of(Facts()), find=find)
    assert [use.source for use in plan.uses] == [Path("/elsewhere/a.mov")]
    assert [r.reason for r in plan.refusals] == ["two files of that name"]


def test_frames_saved_by_sharing(planned: Made) -> None:
    # 10 + 10 + 10 frames are shown, 0-14 and 30-39 rendered.
    plan = planned(track(clip("a", (0, 10)), clip("a", (5, 10)), clip("a", (30, 10))))
    assert (plan.rendered_frames, plan.shared_frames) == (25, 5)
    # With handles 12 (cut off at 0), 14 and 14 against 0-16 and 28-41.
    plan = planned(track(clip("a", (0, 10)), clip("a", (5, 10)), clip("a", (30, 10))), handles=2)
    assert (plan.rendered_frames, plan.shared_frames) == (31, 9)


def test_record_times(planned: Made) -> None:
    plan = planned(track(gap(12), clip("a", (10, 24)), transition(3, 5), clip("b", (40, 6))))
    assert [use.record for use in plan.uses] == [
        (Fraction(1, 2), Fraction(3, 2)),
        (Fraction(3, 2), Fraction(7, 4)),
    ]
    # After a clip whose length only its file knows nobody can say.
    plan = planned(track(clip("a", None, None), clip("b", (40, 6))))
    assert [use.record for use in plan.uses] == [None, None]
    assert frames(plan)[1] == (40, 45)
