"""Stroke scale: how large the strokes are in the picture, whatever its resolution.

The network's strokes have a size in pixels, so that a 4K master painted natively would get strokes
half as large in the picture as those of its HD proxy. Here a frame is brought to a working size
that depends only on its shape and on the look, is painted there, and is brought back. At scale 1
the working picture's longer side is 1920 pixels.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from nle_style.core.network import MINIMUM_SIDE
from nle_style.core.overscan import overscan_of

__all__ = ["REFERENCE_SIDE", "painted_size", "resample", "working_size"]

REFERENCE_SIDE = 1920
"""Longer side, in pixels, of the picture that the network paints at stroke scale 1."""

_NATIVE = (0.93, 1.07)
_MOST = 8


def working_size(height: int, width: int, stroke_scale: float) -> tuple[int, int]:
    """The size at which a frame is painted.

    Args:
        height, width: of the frame, in pixels.
        stroke_scale: 1 for a longer side of `REFERENCE_SIDE` pixels, 2 for half of that, and so
            strokes twice as large in the picture.

    Returns:
        height and width in pixels, each `MINIMUM_SIDE` or more; the frame's own where its longer
        side is within 7% of the wanted one (DCI's 2048 and 1998 beside HD's 1920): resampling
        would cost more sharpness than the strokes differ in size. A frame is not enlarged more
        than eightfold: of a thumbnail's pixels, strokes would paint nothing but the blur.
    """
    ratio = min(REFERENCE_SIDE / (max(height, width) * stroke_scale), _MOST)
    if _NATIVE[0] <= ratio <= _NATIVE[1]:
        return height, width
    return max(MINIMUM_SIDE, round(height * ratio)), max(MINIMUM_SIDE, round(width * ratio))


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
