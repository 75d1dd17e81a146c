"""Mean and variance of every norm over a shot, measured once and then frozen.

An instance-normalised network with statistics of each frame pumps: whatever enters the picture
changes the normalisation of all of it. Statistics that are frozen over a shot cannot change; but
then a fade or a ramp of exposure takes the network's input out of the range that it was frozen for.

`hybrid` freezes them too, and divides every frame by its *exposure*: how many times brighter it is
than the shot. The network then gets the same picture whatever the exposure, and only that one
number depends on the frame. (The mean and variance of the first norm in the frame itself would
follow its exposure as well, but also whatever enters it: with these ten posters they pumped .62 to
2.3 times as much as `frame`.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch

from nle_style.apply.chroma import LUMA_WEIGHTS
from nle_style.apply.look import Statistics
from nle_style.apply.shot.cuts import thumbnail
from nle_style.core import NormStatistics

__all__ = ["ShotStatistics", "exposure", "luma_thumbnail", "measure", "sample_frames"]

_MOST = 8
_APART = 24
_LUMA = np.array(LUMA_WEIGHTS, np.float32)
_RANGE = 32.0
_LIT = 1 / 8  # of a frame darker than this, most is grain


@dataclass(frozen=True)
class ShotStatistics:
    """What is frozen for a shot.

    Attributes:
        norms: mean (1, C) and variance (1, C) of every norm, in order, over the measured frames
            taken as one large picture; for `hybrid` as if each frame had the exposure of
            `reference`.
        reference: the median of the measured frames' luma thumbnails; None for `shot`.
    """

    norms: list[NormStatistics]
    reference: np.ndarray | None

    def gain(self, frame: np.ndarray) -> float:
        """The number that a frame, (H, W, 3) display code values 0-1, is divided by: its exposure
        for `hybrid`, else 1."""
        return 1.0 if self.reference is None else exposure(luma_thumbnail(frame), self.reference)


def sample_frames(first: int, last: int) -> list[int]:
    """The frames of a shot that are measured: evenly spaced over first..last, both ends included.

    One frame in 24, so that measuring adds a twenty-fourth to the work, but at least two and at
    most eight.
    """
    count = last - first + 1
    samples = min(count, max(2, min(_MOST, round(count / _APART))))
    if samples == 1:
        return [first]
    return [first + round(i * (count - 1) / (samples - 1)) for i in range(samples)]


def luma_thumbnail(frame: np.ndarray) -> np.ndarray:
    """Luma (Y', BT.709 weights) of a frame's `thumbnail`: (H, W, 3) -> (rows, columns), 0-1."""
    luma: np.ndarray = thumbnail(frame) @ _LUMA
    return luma


def exposure(picture: np.ndarray, reference: np.ndarray) -> float:
    """How many times brighter a picture is than another of the same scene.

    The g with the least absolute deviations, Σ|picture − g · reference|: the median of the ratios,
    weighted by the reference (Bloomfield & Steiger 1983, *Least Absolute Deviations*, chapter 1).
    Unlike the mean, it does not change when something covers less than half of the reference's
    light.

    Args:
        picture, reference: luma thumbnails of one shape, 0-1.

    Returns:
        1/32 to 32; 1 if the reference is black.
    """
    weights = reference.ravel().astype(np.float64)
    lit = weights > 0
    if not lit.any():
        return 1.0
    weights = weights[lit]
    ratios = picture.ravel()[lit] / weights
    order = np.argsort(ratios, kind="stable")
    half = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return float(np.clip(ratios[order[min(int(half), order.size - 1)]], 1 / _RANGE, _RANGE))


def measure(
    record_statistics: Callable[[torch.Tensor, list[NormStatistics]], object],
    samples: Iterable[tuple[torch.Tensor, np.ndarray]],
    statistics: Statistics,
    black: torch.Tensor,
    map_samples: Callable[..., Iterable[tuple[list[NormStatistics], np.ndarray]]] = map,
) -> ShotStatistics:
    """The statistics of several frames taken as one large picture.

    The mean is the mean of the means, the variance the mean of the variances plus the variance of
    the means (the law of total variance). Frames of a fade below an eighth of the shot's exposure
    are left out.

    Only the statistics of the first norm depend on a frame's exposure, since that norm removes it
    for all that follow; so only these are converted to the shot's exposure. The first layer is
    linear around its response to black.

    Args:
        record_statistics: runs the network on an image and appends the statistics of every norm
            to a list.
        samples: each frame as an image (1, 3, H, W), RGB, 0-1, all of one size, and its
            `luma_thumbnail`; they are taken one by one, none is kept.
        statistics: the look's, `hybrid` or `shot`.
        black: the first layer's response to black, (1, C).
        map_samples: `map`, or a function like it that runs `record_statistics` in several threads.

    Raises:
        ValueError: no samples.
    """

    def one(sample: tuple[torch.Tensor, np.ndarray]) -> tuple[list[NormStatistics], np.ndarray]:
        image, picture = sample
        seen: list[NormStatistics] = []
        record_statistics(image, seen)
        return seen, picture

    measured = list(map_samples(one, samples))
    if not measured:
        raise ValueError("no frames to measure")
    frames = [seen for seen, _ in measured]
    thumbnails = [picture for _, picture in measured]
    reference = np.median(np.stack(thumbnails), axis=0)
    gains = [exposure(picture, reference) for picture in thumbnails]
    lit = [index for index, gain in enumerate(gains) if gain >= _LIT]
    norms = [_pooled([frames[i][norm] for i in lit]) for norm in range(len(frames[0]))]
    if statistics == "shot":
        return ShotStatistics(norms, None)
    norms[0] = _pooled([_exposed(frames[i][0], black, 1 / gains[i]) for i in lit])
    return ShotStatistics(norms, reference)


def _exposed(statistics: NormStatistics, black: torch.Tensor, gain: float) -> NormStatistics:
    """The first norm's statistics for the same picture, `gain` times as bright."""
    mean, variance = statistics
    return black + (mean - black) * gain, variance * gain**2


def _pooled(frames: list[NormStatistics]) -> NormStatistics:
    means = torch.cat([mean for mean, _ in frames]).double()
    variances = torch.cat([variance for _, variance in frames]).double()
    variance = variances.mean(0, keepdim=True) + means.var(0, correction=0, keepdim=True)
    return means.mean(0, keepdim=True).float(), variance.float()
