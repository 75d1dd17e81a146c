from __future__ import annotations

from copy import deepcopy
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import LookError, TimelineError
from nle_style.timeline.needs import Candidate, SourceRange, plan_shots
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
from tests.timeline.needs.planning import (
    NTSC24,
    Made,
    frames,
    only_refusal,
    spans,
    with_reference,
)

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


def test_a_clip_in_a_nest_counts_from_its_own_first_frame(planned: Made) -> None:
    """Behind other clips, where the nest is trimmed, and where it plays at twice its speed."""
    inner = [clip("b", (30, 10)), clip("c", (50, 10))]
    plain, trimmed, fast = (otio.schema.Stack("nest", [track(*deepcopy(inner))]) for _ in range(3))
    trimmed.source_range = time_range(5, 10)
    fast.source_range = time_range(0, 10)
    fast.effects.append(otio.schema.LinearTimeWarp(time_scalar=2))
    plan = planned(track(clip("a", (0, 10)), plain, trimmed, fast))
    once, twice = [((30, 1), 10), ((50, 1), 10)], [((30, 2), 5), ((50, 2), 5)]
    assert [(use.way, use.length) for use in plan.uses[1:]] == once + once + twice
