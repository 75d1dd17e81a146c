from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import exact_rate
from nle_style.timeline.frames import counted, float_rate, is_counted_at, whole_frames
from tests.timeline.building import time

NTSC24, NTSC30 = Fraction(24000, 1001), Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (23.976024627685547, NTSC24),  # Premiere
        (23.976, NTSC24),
        (23.98, NTSC24),
        (29.97, NTSC30),
        (59.9401, Fraction(60000, 1001)),
        (119.88, Fraction(120000, 1001)),
        (24.0, Fraction(24)),
        (12.5, Fraction(25, 2)),
        (24000.0, Fraction(24000)),  # AVFoundation counts in media ticks
        (1.0, Fraction(1)),
    ],
)
def test_a_written_rate_means_one_exact_rate(written: float, meant: Fraction) -> None:
    assert exact_rate(written) == meant


def test_the_media_decides_where_a_rate_is_near_it() -> None:
    odd = Fraction(2997, 100)
    assert exact_rate(29.97002997, odd) == odd
    assert exact_rate(24.0, NTSC24) == 24  # 0.1 % apart is another rate


@pytest.mark.parametrize("rate", [0.0, -24.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(TimelineError, match="frames per second"):
        exact_rate(rate)


def test_times_become_media_frames() -> None:
    assert counted(time(86400, 23.976024627685547), NTSC24) == 86400
    assert counted(time(12, 24), Fraction(30)) == 15
    # 2.5 s of ticks at 24000/1001 frames per second: 60000/1001 frames.
    assert counted(time(60000, 24000), NTSC24) == Fraction(60000, 1001)
    assert counted(time(0, 0), Fraction(24)) == 0
    with pytest.raises(TimelineError):
        counted(time(1, 0), Fraction(24))
    with pytest.raises(TimelineError):
        counted(time(float("nan"), 24), Fraction(24))


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        (10.0, 20.0, 10, 19),
        (10.999999, 20.999999, 11, 20),  # to_frames() would say 10
        (10.5, 20.5, 10, 20),  # off the frame: both touched frames
        (10.02, 20.0, 10, 19),
        (10.0, 20.02, 10, 20),
        (10.3, 10.4, 10, 10),
        (10.0, 10.0, 10, 10),
        (-2.0, 3.0, -2, 2),
    ],
)
def test_intervals_widen_to_whole_frames(start: float, end: float, first: int, last: int) -> None:
    assert whole_frames(Fraction(start), Fraction(end)) == (first, last)


def test_mixed_rates_are_noticed_and_zero_is_not() -> None:
    assert is_counted_at([time(5, 23.98), time(0, 1)], NTSC24)
    assert not is_counted_at([time(5, 24)], NTSC24)


def test_new_times_use_the_rate_that_the_timeline_writes() -> None:
    assert float_rate([time(0, 0), time(0, 1), time(9, 23.976024627685547)], NTSC24) == (
        23.976024627685547
    )
    # The double that OpenTimelineIO itself has for 24000/1001.
    nearest = otio.opentime.RationalTime.nearest_smpte_timecode_rate(23.976)
    assert float_rate([time(9, 24)], NTSC24) == nearest
