"""Mean and variance of every norm over a shot, measured once and then frozen.

With its own statistics in every frame an instance-normalised network pumps: whatever enters the
picture changes the normalisation of all of it. Frozen over a shot they cannot move.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

from nle_style.apply.engine import FrameEngine
from nle_style.apply.look import Statistics
from nle_style.core.network import NormStatistics

__all__ = ["freeze", "measure", "sample_frames"]

_MOST = 8
_APART = 12


def sample_frames(first: int, last: int) -> list[int]:
    """The frames of a shot that are measured: evenly over first..last, both ends among them.

    One frame in twelve, so that measuring adds a twelfth to the work, but at least two, and at
    most eight.
    """
    count = last - first + 1
    samples = min(count, max(2, min(_MOST, round(count / _APART))))
    if samples == 1:
        return [first]
    return [first + round(i * (count - 1) / (samples - 1)) for i in range(samples)]


def measure(engine: FrameEngine, images: Iterable[torch.Tensor]) -> list[NormStatistics]:
    """The statistics of several frames taken as one large picture.

    Args:
        engine: the network with its look.
        images: each (1, 3, H, W), RGB, 0-1, all of one size.

    Returns:
        for every norm, in order: mean (1, C) of the means, and variance (1, C) as the mean of the
        variances plus the variance of the means (the law of total variance).

    Raises:
        ValueError: no images.
    """
    frames: list[list[NormStatistics]] = []
    for image in images:
        seen: list[NormStatistics] = []
        engine(image, seen=seen)
        frames.append(seen)
    if not frames:
        raise ValueError("no frames to measure")
    pooled = []
    for layer in zip(*frames, strict=True):
        means = torch.cat([mean for mean, _ in layer]).double()
        variances = torch.cat([variance for _, variance in layer]).double()
        variance = variances.mean(0, keepdim=True) + means.var(0, correction=0, keepdim=True)
        pooled.append((means.mean(0, keepdim=True).float(), variance.float()))
    return pooled


def freeze(
    measured: list[NormStatistics] | None, statistics: Statistics
) -> list[NormStatistics | None] | None:
    """What the engine is given for a frame: nothing, all, or all but the first norm."""
    if statistics == "frame" or measured is None:
        return None
    if statistics == "hybrid":
        return [None, *measured[1:]]
    return list(measured)
