"""Overscan: pixels that are painted beyond every edge of a picture, and cut off again.

A trained network paints differently near an edge, and a seam shows around the frame. The loss for
motion leaves 16 pixels at every edge out (`temporal.motion_loss`), where nothing is known of what
moves in; the style loss counts them, so its strongest strokes end up there. The picture is
therefore continued by its reflection, and the seam is cut off with that, in training and in
renders. `benchmarks/figures/edges.py` measures pictures with and without it;
docs/measured/quality.md shows them.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from nle_style.core.denoise import denoised

__all__ = ["OVERSCAN", "cut_overscan", "overscan_of", "paint_with_overscan", "with_overscan"]

OVERSCAN = 16
"""Pixels at every edge, of the picture that the network sees."""


def overscan_of(side: int, pixels: int = OVERSCAN) -> int:
    """Pixels beyond both ends of a side: a reflection has one pixel less than the side itself."""
    return min(pixels, side - 1)


def with_overscan(image: Tensor) -> Tensor:
    """Reflect a picture beyond its edges.

    Args:
        image: (N, C, H, W).

    Returns:
        (N, C, H + 2·`overscan_of(H)`, W + 2·`overscan_of(W)`).
    """
    down, right = overscan_of(image.shape[2]), overscan_of(image.shape[3])
    return F.pad(image, [right, right, down, down], "reflect")


def cut_overscan(painted: Tensor, height: int, width: int) -> Tensor:
    """The picture (N, C, `height`, `width`), as a view, out of its painting with overscan."""
    down, right = overscan_of(height), overscan_of(width)
    return painted[:, :, down : down + height, right : right + width]


def paint_with_overscan(paint: Callable[[Tensor], Tensor], image: Tensor) -> Tensor:
    """The painting of a picture (N, 3, H, W), of its size, without its grain (`core.denoise`) and
    without the seam at its edges.

    Args:
        paint: (N, 3, H', W') -> the same shape, as a network with its styles paints.
        image: RGB, 0-1.
    """
    return cut_overscan(paint(with_overscan(denoised(image))), *image.shape[-2:])
