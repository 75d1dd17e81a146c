"""Stored pixels of a frame: their colours and their alpha, divided, and one laid over another."""

from __future__ import annotations

import numpy as np

__all__ = ["divided", "is_unseen", "over", "parted", "rows_of"]

# Half float's smallest step: dividing by less gives only noise.
_LEAST_ALPHA = np.float32(2**-24)


def parted(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """(H, W, 3 or 4) as its colours and its alpha, None without one; views, not copies."""
    if pixels.shape[2] == 3:
        return pixels, None
    return pixels[..., :3], pixels[..., 3]


def rows_of(alpha: np.ndarray | None, rows: slice) -> np.ndarray | None:
    """Some rows of an alpha, if there is one."""
    return None if alpha is None else alpha[rows]


def is_unseen(alpha: np.ndarray) -> np.ndarray:
    """Where alpha is too small to divide by."""
    unseen: np.ndarray = ~(alpha >= _LEAST_ALPHA)
    return unseen


def divided(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """`rgb` / `alpha`; where alpha is too small to divide by, `rgb`."""
    divisor = np.where(alpha >= _LEAST_ALPHA, alpha, np.float32(1))[..., None]
    with np.errstate(over="ignore"):
        divided: np.ndarray = rgb / divisor
    return divided


def over(below: np.ndarray, painted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """below + weight · (painted - below): bit for bit `below` at weight 0 and `painted` at 1.

    Args:
        below, painted: (H, W, 3) float32, stored values.
        weight: (H, W) float32, 0-1.
    """
    outside, inside = weight <= 0, weight >= 1
    if outside.all() or inside.all():
        return below if outside.all() else painted
    # Between two infinities the result is NaN.
    with np.errstate(invalid="ignore", over="ignore"):
        result: np.ndarray = (painted - below) * weight[..., None] + below
    for whole, ends in ((below, outside), (painted, inside)):
        if ends.any():
            np.copyto(result, whole, where=ends[..., None])
    return result
