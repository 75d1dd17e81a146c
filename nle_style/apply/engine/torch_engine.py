"""The network in torch, with the layers as `kernels.arrange` rewrites them.

`StyleNetwork.forward` defines the result. All maps are channels_last. `FrameEngine` takes the
statistics of its norms from the picture itself; `FoldedEngine` has frozen ones, which are folded
into its convolutions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from nle_style.apply.engine.kernels import LAST_BLOCK, LAST_EDGE, Kernel, Layer, fold
from nle_style.core import (
    NormStatistics,
    completed,
    contrast,
    instance_statistics,
    pad_to_stride,
)

__all__ = [
    "Convolutions",
    "FoldedEngine",
    "FrameEngine",
    "Moments",
    "PictureNorms",
    "moments",
    "residual_ends",
]

_PIECE = 2**20  # values that are summed at once: 4 MB, which stay in the cache


class Convolutions:
    """The convolutions of a network, each with its own padding.

    The maps between them are channels_last; the first is in 2×2 blocks.

    In half precision the first layer and its norm stay in float32. Of a picture that is nearly flat
    the first map is noise in a large mean, and lies in the bits that half precision does not have;
    the norm may make that noise as large as a picture.

    Args:
        kernels: of every layer, in order.
        device: where to run.
        dtype: float32, or half precision.
    """

    def __init__(self, kernels: Sequence[Kernel], device: torch.device, dtype: torch.dtype) -> None:
        self.device, self.dtype = device, dtype
        self.count = len(kernels)
        dtypes = [torch.float32, *[dtype] * (self.count - 1)]
        self._kernels = [
            (
                weight.to(device, dtype).contiguous(memory_format=torch.channels_last),
                bias.to(device, dtype),
            )
            for (weight, bias), dtype in zip(kernels, dtypes, strict=True)
        ]

    def __call__(self, index: int, x: Tensor) -> Tensor:
        """One convolution.

        Args:
            index: which layer.
            x: the output of the layer before, normalised and activated; for layer 0 the picture,
                (1, 3, H, W), both sides whole strides.
        """
        weight, bias = self._kernels[index]
        x = x.to(self.device, weight.dtype)
        if index == 0:
            x = x.contiguous(memory_format=torch.channels_last)
            return F.conv2d(F.pad(x, (4, 4, 4, 4), mode="reflect"), weight, bias, stride=2)
        if index == 1:
            # In blocks, a reflected row or column of pixels is a repeated one: the convolution
            # reads only the second phase of block -1, pixel -1, which equals pixel 1, of block 0.
            return F.conv2d(F.pad(x, (1, 0, 1, 0), mode="replicate"), weight, bias)
        x = F.pad(x, (1, 1, 1, 1), mode="reflect")
        if index in (self.count - 3, self.count - 2):
            return F.conv_transpose2d(x, weight, bias, stride=2, padding=4)
        return F.conv2d(x, weight, bias, stride=2 if index == 2 else 1)

    def paint(self, image: Tensor, norm: Callable[[int, Tensor], Tensor] | None = None) -> Tensor:
        """All layers, activations and sums of the network.

        Args:
            image: (1, 3, H, W), both sides whole strides.
            norm: applies the norm after layer `index` to the layer's output; None where the norms
                are folded into the kernels.

        Returns:
            (1, 3, H, W) float32 in 0-1.
        """
        x = skip = image
        for index in range(self.count - 1):
            x = self(index, x)
            if norm is not None:
                x = norm(index, x)
            ends = residual_ends(index, self.count)
            x = x.add_(skip) if ends else x.relu_()
            if ends or index == 2:
                skip = x
        return self.picture(x)

    def picture(self, x: Tensor) -> Tensor:
        """The last layer and the logistic function.

        Only the border of the map is padded: that saves a copy of the full-size map.

        Args:
            x: (1, C, H, W), the last map, activated.

        Returns:
            (1, 3, H, W) float32 in 0-1.
        """
        weight, bias = self._kernels[-1]

        def edge(part: Tensor, border: tuple[int, int, int, int]) -> Tensor:
            return F.conv2d(F.pad(part, border, mode="reflect"), weight, bias, LAST_BLOCK)

        if min(x.shape[-2:]) <= 2 * LAST_EDGE:
            blocks = edge(x, (4, 4, 4, 4))
        else:
            left = edge(x[..., :LAST_EDGE], (4, 0, 0, 0))
            right = edge(x[..., -LAST_EDGE:], (0, 4, 0, 0))
            inner = torch.cat([left, F.conv2d(x, weight, bias, LAST_BLOCK), right], 3)
            above = edge(x[..., :LAST_EDGE, :], (4, 4, 4, 0))
            below = edge(x[..., -LAST_EDGE:, :], (4, 4, 0, 4))
            blocks = torch.cat([above, inner, below], 2)
        rows, columns = LAST_BLOCK
        _, _, height, width = blocks.shape
        picture = blocks.view(1, 3, rows, columns, height, width).permute(0, 4, 2, 5, 3, 1)
        picture = picture.reshape(1, height * rows, width * columns, 3)
        return picture.permute(0, 3, 1, 2).float().sigmoid_()


class PictureNorms:
    """The statistics of one picture at the norms of a network, in order.

    Args:
        layers: from `kernels.arrange`.

    Attributes:
        own: as they were met.
        used: to normalise by: `own`, completed as `core.network.completed` says.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self._share = torch.ones(1, 1)
        self.own: list[NormStatistics] = []
        self.used: list[NormStatistics] = []

    def add(self, own: NormStatistics) -> None:
        """What the next norm meets, mean and variance, (1, C) on the CPU."""
        typical = self._layers[len(self.own)].typical
        assert typical is not None  # noqa: S101  (the last layer has no norm)
        if not self.own:
            self._share = contrast(own, typical)
        self.own.append(own)
        self.used.append(completed(own, typical, self._share))


class FrameEngine:
    """A network whose norms take their statistics from each picture.

    Args:
        layers: from `kernels.arrange`.
        device: where to run.
        dtype: float32, or half precision; see `Convolutions`.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        device: torch.device | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.layers = tuple(layers)
        self.convolve = Convolutions(
            [layer.kernel for layer in layers], device or torch.device("cpu"), dtype
        )

    @torch.inference_mode()
    def __call__(
        self,
        image: Tensor,
        statistics: Sequence[NormStatistics] | None = None,
        seen: list[NormStatistics] | None = None,
    ) -> Tensor:
        """Paint one image; shapes, ranges and arguments are those of `StyleNetwork.forward`."""
        height, width = image.shape[-2:]

        norms = PictureNorms(self.layers)

        def norm(index: int, x: Tensor) -> Tensor:
            if statistics is None:
                norms.add(moments(x).statistics(self.layers[index].phases))
            if seen is not None:
                seen.append(norms.own[index] if statistics is None else statistics[index])
            used = norms.used if statistics is None else statistics
            return self.normalise(index, x, used[index])

        return self.convolve.paint(pad_to_stride(image), norm)[..., :height, :width]

    def normalise(self, index: int, x: Tensor, statistics: NormStatistics) -> Tensor:
        """γ · (x − mean) / sqrt(variance + ε) + β of one norm, in place, computed in float32."""
        scale, offset = (
            value.to(x.device)[None, :, None, None]
            for value in self.layers[index].affine(statistics)
        )
        if x.dtype == torch.float32:
            return x.mul_(scale).add_(offset)
        return x.copy_(x.float().mul_(scale).add_(offset))


class FoldedEngine:
    """A network with frozen norms.

    Args:
        layers: from `kernels.arrange`.
        statistics: mean and variance of every norm.
        device, dtype: as of `FrameEngine`.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        statistics: Sequence[NormStatistics],
        device: torch.device | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.convolve = Convolutions(fold(layers, statistics), device or torch.device("cpu"), dtype)

    @torch.inference_mode()
    def __call__(self, image: Tensor) -> Tensor:
        """Paint (1, 3, H, W), 0-1 divided by its exposure, both sides whole strides.

        Returns:
            (1, 3, H, W) in 0-1.
        """
        return self.convolve.paint(image)


def residual_ends(index: int, count: int) -> bool:
    """Whether a layer ends a residual block: its output is added to the block's input and not
    activated. `index` of `count` layers."""
    return 3 <= index < count - 3 and index % 2 == 0


@dataclass(frozen=True)
class Moments:
    """Count, mean and sum of squared deviations of every channel of a map, float64 on the CPU."""

    count: int = 0
    mean: Tensor = field(default_factory=lambda: torch.zeros(1, dtype=torch.float64))
    squares: Tensor = field(default_factory=lambda: torch.zeros(1, dtype=torch.float64))

    def joined(self, other: Moments) -> Moments:
        """Those of two maps together (Chan, Golub, LeVeque 1979, equations 2.1)."""
        count = self.count + other.count
        apart = other.mean - self.mean
        share = other.count / count
        squares = self.squares + other.squares + apart.square() * (self.count * share)
        return Moments(count, self.mean + apart * share, squares)

    def statistics(self, phases: int) -> NormStatistics:
        """Mean and variance (1, C) of a map of `phases` · C channels in blocks, float32."""
        mean = self.mean.view(1, -1, phases)
        variance = (self.squares / self.count).view(1, -1, phases)
        variance = variance.mean(2) + mean.var(2, correction=0)
        return mean.mean(2).float(), variance.float()


def moments(features: Tensor) -> Moments:
    """The moments of a channels_last map (1, C, H, W).

    On a CPU a few rows at a time: torch's own reduction takes ten times as long on this layout. The
    pieces stay in the cache. The mean of the first piece is subtracted, so that a flat map has a
    variance of 0 and a large mean costs no precision.
    """
    count = features.shape[2] * features.shape[3]
    if features.device.type != "cpu":
        # Widened here: Apple's MPS has no float64.
        mean, variance = (value[0].cpu().double() for value in instance_statistics(features))
        return Moments(count, mean, variance * count)
    flat = features.permute(0, 2, 3, 1).reshape(-1, features.shape[1]).float()
    rows = max(1, _PIECE // flat.shape[1])
    shift = flat[:rows].mean(0)
    total = torch.zeros(2, features.shape[1], dtype=torch.float64)
    for piece in torch.split(flat, rows):
        centred = piece - shift
        total[0] += centred.sum(0)
        total[1] += centred.square_().sum(0)
    mean = total[0] / count
    squares = (total[1] - total[0] * mean).clamp_min_(0)
    return Moments(count, mean + shift, squares)
