"""Retimes at strength 0, played by melt before and after the batch.

What the original shows is written out by hand, so that melt and the helper are judged as well.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tests.helpers.players.mlt import need_melt, stamps_of
from tests.helpers.stamps import Stamp
from tests.render.round_trips.round_trip import (
    RATES,
    Shots,
    melt,
    retimed,
    same_after_batch,
)
from tests.timeline.building import gap, timeline, track, transition


def _a(*frames: int) -> list[Stamp]:
    return [(1, frame) for frame in frames]


def _b(*frames: int) -> list[Stamp]:
    return [(2, frame) for frame in frames]


@pytest.mark.slow
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_retimes_play_the_same(rate: Fraction, tiny_pack: Path, tmp_path: Path) -> None:
    """Half and double speed, reverse, freezes, all of the same two files, and a gap."""
    need_melt()
    shots = Shots(tmp_path, rate)
    made = timeline(
        track(
            retimed(shots.a(7, 6), 2.0),
            retimed(shots.b(11, 7), 0.5),
            gap(2, float(rate)),
            retimed(shots.a(5, 6), -1.0),
            retimed(shots.b(30, 5), 0.0),
            shots.a(9, 3),
            retimed(shots.b(3, 4), -2.0),
            retimed(shots.b(35, 6), 1.25),
        )
    )
    both_readings = melt(rate), melt(rate, "from start")
    law, from_start = same_after_batch(made, tiny_pack, tmp_path, *both_readings)
    before = [*_a(7, 9, 11, 13, 15, 17), *_b(11, 11, 12, 12, 13, 13, 14), None, None]
    between = [*_b(30, 30, 30, 30, 30), *_a(9, 10, 11)]
    # 35 + floor(1.25 i) is 35 36 37 38 40 41; the file ends with 39.
    after = _b(35, 36, 37, 38, 39, 39)
    # Down from 5 + 6 - 1, and from 3 + 8 - 1.
    assert stamps_of(law) == [
        *before, *_a(10, 9, 8, 7, 6, 5), *between, *_b(10, 8, 6, 4), *after
    ]  # fmt: skip
    # Down from 5, and from 3: a file's first frame stands where there is nothing before it.
    assert stamps_of(from_start) == [
        *before, *_a(5, 4, 3, 2, 1, 0), *between, *_b(3, 1, 0, 0), *after
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_the_engines_own_retime_plays_the_same(
    rate: Fraction, tiny_pack: Path, tmp_path: Path
) -> None:
    """melt's timewarp, which rounds to the nearest frame: those beside the law's are there."""
    need_melt()
    shots = Shots(tmp_path, rate)
    made = timeline(
        track(
            # melt's double speed can begin on even frames only, and intermediates begin a frame
            # early, but none before the file.
            retimed(shots.b(0, 6), 2.0),
            # Not 0.5: at 23.976 melt takes the halves up or down as its floats happen to fall.
            retimed(shots.a(11, 10), 0.2),
            retimed(shots.a(25, 8), -1.0),
        )
    )
    (shown,) = same_after_batch(made, tiny_pack, tmp_path, melt(rate, "engine"))
    assert stamps_of(shown) == [
        *_b(0, 2, 4, 6, 8, 10),
        *_a(11, 11, 11, 12, 12, 12, 12, 12, 13, 13),  # 11 + round(i / 5)
        *_a(32, 31, 30, 29, 28, 27, 26, 25),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("handles", [0, 3])
def test_dissolves_between_retimed_clips_play_the_same(
    handles: int, tiny_pack: Path, tmp_path: Path
) -> None:
    need_melt()
    rate = Fraction(25)
    shots = Shots(tmp_path, rate)
    lower = track(
        retimed(shots.a(4, 8), 2.0),
        transition(2, 3, 25),
        retimed(shots.b(20, 8), 0.5),
        transition(1, 2, 25),
        retimed(shots.a(10, 8), -1.0),
        transition(3, 3, 25),
        retimed(shots.b(15, 8), 0.0),
    )
    (shown,) = same_after_batch(timeline(lower), tiny_pack, tmp_path, melt(rate), handles=handles)
    stamps = stamps_of(shown)
    assert stamps[:6] == _a(4, 6, 8, 10, 12, 14)
    # The second clip's frames 3 to 6, 20 + floor(i / 2); the third's 2 to 4, from 17 down.
    assert stamps[11:15] == _b(21, 22, 22, 23)
    assert stamps[18:21] == _a(15, 14, 13)
    assert stamps[27:] == _b(15, 15, 15, 15, 15)
    # Between them pictures of two clips; the first of a dissolve may still be the clip before.
    assert stamps[7:11] == ["mixed"] * 4
