"""Nests, and one clip used many times, at strength 0: melt before and after the batch."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from tests.helpers.players.mlt import need_melt, stamps_of
from tests.helpers.stamps import make_clip
from tests.render.round_trips.round_trip import (
    RATES,
    Shots,
    batch,
    melt,
    retimed,
    same_after_batch,
)
from tests.timeline.building import clip, gap, time_range, timeline, track, transition


def _nest(
    *tracks: otio.schema.Track, source: tuple[float, float] | None = None, rate: float
) -> otio.schema.Stack:
    trim = source and time_range(*source, rate)
    return otio.schema.Stack("compound", children=list(tracks), source_range=trim)


@pytest.mark.slow
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_nests_play_the_same(rate: Fraction, tiny_pack: Path, tmp_path: Path) -> None:
    """A nest with two tracks in a nest, trimmed, retimed, and over another track."""
    need_melt()
    shots, r = Shots(tmp_path, rate), float(rate)

    def inner(source: tuple[float, float] | None = None) -> otio.schema.Stack:
        # a4-a9 with b20 b21 over its third and fourth, then b30-b33.
        return _nest(
            track(shots.a(4, 6), shots.b(30, 4)),
            track(gap(2, r), shots.b(20, 2)),
            source=source,
            rate=r,
        )

    lower = track(
        shots.a(38, 2),
        _nest(track(shots.b(10, 3), inner((1, 8))), source=(2, 7), rate=r),
        retimed(inner((0, 5)), 2.0),
        retimed(inner((1, 5)), -1.0),
        shots.a(20, 4),
    )
    # Its own gap shows the track below.
    upper = track(gap(19, r), _nest(track(gap(2, r), shots.b(38, 2)), rate=r))
    # The reversed nest does not reach b30-b33.
    (shown,) = same_after_batch(timeline(lower, upper), tiny_pack, tmp_path, melt(rate), hidden=1)
    assert stamps_of(shown) == [
        (1, 38), (1, 39),
        # The outer nest's frame 2 is the last of b; then the inner's frames 1 to 6.
        (2, 12), (1, 5), (2, 20), (2, 21), (1, 8), (1, 9), (2, 30),
        # Inner frames 0 2 4 6 8 and 5 4 3 2 1.
        (1, 4), (2, 20), (1, 8), (2, 30), (2, 32),
        (1, 9), (1, 8), (2, 21), (2, 20), (1, 5),
        (1, 20), (1, 21), (2, 38), (2, 39),
    ]  # fmt: skip


@pytest.mark.slow
def test_retimes_within_retimed_nests_and_dissolves_play_the_same(
    tiny_pack: Path, tmp_path: Path
) -> None:
    need_melt()
    rate, r = Fraction(24), 24.0
    shots = Shots(tmp_path, rate)

    def inner() -> otio.schema.Stack:
        return _nest(
            track(
                retimed(shots.a(4, 8), 2.0),
                transition(2, 2, r),
                retimed(shots.b(20, 6), 0.5),
                retimed(shots.a(36, 3), 0.0),
            ),
            rate=r,
        )

    half, double, back = retimed(inner(), 0.5), retimed(inner(), 2.0), retimed(inner(), -1.0)
    for nest, source in ((half, (0, 6)), (double, (8, 4)), (back, (10, 6))):
        nest.source_range = time_range(*source, r)
    lower = track(half, double, transition(1, 0, r), back)
    # The first nest shows its frames 0 to 2 only.
    (shown,) = same_after_batch(timeline(lower), tiny_pack, tmp_path, melt(rate), hidden=2)
    # Inner: a4 a6 a8 a10 a12 a14, four frames of dissolve, b21 b21 b22 b22, a36 a36 a36.
    assert stamps_of(shown)[:6] == [(1, 4), (1, 4), (1, 6), (1, 6), (1, 8), (1, 8)]
    assert stamps_of(shown)[7:9] == [(2, 21), (2, 22)]
    assert stamps_of(shown)[10:12] == [(1, 36), (1, 36)]


@pytest.mark.slow
def test_a_clip_used_five_times_is_rendered_once(tiny_pack: Path, tmp_path: Path) -> None:
    need_melt()
    rate, r = Fraction(30000, 1001), 30000 / 1001
    shots = Shots(tmp_path, rate)
    lower = track(
        shots.a(10, 8),
        gap(1, r),
        shots.a(14, 8),
        retimed(shots.a(12, 5), 2.0),
        _nest(track(shots.a(9, 4)), rate=r),
    )
    made = timeline(lower, track(gap(3, r), retimed(shots.a(15, 3), 0.0)))
    (shown,) = same_after_batch(made, tiny_pack, tmp_path, melt(rate))
    assert stamps_of(shown)[3:6] == [(1, 15)] * 3
    # 10-17, 14-21, 12-20 and one frame each side, 9-12, 15-16: 9-21 without 11 of them twice.
    outputs = sorted(path.name for path in (tmp_path / "out").glob("*.mov"))
    assert outputs == ["flower field.red.mov"]
    again = batch(made, tiny_pack, tmp_path)
    assert [(r.first, r.last) for r in again.plan.ranges] == [(9, 21)]
    assert len(again.plan.uses) == 5


@pytest.mark.slow
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_the_files_own_timecode_decides_where_the_timeline_has_none(
    rate: Fraction, tiny_pack: Path, tmp_path: Path
) -> None:
    """Clips without an available range, of files that start at ten hours."""
    need_melt()
    start = 36000 * round(rate)
    path = make_clip(tmp_path / "reel.mov", 7, 40, rate, timecode="10:00:00:00")
    shots = [
        clip("reel", (start + first, 5), None, url=path.as_uri(), rate=float(rate))
        for first in (3, 30, 6)
    ]
    play_at = melt(rate, **{"reel.mov": start})
    (shown,) = same_after_batch(
        timeline(track(shots[0], gap(2, float(rate)), *shots[1:])), tiny_pack, tmp_path, play_at
    )
    expected = [(7, n) for first in (3, 30, 6) for n in range(first, first + 5)]
    assert stamps_of(shown) == [*expected[:5], None, None, *expected[5:]]
