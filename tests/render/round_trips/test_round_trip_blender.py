"""A second engine on cuts, gaps and tracks: Blender must see what melt sees."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from tests.helpers.players.blender import need_blender, play_in_blender
from tests.helpers.players.mlt import need_melt, play, stamps_of
from tests.render.round_trips.round_trip import Frames, Shots, same_after_batch
from tests.timeline.building import gap, timeline, track


@pytest.mark.slow
def test_blender_and_melt_play_the_same(tiny_pack: Path, tmp_path: Path) -> None:
    need_blender()
    need_melt()
    rate = Fraction(24000, 1001)
    r = float(rate)
    shots = Shots(tmp_path, rate)

    def in_blender(made: otio.schema.Timeline, folder: Path) -> Frames:
        return play_in_blender(made, rate, folder)

    def in_melt(made: otio.schema.Timeline, folder: Path) -> Frames:
        return play(made, rate, folder)

    lower = track(
        gap(2, r),
        shots.a(5, 6),
        shots.b(20, 4),
        gap(3, r),
        shots.a(9, 4),
        shots.a(35, 5),  # up to the last frame of the file
    )
    upper = track(gap(6, r), shots.b(33, 4), gap(4, r), shots.b(0, 3))
    made = timeline(lower, upper)
    blender, melt = same_after_batch(made, tiny_pack, tmp_path, in_blender, in_melt, handles=2)
    seen = stamps_of(blender)
    assert seen == stamps_of(melt)
    expected = [None, None, *((1, n) for n in range(5, 11)), *((2, n) for n in range(20, 24))]
    expected += [None] * 3 + [(1, n) for n in (*range(9, 13), *range(35, 40))]
    expected[6:10] = [(2, n) for n in range(33, 37)]
    expected[14:17] = [(2, n) for n in range(3)]
    assert seen == expected
