"""Checkpoint gates: plain frames must come out painted, without blobs and without speckle.

A network that normalises by an image's own statistics may paint a strong spot or leave a hole on
plain footage (a flat wall, a fade, a blown-out sky); one that amplifies what noise reduction leaves
paints coloured grain there. Photographs hide both. Two figures on four plain frames find them;
strokes are no fault, and neither figure counts them.

The limits come from paintings that were looked at (docs/training.md has the measured values).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from nle_style.core.overscan import paint_with_overscan
from nle_style.core.training.losses import luminance

__all__ = [
    "BLOB_LIMIT",
    "Fault",
    "blob",
    "examine",
    "measure",
    "plain_frames",
    "speckle",
    "speckle_limit",
]

BLOB_LIMIT = 0.25

_SIDE = 256
_NOISE = 1.5 / 255
_CELL, _SPOT, _AROUND = 4, 7, 33
"""In pixels, in cells, in cells: a spot is 28 pixels wide, what is around it 132."""
_CHROMA = 1.5
_STAND_OUT = 0.04
_SPECKLE, _POSTER_GRAIN = 0.02, 1.3


@dataclass(frozen=True)
class Fault:
    """A figure of one style's painting of one plain frame that is beyond its limit.

    Attributes:
        figure: `blob` or `speckle`.
        value: of that figure; it may be no number.
    """

    style: str
    frame: str
    figure: str
    value: float
    limit: float

    def __str__(self) -> str:
        return f"{self.style} on {self.frame}: {self.figure} {self.value:.3f} > {self.limit:.3f}"


def plain_frames(side: int = _SIDE) -> dict[str, Tensor]:
    """What footage shows where it shows nothing, the same at every call.

    Args:
        side: height and width in pixels.

    Returns:
        `flat` (grey), `gradient` (corner to corner), `dark` (a gradient below 10%) and
        `over-exposed` (a gradient of which more than half is clipped to white): each (3, side,
        side), RGB, 0-1, with normal noise of 1.5 codes of 255, as footage has.
    """
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / (side - 1)
    down, up = ((x + y) / 2)[..., None], ((x + 1 - y) / 2)[..., None]

    def ramp(along: np.ndarray, first: tuple[float, ...], last: tuple[float, ...]) -> np.ndarray:
        return np.asarray(np.array(first) * (1 - along) + np.array(last) * along)

    scenes = {
        "flat": ramp(down, (0.46, 0.50, 0.54), (0.46, 0.50, 0.54)),
        "gradient": ramp(down, (0.10, 0.15, 0.25), (0.90, 0.80, 0.70)),
        "dark": ramp(up, (0.0, 0.0, 0.005), (0.09, 0.08, 0.07)),
        "over-exposed": ramp(up, (0.55, 0.50, 0.40), (1.5, 1.6, 1.7)),
    }
    chance = np.random.default_rng(7)
    frames = {}
    for name, scene in scenes.items():
        # The sensor clips before the noise of coding comes on top.
        noisy = np.clip(scene, 0, 1) + chance.normal(0, _NOISE, scene.shape)
        pixels = np.clip(noisy, 0, 1).astype(np.float32)
        frames[name] = torch.from_numpy(pixels).permute(2, 0, 1).contiguous()
    return frames


def blob(painting: Tensor) -> Tensor:
    """How far a whole square of 28 pixels differs, in one direction, from what is around it.

    The painting, in cells of 4 pixels, less its mean over 132 pixels around: strokes and lines are
    narrower than the square, ramps have no mean of their own; a spot or a hole fills it. The
    difference is the smallest in the square, so that all of the square must have it. Channels are
    R, G, B and 1.5 times their differences from luminance, which tell the grey holes of a
    network's early steps from shades of a tone.

    Args:
        painting: (N, 3, H, W), RGB, 0-1, of a plain frame; 64 pixels a side or more.

    Returns:
        (N,), in code values; 0 or below where no square differs.
    """
    cells = F.avg_pool2d(painting, _CELL)
    cells = torch.cat([cells, _CHROMA * (cells - luminance(cells))], dim=1)
    mean = F.avg_pool2d(cells, _AROUND, 1, _AROUND // 2, count_include_pad=False)
    around = cells - mean
    above = -F.max_pool2d(-around, _SPOT, 1)
    below = -F.max_pool2d(around, _SPOT, 1)
    return torch.maximum(above.amax(dim=(1, 2, 3)), below.amax(dim=(1, 2, 3)))


def speckle(image: Tensor) -> Tensor:
    """The share of pixels that stand alone: above, or below, all eight neighbours by 0.04.

    Args:
        image: (N, 3, H, W), RGB, 0-1; a pixel counts if one of its channels stands alone.

    Returns:
        (N,), 0-1.
    """
    height, width = image.shape[-2:]
    padded = F.pad(image, (1, 1, 1, 1), mode="reflect")
    places = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
    around = torch.stack([padded[..., y : y + height, x : x + width] for y, x in places])
    alone = torch.maximum(image - around.amax(0), around.amin(0) - image).amax(1)
    return (alone > _STAND_OUT).float().mean(dim=(1, 2))


def speckle_limit(grain: float) -> float:
    """The most speckle that a painting may have.

    Args:
        grain: `speckle` of the poster itself: a canvas that is seen in it is part of the style.
    """
    return _SPECKLE + _POSTER_GRAIN * grain


@torch.no_grad()
def measure(
    network: Callable[[Tensor], Tensor], device: str = "cpu"
) -> dict[str, dict[str, float]]:
    """Paint every plain frame and measure it.

    Args:
        network: on `device`. With the statistics of photographs in its norms it paints a frame
            without contrast as a render does (`core.network.completed`).
        device: `cpu`, `cuda` or `mps`.

    Returns:
        the frames in the order of `plain_frames`: name -> {"blob", "speckle"}; what a broken
        network paints may give no numbers.
    """
    frames = plain_frames()
    pictures = torch.stack(list(frames.values())).to(device)
    painted = paint_with_overscan(network, pictures).cpu()
    figures = zip(blob(painted).tolist(), speckle(painted).tolist(), strict=True)
    return {
        frame: {"blob": spot, "speckle": grain}
        for frame, (spot, grain) in zip(frames, figures, strict=True)
    }


def examine(
    style: str, network: Callable[[Tensor], Tensor], grain: float, device: str = "cpu"
) -> tuple[Fault, ...]:
    """What a style's paintings of the plain frames have beyond the limits.

    Args:
        style: its name.
        network: see `measure`.
        grain: `speckle` of its poster, at the size at which training saw it.
    """
    limits = {"blob": BLOB_LIMIT, "speckle": speckle_limit(grain)}
    return tuple(
        Fault(style, frame, figure, figures[figure], limit)
        for frame, figures in measure(network, device).items()
        for figure, limit in limits.items()
        if not figures[figure] <= limit  # no number is a fault too
    )
