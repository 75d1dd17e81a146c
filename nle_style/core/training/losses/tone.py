"""A loss for the tones of a painting: a poster's darkest and lightest, and the colours between.

Gram matrices of rectified features mix mean and variance, so that an output of the right mean and
far too little contrast can nearly match them (Risser, Wilmot, Barnes 2017, "Stable and controllable
neural texture synthesis and style transfer using histogram losses", section 3). Networks of this
project that were trained by them alone had the posters' mean colours and a third of their
contrast. Two terms on the pixels themselves correct that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["PosterTones", "luminance", "poster_tones", "tone_loss"]

_CELL = 8
"""Side in pixels of the squares over which tones are compared: strokes are smaller."""

_LEAST_SPREAD = 0.12
"""A source whose luminance spreads less than this is not stretched to the poster's full range."""

_LEAST_VARIANCE = 1e-4
"""A poster in one tone has no variance to divide by: this one, of a spread of 0.01, stands in."""

_LUMINANCE = (0.2126, 0.7152, 0.0722)


@dataclass(frozen=True)
class PosterTones:
    """What `tone_loss` needs of the posters, one row each.

    Attributes:
        luminance: (N, 2), mean and standard deviation over cells of 8 × 8 pixels.
        mean: (N, 3), RGB.
        covariance: (N, 3, 3), of RGB.
    """

    luminance: Tensor
    mean: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, tones: Sequence[PosterTones]) -> PosterTones:
        """The rows of several, in that order."""
        return cls(
            torch.cat([each.luminance for each in tones]),
            torch.cat([each.mean for each in tones]),
            torch.cat([each.covariance for each in tones]),
        )


def poster_tones(poster: Tensor) -> PosterTones:
    """The tones of one poster, (1, 3, H, W), RGB, 0-1, as a single row."""
    cells = _cells(poster)
    spread = torch.stack([cells.mean(dim=(1, 2)), cells.std(dim=(1, 2))], dim=1)
    return PosterTones(spread, *_moments(poster))


def tone_loss(output: Tensor, source: Tensor, posters: PosterTones) -> Tensor:
    """How far the tones of an output are from the source's tones in the poster's range.

    The guide: luminance over cells should be the source's, moved and scaled to the poster's mean
    and spread (Gatys et al. 2016, "Preserving color in neural artistic style transfer", section
    4.2, where it is done to the style image), so that what is dark in the picture is dark in the
    painting. The palette: mean and covariance of RGB should be the poster's. Each is divided by
    the poster's own variance. On nearly flat sources the palette is not asked for: it would be
    painted as blobs.

    Args:
        output, source: (N, 3, H, W), RGB, 0-1, 16 pixels a side or more.
        posters: row i for image i.

    Returns:
        (N,): guide + palette / 2, 0 at best.
    """
    seen, painted = _cells(source), _cells(output)
    mean, spread = (value[:, None, None] for value in posters.luminance.unbind(1))
    around = seen - seen.mean(dim=(1, 2), keepdim=True)
    contrast = seen.std(dim=(1, 2), keepdim=True)
    target = (mean + around * spread / contrast.clamp_min(_LEAST_SPREAD)).clamp(0, 1)
    guide = (painted - target).square().mean(dim=(1, 2)) / posters.luminance[
        :, 1
    ].square().clamp_min(_LEAST_VARIANCE)

    output_mean, output_covariance = _moments(output)
    total = posters.covariance.diagonal(dim1=1, dim2=2).sum(1).clamp_min(_LEAST_VARIANCE)
    shift = (output_mean - posters.mean).square().sum(1) / total
    size = posters.covariance.square().sum(dim=(1, 2)).clamp_min(_LEAST_VARIANCE**2)
    shape = (output_covariance - posters.covariance).square().sum(dim=(1, 2)) / size
    asked = (contrast.flatten() / _LEAST_SPREAD).clamp(0, 1)
    return guide + 0.5 * asked * (shift + shape)


def _cells(image: Tensor) -> Tensor:
    """Luminance averaged over cells: (N, 3, H, W) -> (N, H // 8, W // 8)."""
    return F.avg_pool2d(luminance(image), _CELL)[:, 0]


def luminance(image: Tensor) -> Tensor:
    """Y of RGB by the weights of ITU-R BT.709: (N, 3, H, W) -> (N, 1, H, W)."""
    weights = torch.tensor(_LUMINANCE, dtype=image.dtype, device=image.device).view(1, 3, 1, 1)
    return (image * weights).sum(1, keepdim=True)


def _moments(image: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (N, 3) and covariance (N, 3, 3) of the pixels."""
    pixels = image.flatten(2)
    mean = pixels.mean(dim=2)
    centred = pixels - mean[..., None]
    return mean, centred @ centred.transpose(1, 2) / pixels.shape[2]
