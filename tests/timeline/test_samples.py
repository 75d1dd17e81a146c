"""Real exports of other programs: nothing may crash, and nothing may be dropped in silence."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from nle_style.errors import MediaError, TimelineError
from nle_style.timeline import read_timeline
from nle_style.timeline.needs import Plan, plan_shots
from tests.timeline.building import Facts, probe_of

FOLDER = Path(__file__).parents[3] / "shared" / "timelines" / "otio"
NEWER = {"OpenTimelineIO__premiere_example.otio", "OpenTimelineIO__screening_example.otio"}
READABLE = [path for path in sorted(FOLDER.glob("*.otio")) if path.name not in NEWER]


def no_media(path: Path) -> Facts:
    raise MediaError("there is no such file", where=str(path), remedy="Relink it.")


@pytest.fixture(autouse=True)
def _need_samples() -> None:
    if not READABLE:
        pytest.skip(f"no sample timelines at {FOLDER}")


def planned(name: str, facts: Facts) -> Plan:
    return plan_shots(read_timeline(FOLDER / name), probe_of(facts))


@pytest.mark.parametrize("sample", READABLE, ids=lambda path: path.stem)
@pytest.mark.parametrize("media", [no_media, probe_of(Facts(frame_count=100_000))])
def test_every_clip_of_a_sample_is_accounted_for(
    sample: Path, media: Callable[[Path], Facts]
) -> None:
    read = read_timeline(sample)
    plan = plan_shots(read, media, handles=8)
    named = [*plan.uses, *plan.refusals, *(s for s in plan.skipped if s.reason != "gap")]
    assert len(named) >= len(read.timeline.find_clips()) > 0
    assert not (media is no_media and plan.uses)


@pytest.mark.parametrize("name", sorted(NEWER))
def test_a_sample_of_a_newer_opentimelineio_is_refused_with_advice(name: str) -> None:
    with pytest.raises(TimelineError, match=r"unsupported schema: Marker\.3"):
        read_timeline(FOLDER / name)


def test_transition_sample() -> None:
    """Frames read off the file by hand; the dissolve takes 2 frames of 003 and 3 of 002."""
    plan = planned("OpenTimelineIO__transition.otio", Facts(frame_count=11))
    assert [(use.clip_name, use.first, use.last) for use in plan.uses] == [
        ("Clip-001", 3, 5),
        ("Clip-002", 2, 7 + 3),
        ("Clip-003", 2 - 2, 5),
        ("Clip-004", 0, 5),
    ]


def test_an_export_in_seconds_and_ticks() -> None:
    """AVFoundation: 2.5 s from 0 s and 4 s from 3.5 s of 240 frames at 23.976."""
    plan = planned(
        "OpenTimelineIO-AVFoundation__Timeline_23.98.otio", Facts(Fraction(24000, 1001), 240)
    )
    # 59.94 and 83.92..179.82 frames, and a frame each side where the file has one.
    assert [(use.first, use.last) for use in plan.uses] == [(0, 60), (82, 180)]


def test_retimed_image_sequences() -> None:
    """Read off the file by hand: Counter.%d.png, 3 frames at 2x from 0, 8 frames at 0.5x from 0."""
    plan = planned("toucan__LinearTimeWarp.otio", Facts(frame_count=10, first_file_number=0))
    # 0, 2, 4 and one more; 0, 0, 1, ... 3 and one more. One render holds both.
    assert [(use.first, use.last) for use in plan.uses] == [(0, 5), (0, 4)]
    assert [(r.source, r.first, r.last) for r in plan.ranges] == [(FOLDER / "Counter.%d.png", 0, 5)]
    assert (plan.rendered_frames, plan.shared_frames) == (6, 5)
