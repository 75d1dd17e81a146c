"""Progress: the settings that the items of a job share while it runs, how far it is, and whether it
is to stop."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch

from nle_style.core import StylePack
from nle_style.errors import Cancelled
from nle_style.render.events import FramePainted, OnEvent
from nle_style.render.job import RenderJob
from nle_style.render.plan import ItemPlan

__all__ = ["Progress", "check_cancelled"]


@dataclass
class Progress:
    """A job that runs.

    Attributes:
        job, pack, device, on_event, stop: of the job.
        frames: to be painted, over all items.
        done: of them, those of earlier runs included.
        rendered: by this run.
        started: when it began, in seconds of `time.monotonic`.
    """

    job: RenderJob
    pack: StylePack
    device: torch.device
    on_event: OnEvent
    stop: threading.Event
    frames: int
    done: int = 0
    rendered: int = 0
    started: float = field(default_factory=time.monotonic)

    def check_cancelled(self) -> None:
        """Raises: Cancelled if the job is to stop."""
        check_cancelled(self.stop, self.job.control.cancel_file)

    def count_frame(self, index: int, plan: ItemPlan, number: int) -> None:
        """Count a painted frame and report it.

        Args:
            index: the item's place in the job.
            plan: of the item.
            number: of the frame in the source.
        """
        self.done += 1
        self.rendered += 1
        elapsed = time.monotonic() - self.started
        rate = self.rendered / elapsed if self.rendered > 1 and elapsed > 0 else 0.0
        left = (self.frames - self.done) / rate if rate else None
        self.on_event(
            FramePainted(
                item=index,
                name=plan.destination.name,
                frame=number,
                item_done=plan.painted_count(plan.first, number),
                item_frames=plan.painted_count(plan.first, plan.last),
                done=self.done,
                frames=self.frames,
                frames_per_second=round(rate, 3),
                seconds_left=None if left is None else round(left, 1),
            )
        )


def check_cancelled(stop: threading.Event, cancel_file: Path | None) -> None:
    """Raises: Cancelled if `stop` is set or the file is there."""
    if stop.is_set() or (cancel_file is not None and cancel_file.exists()):
        raise Cancelled(
            "cancelled", remedy="What is finished is kept: the same command goes on from there."
        )
