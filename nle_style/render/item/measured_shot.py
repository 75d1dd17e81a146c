"""The statistics of a shot by themselves, for what paints its frames elsewhere."""

from __future__ import annotations

import threading

from nle_style.apply import choose_device
from nle_style.apply.shot import ShotStatistics
from nle_style.core import NormStatistics, load_pack
from nle_style.render.item.item_frames import ItemFrames
from nle_style.render.item.progress import Progress
from nle_style.render.job import RenderJob
from nle_style.render.plan import Planner
from nle_style.shipped import find_pack

__all__ = ["shot_norms"]


def shot_norms(job: RenderJob) -> list[NormStatistics]:
    """What a render would freeze for the frames of its first item, taken as one shot.

    Args:
        job: of one item, whose look has the statistics "shot" and does not change.

    Returns: mean and variance of every norm, in order, each (1, C), float32.
    Raises: MediaError, InputError, LookError, PackError: as a render's.
    """
    pack, device = load_pack(find_pack(job.pack)), choose_device(job.control.device)
    plan = Planner(job, pack, device).plan(job.items[0])
    progress = Progress(job, pack, device, lambda event: None, threading.Event(), 0)
    found = ItemFrames(progress, 0, plan).measure((plan.first, plan.last))[0]
    if not isinstance(found, ShotStatistics):
        raise TypeError("a look that changes has no one set of statistics")
    return found.norms
