"""Eight clips through the real worker: takes hold exactly the frames that they replace."""

from __future__ import annotations

import functools
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import OpenImageIO as oiio  # noqa: N813
import pytest

from tests.helpers.stamps import Stamp, frames_of, read_stamp
from tests.plugins.resolve.doubles.fake_resolve import Resolve
from tests.plugins.resolve.doubles.fake_world import Clip, Media, Take, Variant, World

pytestmark = pytest.mark.slow

NAMES = ["trimmed", "again", "slow", "reversed", "still", "sequence", "title", "offline"]


@pytest.fixture
def world(variant: Variant, media: dict[str, Media], tmp_path: Path) -> World:
    """Trimmed; the same medium again; 50 %; -100 %; a still; EXRs; a title; one offline."""
    first, second, still = media["first"], media["second"], media["still"]
    offline = Media(str(tmp_path / "gone.mov"), 100, Fraction(24))
    clips = [
        Clip("trimmed", 0, 20, [Take(first, 10, 30)]),
        Clip("again", 0, 20, [Take(first, 25, 45)]),
        Clip("slow", 0, 30, [Take(second, 5, 20)], Fraction(1, 2)),
        Clip("reversed", 0, 12, [Take(second, 22, 34)], Fraction(-1)),
        Clip("still", 0, 25, [Take(still, 0, 1)]),
        Clip("sequence", 0, 10, [Take(media["sequence"], 6, 16)]),
        Clip("title", 0, 24, []),
        Clip("offline", 0, 24, [Take(offline, 0, 24)]),
    ]
    world = World(variant)
    world.bins["Master"] = [*media.values(), offline]
    start = world.start
    for clip in clips:
        clip.start = start
        start += clip.duration
        world.add(clip)
    return world


@functools.cache
def stamps_of(path: str) -> list[Stamp | None]:
    return [read_stamp(frame) for frame in frames_of(Path(path))]


def stamp_of(media: Media, frame: int) -> Stamp | None:
    """The stamp of a medium's frame, read from its file."""
    path = media.path
    if path.endswith(".mov"):
        return stamps_of(path)[frame]
    brackets = re.search(r"\[(\d+)-\d+\]", path)
    if brackets:
        number = f"{int(brackets[1]) + frame:0{len(brackets[1])}d}"
        path = path[: brackets.start()] + number + path[brackets.end() :]
    pixels = oiio.ImageBuf(path).get_pixels(oiio.FLOAT)
    return read_stamp(pixels[:, :, :3])


def shown(world: World, clip: Clip) -> list[Stamp | None]:
    assert clip.take is not None
    return [stamp_of(clip.take.media, frame) for frame in clip.shown(world.rate)]


def styled(world: World, command: list[str], settings: dict[str, Any]) -> dict[str, Any]:
    from nle_style_resolve.flow import Silent, style_clips
    from nle_style_resolve.host import Host

    reports, _ = style_clips(Host(Resolve(world)), command, settings, Silent())
    return {report.name: report for report in reports}


def test_takes_hold_the_frames_they_replace(
    world: World, command: list[str], settings: dict[str, Any]
) -> None:
    clips = {clip.name: clip for clip in world.tracks[0].clips}
    placeable = NAMES[:6]
    before = {name: shown(world, clips[name]) for name in placeable}
    lengths = {name: clip.duration for name, clip in clips.items()}
    opened = (world.folder, world.page, world.playhead)

    reports = styled(world, command, settings)

    assert list(reports) == NAMES
    assert {name: clip.duration for name, clip in clips.items()} == lengths
    assert (world.folder, world.page, world.playhead) == opened
    assert (reports["title"].state, reports["offline"].state) == ("left alone", "left alone")
    assert "no media" in reports["title"].why
    assert "offline" in reports["offline"].why
    assert "gone.mov" in reports["offline"].why
    for name in ("title", "offline"):
        assert (clips[name].colour, clips[name].markers, clips[name].selector) == ("", {}, False)
    if world.variant.lies:
        assert {reports[name].state for name in placeable} == {"failed"}
        assert not any(clip.selector for clip in clips.values())
        return
    assert {name: reports[name].state for name in placeable} == dict.fromkeys(placeable, "placed")
    for name in placeable:
        clip = clips[name]
        assert (clip.selector, clip.chosen, len(clip.takes)) == (True, 1, 2), name
        assert clip.take is not None
        assert clip.take.media.path.startswith(settings["output"])
        assert shown(world, clip) == before[name], name
        assert clip.colour == "Violet"
        (marker,) = clip.markers.values()
        assert marker["customData"]
    # "trimmed" and "again" overlap: one render, one import.
    takes = [clips[name].takes[1].media for name in ("trimmed", "again")]
    assert takes[0] is takes[1]
    assert {media.properties["Data Level"] for media in world.bins["NLE Style"]} == {"Full"}


def test_what_is_styled_comes_off_again(
    world: World, command: list[str], settings: dict[str, Any]
) -> None:
    from nle_style_resolve.host import Host, HostError
    from nle_style_resolve.project import jobs_in, remove_styled

    timeline = Resolve(world).GetProjectManager().GetCurrentProject().GetCurrentTimeline()
    world.tracks[0].clips[0].colour = "Teal"
    before = world.snapshot()
    styled(world, command, settings)
    if world.variant.lies:
        assert world.snapshot() == before
        with pytest.raises(HostError, match="no styled clips"):
            remove_styled(Host(Resolve(world)), timeline)
        return
    (job,) = jobs_in(timeline)
    world.page = "fairlight"  # where nothing can be deleted
    reports = remove_styled(Host(Resolve(world)), timeline, job)
    assert world.page == "fairlight"
    world.page = "edit"
    assert [report.state for report in reports] == ["removed"] * 6
    world.bins.pop("NLE Style")  # what was imported stays there
    assert world.snapshot() == before


def test_the_intermediates_have_handles(
    world: World, command: list[str], settings: dict[str, Any]
) -> None:
    if world.variant.lies:
        pytest.skip("nothing is imported to look at")
    styled(world, command, settings)
    clips = {clip.name: clip for clip in world.tracks[0].clips}
    # 3 handles: frames 7-47 for "trimmed" (10-29) and "again" (25-44); 2-22 and 19-36 for "slow"
    # (5-19) and "reversed" (22-33), which touch and are one; of the sequence 3-18.
    frames = {name: clips[name].takes[1].media.frames for name in NAMES[:6]}
    assert frames["trimmed"] == 47 - 7 + 1
    assert frames["slow"] == frames["reversed"] == 36 - 2 + 1
    assert frames["sequence"] == 18 - 3 + 1
    assert clips["trimmed"].takes[1].start == 10 - 7
    assert clips["slow"].takes[1].start == 5 - 2
    assert stamp_of(clips["sequence"].takes[1].media, 0) == (4, 3)
    assert frames["still"] == 1
