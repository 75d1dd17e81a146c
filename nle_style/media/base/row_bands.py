"""Bands of rows, so that temporary arrays stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["bands"]


def bands(image: np.ndarray, pixels: int) -> Iterator[slice]:
    """Slices over the rows of an image (height x width x ...), of about `pixels` pixels each."""
    height, width = image.shape[:2]
    rows = max(1, pixels // max(1, width))
    return (slice(top, top + rows) for top in range(0, height, rows))
