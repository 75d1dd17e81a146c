"""Desks on small cuts, for the tests of the desk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio

from nle_style.desk.session import Desk, Request
from nle_style.render import Output
from nle_style.render.cut import BatchOptions, PlannedBatch, plan_batch
from tests.timeline.building import timeline, track

__all__ = ["batch_of_map", "desk_on", "look", "states", "write_twins"]


def desk_on(cut: Path, pack: Path, folder: Path, **more: Any) -> Desk:
    """A desk with its results in a folder."""
    return Desk(Request(timeline=cut, output=Output(directory=folder), pack=str(pack), **more))


def look(strength: float = 1.0, **styles: float) -> dict[str, Any]:
    """A look as the page sends it."""
    return {"styles": styles, "strength": strength, "stroke_scale": 1.0, "colour": "poster"}


def states(desk: Desk) -> list[str]:
    """The states of its shots, in the order of the cut."""
    return [shot["state"] for shot in desk.project()["shots"]]


def write_twins(shots: Any, path: Path) -> Path:
    """A cut of two clips of one name and track, frames 0-3 and 10-13 of one movie, with a third
    between them that asks for "red" by a marker."""
    first, marked, second = shots.a(0, 4), shots.b(0, 4), shots.a(10, 4)
    marked.markers.append(
        otio.schema.Marker("style: red", otio.opentime.TimeRange(marked.source_range.start_time))
    )
    made = timeline(track(first, marked, second, name="V1"))
    made.global_start_time = otio.opentime.RationalTime(86400, 24)
    otio.adapters.write_to_file(made, str(path))
    return path


def batch_of_map(cut: Path, pack: Path, folder: Path, looks: Path) -> PlannedBatch:
    """What `nle-style batch CUT --map LOOKS` would render."""
    options = BatchOptions(look_map=looks)
    return plan_batch(cut, None, Output(directory=folder), options=options, pack=str(pack))
