"""What one frame of an intermediate costs on this machine: measured, for the dry run."""

from __future__ import annotations

import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nle_style.media.write import IntermediateWriter
from nle_style.render.item import FramePainter, source_frames
from nle_style.render.plan import ItemPlan

__all__ = ["FrameCost", "measure_cost"]


@dataclass(frozen=True)
class FrameCost:
    """Of one frame.

    Attributes:
        paint_seconds: in the network, and from code values to it.
        file_seconds: decoding, encoding and decoding back.
        bytes: encoded.
        black_bytes: of a black one, as sparse movies have; 0 where there are none.
    """

    paint_seconds: float
    file_seconds: float
    bytes: int
    black_bytes: int


def measure_cost(plan: ItemPlan, painter: FramePainter) -> FrameCost:
    """Decode, paint, encode and read back the item's first painted frame, in a temporary folder.

    Raises: NleStyleError, whatever would refuse the item.
    """
    number = plan.painted[0][0]
    first, second = _drawings(plan)
    begun = time.perf_counter()
    (frame,) = source_frames(plan, number, number)
    decoded = time.perf_counter()
    # The first one of a size finds its memory, the second is like the rest.
    painter.frame(frame, number=first)
    warm = time.perf_counter()
    painted = painter.frame(frame, number=second).pixels
    done = time.perf_counter()
    _encoded_bytes(plan, [painted])
    written = time.perf_counter()
    black = _bytes_of_one(plan, np.zeros_like(painted)) if plan.sparse else 0
    size = _bytes_of_one(plan, painted)
    return FrameCost(done - warm, decoded - begun + written - done, size, black)


def _drawings(plan: ItemPlan) -> tuple[int, int]:
    """Numbers of two frames that all looks draw; in a look that changes of two mixes, as any two of
    its frames are."""
    step = math.lcm(*(look.hold for look in plan.looks))
    begin, end = plan.painted[0][0], plan.painted[-1][1]
    keys = [key.frame for look in plan.looks for key in look.keys] or [begin]
    middle = (max(begin, min(keys)) + min(end, max(keys))) // 2 // step * step
    return middle - step, middle


def _bytes_of_one(plan: ItemPlan, frame: np.ndarray) -> int:
    """Of a frame in its movie, without what a container needs once; of images their file."""
    if plan.spec.of_images:
        return _encoded_bytes(plan, [frame])
    return _encoded_bytes(plan, [frame] * 2) - _encoded_bytes(plan, [frame])


def _encoded_bytes(plan: ItemPlan, frames: list[np.ndarray]) -> int:
    with tempfile.TemporaryDirectory(prefix="nle_style-") as name:
        folder = Path(name)
        target = folder / f"frame{plan.spec.extension}"
        writer = IntermediateWriter(
            target, plan.spec, plan.info, 0, len(frames) - 1, work=folder / "work", metadata={}
        )
        return writer.write_unit(writer.units[0], frames).bytes
