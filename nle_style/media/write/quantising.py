"""Turn float frames into the code values that an intermediate stores."""

from __future__ import annotations

from typing import Any

import numpy as np

from nle_style.media.base import OutputSpec
from nle_style.media.write.dither import MASK_SIZE, dithered, thresholds

__all__ = ["added_thresholds", "quantise"]

_ROUNDED_UP = 65520
"""Half floats end at 65504; from here on a value is nearer to what would follow, infinity."""


def added_thresholds(spec: OutputSpec) -> np.ndarray | None:
    """What `quantise` adds to the integer codes of colours before it rounds them down: (n, n, 3)
    float32, repeated over the picture; None where it rounds to the nearest, half to even."""
    return None if spec.depth == "16" else thresholds(MASK_SIZE)


def quantise(frame: np.ndarray, spec: OutputSpec) -> np.ndarray:
    """The stored code values of a frame.

    Floats are kept; finite values too large for half floats become their largest number. 16-bit
    codes are rint(x*65535), clipped. 8- and 10-bit codes are dithered, which does not change
    a value that lies on a code (see `write.dither`); alpha is rounded.

    Args:
        frame: height x width x 3 or 4 float32 display code values; or integers, which were
            quantised where they were painted and are returned as they are.
    Returns: the same shape, C-contiguous, of `spec.dtype`; 10-bit codes fill 16 bits by repeating
        their high bits.
    """
    if frame.dtype.kind == "u":
        return frame
    if spec.dtype.kind == "f":
        return _as_floats(frame, spec.dtype)
    if spec.depth == "16":
        return _rounded(frame, 65535).astype(np.uint16)
    top = 255 if spec.depth == "8" else 1023
    codes = dithered(frame[:, :, :3], top)
    if frame.shape[2] == 4:
        codes = np.dstack((codes, _rounded(frame[:, :, 3], top).astype(codes.dtype)))
    return codes if spec.depth == "8" else codes << 6 | codes >> 4


def _rounded(values: np.ndarray, top: int) -> np.ndarray:
    """rint(x*top) within 0-top; NaN is 0."""
    codes: np.ndarray = np.fmax(values, 0)
    np.fmin(codes, 1, out=codes)
    codes *= np.float32(top)
    np.rint(codes, out=codes)
    return codes


def _as_floats(frame: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    if dtype.itemsize == 2:
        with np.errstate(over="ignore"):
            half = np.ascontiguousarray(frame, dtype=dtype)
        if not -_ROUNDED_UP < frame.min() <= frame.max() < _ROUNDED_UP:  # or one is NaN
            largest = np.finfo(np.float16).max
            half = np.where(np.isfinite(frame), np.clip(half, -largest, largest), half)
        return half
    return np.ascontiguousarray(frame, dtype=dtype)
