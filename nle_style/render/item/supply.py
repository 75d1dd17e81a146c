"""What an item's painter is given: the source's frames, each with the weights of its mattes."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator

import numpy as np

from nle_style.media.source import decoded_rgb, read_frames
from nle_style.render.plan import ItemPlan

__all__ = ["Weights", "source_frames", "supply"]

Weights = tuple[np.ndarray | None, ...]
"""For every look of an item, the lowest first: (H, W) float32, 0-1, or None for everywhere."""


def source_frames(plan: ItemPlan, first: int, last: int) -> Iterator[np.ndarray]:
    """Frames of an item's source: (H, W, 3) float32, (H, W, 4) if the output carries alpha.

    Raises: as `media.read.read_frames`.
    """
    return read_frames(plan.info, first, last, alpha=plan.alpha)


def supply(
    plan: ItemPlan, first: int, last: int
) -> Generator[tuple[np.ndarray, Weights], None, None]:
    """Frames `first` to `last` of the source, inclusive, with their weights.

    Yields: what `media.read.decoded_rgb` gives, which waits in less room than floats; and the
        weights.
    Raises: MediaError if a frame of the source or of a matte cannot be decoded.
    """
    count = last - first + 1
    mattes = (plan.matte, *(layer.matte for layer in plan.layers))
    weights = zip(
        *(
            itertools.repeat(None, count) if matte is None else matte.weights(first, last)
            for matte in mattes
        ),
        strict=True,
    )
    yield from zip(decoded_rgb(plan.info, first, last, alpha=plan.alpha), weights, strict=True)
