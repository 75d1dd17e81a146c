"""Time through nests and retimes: which instants of the output show which local time.

The rule, from Avid's own frame lists: output frame i of a retimed item shows
start + floor(i x product of the time scalars). OpenTimelineIO's range functions ignore time warps,
so that an item's duration is always the time that it takes in its parent.

All times here are seconds as exact fractions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.parsed import SOURCE_KEY, curve_points

__all__ = [
    "ALWAYS",
    "Curve",
    "Shown",
    "at_once",
    "curve_of",
    "narrowed",
    "reading_starts",
    "shifted",
    "speed_of",
    "through",
    "through_curve",
]

# Every reversed nest doubles the ways in which editors may read a clip's time.
_MOST_READINGS = 8
# time_scalar is a float: 0.3 means 3/10, and a number just below it would give other frames.
_FINEST_SPEED = 1_000_000

Bound = tuple[Fraction | float, int]


@dataclass(frozen=True)
class Shown:
    """A stretch of output time that shows local time = slope * output + offset.

    Attributes:
        slope: local seconds per output second; negative in reverse, 0 in a freeze.
        offset: local time at output 0.
        low, high: the output instants t with low <= (t, 0) < high. The second number opens or
            closes a bound: as `low`, (t, 1) leaves t out; as `high`, (t, 1) takes t in.
    """

    slope: Fraction
    offset: Fraction
    low: Bound
    high: Bound


Curve = tuple[Shown, ...]
"""Which time of its own an item shows at which time since its start, in seconds: parts that follow
one another without a gap."""

ALWAYS = Shown(Fraction(1), Fraction(0), (-math.inf, 0), (math.inf, 0))
"""Output time itself, without bounds."""


def speed_of(item: otio.schema.Item) -> Fraction:
    """The product of the item's own time scalars that are switched on: 1 without any.

    Raises:
        TimelineError: a retime without numbers, as keyframed ones come from most editors, or a
            curve beside another retime.
    """
    speed = Fraction(1)
    effects = _time_effects(item)
    for effect in effects:
        if len(effects) == 1 and curve_points(effect):
            continue
        name = str(effect.effect_name or effect.name or effect.schema_name())
        if not isinstance(effect, otio.schema.LinearTimeWarp):
            known = effect.metadata.get(SOURCE_KEY, {})
            raise TimelineError(
                str(known.get("reason") or "")
                or f"the timeline does not say which frames its retime ({name}) shows, as happens "
                "with keyframed speed",
                remedy=str(known.get("remedy") or "")
                or "Render the retimed clip as a movie and cut that in.",
            )
        if not math.isfinite(effect.time_scalar):
            raise TimelineError(
                f"its retime ({name}) has the speed {effect.time_scalar}",
                remedy="Set the speed again in the editor and export the timeline.",
            )
        speed *= Fraction(effect.time_scalar).limit_denominator(_FINEST_SPEED)
    return speed


def curve_of(item: otio.schema.Item) -> Curve:
    """The curve by which an item's speed changes over time; empty if it has none.

    Before the first point and after the last it goes on as straight as beside them.

    Raises:
        TimelineError: its points are no numbers, or do not go forward in time.
    """
    for effect in _time_effects(item):
        points = curve_points(effect)
        if not points:
            continue
        try:
            places = [(Fraction(str(t)), Fraction(str(v))) for t, v in points]
            slopes = [(v1 - v0) / (t1 - t0) for (t0, v0), (t1, v1) in pairwise(places)]
        except (ValueError, TypeError, ArithmeticError) as error:
            raise TimelineError(
                f"the points of its speed cannot be read ({error})",
                remedy="Set the speed again in the editor and export the timeline.",
            ) from error
        ends: list[Fraction | float] = [-math.inf, *(t for t, _ in places[1:-1]), math.inf]
        if not slopes or any(low >= high for low, high in pairwise(ends)):
            raise TimelineError(
                "the points of its speed do not go forward in time",
                remedy="Set the speed again in the editor and export the timeline.",
            )
        return tuple(
            Shown(slope, v - slope * t, (low, 0), (high, 0))
            for slope, (t, v), (low, high) in zip(slopes, places[:-1], pairwise(ends), strict=True)
        )
    return ()


def _time_effects(item: otio.schema.Item) -> list[otio.schema.TimeEffect]:
    return [e for e in item.effects if isinstance(e, otio.schema.TimeEffect) and e.enabled]


def narrowed(shown: Iterable[Shown], start: Fraction, end: Fraction) -> tuple[Shown, ...]:
    """The part of `shown` in which local time is in start..end, half-open."""
    kept = []
    for part in shown:
        low, high = part.low, part.high
        if part.slope == 0:
            if not start <= part.offset < end:
                continue
        else:
            at_start = (start - part.offset) / part.slope
            at_end = (end - part.offset) / part.slope
            if part.slope > 0:
                low, high = max(low, (at_start, 0)), min(high, (at_end, 0))
            else:
                low, high = max(low, (at_end, 1)), min(high, (at_start, 1))
        if low < high:
            kept.append(Shown(part.slope, part.offset, low, high))
    return tuple(kept)


def shifted(shown: Iterable[Shown], start: Fraction) -> tuple[Shown, ...]:
    """The same with local time counted from `start`."""
    return tuple(Shown(p.slope, p.offset - start, p.low, p.high) for p in shown)


def reading_starts(start: Fraction, length: Fraction, speed: Fraction) -> tuple[Fraction, ...]:
    """The frames at which an item may begin to play; `start` and `length` are in frames.

    Forward that is its `start`. In reverse editors differ: some begin at the last frame that the
    item would show forward, start + ceil(length * |speed|) - 1; others begin at `start`.
    """
    if speed >= 0:
        return (start,)
    return (start + math.ceil(length * -speed) - 1, start)


def through(
    shown: Iterable[Shown], starts: Iterable[Fraction], speed: Fraction
) -> tuple[Shown, ...]:
    """`shown` in the time within an item, from that since its start in its parent.

    Args:
        shown: local time counted from the item's start in its parent.
        starts: the item's own time at its start, once for each reading.
        speed: of the item.

    Raises:
        TimelineError: reverse within reverse, with too many readings to render all of them.
    """
    inner = tuple(
        dict.fromkeys(
            Shown(part.slope * speed, start + part.offset * speed, part.low, part.high)
            for part in shown
            for start in starts
        )
    )
    if at_once(inner) > _MOST_READINGS:
        raise TimelineError(
            "it is reversed within more than three reversed sequences, which editors read in too "
            "many ways",
            remedy="Render the innermost sequence as a movie and cut that in.",
        )
    return inner


def through_curve(shown: tuple[Shown, ...], curve: Curve) -> tuple[Shown, ...]:
    """`shown` in the time within an item with a curve, from that since its start in its parent."""
    inner = []
    for stretch in curve:
        for kept in _within(shown, stretch.low[0], stretch.high[0]):
            slope = kept.slope * stretch.slope
            offset = stretch.offset + kept.offset * stretch.slope
            inner.append(Shown(slope, offset, kept.low, kept.high))
    return tuple(inner)


def _within(
    shown: tuple[Shown, ...], start: Fraction | float, end: Fraction | float
) -> tuple[Shown, ...]:
    """`narrowed`, of which either bound may be infinite."""
    if math.isinf(start) and math.isinf(end):
        return shown
    far = Fraction(10**9)  # seconds: longer than any edit
    low = -far if math.isinf(start) else Fraction(start)
    return narrowed(shown, low, far if math.isinf(end) else Fraction(end))


def at_once(shown: Iterable[Shown]) -> int:
    """The most parts that hold one instant: 1 where every instant shows one time."""
    edges = [edge for part in shown for edge in ((part.low, 1), (part.high, -1))]
    # A part that ends where another begins does not hold that instant.
    edges.sort(key=lambda edge: (*edge[0], edge[1]))
    return max(accumulate((step for _, step in edges), initial=0))
