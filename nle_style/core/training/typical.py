"""What the norms of a style meet in photographs: measured when a style is put into a pack."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from nle_style.core.denoise import denoised
from nle_style.core.network import NormStatistics, StyleNetwork
from nle_style.core.overscan import with_overscan

__all__ = ["typical_statistics"]


@torch.no_grad()
def typical_statistics(network: StyleNetwork, pictures: Iterable[Tensor]) -> dict[str, Tensor]:
    """Means over some pictures of what every norm meets in each of them.

    Args:
        network: of one style.
        pictures: photographs, each (1, 3, H, W), 0-1, on any device; one or more.

    Returns:
        `norms.N.typical_mean` and `norms.N.typical_variance` for every norm, (C,) float32, as a
        network's weights have them. The variance is the mean of the pictures' own: what one of
        them typically has, not all of them together.
    """
    device = next(network.parameters()).device
    met: list[list[NormStatistics]] = []
    for picture in pictures:
        met.append([])
        network(with_overscan(denoised(picture.to(device))), seen=met[-1])
    found = {}
    for index, statistics in enumerate(zip(*met, strict=True)):
        mean, variance = (torch.cat(each).mean(0).cpu() for each in zip(*statistics, strict=True))
        found[f"norms.{index}.typical_mean"] = mean
        found[f"norms.{index}.typical_variance"] = variance
    return found
