"""When the frames of a movie are shown, by what its packets say; and whether a rate fits them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import av.video.stream

__all__ = ["MILLISECOND", "rate_of", "shown_times", "spread"]

MILLISECOND = Fraction(1, 1000)
_NTSC = Fraction(1000, 1001)
_SNAP = Fraction(1, 10_000)


def shown_times(
    shown: Sequence[int | None], decoded: Sequence[int | None]
) -> tuple[list[int], bool]:
    """The ticks at which frames are shown, ascending, and whether each frame states its own.

    Without presentation times (AVI with B-frames) the times of decoding do: each frame is shown at
    one of them, in order. Without any the list is empty, and frames can only be counted.

    Args:
        shown, decoded: presentation and decoding ticks of the frames, in decoding order.
    """
    stated = [tick for tick in shown if tick is not None]
    if len(stated) == len(shown):
        return sorted(stated), True
    ticks = [tick for tick in decoded if tick is not None]
    if len(ticks) == len(shown) and all(a < b for a, b in pairwise(ticks)):
        return ticks, False
    return [], False


def spread(times: Sequence[int]) -> list[int]:
    """Ascending ticks with those that stand there twice moved on, so that every frame has its own:
    10, 20, 20, 30 -> 10, 20, 21, 30."""
    each: list[int] = []
    for tick in times:
        each.append(max(tick, each[-1] + 1) if each else tick)
    return each


def _snap(rate: Fraction) -> Fraction:
    """The whole or N*1000/1001 rate within 1e-4 of a container's value, else the value itself."""
    for exact in (Fraction(round(rate)), round(rate / _NTSC) * _NTSC):
        if exact > 0 and abs(exact - rate) < _SNAP:
            return exact
    return rate


def rate_of(
    stream: av.video.stream.VideoStream, times: Sequence[int], time_base: Fraction
) -> tuple[Fraction, bool]:
    """The exact rate, and whether the frames keep it.

    A candidate holds if every frame is within one tick, or the millisecond to which Matroska
    rounds, of its place on the even grid. Stated rates come before those guessed from the times.

    Args:
        times: ticks at which frames are shown, ascending.
    """
    stated = [rate for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate) if rate]
    exact = [_snap(rate) for rate in stated]
    if len(times) < 2 or times[0] == times[-1]:
        return (exact[0] if exact else Fraction(25)), False
    average = Fraction(len(times) - 1) / ((times[-1] - times[0]) * time_base)
    rounded = (Fraction(round(average)), round(average / _NTSC) * _NTSC)
    allowed = max(Fraction(1), MILLISECOND / time_base)
    for rate in (*exact, *sorted(rounded, key=lambda rate: abs(rate - average)), average):
        if rate <= 0:
            continue
        step = 1 / rate / time_base
        if all(abs(tick - times[0] - k * step) <= allowed for k, tick in enumerate(times)):
            return rate, False
    return _snap(average), True
