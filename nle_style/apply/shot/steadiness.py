"""How much a painted shot flickers where its source is static: one figure a shot, measured while it
is painted.

Between consecutive frames, the static pixels are those where the source changes no more than grain
does. The figure is the root mean square change of the painting over these pixels; the source's own
is given beside it. There is no optical flow, so the figure says nothing of what moves: for that
there is the warping error E_warp (Lai et al. 2018, "Learning Blind Video Temporal Consistency"),
see `benchmarks/quality.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nle_style.apply.chroma import LUMA_WEIGHTS

__all__ = [
    "METHOD",
    "ChangeMeter",
    "PairChange",
    "Stability",
    "compared_step",
    "pair_change",
    "shot_stability",
]

_STEP = 2  # every second pixel of every second line: grain keeps its size, unlike when averaged
_LARGE = 2560  # above this many pixels a side every fourth: four pictures of 8K would be 400 MB
_REACH = 2  # the box: 2 samples to every side, 5 x 5
# Of grain with sigma 4/255 the mean of 25 luma differences varies by 1.1/255 (sigma * sqrt(2) / 5),
# and their root mean square is 5.7/255: both are well below the limits. The second limit is for
# fine texture that moves: its local mean is near 0, like grain's, but its differences are larger.
_MEAN_LIMIT = 3 / 255
_RMS_LIMIT = 10 / 255
_BLOCK = 8  # pairs do not reach across blocks, so that a movie's units are measured on their own
_EQUAL = (1.0, 1.0, 1.0)

METHOD = (
    "Change in static regions: root mean square change between consecutive frames, display code "
    f"values 0-1, R, G and B alike, on every {_STEP}nd pixel of every {_STEP}nd line, of pictures "
    f"with more than {_LARGE} a side on every {2 * _STEP}th. Static is "
    f"where the source's luma differences over {2 * _REACH + 1}x{2 * _REACH + 1} of these pixels "
    f"have a mean of at most {_MEAN_LIMIT * 255:.0f}/255 and a root mean square of at most "
    f"{_RMS_LIMIT * 255:.0f}/255. Pairs of frames within blocks of {_BLOCK} from the first frame "
    "on, none across a cut. No optical flow: what moves is not judged."
)
"""What the figures mean, for the report that has them."""


class PairChange(NamedTuple):
    """What changed from frame `frame - 1` to `frame`.

    Attributes:
        frame: number of the second frame in the source.
        static_pixels: how many of the sampled pixels are static.
        painted_sum, source_sum: squared changes summed over these pixels and their three channels.
    """

    frame: int
    static_pixels: int
    painted_sum: float
    source_sum: float


@dataclass(frozen=True)
class Stability:
    """The figures of one shot; None with a `reason` where there is nothing to measure.

    Attributes:
        painted, source: root mean square change over the static pixels, code values 0-1.
        static_share: share of the pixels that are static, 0-1; None without a pair.
        pairs: pairs of frames that were compared.
    """

    painted: float | None
    source: float | None
    static_share: float | None
    pairs: int
    reason: str = ""


def pair_change(
    frame: int,
    source: tuple[np.ndarray, np.ndarray],
    painted: tuple[np.ndarray, np.ndarray],
) -> PairChange:
    """Compare two consecutive frames.

    Args:
        frame: number of the second one.
        source, painted: the two frames, each (h, w, 3) float32 code values, sampled alike.
    """
    # Float sources may hold infinities and NaN; where a comparison is with NaN, nothing is static.
    with np.errstate(invalid="ignore", over="ignore"):
        source_change = source[1] - source[0]
        luma = _weighted(source_change, LUMA_WEIGHTS)
        static = np.abs(_box_mean(luma)) <= _MEAN_LIMIT
        static &= _box_mean(np.square(luma)) <= _RMS_LIMIT**2
        sums = (
            float(_weighted(np.square(change), _EQUAL)[static].sum(dtype=np.float64))
            for change in (painted[1] - painted[0], source_change)
        )
        return PairChange(frame, int(np.count_nonzero(static)), *sums)


def compared_step(height: int, width: int) -> int:
    """Of a frame's pixels one in so many, in each direction, is compared, from the first on."""
    return _STEP if max(height, width) <= _LARGE else 2 * _STEP


def _weighted(rgb: np.ndarray, weights: tuple[float, float, float]) -> np.ndarray:
    """A weighted sum of the channels: (h, w, 3) -> (h, w). Without BLAS, whose rounding depends on
    its number of threads: the same render must report the same figures."""
    red, green, blue = (np.float32(weight) * rgb[..., i] for i, weight in enumerate(weights))
    red += green
    red += blue
    return red


def _planes(image: np.ndarray) -> np.ndarray:
    """A copy, (h, w, 3), whose channels lie one after the other in memory: it takes a third of the
    time of one that is interleaved, and sums over it go faster."""
    return np.moveaxis(np.moveaxis(image, 2, 0).copy(), 0, 2)


def _box_mean(values: np.ndarray) -> np.ndarray:
    """Mean over a box around every value of (h, w), with the values of the edge repeated."""
    side = 2 * _REACH + 1
    for axis in range(2):
        border = [(0, 0), (0, 0)]
        border[axis] = (_REACH, _REACH)
        padded = np.pad(values, border, mode="edge")
        length = values.shape[axis]
        parts = [padded[(slice(None),) * axis + (slice(k, k + length),)] for k in range(side)]
        total = parts[0].copy()
        for part in parts[1:]:
            total += part
        values = total / np.float32(side)
    return values


class ChangeMeter:
    """Compares each frame of an item with the one before while they are painted.

    Args:
        shots: (first, last) source frames of the item's shots, inclusive, in order.

    One thread may `add` while another takes what was added before.
    """

    def __init__(self, shots: Sequence[tuple[int, int]]) -> None:
        self._origin = shots[0][0]
        self._starts = {first for first, _ in shots}
        self._last: tuple[int, np.ndarray, np.ndarray] | None = None
        self._pairs: dict[int, PairChange] = {}

    def needs_previous(self, frame: int) -> bool:
        """Whether `frame` is compared with the one before: not at a cut, not at a block's start.

        A run that begins with such a frame must `add` the frame before it as well.
        """
        return frame not in self._starts and (frame - self._origin) % _BLOCK != 0

    def add(self, frame: int, source: np.ndarray, painted: np.ndarray) -> None:
        """Take the next frame.

        Args:
            frame: its number in the source.
            source, painted: (H, W, 3) float32 code values; neither is kept nor changed.
        """
        step = compared_step(*source.shape[:2])
        self.add_compared(frame, source[::step, ::step], painted[::step, ::step])

    def add_compared(self, frame: int, source: np.ndarray, painted: np.ndarray) -> None:
        """As `add`, of whole frames' pixels only those that are compared, see `compared_step`."""
        sampled = tuple(_planes(image) for image in (source, painted))
        before, self._last = self._last, (frame, sampled[0], sampled[1])
        if before is not None and before[0] == frame - 1 and self.needs_previous(frame):
            self._pairs[frame] = pair_change(
                frame, (before[1], sampled[0]), (before[2], sampled[1])
            )

    def take(self, first: int, last: int) -> tuple[PairChange, ...]:
        """The pairs whose second frame is in `first` to `last`; they are removed from the meter."""
        found = (self._pairs.pop(frame, None) for frame in range(first, last + 1))
        return tuple(pair for pair in found if pair is not None)


def shot_stability(
    pairs: Iterable[PairChange], shots: Sequence[tuple[int, int]], width: int, height: int
) -> list[Stability]:
    """The figures of every shot, in the shots' order.

    Args:
        pairs: in any order; a pair counts for the shot that has both its frames.
        shots: (first, last) source frames, inclusive.
        width, height: pixels of a whole frame.
    """
    known = sorted(pairs)
    step = compared_step(height, width)
    sampled = -(-width // step) * -(-height // step)
    return [
        _pooled(first, last, [pair for pair in known if first < pair.frame <= last], sampled)
        for first, last in shots
    ]


def _pooled(first: int, last: int, pairs: list[PairChange], sampled: int) -> Stability:
    if first == last:
        return Stability(None, None, None, 0, "one frame: there is nothing to compare it with")
    if not pairs:
        return Stability(None, None, None, 0, "no pair of its frames was compared")
    static = sum(pair.static_pixels for pair in pairs)
    share = static / (sampled * len(pairs))
    if not static:
        return Stability(None, None, share, len(pairs), "no region of the source is static")
    painted, source = (
        math.sqrt(math.fsum(sums) / (3 * static))
        for sums in ([p.painted_sum for p in pairs], [p.source_sum for p in pairs])
    )
    if not (math.isfinite(painted) and math.isfinite(source)):
        return Stability(None, None, share, len(pairs), "a frame holds values that are not finite")
    return Stability(painted, source, share, len(pairs))
