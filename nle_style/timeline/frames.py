"""Editorial time as exact media frames.

OpenTimelineIO keeps values and rates as floats, and real files hold 23.976024627685547, 23.98
or 10.999999. Here they become `fractions.Fraction` before any arithmetic, so that a frame number
does not depend on how a float was rounded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timecode import smpte_rate

__all__ = [
    "counted",
    "exact_rate",
    "float_rate",
    "is_counted_at",
    "labelled",
    "snapped",
    "usable_range",
    "whole_frames",
]

# 23.98 stands for 24000/1001 and is 1.7e-4 away from it; 24 itself is 1e-3 away.
_SAME_RATE = Fraction(2, 10_000)
# Noise of float arithmetic in editors; a cut that is meant to be off the frame is further away.
_SAME_FRAME = Fraction(1, 100)
_NTSC_COUNTS = (24, 30, 48, 60, 72, 90, 96, 120, 240)


def exact_rate(rate: float, media_rate: Fraction | None = None) -> Fraction:
    """The exact rate that a float stands for.

    Args:
        rate: frames (or ticks) per second as read from a timeline, > 0.
        media_rate: the exact rate of the media, if known; a `rate` within 0.02 % of it is it.

    Returns:
        The media's rate, an NTSC rate n*1000/1001, or the simplest fraction near `rate`.

    Raises:
        TimelineError: the rate is zero, negative or not a number.
    """
    if not math.isfinite(rate) or rate <= 0:
        raise TimelineError(
            f"a time is counted at {rate:g} frames per second",
            remedy="Export the timeline again with the rate of its media.",
        )
    exact = Fraction(rate)
    if media_rate is not None and abs(exact - media_rate) <= _SAME_RATE * media_rate:
        return media_rate
    # Whole rates first: 24 must never be taken for 24000/1001.
    if abs(exact - round(exact)) <= Fraction(1, 1_000_000):
        return Fraction(round(exact))
    for count in _NTSC_COUNTS:
        ntsc = Fraction(count * 1000, 1001)
        if abs(exact - ntsc) <= _SAME_RATE * ntsc:
            return ntsc
    return exact.limit_denominator(1001)


def counted(time: otio.opentime.RationalTime, media_rate: Fraction | None = None) -> Fraction:
    """A time or duration in frames of the media, or in seconds; exact and not rounded.

    Args:
        time: any RationalTime; zero is zero at whatever rate, even at the rate 0 of some exports.
        media_rate: frames per second of the media; None for seconds.

    Returns:
        Frames, whole where `time` is counted at the media's rate on the frame; or seconds.

    Raises:
        TimelineError: the value is not finite, or a non-zero value has no usable rate.
    """
    if not math.isfinite(time.value):
        raise TimelineError(
            f"a time has the value {time.value}", remedy="Export the timeline again."
        )
    if time.value == 0:
        return Fraction(0)
    return Fraction(time.value) * (media_rate or 1) / exact_rate(time.rate, media_rate)


def labelled(time: otio.opentime.RationalTime, media_rate: Fraction) -> Fraction:
    """The frame since midnight that has a time's hours, minutes and seconds in the media's count.

    A timecode is a label: 01:02:00:00 is frame 89280 at 24 and at 23.976 a second alike, 3.7
    seconds apart. A time that is not counted in pictures is `counted`.

    Raises:
        TimelineError: as `counted`.
    """
    place = counted(time, media_rate)
    own = smpte_rate(media_rate)
    theirs = smpte_rate(exact_rate(time.rate, media_rate)) if place else None
    if own is None or theirs is None:
        return place
    return Fraction(time.value) * round(own) / round(theirs)


def is_counted_at(times: Iterable[otio.opentime.RationalTime], media_rate: Fraction) -> bool:
    """Whether every non-zero time is counted in frames of the media.

    Raises:
        TimelineError: a non-zero time has no usable rate.
    """
    return all(exact_rate(t.rate, media_rate) == media_rate for t in times if t.value != 0)


def float_rate(times: Iterable[otio.opentime.RationalTime], media_rate: Fraction) -> float:
    """The float to write for a rate: the one that `times` use for it, if any.

    Two floats for one rate (23.976024627685547 beside 23.976023976) put an hour of timecode
    0.002 frames apart, and a reader that truncates loses a frame.
    """
    for time in times:
        if time.rate > 0 and exact_rate(time.rate, media_rate) == media_rate:
            return float(time.rate)
    return float(media_rate)


def usable_range(reference: otio.core.MediaReference) -> otio.opentime.TimeRange | None:
    """The reference's available range, or None if it has none that says anything.

    Some exports write ranges of no length, a few of them at the rate 0, for unknown ones.
    """
    available = reference.available_range
    return available if available is not None and available.duration.value > 0 else None


def whole_frames(start: Fraction, end: Fraction) -> tuple[int, int]:
    """First and last frame (inclusive) touched by the half-open interval start..end, in frames.

    Bounds within 0.01 frame of a whole number are that number; others widen outwards to
    floor(start) and ceil(end) - 1. An interval shorter than a frame still has one.
    """
    first = math.floor(snapped(start))
    return first, max(first, math.ceil(snapped(end)) - 1)


def snapped(value: Fraction) -> Fraction:
    """A position or length in frames; within 0.01 frame of a whole number it is that number."""
    nearest = round(value)
    return Fraction(nearest) if abs(value - nearest) <= _SAME_FRAME else value
