"""Which frames MLT's entries and tracks show of what they name: cuts, and parts of playlists.

Source: MLT's producer_xml.c, mlt_producer.c, mlt_playlist.c and filter_freeze.c; played with melt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from xml.etree import ElementTree

import opentimelineio as otio

from nle_style.timeline.parsed import curve_effect, curve_points, refused_effect
from nle_style.timeline.readers.mlt.mlt_media import mlt_property

__all__ = [
    "HOLDERS",
    "Entry",
    "cut_of",
    "freeze_of",
    "is_frozen",
    "part_of",
    "past_end_of",
    "refuse_frozen",
    "trim",
]

HOLDERS = frozenset({"tractor", "playlist"})
"""Elements that are made of others; of their own in- and out-point MLT makes its own."""

_Frames = Callable[[str], int]


@dataclass
class Entry:
    """An item of a playlist, in frames of the project."""

    start: int
    end: int
    item: otio.schema.Item


def cut_of(
    entry: ElementTree.Element, producer: ElementTree.Element, frames: _Frames
) -> tuple[int, int | None]:
    """First and last frame that an entry shows, counted in the whole producer.

    An entry counts from the producer's own in-point; without an end of its own it is as long as the
    whole producer, and without both ends it has the producer's. None where nothing says where it
    ends.

    Args:
        entry: an entry or a track, or the producer itself where it stands in the place of one.
        producer: what it shows.
        frames: MLT's time in frames.
    """
    own = None if producer.tag in HOLDERS or entry is producer else producer
    holder = entry
    if own is not None and entry.get("in") is None and entry.get("out") is None:
        holder, own = producer, None
    begin = 0 if own is None else frames(own.get("in") or "0")
    length = frames(mlt_property(producer, "length") or "0")
    first, out = frames(holder.get("in") or "0"), holder.get("out")
    if out is not None:
        first, last = sorted((first, frames(out)))
        # No cut goes beyond the producer's length.
        longest = length or last + 1
        return begin + min(first, longest - 1), begin + min(last, longest - 1)
    if length:
        return begin + first, begin + max(first, length - 1)
    end = None if own is None else own.get("out")
    return begin + first, None if end is None else max(begin + first, frames(end))


def past_end_of(
    producer: ElementTree.Element, first: int, count: int, frames: _Frames
) -> list[int] | None:
    """The frames that a cut shows of a producer that ends within it; None if it does not.

    Args:
        first, count: of the cut, in the whole producer.
        frames: MLT's time in frames.
    """
    out, eof = producer.get("out"), mlt_property(producer, "eof") or "pause"
    if out is None or eof not in ("pause", "loop"):
        return None
    begin, end = frames(producer.get("in") or "0"), frames(out)
    if not begin <= end < first + count - 1:
        return None
    if eof == "pause":
        return [min(place, end) for place in range(first, first + count)]
    return [begin + (place - begin) % (end - begin + 1) for place in range(first, first + count)]


def part_of(entries: Iterable[Entry], begin: int, last: int | None, rate: Fraction) -> list[Entry]:
    """Entries from frame `begin` to `last`, None for all; the part begins at 0."""
    kept = []
    for entry in entries:
        end = entry.end if last is None else min(entry.end, last + 1)
        head, tail = max(0, begin - entry.start), entry.end - end
        if entry.start + head < end:
            trim(entry.item, head, tail, rate)
            kept.append(Entry(entry.start + head - begin, end - begin, entry.item))
    return kept


def trim(item: otio.schema.Item, head: int, tail: int, rate: Fraction) -> None:
    """Take frames of the edit off both ends, `head` at the item's own speed."""
    whole = item.source_range
    scalar = 1.0
    for place, effect in enumerate(item.effects):
        scalar *= getattr(effect, "time_scalar", 1.0)
        if points := curve_points(effect):
            later = [(Fraction(t) - head / rate, Fraction(v)) for t, v in points]
            item.effects[place] = curve_effect(effect.name, later)
    moved = head * scalar if scalar > 0 else -tail * scalar
    start, less = (otio.opentime.RationalTime(n, float(rate)) for n in (moved, head + tail))
    item.source_range = otio.opentime.TimeRange(whole.start_time + start, whole.duration - less)


def refuse_frozen(item: otio.schema.Item, *holders: ElementTree.Element) -> None:
    """Have an item refused if one of these elements has a freeze: none of them a clip's entry."""
    if any(map(is_frozen, holders)):
        reason = "a freeze is on its whole track, playlist, tractor or producer"
        about = {"remedy": "Put the freeze on clips alone."}
        item.effects.append(refused_effect("freeze", reason, about))


def is_frozen(element: ElementTree.Element) -> bool:
    """Whether a freeze filter on it is switched on."""
    return any(True for _ in _freezes(element))


def _freezes(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    for found in element.iterfind("./filter"):
        if mlt_property(found, "mlt_service") == "freeze" and mlt_property(found, "disable") != "1":
            yield found


def freeze_of(
    entry: ElementTree.Element,
    producer: ElementTree.Element,
    first: int,
    count: int,
    frames: _Frames,
) -> list[int] | None:
    """The frames that an entry shows under a freeze filter; None if it has none that shows.

    The held frame counts from the entry's first one, and of a chain from the first of its file.

    Args:
        entry: with `count` frames from `first` on of the producer.
        producer: no tractor or playlist: of these melt holds a frame of what lies within.
    """
    is_chain = producer.tag == "chain"
    own = 0 if is_chain else frames(producer.get("in") or "0")
    for found in _freezes(entry):
        held = frames(mlt_property(found, "frame") or "0") + (0 if is_chain else first)
        before, after = (mlt_property(found, f"freeze_{side}") for side in ("before", "after"))
        begin, end = (frames(found.get(side) or "0") for side in ("in", "out"))
        plain = range(first, first + count)
        shown = []
        for place in plain:
            is_on = not end or begin <= place - own <= end
            everywhere = before in ("", "0") and after in ("", "0")
            early = before not in ("", "0") and place < held
            late = after not in ("", "0") and place > held
            shown.append(held if is_on and (everywhere or early or late) else place)
        return None if shown == list(plain) else shown
    return None
