"""Retimed clips and nests, and the plan of a cut of them."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio

from nle_style.timeline import ReadTimeline
from nle_style.timeline.needs import Plan, plan_shots
from tests.timeline.building import (
    Facts,
    clip,
    probe_of,
    time_range,
    timeline,
    track,
)

COUNT = 1000


def planned(*tracks: otio.core.Composable, handles: int = 0, facts: Facts | None = None) -> Plan:
    read = ReadTimeline(timeline(*tracks), Path("/x/cut.otio"), Path("/x"))
    return plan_shots(read, probe_of(facts or Facts(frame_count=COUNT)), handles=handles)


def frames(plan: Plan) -> list[tuple[int, int]]:
    return [(use.first, use.last) for use in plan.uses]


def shot(
    start: float, length: float, speed: float | None = None, *, name: str = "a", rate: float = 24
) -> otio.schema.Clip:
    made = clip(name, (start, length), (0, COUNT), rate=rate)
    return made if speed is None else at_speed(made, speed)


def at_speed(item: otio.schema.Item, speed: float) -> otio.schema.Item:
    item.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
    return item


def nest(
    *children: otio.core.Composable,
    source: tuple[float, float] | None = None,
    name: str = "Compound 1",
) -> otio.schema.Stack:
    return otio.schema.Stack(
        name, children=[track(*children)], source_range=source and time_range(*source)
    )
