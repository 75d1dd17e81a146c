"""Colour `source`: the painting's luma with the clip's own chroma."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["LUMA_WEIGHTS", "keep_chroma", "luma"]

LUMA_WEIGHTS = (0.2126, 0.7152, 0.0722)
"""Of R'G'B' code values, ITU-R BT.709-6, item 3.2."""


def luma(image: Tensor) -> Tensor:
    """Y' of BT.709: (N, 3, H, W) R'G'B' code values -> (N, 1, H, W), a new tensor."""
    weights = torch.tensor(LUMA_WEIGHTS, dtype=image.dtype, device=image.device)
    return torch.einsum("c,nchw->nhw", weights, image)[:, None]


def keep_chroma(painted: Tensor, source: Tensor) -> Tensor:
    """The luma of the painting with the chroma of the source.

    Chroma is R'G'B' - luma, a multiple of (B' - Y', R' - Y') and so of Cb and Cr. Where a colour
    would leave the range of code values at its new luma, its chroma is reduced, all three channels
    by one factor: luma and hue stay, and no channel is clipped on its own.

    Args:
        painted, source: (N, 3, H, W), R'G'B' code values, 0-1.

    Returns:
        (N, 3, H, W) in 0-1, a new tensor.
    """
    light = luma(painted).clamp_(0, 1)
    chroma = (source - luma(source)).contiguous()
    red, green, blue = (chroma[:, i : i + 1] for i in range(3))
    most = torch.maximum(torch.maximum(red, green), blue)
    least = torch.minimum(torch.minimum(red, green), blue)
    # The most positive channel reaches 1 first and the most negative one 0. For a grey pixel both
    # are 0: the smallest normal number instead of it keeps the quotient from becoming NaN.
    tiny = torch.finfo(chroma.dtype).tiny
    to_white = (1 - light) / most.clamp_min_(tiny)
    to_black = light / least.neg_().clamp_min_(tiny)
    factor = torch.minimum(to_white, to_black).clamp_(max=1)
    return chroma.mul_(factor).add_(light).clamp_(0, 1)
