"""Stroke scale: how large the strokes are in the picture, whatever its resolution.

The network's strokes have a fixed size in pixels: a 4K master painted natively would get strokes
half as large in the picture as those of its HD proxy, and both would be too small to be seen as
strokes on a screen. So a frame is resampled to a working size that depends on its shape and on the
look, painted there, and resampled back. At scale 1 the longer side of the working picture is
`REFERENCE_SIDE` pixels, or the frame's own if that is less: a frame is only enlarged if a scale
below 1 asks for it.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from nle_style.core import MINIMUM_SIDE, overscan_of

__all__ = ["REFERENCE_SIDE", "painted_at", "painted_size", "resample", "working_size"]

REFERENCE_SIDE = 1280
"""Longer side, in pixels, of the picture that the network paints at stroke scale 1, where the frame
has as many."""

_NATIVE = (0.93, 1.07)
_MOST = 8


def working_size(height: int, width: int, stroke_scale: float) -> tuple[int, int]:
    """The size at which a frame is painted.

    Args:
        height, width: of the frame, in pixels.
        stroke_scale: 1 for a longer side of `REFERENCE_SIDE` pixels, or the frame's own if that is
            less; 2 for half of that side, so that strokes are twice as large in the picture. A
            proxy smaller than `REFERENCE_SIDE` is painted like its larger master at scale 1 if its
            scale is its longer side / `REFERENCE_SIDE`.

    Returns:
        height and width in pixels, each `MINIMUM_SIDE` or more. The frame's own size if its longer
        side is within 7% of the wanted one: resampling would cost more sharpness than the strokes
        differ in size. A frame is enlarged eightfold at most: a thumbnail that is enlarged further
        shows only blur to paint.
    """
    ratio = min(min(REFERENCE_SIDE / max(height, width), 1) / stroke_scale, _MOST)
    if _NATIVE[0] <= ratio <= _NATIVE[1]:
        return height, width
    return max(MINIMUM_SIDE, round(height * ratio)), max(MINIMUM_SIDE, round(width * ratio))


def painted_at(
    width: int, height: int, strength: float, stroke_scale: float
) -> tuple[int, int] | None:
    """Width and height of the painting, for reports; None at strength 0: nothing is painted."""
    if strength == 0:
        return None
    rows, columns = working_size(height, width, stroke_scale)
    return columns, rows


def painted_size(height: int, width: int, stroke_scale: float) -> tuple[int, int]:
    """The size of the network's input for a frame: its working size with overscan."""
    rows, columns = working_size(height, width, stroke_scale)
    return rows + 2 * overscan_of(rows), columns + 2 * overscan_of(columns)


def resample(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """Resample a picture with the cubic kernel of Keys 1981, a = -1/2. The kernel is widened where
    the picture gets smaller, so that nothing aliases.

    Args:
        picture: (N, C, H, W), 0-1.
        size: height and width in pixels.

    Returns:
        (N, C, *size) in 0-1: the kernel's overshoot is clipped. If the picture has that size, the
        same tensor.
    """
    if tuple(picture.shape[-2:]) == size:
        return picture
    # Without `antialias` torch enlarges with a = -3/4, which rings more.
    return F.interpolate(picture, size=size, mode="bicubic", antialias=True).clamp_(0, 1)
