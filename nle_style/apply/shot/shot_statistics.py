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

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from nle_style.apply.chroma import LUMA_WEIGHTS
from nle_style.apply.engine import Layer
from nle_style.apply.look import Statistics
from nle_style.apply.shot.cuts import thumbnail
from nle_style.core import NormStatistics, completed, contrast

__all__ = [
    "ChangingStatistics",
    "ShotStatistics",
    "exposure",
    "luma_thumbnail",
    "measure",
    "sample_frames",
]

_LEAST = 4
_MOST = 8
_APART = 24
_LUMA = np.array(LUMA_WEIGHTS, np.float32)
_RANGE = 8.0
_HALF = (0.5 - 1e-9, 0.5 + 1e-9)  # the least and the greatest of several medians


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


@dataclass(frozen=True)
class ChangingStatistics:
    """What is frozen for a shot whose mix changes: the statistics that the shot has in some of its
    mixes. Between two of them they change evenly, as the mix does.

    Attributes:
        nodes: frames, ascending, which may lie between two, each with the statistics measured with
            the mix of that frame.
    """

    nodes: tuple[tuple[float, ShotStatistics], ...]

    def at(self, frame: int) -> ShotStatistics:
        """The statistics to paint a frame with: the very same object wherever they stay."""
        for (begin, one), (end, other) in itertools.pairwise(self.nodes):
            if begin < frame < end and one is not other:
                return _between(one, other, (frame - begin) / (end - begin))
        reached = [statistics for node, statistics in self.nodes if node <= frame]
        return reached[-1] if reached else self.nodes[0][1]


def _between(one: ShotStatistics, other: ShotStatistics, part: float) -> ShotStatistics:
    norms = [
        (torch.lerp(mean, other_mean, part), torch.lerp(variance, other_variance, part))
        for (mean, variance), (other_mean, other_variance) in zip(
            one.norms, other.norms, strict=True
        )
    ]
    if one.reference is None or other.reference is None:
        return ShotStatistics(norms, None)
    return ShotStatistics(norms, one.reference + part * (other.reference - one.reference))


def sample_frames(first: int, last: int) -> list[int]:
    """The frames of a shot that are measured: the middles of equal parts of first..last, so that a
    fade at an end is not all that is seen of a short shot.

    One frame in 24, so that measuring adds a twenty-fourth to the work, but at least four and at
    most eight.
    """
    count = last - first + 1
    samples = min(count, max(_LEAST, min(_MOST, round(count / _APART))))
    return [first + (2 * i + 1) * count // (2 * samples) for i in range(samples)]


def luma_thumbnail(frame: np.ndarray) -> np.ndarray:
    """Luma (Y', BT.709 weights) of a frame's `thumbnail`: (H, W, 3) -> (rows, columns), 0-1."""
    luma: np.ndarray = thumbnail(frame) @ _LUMA
    return luma


def exposure(picture: np.ndarray, reference: np.ndarray) -> float:
    """How many times brighter a picture is than another of the same scene.

    The g with the least absolute deviations, Σ|picture − g · reference|: the median of the ratios,
    weighted by the reference (Bloomfield & Steiger 1983, *Least Absolute Deviations*, chapter 1).
    Unlike the mean, it does not change when something covers less than half of the reference's
    light. Where several g are equally good it is the one next to 1: so it is 1 if something bright
    has moved over black. It is drawn to 1 where it explains less than half of the light.

    Args:
        picture, reference: luma thumbnails of one shape, 0-1.

    Returns:
        1/8 to 8: beyond that a fade is dark, or burnt, in the painting too. 1 if the reference is
        black.
    """
    weights = reference.ravel().astype(np.float64)
    lit = weights > 0
    if not lit.any():
        return 1.0
    seen, weights = picture.ravel()[lit].astype(np.float64), weights[lit]
    ratios = seen / weights
    order = np.argsort(ratios, kind="stable")
    parts = np.cumsum(weights[order]) / weights.sum()
    low, high = (ratios[order[int(np.searchsorted(parts, half))]] for half in _HALF)
    gain = min(max(1.0, low), high)
    light = float((seen + gain * weights).sum())
    explained = 1 - float(np.abs(seen - gain * weights).sum()) / light if light else 1.0
    trust = min(max(4 * explained - 1, 0.0), 1.0)
    return float(np.clip(gain, 1 / _RANGE, _RANGE) ** trust)


def measure(
    record_statistics: Callable[[torch.Tensor, list[NormStatistics]], object],
    samples: Iterable[tuple[torch.Tensor, np.ndarray]],
    statistics: Statistics,
    layers: Sequence[Layer],
    map_samples: Callable[..., Iterable[tuple[list[NormStatistics], np.ndarray]]] = map,
) -> ShotStatistics:
    """The statistics of several frames taken as one large picture.

    The mean is the mean of the means, the variance the mean of the variances plus the variance of
    the means (the law of total variance). A frame counts by what it holds: flat ones do not
    (`core.network.contrast`), nor those below an eighth of the shot's exposure. If all together
    hold less than one picture, a photograph's statistics stand in for the rest.

    Only the statistics of the first norm depend on a frame's exposure, since that norm removes it
    for all that follow; so only these are converted to the shot's exposure. The first layer is
    linear around its response to black. (Not exact: a frame is denoised here at its own exposure,
    and at the shot's when it is painted.)

    Args:
        record_statistics: runs the network on an image and appends the statistics of every norm
            to a list.
        samples: each frame as an image (1, 3, H, W), RGB, 0-1, all of one size, and its
            `luma_thumbnail`; they are taken one by one, none is kept.
        statistics: the look's, `hybrid` or `shot`.
        layers: of the network, from `engine.arrange`.
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
    frames, thumbnails = zip(*measured, strict=True)
    typical = [layer.typical for layer in layers[:-1] if layer.typical is not None]
    shares = torch.cat([contrast(seen[0], typical[0]) for seen in frames]).double()
    share = shares.sum().clamp(max=1).float().view(1, 1)
    held = [each for each, of in zip(thumbnails, shares, strict=True) if 2 * of >= shares.max()]
    reference = np.median(np.stack(held), axis=0)
    gains = [exposure(picture, reference) for picture in thumbnails]
    weights = torch.where(share > 0, shares, 1) * torch.tensor(gains).view(-1, 1).gt(1 / _RANGE)
    weights /= weights.sum()
    if statistics == "hybrid":
        black = layers[0].response_to_black
        for seen, gain in zip(frames, gains, strict=True):
            seen[0] = _exposed(seen[0], black, 1 / gain)
    norms = [
        completed(_pooled([seen[index] for seen in frames], weights), each, share)
        for index, each in enumerate(typical)
    ]
    return ShotStatistics(norms, reference if statistics == "hybrid" else None)


def _exposed(statistics: NormStatistics, black: torch.Tensor, gain: float) -> NormStatistics:
    """The first norm's statistics for the same picture, `gain` times as bright."""
    mean, variance = statistics
    return black + (mean - black) * gain, variance * gain**2


def _pooled(frames: list[NormStatistics], weights: torch.Tensor) -> NormStatistics:
    """Of pictures taken as one; `weights` (frames, 1) sum to 1."""
    means = torch.cat([mean for mean, _ in frames]).double()
    variances = torch.cat([variance for _, variance in frames]).double()
    mean = (weights * means).sum(0, keepdim=True)
    variance = (weights * (variances + (means - mean).square())).sum(0, keepdim=True)
    return mean.float(), variance.float()
