"""The cuts within a range of frames: a flattened edit is one file of many shots.

A cut stands out against its neighbourhood, while a pan, grain or a change of light are as large in
the frames around them. So a frame's change is compared with the mean change nearby, which is how
PySceneDetect's AdaptiveDetector works (https://www.scenedetect.com/docs/latest/api/detectors.html),
on small RGB pictures and with a change that looks past flashes:

    change(t) = min over i = 1..3, j = 0..2 of mean |picture(t + j) - picture(t - i)|

It is large only if none of three frames before resembles any of three after. What follows from it:

* a flash, or a shot between two of the same, of one or two frames is not a cut;
* a fade or a ramp of exposure over eight frames or more, or a dissolve of more than three blended
  frames, is no cut: the two shots count as one; a blend of up to three is one cut, within it;
* a light that is switched on or off for three frames or more is a cut;
* fast movement on held frames (animation on threes; the beginning of one on twos) may be cut.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

__all__ = ["MINIMUM_SHOT", "find_shots", "sampled", "thumbnail"]

MINIMUM_SHOT = 4
"""Frames between two cuts, at least. Not at the ends of a range, which handles may reach beyond a
cut by a frame or two."""

_ROWS, _COLUMNS = 18, 32
_SAMPLES = 6  # pixels a cell and direction, at least: 36 of them divide grain by 6
_REACH = 3
# PySceneDetect takes 3 times two frames a side. Against six a side a movement on twos still stands
# out only twice, as does the first frame of any steady movement.
_NEAR = 6
_RATIO = 3.2
_LEAST = 0.035  # 9 of 255 code values; no frame of the three sample clips reaches 4


def thumbnail(frame: np.ndarray) -> np.ndarray:
    """A small picture of box means, of about 36 evenly strided pixels each.

    Args:
        frame: (H, W, 3) float32, display code values.

    Returns:
        (min(H, 18), min(W, 32), 3) float32 in 0-1 (values beyond are clipped).
    """
    picture: np.ndarray = np.clip(sampled(frame), 0, 1).astype(np.float32)
    for axis, cells in ((0, _ROWS), (1, _COLUMNS)):
        size = picture.shape[axis]
        edges = np.arange(min(cells, size) + 1) * size // min(cells, size)
        counts = np.diff(edges).astype(np.float32)
        shape = [1, 1, 1]
        shape[axis] = -1
        picture = np.add.reduceat(picture, edges[:-1], axis=axis) / counts.reshape(shape)
    return picture


def sampled(frame: np.ndarray) -> np.ndarray:
    """The pixels of a frame that its thumbnail is made of, (H, W, channels) of any kind: a copy of
    at most 215 x 383, which has the same thumbnail."""
    height, width = frame.shape[:2]
    down = max(1, height // (_ROWS * _SAMPLES))
    right = max(1, width // (_COLUMNS * _SAMPLES))
    return frame[::down, ::right].copy()


def find_shots(frames: Iterable[np.ndarray], first: int = 0) -> list[tuple[int, int]]:
    """The shots of a continuous range of frames, exact to the frame.

    Frames are taken one at a time; six thumbnails and one number a frame are kept (1.4 MB for a
    film of two hours). The result depends on the frames only.

    Args:
        frames: each (H, W, 3) float32, display code values, 0-1, all of one size.
        first: the number of the first of them.

    Returns:
        (first, last) of every shot, inclusive, in order, without holes; none without frames.
    """
    changes = np.fromiter(_changes(map(thumbnail, frames)), np.float64)
    if not changes.size:
        return []
    starts = [0, *_cuts(changes), changes.size]
    return [(first + a, first + b - 1) for a, b in itertools.pairwise(starts)]


def _changes(pictures: Iterable[np.ndarray]) -> Iterator[float]:
    """change(t) for every t; of frame 0, before which there is none, 0."""
    around: deque[np.ndarray] = deque(maxlen=2 * _REACH)
    taken = told = 0

    def change() -> float:
        # The last of `around` is frame taken - 1; `told` is the frame that is asked for.
        split = len(around) - (taken - told)
        pictures = list(around)
        before, after = pictures[max(0, split - _REACH) : split], pictures[split:][:_REACH]
        return min((float(np.abs(a - b).mean()) for a in before for b in after), default=0.0)

    for picture in pictures:
        around.append(picture)
        taken += 1
        if taken - told == _REACH:
            yield change()
            told += 1
    while told < taken:
        yield change()
        told += 1


def _cuts(changes: np.ndarray) -> list[int]:
    """The first frames of all shots but the first."""
    found: list[int] = []
    for frame in map(int, np.flatnonzero(changes >= _LEAST)):
        # At an end of the range, more of the other side: always twelve, if there are as many.
        start = max(1, min(frame - _NEAR, changes.size - 1 - 2 * _NEAR))
        end = max(frame + _NEAR, start + 2 * _NEAR)
        near = np.concatenate([changes[start:frame], changes[frame + 1 : end + 1]])
        # Two frames alone give nothing to compare with.
        if near.size and changes[frame] >= _RATIO * near.mean():
            found.append(frame)
    cuts: list[int] = []
    free = np.ones(changes.size, bool)
    for frame in sorted(found, key=lambda cut: (-float(changes[cut]), cut)):
        if free[frame]:
            cuts.append(frame)
            free[max(0, frame - MINIMUM_SHOT + 1) : frame + MINIMUM_SHOT] = False
    return sorted(cuts)
