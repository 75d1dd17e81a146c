"""The transformer net: an image goes in, the same image in the look of a poster comes out.

Johnson, Alahi, Fei-Fei 2016, "Perceptual Losses for Real-Time Style Transfer and
Super-Resolution" (supplement, table 1), with three changes that this project follows:

* a small *reflection padding before every convolution* in place of one 40-pixel border;
* *instance normalisation* (Ulyanov, Vedaldi, Lempitsky 2016) in place of batch normalisation;
* bilinear upsampling and a convolution in place of transposed convolutions (Odena, Dumoulin,
  Olah 2016), which leave a checkerboard. Nearest-neighbour upsampling leaves one too, a weave of
  two and four pixels that stays on the screen while the picture moves.

A network paints one style. Networks that were fine-tuned from one parent can be mixed by the
weighted mean of their weights (`core.style_pack`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = [
    "LEAST_CONTRAST",
    "MINIMUM_SIDE",
    "STRIDE",
    "InstanceNorm",
    "NetworkConfig",
    "NormStatistics",
    "ReflectConv",
    "StyleNetwork",
    "UpsampleConv",
    "completed",
    "contrast",
    "instance_statistics",
    "pad_to_stride",
]

STRIDE = 4
"""The net halves the image twice, so its inner sizes are multiples of this many pixels."""

MINIMUM_SIDE = 8
"""Smallest height and width in pixels: the 9×9 layers reflect 4 pixels, which takes 5 to do."""

LEAST_CONTRAST = 1 / 16
"""The contrast that a picture needs to be normalised by its own statistics alone, as a part of a
photograph's: noise of half a code has 1/400, a photograph three stops too dark an eighth."""

NormStatistics = tuple[Tensor, Tensor]
"""Mean and (biased) variance of every channel, each of shape (batch or 1, channels)."""


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of a network; with the weights it is all that is needed to build one.

    Attributes:
        width: channels C of the first layer; the inner layers have 2C and 4C. 32 in the paper.
        residual_blocks: blocks of two 3×3 convolutions at 4C. 5 in the paper.
    """

    width: int = 16
    residual_blocks: int = 5

    def __post_init__(self) -> None:
        if self.width < 1 or self.residual_blocks < 0:
            raise ValueError(f"not a network: {self}")


def instance_statistics(features: Tensor) -> NormStatistics:
    """Mean and biased variance over height and width: (N, C, H, W) -> two of (N, C).

    Half precision is summed in float32: a 1080p map has two million values a channel.
    """
    wide = features.float() if features.dtype in (torch.float16, torch.bfloat16) else features
    variance, mean = torch.var_mean(wide, dim=(2, 3), correction=0)
    return mean, variance


def contrast(first: NormStatistics, typical: NormStatistics) -> Tensor:
    """How far a picture may be normalised by its own statistics: (N, 1), 0 for a flat one, 1 for
    all with a sixteenth of a photograph's contrast or more.

    What the norms would make of a flat picture is its noise, amplified at every layer.

    Args:
        first: what the first norm sees of the picture.
        typical: what it sees of photographs; zeros where that is not known, which gives 1.
    """
    variance, enough = first[1].sum(1, keepdim=True), typical[1].sum() * LEAST_CONTRAST**2
    known = enough > 0
    return torch.where(known, variance / torch.where(known, enough, 1), 1).clamp(max=1)


def completed(own: NormStatistics, typical: NormStatistics, share: Tensor) -> NormStatistics:
    """Statistics of which `share` is a picture's own and the rest a photograph's: mean and variance
    of the two taken as one (the law of total variance).

    Args:
        own, typical: mean and variance, (N or 1, C).
        share: (N, 1), from `contrast`; where it is 1 the result is `own`, bit for bit.
    """
    (mean, variance), (typical_mean, typical_variance) = own, typical
    rest, apart = 1 - share, mean - typical_mean
    return (
        mean - rest * apart,
        share * variance + rest * typical_variance + share * rest * apart * apart,
    )


class ReflectConv(nn.Conv2d):
    """A convolution behind its own reflection padding of (kernel - 1) / 2 pixels.

    Shapes: (N, in, H, W) -> (N, out, ceil(H / stride), ceil(W / stride)).
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> None:
        super().__init__(channels_in, channels_out, kernel, stride)
        self.border = kernel // 2

    def forward(self, features: Tensor) -> Tensor:
        border = self.border
        return super().forward(F.pad(features, (border, border, border, border), mode="reflect"))


class UpsampleConv(nn.Conv2d):
    """Bilinear enlargement to twice the size, and a 3×3 convolution behind a reflected border.

    The border is one pixel of the small map, mirrored before it is enlarged, so that the whole is
    one transposed convolution of 6×6 at every place of the picture (`upsample_kernel`).

    Shapes: (N, in, H, W) -> (N, out, 2H, 2W).
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 3)

    def forward(self, features: Tensor) -> Tensor:
        padded = F.pad(features, (1, 1, 1, 1), mode="reflect")
        large = F.interpolate(padded, scale_factor=2.0, mode="bilinear", align_corners=False)
        return super().forward(large[..., 1:-1, 1:-1])


class InstanceNorm(nn.Module):
    """γ · (x − mean) / sqrt(variance + ε) + β, Ulyanov et al. 2016, a channel at a time.

    Args:
        channels: length of γ and β.

    Attributes:
        typical_mean, typical_variance: what the norm meets in photographs, (channels,); zeros while
            that was not measured. See `completed`.
    """

    typical_mean: Tensor
    typical_variance: Tensor

    epsilon = 1e-5

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))
        self.register_buffer("typical_mean", torch.zeros(channels))
        self.register_buffer("typical_variance", torch.zeros(channels))

    @property
    def typical(self) -> NormStatistics:
        """Typical mean and variance, each (1, channels)."""
        return self.typical_mean[None], self.typical_variance[None]

    def affine(self, statistics: NormStatistics) -> NormStatistics:
        """The normalisation as one scale and one offset a channel.

        Args:
            statistics: mean and variance to normalise by.

        Returns:
            scale and offset, each (N, channels), so that the result is x · scale + offset.
        """
        mean, variance = (value.to(self.gamma.dtype) for value in statistics)
        scale = self.gamma * torch.rsqrt(variance + self.epsilon)
        return scale, self.beta - mean * scale

    def forward(self, features: Tensor, statistics: NormStatistics | None = None) -> Tensor:
        """Normalise (N, C, H, W) by its own statistics, or by the frozen ones that are given."""
        if statistics is None:
            # A batch of one picture, and a group for every channel, are instance norms; torch's own
            # are quicker than the steps, the first is the quickest, in bfloat16 by far.
            affine, epsilon = (self.gamma, self.beta), self.epsilon
            if len(features) == 1:
                return F.batch_norm(features, None, None, *affine, training=True, eps=epsilon)
            return F.group_norm(features, self.gamma.numel(), *affine, epsilon)
        scale, offset = self.affine(statistics)
        scale = scale.to(features.dtype)[:, :, None, None]
        return torch.addcmul(offset.to(features.dtype)[:, :, None, None], features, scale)


class StyleNetwork(nn.Module):
    """A network that paints in one style, or in one mix of styles.

    The convolutions are in `convolutions` and the norms in `norms`, both in the order in which
    they run, and `norms[i]` follows `convolutions[i]`; the last convolution has no norm.

    In training every image is normalised by its own statistics; afterwards those of a picture
    without contrast are completed by a photograph's (`completed`).
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        c, blocks = config.width, config.residual_blocks
        inner = [ReflectConv(4 * c, 4 * c, 3) for _ in range(2 * blocks)]
        self.convolutions = nn.ModuleList(
            [
                ReflectConv(3, c, 9),
                ReflectConv(c, 2 * c, 3, stride=2),
                ReflectConv(2 * c, 4 * c, 3, stride=2),
                *inner,
                UpsampleConv(4 * c, 2 * c),
                UpsampleConv(2 * c, c),
                ReflectConv(c, 3, 9),
            ]
        )
        widths = [c, 2 * c, *[4 * c] * (1 + 2 * blocks), 2 * c, c]
        self.norms = nn.ModuleList(InstanceNorm(w) for w in widths)

    def forward(
        self,
        image: Tensor,
        statistics: Sequence[NormStatistics | None] | None = None,
        seen: list[NormStatistics] | None = None,
    ) -> Tensor:
        """Paint a batch of images.

        Args:
            image: (N, 3, H, W), RGB display code values, 0-1; H and W at least `MINIMUM_SIDE`.
            statistics: for every norm either None (the image's own) or frozen mean and variance.
            seen: if given, the statistics met at every norm are appended to it, in order, as they
                are before they are completed.

        Returns:
            (N, 3, H, W) in 0-1 (a logistic function ends the net).

        Raises: ValueError if the image is smaller than `MINIMUM_SIDE`.
        """
        height, width = image.shape[-2:]
        if min(height, width) < MINIMUM_SIDE:
            raise ValueError(f"{width}x{height} is below {MINIMUM_SIDE} pixels a side")

        share = image.new_ones(())

        def conv_norm(features: Tensor, index: int) -> Tensor:
            nonlocal share
            features = self.convolutions[index](features)
            norm = cast(InstanceNorm, self.norms[index])
            given = statistics[index] if statistics is not None else None
            if self.training and given is None and seen is None:
                return cast(Tensor, norm(features))
            own = instance_statistics(features) if given is None else given
            if seen is not None:
                seen.append(own)
            if given is None and not self.training:
                if index == 0:
                    share = contrast(own, norm.typical)
                own = completed(own, norm.typical, share)
            result: Tensor = norm(features, own)
            return result

        x = pad_to_stride(image)
        for index in range(3):
            x = F.relu(conv_norm(x, index))
        index = 3
        for _ in range(self.config.residual_blocks):
            x = x + conv_norm(F.relu(conv_norm(x, index)), index + 1)
            index += 2
        for _ in range(2):
            x = F.relu(conv_norm(x, index))
            index += 1
        return torch.sigmoid(self.convolutions[index](x))[..., :height, :width]


def pad_to_stride(image: Tensor) -> Tensor:
    """Reflect the right and bottom edges of (N, C, H, W) until both sides divide by `STRIDE`."""
    height, width = image.shape[-2:]
    right, bottom = -width % STRIDE, -height % STRIDE
    if right or bottom:
        image = F.pad(image, (0, right, 0, bottom), mode="reflect")
    return image
