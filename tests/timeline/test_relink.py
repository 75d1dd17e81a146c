from __future__ import annotations

import json
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import OutputError, TimelineError
from nle_style.timeline.plan import Plan, plan_shots
from nle_style.timeline.read import ReadTimeline, read_timeline
from nle_style.timeline.relink import Rendered, relink, write_timeline
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
FLOAT24 = 23.976024627685547


def rendered(plan: Plan, **metadata: str) -> list[Rendered]:
    return [
        Rendered(
            r.source,
            r.first,
            r.last,
            Path(f"/renders/{r.source.stem} blue.{r.first}.mov"),
            plan.uses[0].rate,
            metadata,
        )
        for r in plan.ranges
    ]


def planned(
    made: otio.schema.Timeline, folder: Path, facts: Facts | None = None, handles: int = 0
) -> tuple[ReadTimeline, Plan]:
    read = read_back(made, folder)
    return read, plan_shots(read, probe_of(facts or Facts()), handles=handles)


def relinked(
    made: otio.schema.Timeline, folder: Path, facts: Facts | None = None, handles: int = 0
) -> tuple[otio.schema.Timeline, otio.schema.Timeline]:
    read, plan = planned(made, folder, facts, handles)
    return relink(read, plan, rendered(plan, style="blue"), suffix="blue")


def first_clip(made: otio.schema.Timeline) -> otio.schema.Clip:
    return made.find_clips()[0]


def test_the_original_stays_and_the_intermediate_is_active(tmp_path: Path) -> None:
    shot = clip("a", (86410, 5), (86400, 100))
    shot.media_reference.available_image_bounds = otio.schema.Box2d(
        otio.schema.V2d(0, 0), otio.schema.V2d(16, 9)
    )
    both, _ = relinked(timeline(track(shot)), tmp_path, handles=2)
    out = first_clip(both)
    assert out.active_media_reference_key == "nle_style"
    assert out.media_references()["DEFAULT_MEDIA"].is_equivalent_to(shot.media_reference)
    ours = out.media_reference
    assert ours.target_url == "file:///renders/a%20blue.8.mov"
    assert ours.name == "a blue.8.mov"
    assert ours.available_range == time_range(86408, 9)
    assert ours.available_image_bounds == shot.media_reference.available_image_bounds
    assert ours.metadata["nle_style"] == {
        "style": "blue",
        "label": "blue",
        "source_reference": "DEFAULT_MEDIA",
    }
    assert out.source_range == time_range(86410, 5)


def test_the_baked_clip_has_the_intermediate_only(tmp_path: Path) -> None:
    both, baked = relinked(timeline(track(clip("a", (10, 5)))), tmp_path)
    out = first_clip(baked)
    assert list(out.media_references()) == [out.active_media_reference_key] == ["DEFAULT_MEDIA"]
    assert out.media_reference.target_url == "/renders/a blue.10.mov"
    assert out.media_reference.available_range == time_range(10, 5)
    assert (both.name, baked.name) == ("cut.blue", "cut.blue.baked")


def test_everything_else_stays(tmp_path: Path) -> None:
    shot = clip("a", (10, 20))
    shot.effects.append(otio.schema.Effect(effect_name="Blur"))
    shot.markers.append(otio.schema.Marker("m", time_range(12, 1)))
    shot.metadata["grade"] = {"cdl": [1.0, 2.0]}
    retimed = clip("b", (0, 10))
    retimed.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    made = timeline(
        track(shot, transition(2, 3), clip("c", (30, 9)), gap(4), retimed),
        track(clip("sound", (0, 9)), kind="Audio"),
    )
    made.global_start_time = otio.opentime.RationalTime(86400, 24)
    made.metadata["editor"] = {"name": "someone"}
    outcome = relinked(made, tmp_path)
    for out in outcome:
        # Undo by hand what relinking is allowed to change; nothing else may differ.
        for old, new in zip(made.find_clips(), out.find_clips(), strict=True):
            assert (old.name != "sound") == ("renders" in new.media_reference.target_url)
            new.set_media_references(old.media_references(), "DEFAULT_MEDIA")
        assert out.metadata["nle_style"] == {
            "source_timeline": str(tmp_path / "cut.otio"),
            "original_folder": str(tmp_path),
            "original_name": "cut",
        }
        del out.metadata["nle_style"]
        out.name = made.name
        assert out.is_equivalent_to(made)


def test_the_source_is_not_modified(tmp_path: Path) -> None:
    made = timeline(track(clip("a"), clip("b", (0, 9), url="rel.mov")))
    read, plan = planned(made, tmp_path)
    for out in relink(read, plan, rendered(plan), suffix="blue"):
        first_clip(out).name = "changed"
    assert read.timeline.is_equivalent_to(made)


def test_an_untrimmed_clip_keeps_its_length(tmp_path: Path) -> None:
    """The whole media was shown; a source range must say so before the media gets shorter."""
    made = timeline(track(clip("a", None, (86400, 120))))
    for out in relinked(made, tmp_path):  # the file has 100 frames only
        assert first_clip(out).source_range == time_range(86400, 120)
        assert first_clip(out).media_reference.available_range == time_range(86400, 100)
    made = timeline(track(clip("a", None, None)))
    for out in relinked(made, tmp_path, Facts(start_frame=86400)):
        assert first_clip(out).source_range == time_range(86400, 100)


def test_the_rate_is_written_as_the_timeline_writes_it(tmp_path: Path) -> None:
    made = timeline(track(clip("a", (86410, 5), (86400, 100), rate=FLOAT24)))
    both, _ = relinked(made, tmp_path, Facts(NTSC24))
    start = first_clip(both).media_reference.available_range.start_time
    assert (start.value, start.rate) == (86410, FLOAT24)
    # What a reader that truncates makes of it:
    assert (first_clip(both).source_range.start_time - start).to_frames() == 0


def test_another_timeline_rate_gets_the_media_rate(tmp_path: Path) -> None:
    made = timeline(track(clip("a", (86412, 24), (86400, 100))))
    both, _ = relinked(made, tmp_path, Facts(Fraction(30)))
    # 3600 s is 108000 at 30; frames 14-45 are rendered (see test_plan).
    assert first_clip(both).media_reference.available_range == time_range(108014, 32, 30)


@pytest.mark.parametrize(("start", "start_frame", "base"), [(86410, 86400, 86400), (10, 86400, 0)])
def test_media_without_available_range(
    tmp_path: Path, start: int, start_frame: int, base: int
) -> None:
    made = timeline(track(clip("a", (start, 5), None)))
    both, _ = relinked(made, tmp_path, Facts(start_frame=start_frame), handles=3)
    assert first_clip(both).media_reference.available_range == time_range(base + 7, 11)


def test_uses_of_one_range_share_one_file(tmp_path: Path) -> None:
    made = timeline(track(clip("a", (0, 10)), clip("a", (5, 10)), clip("a", (40, 5))))
    both, _ = relinked(made, tmp_path)
    urls = [c.media_reference.target_url for c in both.find_clips()]
    assert urls[0] == urls[1] != urls[2]


def test_a_clip_that_was_not_rendered_keeps_its_media(tmp_path: Path) -> None:
    read, plan = planned(timeline(track(clip("a", (0, 9)), clip("b", (0, 9)))), tmp_path)
    for out in relink(read, plan, rendered(plan)[1:], suffix="blue"):
        untouched, changed = out.find_clips()
        assert untouched.is_equivalent_to(read.timeline.find_clips()[0])
        assert "renders" in changed.media_reference.target_url


def test_relative_urls_survive_another_folder(tmp_path: Path) -> None:
    retimed = clip("b", (0, 9), url="media/b.mov")
    retimed.effects.append(otio.schema.FreezeFrame())
    sequence = otio.schema.Clip(
        "s", otio.schema.ImageSequenceReference("frames", available_range=time_range(0, 9))
    )
    read, plan = planned(
        timeline(track(clip("a", (0, 9), url="a.mov"), retimed, sequence)), tmp_path
    )
    both, baked = relink(read, plan, rendered(plan), suffix="blue")
    a, b, s = both.find_clips()
    assert a.media_references()["DEFAULT_MEDIA"].target_url == str(tmp_path / "a.mov")
    assert b.media_reference.target_url == str(tmp_path / "media" / "b.mov")
    assert s.media_reference.target_url_base == str(tmp_path / "frames")
    assert baked.find_clips()[1].media_reference.target_url == str(tmp_path / "media" / "b.mov")


def test_a_second_style_replaces_the_first(tmp_path: Path) -> None:
    blue, _ = relinked(timeline(track(clip("a", (10, 5)))), tmp_path)
    read, plan = planned(blue, tmp_path)
    fire = [replace(r, path=Path("/renders/fire.mov")) for r in rendered(plan)]
    both, baked = relink(read, plan, fire, suffix="fire")
    references = first_clip(both).media_references()
    assert references["DEFAULT_MEDIA"].target_url == "/media/a.mov"
    assert references["nle_style"].target_url == "file:///renders/fire.mov"
    assert first_clip(both).media_reference.available_range == time_range(10, 5)
    assert list(first_clip(baked).media_references()) == ["DEFAULT_MEDIA"]


def test_another_active_key_stays_as_it_is(tmp_path: Path) -> None:
    shot = clip("a", (10, 5))
    shot.set_media_references({"proxy": shot.media_reference}, "proxy")
    both, _ = relinked(timeline(track(shot)), tmp_path)
    references = first_clip(both).media_references()
    assert sorted(references) == ["nle_style", "proxy"]
    assert references["nle_style"].metadata["nle_style"]["source_reference"] == "proxy"
    # Styled again, it still starts from the proxy.
    _, plan = planned(both, tmp_path)
    assert plan.uses[0].source == Path("/media/a.mov")


def test_intermediates_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    read, plan = planned(timeline(track(clip("a", (10, 5)))), tmp_path)
    (whole,) = rendered(plan)
    for wrong in (replace(whole, last=whole.last - 1), replace(whole, source=Path("/media/b.mov"))):
        with pytest.raises(TimelineError, match="no planned clip"):
            relink(read, plan, [wrong], suffix="blue")
    with pytest.raises(TimelineError, match="runs at 25, its source at 24"):
        relink(read, plan, [replace(whole, rate=Fraction(25))], suffix="blue")


# Writing


def test_a_written_timeline_reads_back(tmp_path: Path) -> None:
    both, _ = relinked(timeline(track(clip("ä", (10, 5)))), tmp_path)
    path = tmp_path / "out" / "cut.blue.otio"
    write_timeline(both, path)
    write_timeline(both, path)
    assert read_timeline(path).timeline.is_equivalent_to(both)
    assert json.loads(path.read_text(encoding="utf-8"))["name"] == "cut.blue"
    assert os.listdir(path.parent) == ["cut.blue.otio"]


def test_the_source_timeline_is_never_overwritten(tmp_path: Path) -> None:
    both, baked = relinked(timeline(track(clip("a", (10, 5)))), tmp_path)
    before = (tmp_path / "cut.otio").read_bytes()
    (tmp_path / "alias.otio").symlink_to(tmp_path / "cut.otio")
    for out in (both, baked):
        for name in ("cut.otio", "alias.otio", "../" + tmp_path.name + "/cut.otio"):
            with pytest.raises(OutputError, match="source timeline"):
                write_timeline(out, tmp_path / name)
    assert (tmp_path / "cut.otio").read_bytes() == before


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    both, _ = relinked(timeline(track(clip("a", (10, 5)))), tmp_path)
    (tmp_path / "taken.otio").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_timeline(both, tmp_path / "taken.otio")
    with pytest.raises(OutputError, match=r"written as \.otio"):
        write_timeline(both, tmp_path / "cut.blue.xml")
    assert sorted(os.listdir(tmp_path)) == ["cut.otio", "taken.otio"]
