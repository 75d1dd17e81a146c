"""Which frames a clip item of FCP7 XML shows: subclips, freezes, speeds.

Source: Apple, "Final Cut Pro XML Interchange Format", Timing Values, Speed XML and the elements'
catalog; speeds checked against exports.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple
from xml.etree import ElementTree

import opentimelineio as otio

from nle_style.timeline.parsed import CURVE_NOTE, curve_start, refused_effect

__all__ = ["ItemTime", "is_enabled", "is_remap", "item_time"]


class ItemTime(NamedTuple):
    """What a clip item shows.

    Attributes:
        start: its lowest source frame, counted from the media's first and not in its timecode.
        effect: None at normal speed.
        warning: what was guessed or cannot be known, "" if nothing.
        curve: of a speed that changes over time: frames since the item's start, and source frames
            counted as `start`.
    """

    start: float
    effect: otio.schema.TimeEffect | None = None
    warning: str = ""
    curve: tuple[tuple[Fraction, Fraction], ...] = ()


def is_enabled(element: ElementTree.Element) -> bool:
    """Whether an item, a track or a filter is switched on, as it is where the file does not say."""
    return (element.findtext("./enabled") or "TRUE").strip().upper() != "FALSE"


def is_remap(effect: otio.schema.Effect) -> bool:
    """Whether the adapter made an effect of a speed, which `item_time` has read."""
    return bool(effect.metadata.get("fcp_xml", {}).get("effectid") == "timeremap")


def item_time(element: ElementTree.Element, offset: float, length: float = 0) -> ItemTime:
    """The frames of a clip item.

    A subclip's in-point counts from its `startoffset`. A still is the frame `stillframeoffset`.
    In-points of retimed clips are counted at the clip's speed: source frame = in * speed.

    Args:
        element: the item.
        offset: frames from where a transition begins to the cut that the item begins at.
        length: frames from that cut to the one that the item ends at.
    """
    begin = _number(element, "./in") + offset
    subclip = _number(element, "./subclipinfo/startoffset")
    if (element.findtext("./stillframe") or "").strip().upper() == "TRUE":
        still = element.findtext("./stillframeoffset")
        frame = begin if still is None else float(still)
        return ItemTime(subclip + frame, otio.schema.FreezeFrame())
    enabled = (each for each in element.iterfind("./filter") if is_enabled(each))
    found = (each.find("./effect[effectid='timeremap']") for each in enabled)
    remap = next((effect for effect in found if effect is not None), None)
    if remap is not None:
        time = _retimed(element, remap, begin, length)
    elif consumed := _consumed(element, length):
        said = f"has {consumed:g} source frames for {length:g} of the sequence, without a speed"
        time = ItemTime(begin, warning=f"{said}: read at normal speed")
    else:
        time = ItemTime(begin)
    curve = tuple((when, value + Fraction(subclip)) for when, value in time.curve)
    return time._replace(start=time.start + subclip, curve=curve)


def _consumed(element: ElementTree.Element, length: float) -> float:
    """The distance of an item's in- and out-point, if it is not as long; 0 where it is.

    Those at another rate are as far apart in frames of the clip, or of the sequence.
    """
    start, end, begin, out = (_number(element, f"./{tag}") for tag in ("start", "end", "in", "out"))
    if min(start, end, begin) < 0 or out <= begin or length <= 0:
        return 0
    same = any(abs(out - begin - other) <= 1 for other in (length, end - start))
    return 0 if same else out - begin


def _retimed(
    element: ElementTree.Element, remap: ElementTree.Element, begin: float, length: float
) -> ItemTime:
    """The speed of a timeremap filter.

    Premiere also writes a constant speed as keyframes of "graphdict" (when: retimed frame, value:
    source frame), marking the clip's ends. Reverse plays down from the media's end; where the item
    ends in a transition, its out-point is the transition's end.
    """
    values = {
        parameter.findtext("./parameterid"): (parameter.findtext("./value") or "").strip()
        for parameter in remap.iterfind("./parameter")
    }
    try:
        speed = float(values.get("speed") or 100)
    except ValueError:
        speed = float("nan")
    reverse = values.get("reverse", "").upper() in ("TRUE", "1") or speed < 0
    graph = remap.find("./parameter[parameterid='graphdict']")
    inner = [
        k
        for k in ([] if graph is None else graph.iterfind("./keyframe"))
        if (k.findtext("./speedkfstart") or k.findtext("./speedkfend") or "") != "TRUE"
    ]
    variable = values.get("variablespeed", "0") not in ("", "0", "FALSE")
    if variable or len(inner) > 2:
        return _ramp(graph, begin, values, reverse=reverse)
    if speed == 0:
        guess = f"has a speed of 0: read as a freeze of its frame {begin:g}"
        return ItemTime(begin, otio.schema.FreezeFrame(), guess)
    if not abs(speed) >= 1:
        # Hiero writes a factor where the format has a percentage.
        said = values.get("speed", "")
        return _unknown(begin, f"has a speed of '{said}', a percentage or a factor", values)
    scalar = abs(speed) / 100
    if scalar == 1 and not reverse:
        return ItemTime(begin)
    if reverse:
        end, total = _number(element, "./out"), _number(element, "./duration")
        curve = [_number(k, "./value") for k in inner]
        lowest = min(curve) if len(curve) == 2 else (total - end) * scalar
        if _number(element, "./end") == -1:
            lowest += (end - begin - length) * scalar
        return ItemTime(max(0.0, lowest), otio.schema.LinearTimeWarp(time_scalar=-scalar))
    warp = otio.schema.LinearTimeWarp(time_scalar=scalar)
    if (consumed := _consumed(element, length)) and abs(consumed - length * scalar) <= 1:
        own = _number(element, "./in")
        guess = "counts its ends in source frames and not at its speed, by their distance"
        return ItemTime(own + (begin - own) * scalar, warp, guess)
    return ItemTime(begin * scalar, warp)


def _ramp(
    graph: ElementTree.Element | None, begin: float, values: dict[str | None, str], *, reverse: bool
) -> ItemTime:
    """A speed that changes over time, straight between the keyframes of "graphdict"."""
    keyframes = [] if graph is None else graph.findall("./keyframe")
    if any(k.find(f"./{handle}") is not None for k in keyframes for handle in ("inbez", "outbez")):
        return _unknown(begin, "changes its speed along a curve (Bezier handles)", values)
    points = sorted({Fraction(_number(k, "./when")): k for k in keyframes}.items())
    if reverse or len(points) < 2:
        what = "changes its speed over time" + (" in reverse" if reverse else "")
        return _unknown(begin, f"{what}, and the file has no keyframes of it", values)
    start = Fraction(begin)
    curve = tuple((when - start, Fraction(_number(k, "./value"))) for when, k in points)
    return ItemTime(float(curve_start(curve)), None, CURVE_NOTE, curve)


def _unknown(begin: float, what: str, values: dict[str | None, str]) -> ItemTime:
    about = {str(key): value for key, value in values.items()}
    return ItemTime(begin, refused_effect("timeremap", f"it {what}", about), what)


def _number(element: ElementTree.Element, path: str) -> float:
    return float(element.findtext(path) or 0)
