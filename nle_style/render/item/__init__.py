"""From planned items to published intermediates: painted, resumed, kept, reported."""

from __future__ import annotations

from nle_style.render.item.item_frames import ItemStatistics, source_frames
from nle_style.render.item.item_renderer import ItemRenderer
from nle_style.render.item.measured_shot import shot_norms
from nle_style.render.item.painter import FramePainter, painter_of
from nle_style.render.item.progress import Progress, check_cancelled
from nle_style.render.item.provenance import writer_of
from nle_style.render.item.runner import (
    ItemResult,
    JobResult,
    deliver_items,
    locked,
    run_job,
    tidy,
)

__all__ = [
    "FramePainter",
    "ItemRenderer",
    "ItemResult",
    "ItemStatistics",
    "JobResult",
    "Progress",
    "check_cancelled",
    "deliver_items",
    "locked",
    "painter_of",
    "run_job",
    "shot_norms",
    "source_frames",
    "tidy",
    "writer_of",
]
