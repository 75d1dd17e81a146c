"""New tracks, the bin alone, takes that ripple, marks and rates: read back, not believed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.resolve.doubles.fake_resolve import Resolve, TimelineItem
from tests.plugins.resolve.doubles.fake_world import Clip, Media, Take, World
from tests.plugins.resolve.test_eight_clips import shown, styled

pytestmark = pytest.mark.slow


def test_a_new_track_holds_the_same_frames(
    one_clip: World, command: list[str], settings: dict[str, Any], media: dict[str, Media]
) -> None:
    second, still = media["second"], media["still"]
    one_clip.add(Clip("next", 86420, 10, [Take(media["first"], 50, 60)]))
    one_clip.add(Clip("mixed", 86430, 24, [Take(media["mixed"], 10, 35)]))
    one_clip.add(Clip("slow", 86454, 30, [Take(second, 5, 20)], Fraction(1, 2)))
    one_clip.add(Clip("still", 86484, 25, [Take(still, 0, 1)]))
    clips = list(one_clip.tracks[0].clips)
    before, whole = one_clip.snapshot(), [shown(one_clip, clip) for clip in clips]
    reports = styled(one_clip, command, {**settings, "destination": "track"})
    assert reports["slow"].state == "failed"
    assert "at 100 %" in reports["slow"].why
    if one_clip.variant.lies:
        assert {report.state for report in reports.values()} == {"failed"}
        assert "put nothing of 20 frames at 86400" in reports["trimmed"].why
        assert one_clip.snapshot() == before
        return
    assert [track.name for track in one_clip.tracks] == ["Video 1", "NLE Style V1"]
    styled_clips = {clip.start: clip for clip in one_clip.tracks[1].clips}
    for clip, frames in zip(clips, whole, strict=True):
        if clip.name == "slow":
            continue
        ours = styled_clips.pop(clip.start)
        assert ours.duration == clip.duration, clip.name
        assert shown(one_clip, ours) == frames, clip.name
        assert ours.colour == "Violet"
    assert not styled_clips
    assert all(len(clip.takes) == 1 for clip in clips)

    from nle_style_resolve.host import Host
    from nle_style_resolve.project import remove_styled

    timeline = Resolve(one_clip).GetProjectManager().GetCurrentProject().GetCurrentTimeline()
    assert {report.state for report in remove_styled(Host(Resolve(one_clip)), timeline)} == {
        "removed"
    }
    one_clip.bins.pop("NLE Style")
    assert one_clip.snapshot() == before


@pytest.mark.parametrize("handles", [3, 0])
def test_an_end_frame_is_taken_as_exclusive_first(
    one_clip: World,
    command: list[str],
    settings: dict[str, Any],
    media: dict[str, Media],
    handles: int,
) -> None:
    """As measured; without handles one that counts is behind the last frame, and nothing is put."""
    one_clip.add(Clip("next", 86420, 10, [Take(media["second"], 20, 30)]))
    reports = styled(one_clip, command, {**settings, "destination": "track", "handles": handles})
    if one_clip.variant.lies:
        return
    assert {report.state for report in reports.values()} == {"placed"}
    first, second = (handles, handles + 20), (handles, handles + 10)
    if one_clip.variant.inclusive:  # once it is known it stays known
        shorter = [(begin, end - 1) for begin, end in (first, second)]
        assert one_clip.appended == [first, *shorter]
    else:
        assert one_clip.appended == [first, second]


def test_the_bin_alone(one_clip: World, command: list[str], settings: dict[str, Any]) -> None:
    before = one_clip.snapshot()
    reports = styled(one_clip, command, {**settings, "destination": "bin"})
    assert reports["trimmed"].state == "in bin"
    (media,) = one_clip.bins.pop("NLE Style")
    assert Path(media.path).parent.parent == Path(settings["output"])
    assert one_clip.snapshot() == before


def test_a_still_stays_a_still(
    one_clip: World, command: list[str], settings: dict[str, Any], media: dict[str, Media]
) -> None:
    """As a movie of one frame it could not be held; the other clips get the format asked for."""
    one_clip.add(Clip("still", 86420, 25, [Take(media["still"], 0, 1)]))
    styled(one_clip, command, {**settings, "destination": "bin", "format": "png-mov"})
    movie, still = one_clip.bins["NLE Style"]
    assert movie.path.endswith(".mov")
    assert (still.path[-4:], still.frames) == (".exr", 1)


def test_takes_that_ripple_are_as_long_as_the_clip(
    one_clip: World, command: list[str], settings: dict[str, Any]
) -> None:
    """With a take's own length, an end that counts is seen and corrected."""
    one_clip.take_lengths = "own"
    (clip,) = one_clip.tracks[0].clips
    frames = shown(one_clip, clip)
    reports = styled(one_clip, command, settings)
    assert clip.duration == 20
    assert shown(one_clip, clip) == frames
    assert reports["trimmed"].state == ("failed" if one_clip.variant.lies else "placed")


def test_a_take_that_was_there_stays(
    one_clip: World, command: list[str], settings: dict[str, Any], media: dict[str, Media]
) -> None:
    (clip,) = one_clip.tracks[0].clips
    clip.takes.append(Take(media["second"], 3, 23))
    clip.selector, clip.chosen = True, 1
    before = one_clip.snapshot()
    frames = shown(one_clip, clip)
    styled(one_clip, command, settings)
    if one_clip.variant.lies:
        assert one_clip.snapshot() == before
        return
    assert (clip.chosen, len(clip.takes)) == (2, 3)
    assert shown(one_clip, clip) == frames

    from nle_style_resolve.host import Host
    from nle_style_resolve.project import remove_styled

    host = Host(Resolve(one_clip))
    remove_styled(host, host.project()[2])
    one_clip.bins.pop("NLE Style")
    assert one_clip.snapshot() == before


@pytest.mark.parametrize(("lengths", "state"), [("trimmed", "failed"), ("ignored", "added")])
def test_a_take_at_another_speed_is_not_selected(
    one_clip: World,
    command: list[str],
    settings: dict[str, Any],
    media: dict[str, Media],
    monkeypatch: pytest.MonkeyPatch,
    lengths: str,
    state: str,
) -> None:
    """If Resolve does not apply a clip's speed to its takes, the original stays selected."""
    one_clip.take_lengths = lengths
    if one_clip.variant.lies:
        pytest.skip("there are no takes")
    one_clip.tracks[0].clips = []
    slow = one_clip.add(Clip("slow", 86400, 20, [Take(media["first"], 20, 30)], Fraction(1, 2)))
    step = Clip.step

    def without_speed(clip: Clip, rate: Fraction) -> Fraction:
        return step(clip, rate) / (abs(clip.speed) if clip.chosen else 1)

    monkeypatch.setattr(Clip, "step", without_speed)
    frames = shown(one_clip, slow)
    reports = styled(one_clip, command, settings)
    assert reports["slow"].state == state
    assert len(slow.takes) == (2 if state == "added" else 1)
    assert slow.chosen == 0
    assert slow.duration == 20
    assert shown(one_clip, slow) == frames


def test_a_take_that_stays_is_not_said_to_be_removed(
    one_clip: World, command: list[str], settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that shows other frames than it was asked for, as by `TimelineItem.GetLeftOffset`."""
    if one_clip.variant.lies:
        pytest.skip("there are no takes")
    told = TimelineItem.GetLeftOffset
    monkeypatch.setattr(
        TimelineItem, "GetLeftOffset", lambda item: (told(item) or 0) + 2 * item._data.chosen
    )
    assert "It was removed" in styled(one_clip, command, settings)["trimmed"].why
    one_clip.keeps_takes = True
    report = styled(one_clip, command, settings)["trimmed"]
    assert report.state == "failed"
    assert report.why == "Resolve keeps take 2, which shows other frames: remove it yourself"


def test_a_take_whose_speed_reads_otherwise_is_not_selected(
    one_clip: World,
    command: list[str],
    settings: dict[str, Any],
    media: dict[str, Media],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From 21.1 on the speed itself is read back; before, the report asks people to look."""
    if one_clip.variant.lies:
        pytest.skip("there are no takes")
    one_clip.tracks[0].clips = []
    slow = one_clip.add(Clip("slow", 86400, 20, [Take(media["first"], 20, 30)], Fraction(1, 2)))
    told = TimelineItem.GetSpeed
    monkeypatch.setattr(
        TimelineItem, "GetSpeed", lambda item: 100.0 if item._data.chosen else told(item)
    )
    report = styled(one_clip, command, settings)["slow"]
    if one_clip.variant.recent:
        assert (report.state, slow.chosen) == ("added", 0)
        assert "(100.0, not 50.0)" in report.line()
    else:
        assert (report.state, slow.chosen) == ("placed", 1)
        assert "its speed cannot be read back" in report.line()


def test_what_is_not_taken_over_is_told(
    one_clip: World, command: list[str], settings: dict[str, Any], media: dict[str, Media]
) -> None:
    media["first"].properties["Input Color Space"] = "ARRI LogC4"
    reports = styled(one_clip, command, {**settings, "destination": "bin"})
    notes = "; ".join(reports["trimmed"].notes)
    if one_clip.variant.lies:
        assert "Data Level stays Auto, not Full" in notes
        assert "Input Color Space stays , not ARRI LogC4" in notes
    else:
        assert "Data Level Full; Input Color Space ARRI LogC4" in notes
        (found,) = one_clip.bins["NLE Style"]
        assert found.properties["Input Color Space"] == "ARRI LogC4"


def test_a_sequence_gets_its_sources_rate(
    one_clip: World, command: list[str], settings: dict[str, Any], media: dict[str, Media]
) -> None:
    one_clip.tracks[0].clips = []
    one_clip.add(Clip("mixed", 86400, 24, [Take(media["mixed"], 10, 35)]))
    styled(one_clip, command, {**settings, "destination": "bin"})
    (found,) = one_clip.bins["NLE Style"]
    assert found.rate == 25
