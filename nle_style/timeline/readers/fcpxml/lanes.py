"""From Final Cut's lanes to tracks, with gaps and transitions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import opentimelineio as otio

from nle_style.timeline.readers.fcpxml.resources import range_at, time_at

__all__ = ["Dissolve", "Lanes", "Placed", "stack_of"]


@dataclass
class Placed:
    """An item on its lane; times in seconds from the start of its container."""

    start: Fraction
    end: Fraction
    item: otio.schema.Item


class Dissolve(NamedTuple):
    """A transition of any kind; times as in `Placed`."""

    lane: int
    start: Fraction
    end: Fraction
    name: str


@dataclass
class Lanes:
    """A container under construction.

    Attributes:
        rate: of the edit, frames per second.
        items: by lane; 0 is the primary storyline, higher lanes lie above it.
        dissolves: in order of appearance.
    """

    rate: Fraction
    items: dict[int, list[Placed]] = field(default_factory=dict)
    dissolves: list[Dissolve] = field(default_factory=list)


def stack_of(lanes: Lanes, warnings: list[str]) -> otio.schema.Stack:
    """Tracks bottom up; a lane whose items overlap is split over several.

    Args:
        lanes: the container.
        warnings: gets a sentence for everything that had to be changed.
    """
    stack = otio.schema.Stack()
    for lane in sorted({*lanes.items, *(d.lane for d in lanes.dissolves)}):
        dissolves = [d for d in lanes.dissolves if d.lane == lane]
        for layer in _layers(lanes.items.get(lane, []), dissolves, warnings):
            stack.append(_track(layer, dissolves, lanes.rate, warnings))
            dissolves = []
    return stack


def _layers(
    items: Iterable[Placed], dissolves: Sequence[Dissolve], warnings: list[str]
) -> list[list[Placed]]:
    layers: list[list[Placed]] = []
    for item in sorted(items, key=lambda p: p.start):
        last = layers[0][-1] if layers else item
        covered = any(d.start <= item.start and last.end <= d.end for d in dissolves)
        if last.end > item.start > last.start and covered:
            # Other programs write this; Final Cut ends a clip where the next one begins.
            warnings.append(
                f"'{last.item.name}' overlaps '{item.item.name}' by "
                f"{float(last.end - item.start):g} s under a transition; cut where the "
                "latter begins"
            )
            _shorten(last, item.start)
        for layer in layers:
            if layer[-1].end <= item.start:
                layer.append(item)
                break
        else:
            layers.append([item])
    return layers


def _shorten(placed: Placed, end: Fraction) -> None:
    whole = placed.item.source_range
    share = (end - placed.start) / (placed.end - placed.start)
    frames = float(Fraction(whole.duration.value) * share)
    placed.item.source_range = otio.opentime.TimeRange(
        whole.start_time, otio.opentime.RationalTime(frames, whole.duration.rate)
    )
    placed.end = end


def _track(
    items: Sequence[Placed], dissolves: Sequence[Dissolve], rate: Fraction, warnings: list[str]
) -> otio.schema.Track:
    track = otio.schema.Track("", kind=otio.schema.TrackKind.Video)
    cursor = Fraction(0)
    edges: dict[Fraction, int] = {}
    for placed in items:
        if placed.start > cursor:
            length = range_at(Fraction(0), placed.start - cursor, rate)
            track.append(otio.schema.Gap(source_range=length))
        edges[placed.start] = len(track)
        track.append(placed.item)
        cursor = placed.end
        edges[placed.end] = len(track)
    # From the end, so that the positions before stay valid.
    for dissolve in sorted(dissolves, key=lambda d: d.start, reverse=True):
        middle = (dissolve.start + dissolve.end) / 2
        within = [e for e in edges if dissolve.start <= e <= dissolve.end]
        if not within:
            warnings.append(f"the transition '{dissolve.name}' touches no clip; left out")
            continue
        cut = min(within, key=lambda e: abs(e - middle))
        transition = otio.schema.Transition(
            name=dissolve.name,
            transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
            in_offset=time_at(cut - dissolve.start, rate),
            out_offset=time_at(dissolve.end - cut, rate),
        )
        track.insert(edges[cut], transition)
    return track
