"""Noise reduction before the network: grain is taken out of a picture, edges stay.

A style turns whatever it sees into strokes. On a sky or a wall there is little but noise to see, so
noise decides where strokes lie, and they move while the camera stands still
(docs/measured/quality.md). Before a network sees a picture, in training, in renders and in exported
networks, it is therefore smoothed by a guided filter (He, Sun, Tang 2013, "Guided Image Filtering")
with itself as the guide.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["NOISE_LEVEL", "denoised", "denoised_in_tiles"]

NOISE_LEVEL = 0.04
"""Standard deviation, in code values 0-1, of what is halved; √ε of the paper. Grain of 2 codes of
255 has 0.008 and keeps 4%, an edge of 50 codes has 0.1 and keeps 86%."""

_REACH = 16  # pixels to every side that an output pixel depends on: two windows of radius 8
_TILE = 256, 640  # rows and columns: about as fast as any, in a fifth of the memory of 720p


def denoised(picture: Tensor, noise_level: float = NOISE_LEVEL) -> Tensor:
    """A picture without its grain.

    In windows of 17×17 pixels, clipped at the picture's edges, the result is a · x + b with
    a = variance / (variance + ε) and b = (1 − a) · mean, both averaged over the windows that hold
    a pixel (equations 5, 6 and 8 of the paper). The variance is the mean of the channels', so that
    they share their edges.

    Args:
        picture: (N, C, H, W) float32, display code values, 0-1, of any size; nothing is
            differentiated through it.
        noise_level: √ε. An argument because TorchScript sees no module constants.

    Returns:
        the same shape, 0-1.
    """
    ones = torch.ones_like(picture[:1, :1])
    rows = _seventeen(F.pad(ones[:, :, :, :1], [0, 0, 8, 8]), 2)
    area = rows * _seventeen(F.pad(ones[:, :, :1], [8, 8, 0, 0]), 3)
    # In place, for new maps cost more than what is done to them.
    mean = _sums(picture).div_(area)
    power = _sums(picture.square().mean(1, keepdim=True)).div_(area)
    variance = power.sub_(mean.square().mean(1, keepdim=True)).clamp_min_(0.0)
    share = variance / (variance + noise_level * noise_level)
    rest = _sums(mean.sub_(share * mean)).div_(area)
    return _sums(share).div_(area).mul(picture).add_(rest)


def denoised_in_tiles(
    picture: Tensor, noise_level: float = NOISE_LEVEL, made: Tensor | None = None
) -> Tensor:
    """`denoised`, bit for bit, in the memory of a tile beside its result.

    Args:
        picture: as for `denoised`.
        noise_level: √ε.
        made: what the result is written to, of the picture's shape; new memory by default.

    Returns:
        `made`.
    """
    made = torch.empty_like(picture) if made is None else made
    (height, width), (rows, columns) = picture.shape[2:], _TILE
    for top, left in product(range(0, height, rows), range(0, width, columns)):
        above, before = max(0, top - _REACH), max(0, left - _REACH)
        bottom, right = top + rows, left + columns
        part = picture[:, :, above : bottom + _REACH, before : right + _REACH].contiguous()
        tile = denoised(part, noise_level)[:, :, top - above :, left - before :]
        made[:, :, top:bottom, left:right] = tile[:, :, :rows, :columns]
    return made


def _sums(picture: Tensor) -> Tensor:
    """The sums over windows of 17×17 pixels; zeros beyond the edges."""
    picture = F.pad(picture, [8, 8, 8, 8])
    return _seventeen(_seventeen(picture, 2), 3)


def _seventeen(values: Tensor, dim: int) -> Tensor:
    """The sums of every 17 neighbours along a dimension, which gets 16 shorter: sums of 16 by four
    doublings, and one more. A sum does not depend on where its window lies, so that parts of a
    picture have the very values of the whole."""
    total = values
    for step in [1, 2, 4, 8]:
        count = total.shape[dim] - step
        total = total.narrow(dim, 0, count) + total.narrow(dim, step, count)
    count = total.shape[dim] - 1
    return total.narrow(dim, 0, count) + values.narrow(dim, 16, count)
