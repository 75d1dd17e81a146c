"""The real clips beside the repository: at strength 0 a take shows the source's own pixels."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nle_style.media.source import probe_media, read_frames
from tests.plugins.resolve.doubles.fake_world import Clip, Media, Take, Variant, World
from tests.plugins.resolve.test_eight_clips import styled

# clip -> first frame, duration, speed on a timeline of 24
CUTS = {
    "flower.mp4": (30, 4, Fraction(1)),
    "bigbuckbunny.mp4": (50, 8, Fraction(1, 2)),
    "friday.mp4": (20, 3, Fraction(-1)),
}


@pytest.mark.slow
@pytest.mark.parametrize("format_", ["exr", "png-mov"])
def test_takes_of_real_clips(
    shared: Path, command: list[str], settings: dict[str, Any], tmp_path: Path, format_: str
) -> None:
    world = World(Variant())
    start = world.start
    for name, (first, duration, speed) in CUTS.items():
        info = probe_media(shared / "clips" / name)
        media = Media(str(info.path), info.frame_count, info.rate)
        step = abs(speed) * info.rate / world.rate
        last = first + int((duration - 1) * step)
        world.add(Clip(name, start, duration, [Take(media, first, last + 1)], speed))
        start += duration
    asked = {**settings, "format": format_, "handles": 1, "output": str(tmp_path)}
    reports = styled(world, command, asked)
    assert {name: report.state for name, report in reports.items()} == dict.fromkeys(CUTS, "placed")
    for clip in world.tracks[0].clips:
        ours = clip.shown(world.rate)
        clip.chosen = 0
        theirs = clip.shown(world.rate)
        source, styled_as = clip.takes[0].media.path, _file_of(clip.takes[1].media.path)
        for mine, its in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(_frame(styled_as, mine), _frame(Path(source), its))


def _file_of(path: str) -> Path:
    """Resolve's name.[1-9].exr as a printf pattern."""
    folder, _, name = path.rpartition("/")
    before, bracket, after = name.partition(".[")
    return Path(folder) / f"{before}.%06d{after.partition(']')[2]}" if bracket else Path(path)


def _frame(path: Path, number: int) -> np.ndarray[Any, Any]:
    """A frame as 8-bit codes."""
    (frame,) = read_frames(probe_media(path), number, number)
    return np.rint(np.asarray(frame) * 255).astype(np.uint8)
