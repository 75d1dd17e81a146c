"""The plan of retimes and nests, compared with a cut that is played frame by frame."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from fractions import Fraction

import opentimelineio as otio
import pytest

from tests.timeline.building import (
    gap,
    time_range,
    track,
    transition,
)
from tests.timeline.needs.retiming import COUNT, at_speed, planned, shot


def played(item: otio.schema.Item, at: Fraction) -> Iterator[tuple[str, int]]:
    """Every source frame that an item shows `at` frames after its start, in any reading."""
    speed = Fraction(1)
    for effect in item.effects:
        speed *= Fraction(effect.time_scalar)
    trim = item.source_range
    start = Fraction(trim.start_time.value if trim else 0)
    length = Fraction(trim.duration.value if trim else item.duration().value)
    instants = [start + speed * at]
    if speed < 0:
        instants.append(start + math.ceil(length * -speed) - 1 + speed * at)
    for now in instants:
        if isinstance(item, otio.schema.Clip):
            yield item.name, math.floor(now)
        elif isinstance(item, otio.schema.Track):
            begin = Fraction(0)
            for number, child in enumerate(item):
                if isinstance(child, otio.schema.Transition):
                    continue
                head, tail = item.handles_of_child(child)
                end = begin + Fraction(child.duration().value)
                low = begin - Fraction(head.value if head else 0)
                if low <= now < end + Fraction(tail.value if tail else 0):
                    yield from played(item[number], now - begin)
                begin = end
        elif isinstance(item, otio.schema.Stack):
            for child in item:
                # A track without trim shows its transitions beyond its ends too.
                ends = isinstance(child, otio.schema.Clip) or child.source_range is not None
                if not ends or 0 <= now < Fraction(child.duration().value):
                    yield from played(child, now)


def shown_by_brute_force(cut: otio.schema.Track) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for child in cut:
        if isinstance(child, otio.schema.Transition):
            continue
        head, tail = cut.handles_of_child(child)
        before, after = int(head.value) if head else 0, int(tail.value) if tail else 0
        for at in range(-before, int(child.duration().value) + after):
            for name, frame in played(child, Fraction(at)):
                found.setdefault(name, set()).add(frame)
    return found


SPEEDS = [-2.0, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0]


class Random:
    """Random cuts with nests, trims, retimes, transitions and gaps; every clip has its name."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.clips = 0

    def item(self, depth: int) -> otio.schema.Item:
        kind = self.random.random()
        if kind < 0.15:
            return gap(self.random.randint(1, 9))
        if kind < 0.6 or depth == 0:
            self.clips += 1
            made = shot(
                self.random.randint(300, 600), self.random.randint(1, 30), name=f"c{self.clips}"
            )
        else:
            made = otio.schema.Stack("n", children=[self.track(depth - 1) for _ in range(2)])
            if self.random.random() < 0.5:
                length = int(made.duration().value)
                start = self.random.randint(0, length - 1)
                made.source_range = time_range(start, self.random.randint(1, length - start))
        if self.random.random() < 0.5:
            at_speed(made, self.random.choice(SPEEDS))
        return made

    def track(self, depth: int) -> otio.schema.Track:
        made = track()
        for number in range(self.random.randint(1, 4)):
            if number and self.random.random() < 0.3:
                made.append(transition(self.random.randint(0, 3), self.random.randint(0, 3)))
            made.append(self.item(depth))
        return made


@pytest.mark.parametrize("seed", range(150))
def test_the_plan_holds_what_a_player_shows_and_no_more(seed: int) -> None:
    maker = Random(seed)
    cut = maker.track(2)
    expected = shown_by_brute_force(cut)
    handles = seed % 3
    plan = planned(cut, handles=handles)
    assert plan.refusals == ()
    assert {use.clip_name for use in plan.uses} == set(expected)
    accounted = len(plan.uses) + sum(s.reason.startswith("trimmed off") for s in plan.skipped)
    assert accounted == maker.clips
    for use in plan.uses:
        need = expected[use.clip_name]
        assert {0, COUNT - 1}.isdisjoint(need), "the generator must stay in the file"
        assert min(need) - 1 <= use.first <= min(need), use
        assert max(need) <= use.last <= max(need) + 1, use
        # Every clip has a file of its own here, so that a range is a use and its handles.
        most = handles * 27  # three levels of 3x
        assert use.first - most <= use.range.first <= use.first
        assert use.last <= use.range.last <= use.last + most
        if handles == 0:
            assert (use.range.first, use.range.last) == (use.first, use.last)


def test_the_generator_makes_what_matters() -> None:
    seen: set[str] = set()
    for seed in range(150):
        cut = Random(seed).track(2)
        for child in cut.find_children():
            seen.add(child.schema_name())
            seen |= {
                f"{child.schema_name()} {e.time_scalar}" for e in getattr(child, "effects", [])
            }
    assert {"Transition", "Gap", "Stack", "Stack -1.0", "Clip -0.5", "Stack 0.0"} <= seen
