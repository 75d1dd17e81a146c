"""What a source is, how it would be read and written, and what would be refused of it.

Nothing is found out here: all of it is what `probe_media` and `Planner` hand over, as they do to a
render.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nle_style.errors import MediaError, NleStyleError
from nle_style.media.base import MediaInfo, find_sequence
from nle_style.render.job import Item
from nle_style.render.plan.item_plan import ItemPlan
from nle_style.render.plan.planner import Planner
from nle_style.render.plan.reading import item_source, reading_facts
from nle_style.sequence_names import of_file

__all__ = ["INSPECTION_VERSION", "Inspection", "inspect_item"]

INSPECTION_VERSION = 1
"""Of the JSON's keys: new ones may come without raising it; a changed or dropped one raises it."""


@dataclass(frozen=True)
class Inspection:
    """One source.

    Attributes:
        source: as it was asked for.
        info: the probed source, as it would be read; None if it cannot be.
        plan: its render; None if that would be refused.
        error: why it would be refused.
        notes: what people may want to know of it.
    """

    source: Path
    info: MediaInfo | None = None
    plan: ItemPlan | None = None
    error: NleStyleError | None = None
    notes: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Plain data, for JSON; docs/report.md has the keys."""
        return {
            "source": str(self.source),
            "kind": None if self.info is None else self.info.kind,
            "media": None if self.info is None else _media(self.info),
            "reading": None if self.plan is None else _reading(self.plan),
            "writing": None if self.plan is None else _writing(self.plan),
            "notes": list(self.notes),
            "refused": None if self.error is None else self.error.as_data(),
        }


def inspect_item(planner: Planner, item: Item) -> Inspection:
    """Probe and plan an item, as a render does; nothing is written, and no error is raised.

    Args:
        planner: of the job that the item is of.
    """
    info = None
    try:
        reading = item.reading or planner.job.reading
        info = planner.sources.probe(item.source, stream=reading.stream, layer=reading.layer)
        info = item_source(item, info, reading)
        plan = planner.plan(item)
    except NleStyleError as error:
        return Inspection(item.source, info, error=error, notes=_notes(info))
    return Inspection(item.source, plan.info, plan, notes=(*plan.notes, *_siblings(plan.info)))


def _notes(info: MediaInfo | None) -> tuple[str, ...]:
    if info is None:
        return ()
    return (*info.notes, *_siblings(info))


def _siblings(info: MediaInfo) -> tuple[str, ...]:
    """That a still is one file of a sequence, if it is."""
    name = of_file(info.path.name) if info.kind == "still" else None
    if name is None:
        return ()
    pattern = info.path.with_name(name.pattern)
    try:
        files = find_sequence(pattern)
    except MediaError:
        return ()
    if files.last == files.first:
        return ()
    return (
        f"one file of a sequence, {files.first}-{files.last}: give {pattern.name} for all of it",
    )


def _media(info: MediaInfo) -> dict[str, Any]:
    first = info.first_frame_number
    return {
        "size": [info.width, info.height],
        "pixel_aspect": str(info.pixel_aspect),
        "rotation": info.rotation,
        "frames": info.frame_count,
        "numbers": [first, first + info.frame_count - 1],
        "rate": str(info.rate),
        "variable_rate": info.variable_rate,
        "interlaced": info.interlaced,
        "pixel_format": info.pixel_format,
        "bit_depth": info.bit_depth,
        "float": info.is_float,
        "alpha": info.alpha,
        "stream": info.stream,
        "layer": info.layer,
        "clean_aperture": info.crop,
        "colour": vars(info.colour),
        "found": dict(info.found),
        "hdr": None if info.hdr is None else vars(info.hdr),
        "timecode": info.timecode,
        "reel": info.reel,
        "audio": [vars(stream) for stream in info.audio],
    }


def _reading(plan: ItemPlan) -> dict[str, Any]:
    start = plan.info.first_frame_number
    return {
        "frames": [plan.first, plan.last],
        "numbers": [start + plan.first, start + plan.last],
        "colour": "display-referred" if plan.scene is None else plan.scene.name,
        **reading_facts(plan.info),
    }


def _writing(plan: ItemPlan) -> dict[str, Any]:
    return {
        "format": plan.spec.format,
        "depth": plan.spec.depth,
        "exact": plan.spec.exact,
        "alpha": plan.spec.alpha,
        "painted_at": None if plan.painted_at is None else list(plan.painted_at),
        "memory": plan.memory,
    }
