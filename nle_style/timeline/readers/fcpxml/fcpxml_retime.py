"""Speeds in FCPXML: timeMap, and the conforming of one frame rate to another."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple
from xml.etree import ElementTree

import opentimelineio as otio

from nle_style.timeline.parsed import CURVE_NOTE, curve_start, refused_effect
from nle_style.timeline.readers.fcpxml.resources import seconds

__all__ = ["Retime", "conform_scalar", "retime_of"]

# Final Cut rounds the points of a constant speed to its time base.
_SAME_SLOPE = Fraction(1, 10_000)
_EXACT_RATES = {
    "23.98": Fraction(24000, 1001),
    "29.97": Fraction(30000, 1001),
    "47.95": Fraction(48000, 1001),
    "59.94": Fraction(60000, 1001),
    "119.88": Fraction(120000, 1001),
}


class Retime(NamedTuple):
    """Which part of its media a clip shows, and how fast.

    Attributes:
        start: media time in seconds at the lowest frame shown (the last one of a reverse).
        effect: None at normal speed; a bare TimeEffect where the speed changes.
        warning: what could not be understood, "" if nothing.
        curve: of a speed that changes over time: time since the clip's start and media time, both
            in seconds.
    """

    start: Fraction
    effect: otio.schema.TimeEffect | None = None
    warning: str = ""
    curve: tuple[tuple[Fraction, Fraction], ...] = ()


def retime_of(
    element: ElementTree.Element,
    start: Fraction,
    duration: Fraction,
    rate: Fraction,
    asset: ElementTree.Element | None,
    shift: Fraction = Fraction(0),
) -> Retime:
    """The retime of a clip.

    A timeMap gives media times for local times, straight between its points but where a point says
    how long its smooth transition is (inTime, outTime): FCPXML does not define that curve. Of one
    that lies within the clip and goes one way it is known which frames it shows, in whatever
    order of speeds; others are not read. A conform-rate with scaling plays media of nearly
    the edit's rate frame by frame, so that its time runs at edit rate / media rate.

    Args:
        element: the clip.
        start: its in-point in local time, seconds.
        duration: of the clip in the edit, seconds.
        rate: of the edit.
        asset: what it shows, if it is one asset.
        shift: from the clip's own time, which a timeMap's values are in, to that of the asset;
            seconds.

    Raises:
        ValueError: a time that is none.
    """
    points = [
        (seconds(p.get("time")), seconds(p.get("value")) + shift)
        for p in element.iterfind("./timeMap/timept")
    ]
    if len(points) < 2:
        return _conformed(element, start + shift, rate)
    farthest = max(abs(start + at - points[0][0]) for at in (0, duration))
    is_freeze = len({value for _, value in points}) == 1
    if not is_freeze and abs(conform_scalar(element, rate) - 1) * farthest * rate > 1:
        reason = (
            "it has a speed (timeMap) and another rate than the sequence (conform-rate), and FCPXML"
            " does not say which of them counts first"
        )
        return Retime(start, refused_effect("timeMap", reason), reason.removeprefix("it "))
    slopes = {(v1 - v0) / (t1 - t0) for (t0, v0), (t1, v1) in pairwise(points) if t1 != t0}
    if not slopes or max(slopes) - min(slopes) > _SAME_SLOPE:
        return _ramp(element, points, start, duration, _missing_start(asset, points))
    (t0, v0), (t1, v1) = points[0], points[-1]
    slope = (v1 - v0) / (t1 - t0)
    first = v0 + (start - t0) * slope + _missing_start(asset, points)
    if slope == 0:
        return Retime(first, otio.schema.FreezeFrame())
    effect = otio.schema.LinearTimeWarp(time_scalar=float(slope))
    lowest = first if slope > 0 else first + duration * slope
    return Retime(lowest, effect)


def _ramp(
    element: ElementTree.Element,
    points: list[tuple[Fraction, Fraction]],
    start: Fraction,
    duration: Fraction,
    shift: Fraction,
) -> Retime:
    if reason := _undefined(element, points, start, start + duration):
        return Retime(start, refused_effect("timeMap", reason), reason.removeprefix("it "))
    curve = tuple((time - start, value + shift) for time, value in points)
    return Retime(curve_start(curve), None, CURVE_NOTE, curve)


def _undefined(
    element: ElementTree.Element,
    points: list[tuple[Fraction, Fraction]],
    start: Fraction,
    end: Fraction,
) -> str:
    """Why it is not defined which frames a timeMap shows from `start` to `end`; "" if it is."""
    slopes = [(v1 - v0) / (t1 - t0) for (t0, v0), (t1, v1) in pairwise(points) if t1 > t0]
    if len(slopes) < len(points) - 1:
        return "the points of its timeMap do not go forward in time"
    written = element.findall("./timeMap/timept")
    for place, point in enumerate(written):
        if point.get("interp") == "smooth":
            return "its timeMap has smooth points, whose curve FCPXML does not define"
        before, after = seconds(point.get("inTime")), seconds(point.get("outTime"))
        if not (before or after) or not 0 < place < len(written) - 1:
            continue
        time = points[place][0]
        inside = start <= time - before and time + after <= end
        if not inside or slopes[place - 1] * slopes[place] <= 0:
            return (
                "its speed changes in a smooth transition (inTime, outTime) that turns or is cut"
                " off, and FCPXML does not define its curve"
            )
    return ""


def _missing_start(
    asset: ElementTree.Element | None, points: list[tuple[Fraction, Fraction]]
) -> Fraction:
    """What to add to a map that counts from the media's first frame and not in its timecode."""
    if asset is None:
        return Fraction(0)
    start = seconds(asset.get("start"))
    return start if max(v for _, v in points) < start else Fraction(0)


def _conformed(element: ElementTree.Element, start: Fraction, rate: Fraction) -> Retime:
    scalar = conform_scalar(element, rate)
    if scalar == 1:
        return Retime(start)
    effect = otio.schema.LinearTimeWarp(time_scalar=float(scalar))
    effect.name = "conform-rate"
    return Retime(start, effect)


def conform_scalar(element: ElementTree.Element, rate: Fraction) -> Fraction:
    """How fast media time runs under Final Cut's rate conform; 1 without one.

    Rates up to 5 % apart play frame by frame: in an export, 3551 frames of 25 last 3551/24 s in an
    edit of 24. Others keep their speed, but for the 0.1 % between NTSC and whole rates: 760 frames
    of 23.976 last 760/24 s in edits of 24, 30 and 60.

    Args:
        element: the clip.
        rate: of the edit.
    """
    conform = element.find("./conform-rate")
    written = None if conform is None else conform.get("srcFrameRate")
    if conform is None or written is None or conform.get("scaleEnabled", "1") == "0":
        return Fraction(1)
    media = _EXACT_RATES.get(written) or Fraction(written)
    if abs(rate / media - 1) <= Fraction(1, 20):
        return rate / media
    if (media.denominator == 1001) == (rate.denominator == 1001):
        return Fraction(1)
    return Fraction(1001, 1000) if media.denominator == 1001 else Fraction(1000, 1001)
