from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import ReadTimeline, read_timeline
from nle_style.timeline.needs import plan_shots
from nle_style.timeline.relink import Rendered, relink, revert
from tests.timeline.building import Facts, clip, probe_of, read_back, time_range, timeline, track

SAMPLES = Path(__file__).parents[4] / "shared" / "timelines" / "otio"
# Written by a newer OpenTimelineIO than reads them here.
NEWER = {"OpenTimelineIO__premiere_example.otio", "OpenTimelineIO__screening_example.otio"}


def relinked(read: ReadTimeline, label: str) -> tuple[otio.schema.Timeline, ...]:
    plan = plan_shots(read, probe_of(Facts(frame_count=100_000)))
    rendered = [
        Rendered(r.source, r.first, r.last, Path(f"/renders/{n}.{label}.mov"), r.rate)
        for n, r in enumerate(plan.ranges)
    ]
    return relink(read, plan, rendered, suffix=label)


def again(read: ReadTimeline, made: otio.schema.Timeline) -> ReadTimeline:
    """The relinked timeline, as it is read from another folder."""
    return replace(read, timeline=made, path=Path("/out/cut.otio"), media_root=Path("/out"))


def edit(folder: Path) -> ReadTimeline:
    sequence = otio.schema.ImageSequenceReference(
        "", "s.", ".exr", 1, 1, 24, 4, available_range=time_range(0, 99)
    )
    made = timeline(
        track(
            clip("a", (10, 5), url="media/a.mov"),
            clip("b", (10, 5), url="./media/a.mov"),
            clip("whole", None, None),
            otio.schema.Clip("s", sequence, time_range(5, 5)),
            otio.schema.Clip("lost", None, time_range(0, 5)),
            otio.schema.Stack("nest", children=[track(clip("deep", (3, 4)))]),
        )
    )
    made.tracks[0][0].metadata["grade"] = {"x": 1}
    return read_back(made, folder)


def test_a_reverted_timeline_is_the_original(tmp_path: Path) -> None:
    read = edit(tmp_path)
    both, _ = relinked(read, "blue")
    assert both.to_json_string() != read.timeline.to_json_string()
    back = revert(both, folder=tmp_path)
    assert back.to_json_string() == read.timeline.to_json_string()


def test_two_looks_are_reverted_at_once(tmp_path: Path) -> None:
    read = edit(tmp_path)
    blue, _ = relinked(read, "blue")
    both, _ = relinked(again(read, blue), "fire")
    assert "nle_style.blue" in both.find_clips()[0].media_references()
    assert revert(both, folder=tmp_path).to_json_string() == read.timeline.to_json_string()


def test_a_look_that_was_rendered_again_is_reverted(tmp_path: Path) -> None:
    read = edit(tmp_path)
    blue, _ = relinked(read, "blue")
    both, _ = relinked(again(read, blue), "blue")
    assert both.find_clips()[2].source_range is not None
    assert revert(both, folder=tmp_path).to_json_string() == read.timeline.to_json_string()


def test_elsewhere_the_urls_stay_absolute(tmp_path: Path) -> None:
    read = edit(tmp_path)
    both, _ = relinked(read, "blue")
    back = revert(both, folder=tmp_path / "out")
    assert back.find_clips()[0].media_reference.target_url == str(tmp_path / "media" / "a.mov")
    assert back.find_clips()[3].media_reference.target_url_base == str(tmp_path)
    assert "nle_style" not in back.to_json_string()


def test_the_styled_media_may_be_kept_inactive(tmp_path: Path) -> None:
    both, _ = relinked(edit(tmp_path), "blue")
    kept = revert(both, keep_styled=True)
    first = kept.find_clips()[0]
    assert first.active_media_reference_key == "DEFAULT_MEDIA"
    assert sorted(first.media_references()) == ["DEFAULT_MEDIA", "nle_style"]
    # Nothing is lost: it can still be taken out altogether.
    assert revert(kept, folder=tmp_path).to_json_string() == (
        revert(both, folder=tmp_path).to_json_string()
    )


def test_what_was_edited_since_stays(tmp_path: Path) -> None:
    both, _ = relinked(edit(tmp_path), "blue")
    del both.tracks[0][1]
    both.find_clips()[0].source_range = time_range(11, 3)
    back = revert(both)
    assert [c.name for c in back.find_clips()] == ["a", "whole", "s", "lost", "deep"]
    assert back.find_clips()[0].source_range == time_range(11, 3)
    assert both.find_clips()[0].active_media_reference_key == "nle_style"  # not modified


def test_a_timeline_without_originals_is_refused(tmp_path: Path) -> None:
    read = edit(tmp_path)
    for made in (read.timeline, relinked(read, "blue")[1]):
        with pytest.raises(TimelineError, match="no clip has an nle_style intermediate"):
            revert(made)


def test_every_sample_comes_back() -> None:
    if not SAMPLES.is_dir():
        pytest.skip(f"no sample timelines at {SAMPLES}")
    styled = 0
    for path in sorted(SAMPLES.glob("*.otio")):
        if path.name in NEWER:
            continue
        read = read_timeline(path)
        both, _ = relinked(read, "blue")
        if any(c.active_media_reference_key == "nle_style" for c in both.find_clips()):
            styled += 1
            back = revert(both, folder=path.parent)
            assert back.to_json_string() == read.timeline.to_json_string(), path.name
    assert styled >= 15
