"""What one frame of an intermediate costs on this machine: measured, for the dry run."""

from __future__ import annotations

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
        paint_seconds: in the network.
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
    begun = time.perf_counter()
    (frame,) = source_frames(plan, number, number)
    decoded = time.perf_counter()
    painter.frame(frame)  # the first one of a size finds its memory, the second is like the rest
    warm = time.perf_counter()
    painted = painter.frame(frame).pixels
    done = time.perf_counter()
    _encoded_bytes(plan, [painted])
    written = time.perf_counter()
    black = _bytes_of_one(plan, np.zeros_like(painted)) if plan.sparse else 0
    size = _bytes_of_one(plan, painted)
    return FrameCost(done - warm, decoded - begun + written - done, size, black)


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
