"""Stroke scale: how large the strokes are in the picture, whatever its resolution.

The network's strokes have a size in pixels, so that a 4K master painted natively would get strokes
half as large in the picture as those of its HD proxy, and both too small to be seen as strokes on a
screen. Here a frame is brought to a working size that depends on its shape and on the look, is
painted there, and is brought back. At scale 1 the working picture's longer side is `REFERENCE_SIDE`
pixels, and of a smaller frame it is the frame's own: nothing is painted at more pixels than it has
unless a scale below 1 asks for it.
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
            less; 2 for half of it, and so strokes twice as large in the picture. A small proxy is
            painted as its larger master at scale 1 with its longer side / `REFERENCE_SIDE`.

    Returns:
        height and width in pixels, each `MINIMUM_SIDE` or more; the frame's own where its longer
        side is within 7% of the wanted one: resampling would cost more sharpness than the strokes
        differ in size. A frame is not enlarged more than eightfold: of a thumbnail's pixels,
        strokes would paint nothing but the blur.
    """
    ratio = min(min(REFERENCE_SIDE / max(height, width), 1) / stroke_scale, _MOST)
    if _NATIVE[0] <= ratio <= _NATIVE[1]:
        return height, width
    return max(MINIMUM_SIDE, round(height * ratio)), max(MINIMUM_SIDE, round(width * ratio))


def painted_at(
    width: int, height: int, strength: float, stroke_scale: float
) -> tuple[int, int] | None:
    """Width and height of the painting, as people are told; None at strength 0: there is none."""
    if strength == 0:
        return None
    rows, columns = working_size(height, width, stroke_scale)
    return columns, rows


def painted_size(height: int, width: int, stroke_scale: float) -> tuple[int, int]:
    """The size of what the network sees of a frame: its working size with overscan."""
    rows, columns = working_size(height, width, stroke_scale)
    return rows + 2 * overscan_of(rows), columns + 2 * overscan_of(columns)


def resample(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """A picture at another size, by the cubic kernel of Keys 1981 with a = -1/2, which is widened
    where the picture gets smaller, so that nothing aliases.

    Args:
        picture: (N, C, H, W), 0-1.
        size: height and width in pixels.

    Returns:
        (N, C, *size) in 0-1: the kernel's overshoot is clipped. At its own size the very tensor.
    """
    if tuple(picture.shape[-2:]) == size:
        return picture
    # Without `antialias` torch enlarges with a = -3/4, which rings more.
    return F.interpolate(picture, size=size, mode="bicubic", antialias=True).clamp_(0, 1)
