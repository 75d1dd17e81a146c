"""What MLT's clips show past the end of their producer, and those that are other projects."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from nle_style.timeline import read_timeline
from nle_style.timeline.needs import Plan, plan_shots
from tests.helpers.players.mlt import need_melt, play_project
from tests.helpers.players.mlt_projects import properties
from tests.helpers.stamps import frames_of, make_clip, read_stamp
from tests.timeline.building import Facts, probe_of
from tests.timeline.readers.mlt.test_mlt_cuts import COUNT, R25, TRACK, planned, project, shown

SLIDES = 10


def going_past(first: int, last: int, ends: str = "", tag: str = "producer", **more: object) -> str:
    """A project of one clip of the movie a, from `first` to `last`."""
    about = {"length": 200, "resource": "a.mov", "mlt_service": "avformat", **more}
    return (
        f'<{tag} id="c" {ends}>{properties(**about)}</{tag}><playlist id="p">'
        f'<entry producer="c" in="{first}" out="{last}"/></playlist>{TRACK}'
    )


def span(plan: Plan) -> tuple[int, int]:
    """All frames that are rendered."""
    return min(use.first for use in plan.uses), max(use.last for use in plan.uses)


@pytest.mark.parametrize(
    ("body", "wanted", "rendered"),
    [
        (
            going_past(50, 79, 'in="0" out="59"', eof="loop"),
            shown((1, 50, 59), (1, 0, 19)),
            (0, 59),
        ),
        (
            going_past(20, 69, 'in="10" out="39"', tag="chain", eof="loop"),
            shown((1, 30, 39), (1, 10, 39), (1, 10, 19)),
            (9, 40),
        ),
        (
            going_past(20, 34, 'in="10" out="39"', eof="pause"),
            shown((1, 30, 39)) + [(1, 39)] * 5,
            (29, 40),
        ),
        # Nothing but the last frame, held: a freeze.
        (going_past(45, 50, 'in="0" out="39"'), [(1, 39)] * 6, (39, 40)),
    ],
)
def test_past_its_producers_end_a_clip_shows_what_melt_shows(
    tmp_path: Path, body: str, wanted: list[tuple[int, int]], rendered: tuple[int, int]
) -> None:
    need_melt()
    make_clip(tmp_path / "a.mov", 1, COUNT, R25)
    path = project(tmp_path, body)
    assert [read_stamp(frame) for frame in play_project(path, tmp_path / "played.mkv")] == wanted
    plan = planned(read_timeline(path))
    assert not plan.refusals
    assert span(plan) == rendered


@pytest.mark.parametrize(
    ("body", "wanted", "reason"),
    [
        # Where nothing says where the producer ends it is the file's end, which is 59.
        (
            going_past(50, 79, eof="loop"),
            shown((1, 50, 59), (1, 0, 19)),
            "it begins anew past the end of a.mov, which has 0-59",
        ),
        (
            going_past(
                *(10, 24, 'out="19"'),
                mlt_service="timewarp",
                resource="2:a.mov",
                warp_speed=2,
                warp_resource="a.mov",
                eof="loop",
            ),
            [(1, n) for n in (*range(20, 40, 2), *range(0, 10, 2))],
            "it has a speed, and begins anew past the end of its producer",
        ),
    ],
)
def test_a_clip_that_begins_anew_where_nobody_else_would_is_refused(
    tmp_path: Path, body: str, wanted: list[tuple[int, int]], reason: str
) -> None:
    need_melt()
    make_clip(tmp_path / "a.mov", 1, COUNT, R25)
    path = project(tmp_path, body)
    assert [read_stamp(frame) for frame in play_project(path, tmp_path / "played.mkv")] == wanted
    (refusal,) = planned(read_timeline(path)).refusals
    assert refusal.reason.startswith(reason)


@pytest.mark.parametrize("loop", [None, 1, 0])
def test_a_slideshow_begins_anew_past_its_images_unless_it_says_not_to(
    tmp_path: Path, loop: int | None
) -> None:
    need_melt()
    make_clip(tmp_path / "a.mov", 1, SLIDES, R25)
    for number, frame in enumerate(frames_of(tmp_path / "a.mov")):
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
        picture.to_image().save(tmp_path / f"a.{number:04d}.png")
    media = {"mlt_service": "pixbuf", "resource": "a.%04d.png?begin=0", "ttl": 1, "loop": loop}
    path = project(tmp_path, going_past(5, 19, 'in="0" out="199"', **media))
    played = [read_stamp(frame) for frame in play_project(path, tmp_path / "played.mkv")]
    plan = plan_shots(read_timeline(path), probe_of(Facts(R25, SLIDES, 0, 0, 0)))
    if loop == 0:
        assert played == shown((1, 5, 9)) + [(1, 9)] * 10
        assert span(plan) == (5, 9)
    else:
        assert played == shown((1, 5, 9), (1, 0, 9))
        (refusal,) = plan.refusals
        assert refusal.reason.startswith("it begins anew past the end of a.%04d.png")


@pytest.mark.parametrize(
    "about",
    [
        {"mlt_service": "xml", "resource": "sub.mlt"},
        {"resource": "Sub.MLT"},
        {"mlt_service": "timewarp", "resource": "2:sub.mlt", "warp_resource": "sub.mlt"},
        {"mlt_service": "avformat", "resource": "proxy.mkv", "kdenlive__proxy": "proxy.mkv",
         "kdenlive__originalurl": "sub.kdenlive"},
    ],
)  # fmt: skip
def test_a_clip_that_is_another_project_is_refused_as_one(
    tmp_path: Path, about: dict[str, object]
) -> None:
    path = project(tmp_path, going_past(10, 19, 'out="39"', **about))
    (refusal,) = plan_shots(read_timeline(path), probe_of(Facts(Fraction(25), 40))).refusals
    assert refusal.reason == "it is a project of its own, whose clips are not in this one"
    assert "by itself" in refusal.remedy


def test_a_picture_that_is_shifted_against_its_sound_is_refused(tmp_path: Path) -> None:
    """As Shotcut's Sync does it; -0.4 s are 10 frames on."""
    need_melt()
    make_clip(tmp_path / "a.mov", 1, COUNT, R25)
    path = project(tmp_path, going_past(10, 19, video_delay=-0.4))
    played = [read_stamp(frame) for frame in play_project(path, tmp_path / "played.mkv")]
    assert played == shown((1, 20, 29))
    (refusal,) = planned(read_timeline(path)).refusals
    assert "video_delay" in refusal.reason
    assert "Sync" in refusal.remedy
    path = project(tmp_path, going_past(10, 19, video_delay=0))
    assert not planned(read_timeline(path)).refusals


def test_the_ends_of_a_producer_may_be_properties(tmp_path: Path) -> None:
    """Beside attributes they count."""
    need_melt()
    make_clip(tmp_path / "a.mov", 1, COUNT, R25)
    path = project(tmp_path, going_past(1, 9, 'in="5" out="50"', **{"in": 20, "out": 40}))
    played = [read_stamp(frame) for frame in play_project(path, tmp_path / "played.mkv")]
    assert played == shown((1, 21, 29))
    assert span(planned(read_timeline(path))) == (21, 29)
