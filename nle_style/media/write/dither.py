"""Ordered dither with a blue-noise mask, for going down to 8 or 10 bits.

A float picture rounded to 8 bits shows bands in flat gradients. Adding a threshold of at most half
a code before rounding turns the bands into a fine pattern with the right mean. The pattern is
the same in every frame, so that still pictures do not flicker. A value that lies on a code keeps
it, so that unpainted frames come back bit for bit.

Source: R. Ulichney, "The void-and-cluster method for dither array generation", Proc. SPIE 1913
(1993); first points from M. Roberts's R2 sequence (2018).
"""

from __future__ import annotations

import functools

import numpy as np

__all__ = ["MASK_SIZE", "dithered", "threshold_mask", "thresholds"]

MASK_SIZE = 64
"""Rows and columns of the mask, which is repeated over the picture."""

_SIGMA = 1.5  # Ulichney's width of the energy filter, in pixels
_MARGIN = 1 / 32
"""Values nearer to a code than this keep it. 10-bit codes that were scaled to 16 bits by repeating
their high bits, as in DPX files, are up to 1/69 of a code off the exact place."""
_SHIFTS = ((0, 0), (21, 43), (43, 21))  # of the mask in R, G and B, so that they do not coincide
_R2 = (0.7548776662466927, 0.5698402909980532)


@functools.cache
def threshold_mask() -> np.ndarray:
    """The blue-noise ranks 0-4095 of a void-and-cluster mask, `MASK_SIZE` squared, int64.

    The energies are whole numbers, so that the mask is the same on every machine.
    """
    size = MASK_SIZE
    offset = np.minimum(np.arange(size), size - np.arange(size)).astype(np.float64)
    bell = np.exp(-(offset**2) / (2 * _SIGMA**2))
    kernel = np.rint(np.outer(bell, bell) * 2**24).astype(np.int64)
    doubled = np.tile(kernel, (2, 2))

    def energy_of(point: int) -> np.ndarray:
        row, column = divmod(point, size)
        top, left = (size - row) % size, (size - column) % size
        return doubled[top : top + size, left : left + size]

    k = np.arange(1, size * size // 10)
    places = [np.floor(k * step % 1 * size).astype(np.int64) for step in _R2]
    points = np.zeros(size * size, bool)
    points[places[0] * size + places[1]] = True
    energy = sum((energy_of(int(point)) for point in np.flatnonzero(points)), np.zeros_like(kernel))

    def cluster() -> int:
        return int(np.where(points, energy.ravel(), -1).argmax())

    def void() -> int:
        return int(np.where(points, np.iinfo(np.int64).max, energy.ravel()).argmin())

    while True:  # spread the first points evenly
        moved = cluster()
        points[moved] = False
        energy -= energy_of(moved)
        target = void()
        points[target] = True
        energy += energy_of(target)
        if target == moved:
            break
    ranks = np.zeros(size * size, np.int64)
    begun, first_energy, first_points = int(points.sum()), energy.copy(), points.copy()
    for rank in range(begun - 1, -1, -1):
        point = cluster()
        points[point] = False
        energy -= energy_of(point)
        ranks[point] = rank
    energy, points = first_energy, first_points
    for rank in range(begun, size * size):
        point = void()
        points[point] = True
        energy += energy_of(point)
        ranks[point] = rank
    return ranks.reshape(size, size)


@functools.lru_cache(maxsize=4)
def thresholds(width: int) -> np.ndarray:
    """What is added to a code before it is rounded down: `MASK_SIZE` x width x 3 float32, from the
    margin to 1 less it. It is repeated every `MASK_SIZE` rows and columns."""
    uniform = (threshold_mask() + 0.5) / MASK_SIZE**2
    shifted = [np.roll(uniform, shift, (0, 1)) for shift in _SHIFTS]
    mask = _MARGIN + (1 - 2 * _MARGIN) * np.stack(shifted, axis=2)
    wide = np.tile(mask, (1, -(-width // MASK_SIZE), 1))[:, :width]
    return np.ascontiguousarray(wide, np.float32)


def dithered(values: np.ndarray, top: int) -> np.ndarray:
    """Code values of a picture, dithered by less than half a code, the same in every frame.

    Args:
        values: height x width x 3 float32, 0-1; what lies outside is clipped, NaN is 0.
        top: the highest code, 255 or 1023.
    Returns: 0-`top` as uint8 or, if that is too small, uint16; of the same shape.
    """
    codes = np.empty(values.shape, np.uint8 if top <= 255 else np.uint16)
    added = thresholds(values.shape[1])
    for begin in range(0, values.shape[0], MASK_SIZE):  # strips that stay in the cache
        strip = np.fmin(np.fmax(values[begin : begin + MASK_SIZE], 0), 1)
        strip = np.multiply(strip, np.float32(top), dtype=np.float32)
        strip += added[: strip.shape[0]]
        codes[begin : begin + MASK_SIZE] = strip  # truncates, and all are positive
    return codes
