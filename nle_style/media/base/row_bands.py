"""A picture some lines at a time, so that what is made on the way stays in the cache."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["bands"]


def bands(image: np.ndarray, pixels: int) -> Iterator[slice]:
    """The rows of an image, height x width or more, as slices of about so many pixels each."""
    height, width = image.shape[:2]
    rows = max(1, pixels // max(1, width))
    return (slice(top, top + rows) for top in range(0, height, rows))
