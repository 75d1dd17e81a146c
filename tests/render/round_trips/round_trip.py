"""A batch at strength 0 on frame-stamped media, and the question whether a player sees it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import opentimelineio as otio

from nle_style.apply import Look
from nle_style.render import Output
from nle_style.render.cut import BatchResult, plan_batch, run_batch
from nle_style.timeline import read_timeline
from tests.helpers.players import mlt
from tests.helpers.players.otio_frames import Reading
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip

__all__ = [
    "COUNT",
    "RATES",
    "Frames",
    "Play",
    "Shots",
    "batch",
    "melt",
    "retimed",
    "same_after_batch",
]

RATES = [
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(60000, 1001),
]
COUNT = 40

Frames = list[npt.NDArray[np.uint8]]
Play = Callable[[otio.schema.Timeline, Path], Frames]
"""Plays a timeline, with a folder for what it needs."""


class Shots:
    """Two stamped movies of COUNT frames at a rate, and clips of them.

    a: stamp 1, PNG in .mov, whose source times start at one hour. b: stamp 2, FFV1, from 0.
    """

    def __init__(self, folder: Path, rate: Fraction) -> None:
        self.folder, self.rate = folder, rate
        self.hour = 3600 * round(rate)
        self.a_path = make_clip(folder / "flower field.mov", 1, COUNT, rate)
        self.b_path = make_clip(folder / "crowd.mkv", 2, COUNT, rate)

    def a(self, first: int, count: int) -> otio.schema.Clip:
        """`count` frames of a from the file's frame `first`."""
        return self._clip(self.a_path, first, count, self.hour)

    def b(self, first: int, count: int) -> otio.schema.Clip:
        """`count` frames of b from the file's frame `first`."""
        return self._clip(self.b_path, first, count, 0)

    def _clip(self, path: Path, first: int, count: int, base: int) -> otio.schema.Clip:
        return clip(
            path.stem,
            (base + first, count),
            (base, COUNT),
            url=path.as_uri(),
            rate=float(self.rate),
        )


def retimed(item: otio.schema.Item, speed: float) -> otio.schema.Item:
    """The same item with a LinearTimeWarp, or with a FreezeFrame for speed 0."""
    effect = otio.schema.LinearTimeWarp(time_scalar=speed) if speed else otio.schema.FreezeFrame()
    item.effects.append(effect)
    return item


def batch(
    timeline: otio.schema.Timeline, pack: Path, folder: Path, **output: object
) -> BatchResult:
    """Write the timeline to FOLDER/cut.otio and batch it at strength 0 into FOLDER/out.

    The file itself stays as it is.
    """
    path = folder / "cut.otio"
    otio.adapters.write_to_file(timeline, str(path))
    untouched = path.read_bytes()
    settings = Output.model_validate({"directory": folder / "out", **output})
    result = run_batch(plan_batch(path, Look({"red": 1.0}, 0.0), settings, pack=str(pack)))
    assert path.read_bytes() == untouched
    return result


def melt(rate: Fraction, reading: Reading = "law", **starts: int) -> Play:
    """melt, at a rate; see `mlt.play`.

    Args:
        starts: media beside the cut, with the first frame of each.
    """

    def played(made: otio.schema.Timeline, folder: Path) -> Frames:
        by_path = {str(folder.parent / name): start for name, start in starts.items()}
        return mlt.play(made, rate, folder, reading=reading, media_starts=by_path)

    return played


def same_after_batch(
    timeline: otio.schema.Timeline,
    pack: Path,
    folder: Path,
    *plays: Play,
    hidden: int = 0,
    **output: object,
) -> list[Frames]:
    """Assert that every player shows the same pixels before the batch and after it.

    Both timelines that the batch writes are played. No clip has its source any more, but for those
    of which a nest's trim shows nothing.

    Args:
        hidden: how many clips those are.
        output: as for `batch`.

    Returns:
        What each player shows, in the order of `plays`.
    """
    result = batch(timeline, pack, folder, **output)
    assert (result.exit_code, result.plan.refusals) == (0, ())
    assert len(result.timelines) == 2
    clips = len(read_timeline(folder / "cut.otio").timeline.find_clips())
    assert len(result.plan.uses) == clips - hidden
    shown = []
    original = read_timeline(folder / "cut.otio").timeline
    for number, play in enumerate(plays):
        before = play(original, _made(folder / f"before {number}"))
        for path in result.timelines:
            made = read_timeline(path).timeline
            styled = [item for item in made.find_clips() if f"/{folder.name}/out/" in _url(item)]
            assert len(styled) == len(result.plan.uses)
            after = play(made, _made(folder / f"{path.stem} {number}"))
            assert len(after) == len(before)
            different = [
                i for i, (x, y) in enumerate(zip(before, after, strict=True)) if (x != y).any()
            ]
            about = f"{path.name}, player {number}: {different} of {mlt.stamps_of(after)}"
            assert different == [], about
        shown.append(before)
    return shown


def _url(item: otio.schema.Clip) -> str:
    reference = item.media_reference
    if isinstance(reference, otio.schema.ImageSequenceReference):
        return str(reference.target_url_base)
    return str(reference.target_url)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
