from __future__ import annotations

import json
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import OutputError, TimelineError
from nle_style.timeline import ReadTimeline, read_timeline
from nle_style.timeline.needs import Plan, plan_shots
from nle_style.timeline.relink import Rendered, SequenceName, relink, write_timeline
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
    both, _ = relinked(made, tmp_path, Facts(Fraction(30), 125))
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
    lost = clip("b", (0, 9), url="media/b.mov")
    sequence = otio.schema.Clip(
        "s", otio.schema.ImageSequenceReference("frames", available_range=time_range(0, 9))
    )
    read, plan = planned(timeline(track(clip("a", (0, 9), url="a.mov"), lost, sequence)), tmp_path)
    both, baked = relink(read, plan, rendered(plan)[:1], suffix="blue")
    a, b, s = both.find_clips()
    assert a.media_references()["DEFAULT_MEDIA"].target_url == str(tmp_path / "a.mov")
    assert b.media_reference.target_url == str(tmp_path / "media" / "b.mov")
    assert s.media_reference.target_url_base == str(tmp_path / "frames")
    assert baked.find_clips()[1].media_reference.target_url == str(tmp_path / "media" / "b.mov")


def test_a_second_style_is_added_and_the_first_kept(tmp_path: Path) -> None:
    blue, _ = relinked(timeline(track(clip("a", (10, 5)))), tmp_path)
    read, plan = planned(blue, tmp_path)
    fire = [replace(r, path=Path("/renders/fire.mov")) for r in rendered(plan)]
    both, baked = relink(read, plan, fire, suffix="fire")
    references = first_clip(both).media_references()
    assert {key: r.target_url for key, r in references.items()} == {
        "DEFAULT_MEDIA": "/media/a.mov",
        "nle_style": "file:///renders/fire.mov",
        "nle_style.blue": "file:///renders/a%20blue.10.mov",
    }
    assert first_clip(both).active_media_reference_key == "nle_style"
    assert first_clip(both).media_reference.available_range == time_range(10, 5)
    assert list(first_clip(baked).media_references()) == ["DEFAULT_MEDIA"]
    # Blue again: it is active again, and there is one of it.
    read, plan = planned(both, tmp_path)
    both, _ = relink(read, plan, rendered(plan), suffix="blue")
    references = first_clip(both).media_references()
    assert sorted(references) == ["DEFAULT_MEDIA", "nle_style", "nle_style.fire"]
    assert references["nle_style"].target_url == "file:///renders/a%20blue.10.mov"
    # An editor that made the older one active does not make it the original.
    first_clip(both).active_media_reference_key = "nle_style.fire"
    assert planned(both, tmp_path)[1].uses[0].source == Path("/media/a.mov")


def test_looks_of_their_own_go_to_their_clips(tmp_path: Path) -> None:
    read = read_back(timeline(track(clip("a", (0, 9)), clip("a", (0, 9)))), tmp_path)
    looks = iter(["blue", "fire"])
    plan = plan_shots(read, probe_of(Facts()), look_of=lambda item: next(looks))
    made = [
        replace(r, path=Path(f"/renders/{look}.mov"), look=look, label=f"<{look}>")
        for r, look in zip(rendered(plan), ["blue", "fire"], strict=True)
    ]
    both, _ = relink(read, plan, made, suffix="mixed")
    shown = [c.media_reference for c in both.find_clips()]
    assert [r.name for r in shown] == ["blue.mov", "fire.mov"]
    assert [r.metadata["nle_style"]["label"] for r in shown] == ["<blue>", "<fire>"]
    with pytest.raises(TimelineError, match="no planned clip"):
        relink(read, plan, [replace(made[0], look="snow")], suffix="mixed")


def test_retimed_and_nested_clips_keep_their_effects_and_trims(tmp_path: Path) -> None:
    fast = clip("a", (86410, 5), (86400, 100))
    fast.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    nest = otio.schema.Stack("nest", children=[track(gap(2), fast)])
    nest.effects.append(otio.schema.LinearTimeWarp(time_scalar=0.5))
    for out in relinked(timeline(track(clip("x", (0, 9)), nest)), tmp_path):
        inside = out.tracks[0][1][0][1]
        # Seen for 3 of the 7 frames of the nest, 4 of it black: 0, 1, ... 0.5 * 6 = 3 - 2 = 1.
        assert inside.media_reference.target_url.endswith(".mov")
        assert inside.media_reference.name == "a blue.9.mov"
        assert inside.effects[0].time_scalar == 2.0
        assert out.tracks[0][1].effects[0].time_scalar == 0.5
        assert inside.source_range == time_range(86410, 5)
        # 10, 11, 12 and one each side.
        assert inside.media_reference.available_range == time_range(86409, 5)


def test_an_untrimmed_slow_clip_keeps_its_length(tmp_path: Path) -> None:
    """It shows half of its file, and is as long in the cut as all of it."""
    slow = clip("a", None, None)
    slow.effects.append(otio.schema.LinearTimeWarp(time_scalar=0.5))
    for out in relinked(timeline(track(slow)), tmp_path, Facts(start_frame=50)):
        assert first_clip(out).source_range == time_range(50, 100)
        assert first_clip(out).media_reference.available_range == time_range(50, 51)


@pytest.mark.parametrize("available", [(0, 1), (0, 100000)])
def test_a_still_keeps_its_available_range(tmp_path: Path, available: tuple[int, int]) -> None:
    """Resolve writes one frame, Premiere hours: either way as its editor expects it."""
    made = timeline(track(clip("a", (7, 48), available, rate=25)))
    # The renderer gives stills its own rate; a single frame has none.
    read, plan = planned(made, tmp_path, Facts(frame_count=1))
    files = [replace(r, rate=Fraction(24)) for r in rendered(plan)]
    both, _ = relink(read, plan, files, suffix="blue")
    assert first_clip(both).media_reference.available_range == time_range(*available, 25)
    assert first_clip(both).source_range == time_range(7, 48, 25)


def test_a_rendered_sequence_becomes_an_image_sequence_reference(tmp_path: Path) -> None:
    read, plan = planned(timeline(track(clip("a", (86410, 5), (86400, 100)))), tmp_path, handles=2)
    folder = Path("/renders/a blue")
    name = SequenceName(folder, "a blue.", ".exr", 8, 6)
    (movie,) = rendered(plan)
    both, baked = relink(read, plan, [replace(movie, path=folder, sequence=name)], suffix="blue")
    ours = first_clip(both).media_reference
    assert isinstance(ours, otio.schema.ImageSequenceReference)
    assert ours.available_range == time_range(86408, 9)
    assert (ours.frame_step, ours.rate, ours.frame_zero_padding) == (1, 24, 6)
    # The clip's first frame is file 10 of the source.
    assert ours.target_url_for_image_number(2) == "file:///renders/a%20blue/a blue.000010.exr"
    assert first_clip(baked).media_reference.target_url_base == "/renders/a blue/"
    # And it is read again as the sequence that it is.
    again = plan_shots(
        read_back(baked, tmp_path), probe_of(Facts(frame_count=9, first_file_number=8))
    )
    assert [(u.first, u.last) for u in again.uses] == [(2, 6)]
    assert again.ranges[0].source == Path("/renders/a blue/a blue.%06d.exr")


def test_a_sequence_is_relinked_where_its_frames_are(tmp_path: Path) -> None:
    reference = otio.schema.ImageSequenceReference(
        "frames", "s.", ".exr", 1001, 1, 24, 4, available_range=time_range(86400, 99)
    )
    made = timeline(track(otio.schema.Clip("s", reference, time_range(86410, 5))))
    # Ten files before the reference's first.
    both, _ = relinked(made, tmp_path, Facts(frame_count=109, first_file_number=991))
    assert first_clip(both).media_reference.name == "s.%04d blue.20.mov"
    assert first_clip(both).media_reference.available_range == time_range(86410, 5)


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
