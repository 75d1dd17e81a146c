"""When the frames of a movie are shown, by what its packets say; and whether a rate fits them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from statistics import median_low

import av.video.stream

__all__ = ["MILLISECOND", "between", "delayed", "rate_of", "shown_times", "spread"]

MILLISECOND = Fraction(1, 1000)
_NTSC = Fraction(1000, 1001)
_SNAP = Fraction(1, 10_000)
_MPEG_MILLISECOND = 90  # ticks: of ISO/IEC 13818-1's clock
_NEAR = Fraction(3, 10)
"""Of a frame: 0, 2, 3 is a third off an even 0, 1.5, 3, and longer ones more."""


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


def delayed(decoded: Sequence[int], held: int) -> list[int]:
    """The ticks at which frames are shown where only decoding has times, as in AVI: when the
    decoder gives them, which is `held` packets after it has got the first one.

    Source: ffmpeg's guess_correct_pts() (libavcodec/decode.c).
    """
    step = round(Fraction(decoded[-1] - decoded[0], max(1, len(decoded) - 1)))
    more = [decoded[-1] + step * number for number in range(1, held + 1)]
    return [*decoded[held:], *more]


def between(stated: Sequence[int | None], step: Fraction) -> list[int]:
    """The ticks of frames of which only some state theirs, not all of them right.

    If most of them lie on one even grid (within a millisecond at 90 kHz), all do. Else the others
    lie evenly between those that state a later time than the ones before:
    [None, 10, None, 20] -> [5, 10, 15, 20].

    Args:
        stated: in the order shown.
        step: ticks a frame at the stream's rate.
    """
    known = [(place, tick) for place, tick in enumerate(stated) if tick is not None]
    begin = median_low(round(tick - place * step) for place, tick in known)
    on_grid = sum(abs(tick - place * step - begin) <= _MPEG_MILLISECOND for place, tick in known)
    if on_grid * 2 > len(known):
        return [round(begin + place * step) for place in range(len(stated))]
    latest = accumulate((tick for _, tick in known), max)
    later = [
        known[0],
        *(two for two, most in zip(known[1:], latest, strict=False) if two[1] > most),
    ]
    (first, early), (last, late) = later[0], later[-1]
    if last > first:
        step = Fraction(late - early, last - first)
    ends = (
        (0, round(early - first * step)),
        (len(stated), round(late + (len(stated) - last) * step)),
    )
    return [
        tick + round(Fraction((after - tick) * number, until - place))
        for (place, tick), (until, after) in pairwise([ends[0], *later, ends[1]])
        for number in range(until - place)
    ]


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
    rounds, of its place on the even grid, and is not as far from it as a lost frame puts those
    around it (a tick of AVI is a whole frame). Stated rates come before those guessed from the
    times.

    Args:
        times: ticks at which frames are shown, ascending.
    """
    stated = [rate for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate) if rate]
    exact = [_snap(rate) for rate in stated]
    if len(times) < 2 or times[0] == times[-1]:
        return (exact[0] if exact else Fraction(25)), False
    average = Fraction(len(times) - 1) / ((times[-1] - times[0]) * time_base)
    rounded = (Fraction(round(average)), round(average / _NTSC) * _NTSC)
    tick = max(Fraction(1), MILLISECOND / time_base)
    for rate in (*exact, *sorted(rounded, key=lambda rate: abs(rate - average)), average):
        if rate <= 0:
            continue
        step = 1 / rate / time_base
        allowed = min(tick, step * _NEAR) if step >= 1 else tick
        if all(abs(time - times[0] - k * step) <= allowed for k, time in enumerate(times)):
            return rate, False
    return _snap(average), True
