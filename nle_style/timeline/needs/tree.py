"""Visit every clip of a timeline, through its nests, and find out when the cut shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.files import split_name
from nle_style.timeline.frames import counted, exact_rate, usable_range
from nle_style.timeline.needs.references import own_reference
from nle_style.timeline.needs.retime import (
    ALWAYS,
    Shown,
    curve_of,
    narrowed,
    reading_starts,
    shifted,
    speed_of,
    through,
    through_curve,
)

__all__ = ["DEEPEST", "ClipPlace", "Placed", "walk"]

DEEPEST = 100
"""Levels of stacks and tracks that are read. A nest has two, and edits have a few nests."""


@dataclass(frozen=True)
class ClipPlace:
    """Where an item of a timeline is, as an editor finds it.

    Attributes:
        clip_id: path in the timeline, "tracks[0]/children[3]", all zero-based; in nests
            "tracks[0]/children[3]/children[1]/children[0]".
        clip_name: the clip's name, or its media's where it has none.
        track_name: the track's name, or V1, V2, ..., A1, ... from the bottom where it has none; in
            nests the names from the outside in, "V1 > Compound 1 > V2".
    """

    clip_id: str
    clip_name: str
    track_name: str


@dataclass(frozen=True)
class Placed(ClipPlace):
    """An item of the timeline and its place in the cut.

    Attributes:
        item: a clip, a gap, an empty nest, or a nest below the deepest level.
        parents: the stacks and tracks around it, outermost first, without `timeline.tracks`.
        kinds: kinds of the tracks around it, outermost first.
        disabled: the name of the outermost disabled parent, None if there is none.
        fault: why its place cannot be known, None if it can.
        shown: when the cut shows it, transitions included, by the time since its start; empty if
            nothing of it is shown. Output time counts from the start of the item of a
            top-level track that it lies in.
        record: first instant and end in the timeline, seconds, without its own transitions;
            None where it cannot be known.
        head, tail: what transitions show before its start and after its end.
        clocks: the rates that its place within nests is counted at.
        anchor: the time in the timeline at output 0, seconds; None where it cannot be known.
    """

    item: otio.schema.Item
    parents: tuple[otio.core.Composition, ...] = ()
    kinds: tuple[str, ...] = ()
    disabled: str | None = None
    fault: TimelineError | None = None
    shown: tuple[Shown, ...] = (ALWAYS,)
    record: tuple[Fraction, Fraction] | None = None
    head: otio.opentime.RationalTime = field(default_factory=otio.opentime.RationalTime)
    tail: otio.opentime.RationalTime = field(default_factory=otio.opentime.RationalTime)
    clocks: frozenset[float] = frozenset()
    anchor: Fraction | None = Fraction(0)


def walk(timeline: otio.schema.Timeline) -> Iterator[Placed]:
    """Every item of the timeline but transitions, bottom track first, in order of time.

    Not recursive, so that deep nesting cannot overflow the stack.
    """
    root = timeline.tracks
    shown: tuple[Shown, ...] = (ALWAYS,)
    fault = None
    try:
        if root.source_range is not None:
            shown = narrowed(shown, Fraction(0), counted(root.source_range.duration))
    except TimelineError as error:
        fault = error
    levels = [_children(Placed("tracks", "", "", root, shown=shown, fault=fault))]
    while levels:
        placed = next(levels[-1], None)
        if placed is None:
            levels.pop()
        elif (
            isinstance(placed.item, otio.core.Composition)
            and len(placed.item)
            and len(levels) <= DEEPEST
        ):
            levels.append(_children(placed))
        else:
            yield placed


def _children(level: Placed) -> Iterator[Placed]:
    nest = level.item
    is_root, is_track = level.clip_id == "tracks", isinstance(nest, otio.schema.Track)
    inside = replace(
        level,
        parents=() if is_root else (*level.parents, nest),
        kinds=(*level.kinds, str(nest.kind)) if is_track else level.kinds,
        disabled=level.disabled or (None if nest.enabled or is_root else _named(nest)),
        record=None,
        clocks=level.clocks | _trim_clocks(nest),
    )
    try:
        inside = replace(inside, shown=_content(level))
    except TimelineError as error:
        inside = replace(inside, fault=level.fault or _within(nest, error))
    # On a top-level track output time counts from the start of every item.
    anew = is_track and not level.parents
    start: Fraction | None = Fraction(0)
    counts: Counter[str] = Counter()
    for position, child in enumerate(nest):
        if isinstance(child, otio.schema.Transition):
            continue
        letter = str(child.kind or "?")[0].upper() if isinstance(child, otio.schema.Track) else ""
        counts[letter] += 1
        placed = replace(
            inside,
            item=child,
            clip_id=f"tracks[{position}]" if is_root else f"{level.clip_id}/children[{position}]",
            clip_name=_clip_name(child),
            track_name=_path(level, child, f"{letter}{counts[letter]}"),
            head=_handle(nest, position - 1, "in_offset"),
            tail=_handle(nest, position + 1, "out_offset"),
        )
        taken, length = _length(child), None
        try:
            length = None if taken is None else counted(taken)
        except TimelineError as error:
            # An untrimmed nest may hold such a clip beside others that can be planned.
            placed = replace(placed, fault=placed.fault or error) if _ends(child) else placed
        try:
            placed = _in_place(placed, start, length, anew)
        except TimelineError as error:
            placed = replace(placed, fault=placed.fault or error)
        yield placed
        if is_track:
            start = None if start is None or length is None else start + length
            if taken is not None and not anew:
                inside = replace(inside, clocks=inside.clocks | {taken.rate})


def _content(level: Placed) -> tuple[Shown, ...]:
    """When the cut shows which time within a stack or track."""
    nest, trim = level.item, level.item.source_range
    speed = speed_of(nest)
    if curve := curve_of(nest):
        return through_curve(level.shown, curve)
    if trim is None and speed == 1:
        return level.shown
    start = Fraction(0) if trim is None else counted(trim.start_time)
    if speed > 0:
        return through(level.shown, [start], speed)
    length = _length(nest)
    if length is None:
        raise TimelineError(
            "it is reversed, and the timeline does not say how long it is",
            remedy="Export the timeline with media ranges.",
        )
    rate = exact_rate(length.rate)
    starts = reading_starts(start * rate, counted(length) * rate, speed)
    return through(level.shown, [s / rate for s in starts], speed)


def _in_place(
    placed: Placed, start: Fraction | None, length: Fraction | None, anew: bool
) -> Placed:
    """`placed` with `shown` in the time since its start, instead of its parent's time.

    Raises:
        TimelineError: its place within its parent cannot be known.
    """
    shown, anchor = placed.shown, placed.anchor
    if anew and shown == (ALWAYS,):
        anchor = start
    elif start is None:
        raise TimelineError(
            "its place cannot be known, because a clip before it has no length in the timeline",
            remedy="Export the timeline with media ranges, or trim that clip.",
        )
    elif anew and len(shown) == 1 and shown[0].slope == 1 and anchor is not None:
        lead = shown[0].offset - start
        (low, low_open), (high, high_closed) = shown[0].low, shown[0].high
        shown = (
            Shown(Fraction(1), Fraction(0), (low + lead, low_open), (high + lead, high_closed)),
        )
        anchor -= lead
    else:
        shown = shifted(shown, start)
    record = None
    if length is not None and _ends(placed.item):
        record = _hull(narrowed(shown, Fraction(0), length), anchor)
        shown = narrowed(shown, -counted(placed.head), length + counted(placed.tail))
    elif isinstance(placed.item, otio.schema.Clip) and shown != (ALWAYS,):
        raise TimelineError(
            "its length cannot be known, because it has neither a source range nor a media range",
            remedy="Export the timeline with media ranges, or trim the clip.",
        )
    return replace(placed, shown=shown, anchor=anchor, record=record)


def _ends(item: otio.schema.Item) -> bool:
    """Whether the item has a length of its own; an untrimmed nest has that of its content."""
    return (
        item.source_range is not None
        or not isinstance(item, otio.core.Composition)
        or any(isinstance(effect, otio.schema.TimeEffect) for effect in item.effects)
    )


def _hull(shown: tuple[Shown, ...], anchor: Fraction | None) -> tuple[Fraction, Fraction] | None:
    if anchor is None or not shown:
        return None
    low, high = min(part.low[0] for part in shown), max(part.high[0] for part in shown)
    if not isinstance(low, Fraction) or not isinstance(high, Fraction):
        return None
    return low + anchor, high + anchor


def _length(item: otio.schema.Item) -> otio.opentime.RationalTime | None:
    """The time that an item takes in its parent; None where the timeline does not say."""
    if item.source_range is not None:
        return item.source_range.duration
    if isinstance(item, otio.schema.Clip):
        reference = own_reference(item)
        available = None if reference is None else usable_range(reference)
        return None if available is None else available.duration
    try:
        return item.duration()
    except otio.exceptions.OTIOError:
        return None


def _handle(
    nest: otio.core.Composition, position: int, side: Literal["in_offset", "out_offset"]
) -> otio.opentime.RationalTime:
    """What a transition beside an item shows beyond its cut (as `Track.handles_of_child`)."""
    beside = nest[position] if 0 <= position < len(nest) else None
    if not isinstance(beside, otio.schema.Transition):
        return otio.opentime.RationalTime()
    return getattr(beside, side)


def _trim_clocks(nest: otio.schema.Item) -> frozenset[float]:
    trim = nest.source_range
    times = () if trim is None else (trim.start_time, trim.duration)
    return frozenset(time.rate for time in times if time.value)


def _path(level: Placed, child: otio.schema.Item, numbered: str) -> str:
    """Names from the outside in: of the tracks, and of the nests between them."""
    names = [level.track_name]
    if level.clip_id != "tracks" and isinstance(level.item, otio.schema.Stack):
        names.append(_named(level.item))
    if isinstance(child, otio.schema.Track):
        names.append(str(child.name or numbered))
    return " > ".join(name for name in names if name)


def _clip_name(child: otio.schema.Item) -> str:
    if child.name or not isinstance(child, otio.schema.Clip):
        return str(child.name)
    reference = own_reference(child)
    url = getattr(reference, "target_url", None) or getattr(reference, "name_prefix", "") or ""
    return str((reference and reference.name) or split_name(url)[1])


def _within(nest: otio.schema.Item, error: TimelineError) -> TimelineError:
    kind = "track" if isinstance(nest, otio.schema.Track) else "sequence"
    return TimelineError(f"in the {kind} '{_named(nest)}': {error.what}", remedy=error.remedy)


def _named(nest: otio.schema.Item) -> str:
    return str(nest.name or nest.schema_name())
