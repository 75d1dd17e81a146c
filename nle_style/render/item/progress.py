"""What the items of a job share while it runs, and the wish to cancel it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch

from nle_style.core import StylePack
from nle_style.errors import Cancelled
from nle_style.render.events import OnEvent, Progress
from nle_style.render.job import RenderJob
from nle_style.render.plan import ItemPlan

__all__ = ["JobRun", "check_cancelled"]


@dataclass
class JobRun:
    """What the items of a job share: pack, device, the clock and the count of frames.

    Attributes:
        frames: to be painted, over all items.
        done: of them, those of earlier runs included.
        rendered: by this run.
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
        """Raises: Cancelled once the job is to stop."""
        check_cancelled(self.stop, self.job.control.cancel_file)

    def tell(self, index: int, plan: ItemPlan, number: int) -> None:
        """Count a painted frame of an item, and tell it."""
        self.done += 1
        self.rendered += 1
        elapsed = time.monotonic() - self.started
        rate = self.rendered / elapsed if self.rendered > 1 and elapsed > 0 else 0.0
        left = (self.frames - self.done) / rate if rate else None
        self.on_event(
            Progress(
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
    """Raises: Cancelled once either asks for it."""
    if stop.is_set() or (cancel_file is not None and cancel_file.exists()):
        raise Cancelled(
            "cancelled", remedy="What is finished is kept: the same command goes on from there."
        )
