"""From planned items to published intermediates: painted, resumed, reused, told."""

from __future__ import annotations

from nle_style.render.item.item_frames import ItemStatistics
from nle_style.render.item.item_renderer import ItemRun, render_item, writer_of
from nle_style.render.item.painter import FramePainter, painter_of
from nle_style.render.item.progress import JobRun, check_cancelled
from nle_style.render.item.runner import (
    ItemResult,
    JobResult,
    deliver_items,
    locked,
    make_folder,
    run_job,
    tidy,
)
from nle_style.render.item.supply import source_frames

__all__ = [
    "FramePainter",
    "ItemResult",
    "ItemRun",
    "ItemStatistics",
    "JobResult",
    "JobRun",
    "check_cancelled",
    "deliver_items",
    "locked",
    "make_folder",
    "painter_of",
    "render_item",
    "run_job",
    "source_frames",
    "tidy",
    "writer_of",
]
