"""MLT's timeremap link: which time of its source a clip shows at each frame.

Source: MLT's link_timeremap.c, mlt_animation.c and mlt_property.c. Values are taken at whole frames
of the project, as MLT takes them, so that its curves need no formula afterwards.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple
from xml.etree import ElementTree

from nle_style.timeline.readers.mlt.mlt_media import mlt_property

__all__ = ["remapped", "straightened"]

_KEY = re.compile(r"\s*(?P<at>[\d:.,]+)\s*(?P<kind>[^\d\s=]?)\s*=\s*(?P<value>.*)")
_KINDS = {"": "linear", "|": "discrete", "!": "discrete", "~": "smooth"}


class _Key(NamedTuple):
    at: int
    kind: str
    value: Fraction


def remapped(
    link: ElementTree.Element,
    first: int,
    count: int,
    rate: Fraction,
    frames: Callable[[str], int],
) -> list[tuple[Fraction, Fraction]]:
    """The points of a clip's curve: seconds since its start, and seconds of its source.

    Args:
        link: the <link> of a chain.
        first: the frame of the chain that the clip begins with.
        count: frames of the clip.
        rate: frames a second of the project.
        frames: MLT's time in frames.

    Returns:
        Points with no more between them than straight lines; one after the last frame.

    Raises:
        ValueError: a map that cannot be read, or has keyframes that count from an end, or are of
            another kind than straight, held or smooth.
    """
    begin, end = frames(link.get("in") or "0"), first + count
    speeds = mlt_property(link, "speed_map")
    if speeds:
        keys = _keys(speeds, frames)
        steps = [_value(keys, place - begin) / rate for place in range(min(first, begin), end)]
        # The sum of all steps is the link's own beginning there.
        at_begin = sum(steps[: max(0, begin - first)], Fraction(0))
        sums = list(accumulate(steps, initial=Fraction(begin) / rate - at_begin))
        points = [(Fraction(n) / rate, sums[first + n - min(first, begin)])
                  for n in range(count + 1)]  # fmt: skip
    else:
        keys = _keys(mlt_property(link, "time_map") or mlt_property(link, "map"), frames)
        start = Fraction(begin) / rate
        values = (_value(keys, first + n - begin) + start for n in range(count + 1))
        points = [(Fraction(n) / rate, value) for n, value in enumerate(values)]
    return straightened(points)


def _keys(text: str, frames: Callable[[str], int]) -> list[_Key]:
    keys = {}
    for part in filter(str.strip, text.split(";")):
        found = _KEY.fullmatch(part)
        if found is None or ":" in found["value"]:
            raise ValueError(f"its speed has the keyframe '{part.strip()}'")
        if found["kind"] not in _KINDS:
            raise ValueError(f"its speed has keyframes of the kind '{found['kind']}'")
        place = frames(found["at"])
        keys[place] = _Key(place, _KINDS[found["kind"]], Fraction(found["value"].strip()))
    if not keys:
        raise ValueError("its speed has no keyframes")
    return sorted(keys.values())


def _value(keys: list[_Key], place: int) -> Fraction:
    """The value at a frame; before the first keyframe and after the last it is theirs."""
    before = bisect_right(keys, place, key=lambda key: key.at) - 1
    if before < 0 or before == len(keys) - 1:
        return keys[max(before, 0)].value
    one, two = keys[before], keys[before + 1]
    if one.kind == "discrete":
        return one.value
    share = Fraction(place - one.at, two.at - one.at)
    if one.kind == "linear":
        return one.value + (two.value - one.value) * share
    # A Catmull-Rom spline; the ends have no neighbour beyond themselves.
    y0, y1 = keys[max(before - 1, 0)].value, one.value
    y2, y3 = two.value, keys[min(before + 2, len(keys) - 1)].value
    cubic = (3 * (y1 - y2) + y3 - y0) / 2
    square = y0 - Fraction(5, 2) * y1 + 2 * y2 - y3 / 2
    return ((cubic * share + square) * share + (y2 - y0) / 2) * share + y1


def straightened(points: list[tuple[Fraction, Fraction]]) -> list[tuple[Fraction, Fraction]]:
    """The points without those that lie on a straight line between their neighbours."""
    kept = points[:1]
    for place in range(1, len(points) - 1):
        (t0, v0), (t1, v1), (t2, v2) = kept[-1], points[place], points[place + 1]
        if (v1 - v0) * (t2 - t1) != (v2 - v1) * (t1 - t0):
            kept.append(points[place])
    return [*kept, points[-1]]
