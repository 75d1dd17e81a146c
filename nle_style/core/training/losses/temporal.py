"""Losses that keep a look steady on moving footage, from stills alone.

Footage has noise, and moves by fractions of the network's stride; a network that was only taught
stills flickers on both. Both can be made from a photograph, so that training needs no video: noise
(Rainy and de Berker 2018, "Stabilizing neural style transfer for video via noise") and synthetic
motion (Wang et al. 2020, "Consistent video style transfer via relaxation and regularization").
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["motion_loss", "noise_loss", "smooth_flow", "warp"]

_SIGMA = (1 / 255, 4 / 255)
_REACH = 10
_BORDER = 16
_GOAL = 0.05

Paint = Callable[[Tensor], Tensor]


def noise_loss(paint: Paint, image: Tensor, painted: Tensor, chance: np.random.Generator) -> Tensor:
    """The squared noise gain of every image: ‖T(x + n) − T(x)‖² / ‖n‖².

    Args:
        paint: T, the network with its styles, (N, 3, H, W) -> the same.
        image, painted: x and T(x), RGB, 0-1.
        chance: draws the noise, normal with σ of 1 to 4 codes of 255, another for every image.

    Returns:
        (N,); 1 means that noise comes out as strong as it went in.
    """
    sigma = torch.tensor(chance.uniform(*_SIGMA, (image.shape[0], 1, 1, 1)), dtype=torch.float32)
    drawn = torch.from_numpy(chance.standard_normal(image.shape, np.float32))
    noise = (drawn * sigma).to(image.device)
    change = paint(image + noise) - painted
    return change.square().mean(dim=(1, 2, 3)) / noise.square().mean(dim=(1, 2, 3))


def motion_loss(
    paint: Paint, image: Tensor, painted: Tensor, chance: np.random.Generator
) -> Tensor:
    """The warping error under a motion that is known exactly, in units of 0.05².

    Two times in three the motion is a pan of 1 to 10 whole pixels, which needs no interpolation and
    meets every phase of the network's stride; else a smooth flow of up to 10 pixels.

    Args: see `noise_loss`.

    Returns:
        (N,): mean of (T(W x) − W T(x))² over 0.05², without a border of 16 pixels (a quarter of a
        smaller crop), where the paddings differ.
    """
    if chance.random() < 2 / 3:
        down, right = (int(n) for n in chance.integers(0, _REACH + 1, 2))
        right += down == right == 0
        moved = paint(image[..., down:, right:].contiguous())
        change = moved - painted[..., down:, right:]
    else:
        flow = smooth_flow(image.shape[-2], image.shape[-1], chance).to(image.device)
        change = paint(warp(image, flow).clamp(0, 1)) - warp(painted, flow)
    border = min(_BORDER, min(change.shape[-2:]) // 4)
    inner = change[..., border:-border, border:-border]
    return inner.square().mean(dim=(1, 2, 3)) / _GOAL**2


def smooth_flow(height: int, width: int, chance: np.random.Generator) -> Tensor:
    """A random motion of a still: a pan, a zoom and a slow wave, together at most 10 pixels.

    Returns:
        (H, W, 2): where every pixel comes from, as an offset in pixels, x before y.
    """
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    pan = chance.uniform(-1, 1, 2)
    zoom = chance.uniform(-1, 1)
    phase = chance.uniform(0, 2 * math.pi, 2)
    turns = chance.uniform(0.5, 2, 2)
    wave_x = np.sin(2 * math.pi * turns[0] * y / height + phase[0])
    wave_y = np.sin(2 * math.pi * turns[1] * x / width + phase[1])
    flow = np.stack(
        [
            pan[0] + zoom * (2 * x / width - 1) + 0.5 * wave_x,
            pan[1] + zoom * (2 * y / height - 1) + 0.5 * wave_y,
        ],
        axis=-1,
    )
    return torch.from_numpy((flow * chance.uniform(0, _REACH) / 2.5).astype(np.float32))


def warp(image: Tensor, flow: Tensor) -> Tensor:
    """Fetch every pixel from where the flow says, bicubically; edges are reflected.

    Args:
        image: (N, C, H, W).
        flow: (H, W, 2), offsets in pixels, x before y.
    """
    height, width = image.shape[-2:]
    y, x = torch.meshgrid(
        torch.arange(height, device=flow.device), torch.arange(width, device=flow.device),
        indexing="ij",
    )  # fmt: skip
    grid = torch.stack([x, y], dim=-1) + flow
    # grid_sample counts from -1 to 1, from outer edge to outer edge.
    scale = torch.tensor([2 / width, 2 / height], device=flow.device)
    grid = ((grid + 0.5) * scale - 1).expand(image.shape[0], -1, -1, -1)
    return F.grid_sample(
        image, grid, mode="bicubic", padding_mode="reflection", align_corners=False
    )
