"""Cut detection within a range of frames: a flattened edit is one file with many shots.

At a cut the change is much larger than in the frames around it, while a pan, grain or a change of
light changes the frames around as much. So a frame's change is compared with the mean change
nearby, as PySceneDetect's AdaptiveDetector does it
(https://www.scenedetect.com/docs/latest/api/detectors.html), on small RGB pictures and with a
measure of change that ignores flashes:

    change(t) = min over i = 1..3, j = 0..2 of mean |picture(t + j) - picture(t - i)|

It is large only if none of three frames before resembles any of three after. Consequences:

* a flash, or a shot between two of the same, of one or two frames is not a cut;
* a fade or a ramp of exposure over eight frames or more, or a dissolve of more than three blended
  frames, is no cut: the two shots count as one; a blend of up to three is one cut, within it;
* a light that is switched on or off for three frames or more is a cut;
* fast movement on held frames (animation on threes; the beginning of one on twos) may count as a
  cut.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

__all__ = ["MINIMUM_SHOT", "find_shots", "sampled", "thumbnail"]

MINIMUM_SHOT = 4
"""Frames between two cuts, at least. A range may begin or end closer to a cut: handles can reach
beyond one by a frame or two."""

_ROWS, _COLUMNS = 18, 32
_SAMPLES = 6  # pixels a cell and direction, at least: 36 of them divide grain by 6
_REACH = 3
# PySceneDetect takes 3 times two frames a side. Against six a side a movement on twos still stands
# out only twice, as does the first frame of any steady movement.
_NEAR = 6
_RATIO = 3.2
_LEAST = 0.035  # 9 of 255 code values; no frame of the three sample clips reaches 4


def thumbnail(frame: np.ndarray) -> np.ndarray:
    """A small picture of box means, each of about 36 evenly spaced pixels.

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
    """The pixels of a frame, (H, W, channels) of any dtype, that its thumbnail is made from: a copy
    of at most 215 x 383 pixels, which has the same thumbnail."""
    height, width = frame.shape[:2]
    down = max(1, height // (_ROWS * _SAMPLES))
    right = max(1, width // (_COLUMNS * _SAMPLES))
    return frame[::down, ::right].copy()


def find_shots(frames: Iterable[np.ndarray], first: int = 0) -> list[tuple[int, int]]:
    """The shots of a continuous range of frames, exact to the frame.

    Frames are taken one at a time; six thumbnails are kept, and one number for each frame (1.4 MB
    for a film of two hours).

    Args:
        frames: each (H, W, 3) float32, display code values, 0-1, all of one size.
        first: the number of the first of them.

    Returns:
        (first, last) of every shot, inclusive, in order, without holes; empty without frames.
    """
    changes = np.fromiter(_changes(map(thumbnail, frames)), np.float64)
    if not changes.size:
        return []
    starts = [0, *_cuts(changes), changes.size]
    return [(first + a, first + b - 1) for a, b in itertools.pairwise(starts)]


def _changes(pictures: Iterable[np.ndarray]) -> Iterator[float]:
    """change(t) for every t; 0 for frame 0, which has none before it."""
    around: deque[np.ndarray] = deque(maxlen=2 * _REACH)
    taken = yielded = 0

    def change() -> float:
        # Of frame `yielded`; the last of `around` is frame taken - 1.
        split = len(around) - (taken - yielded)
        pictures = list(around)
        before, after = pictures[max(0, split - _REACH) : split], pictures[split:][:_REACH]
        return min((float(np.abs(a - b).mean()) for a in before for b in after), default=0.0)

    for picture in pictures:
        around.append(picture)
        taken += 1
        if taken - yielded == _REACH:
            yield change()
            yielded += 1
    while yielded < taken:
        yield change()
        yielded += 1


def _cuts(changes: np.ndarray) -> list[int]:
    """The first frames of all shots but the first."""
    found: list[int] = []
    for frame in map(int, np.flatnonzero(changes >= _LEAST)):
        # Near an end of the range more frames of the other side: twelve if there are as many.
        start = max(1, min(frame - _NEAR, changes.size - 1 - 2 * _NEAR))
        end = max(frame + _NEAR, start + 2 * _NEAR)
        near = np.concatenate([changes[start:frame], changes[frame + 1 : end + 1]])
        # A range of two frames has no other change to compare with.
        if near.size and changes[frame] >= _RATIO * near.mean():
            found.append(frame)
    cuts: list[int] = []
    free = np.ones(changes.size, bool)
    for frame in sorted(found, key=lambda cut: (-float(changes[cut]), cut)):
        if free[frame]:
            cuts.append(frame)
            free[max(0, frame - MINIMUM_SHOT + 1) : frame + MINIMUM_SHOT] = False
    return sorted(cuts)
