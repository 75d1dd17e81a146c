"""The network's layers, rearranged for speed: other convolutions with the same result.

Full-size layers of few channels use a small part of a processor's vector registers. Four rewrites,
exact up to float rounding, help:

* the first 9×9 layer writes 2×2 blocks of pixels, four phases times C channels at half the size, as
  one 10×10 convolution of stride 2; the stride-2 layer after it reads these blocks;
* bilinear upsampling and its 3×3 convolution become one transposed convolution of 6×6 and stride 2:
  as many products, and no upsampled map is made;
* the last 9×9 layer writes blocks of 2×4 pixels, 24 channels, as one 10×12 convolution;
* a norm with known statistics is one scale and one offset a channel, which are folded into the
  weights and the bias of the convolution before it: at run time there is no norm.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from nle_style.core import InstanceNorm, NormStatistics, StyleNetwork

__all__ = [
    "HALO",
    "LAST_BLOCK",
    "LAST_EDGE",
    "Kernel",
    "Layer",
    "arrange",
    "fold",
    "phase_kernel",
    "plain_head",
    "upsample_kernel",
]

HALO = 60
"""Pixels to every side that an output pixel depends on, in whole strides. With frozen norms a tile
with such a border is painted as it is in the whole picture."""

LAST_BLOCK = (2, 4)
"""Rows and columns of pixels that the last layer writes as channels: 24 channels fill the vector
registers of a CPU; three would leave them nearly empty."""

LAST_EDGE = 8
"""Pixels at each side of a map that are affected by the last layer's padding."""

Kernel = tuple[Tensor, Tensor]
"""Weight (out, in, height, width) and bias (out,) of one rearranged convolution, float32; of a
transposed one (in, out, height, width)."""


@dataclass(frozen=True)
class Layer:
    """One rearranged convolution and the norm after it.

    Attributes:
        kernel: its weight and bias.
        transposed: whether it is a transposed convolution.
        phases: 4 if it writes 2×2 blocks (channel · 4 + 2 · row phase + column phase), else 1.
        gamma, beta: (C,); None for the last layer, which has no norm.
        typical: what its norm meets in photographs, (1, C); see `core.network.InstanceNorm`.
    """

    kernel: Kernel
    transposed: bool
    phases: int
    gamma: Tensor | None
    beta: Tensor | None
    typical: NormStatistics | None = None

    @property
    def response_to_black(self) -> Tensor:
        """The first layer's output for a black picture: its bias, (1, C)."""
        return self.kernel[1][None, :: self.phases]

    def affine(self, statistics: NormStatistics) -> tuple[Tensor, Tensor]:
        """The norm as x · scale + offset.

        Args:
            statistics: mean and variance, each (1, C).

        Returns:
            scale and offset, each (phases · C,), in the order of the layer's output.
        """
        assert self.gamma is not None  # noqa: S101  (the last layer has no norm)
        assert self.beta is not None  # noqa: S101
        mean, variance = (value.to(self.gamma) for value in statistics)
        scale = self.gamma * torch.rsqrt(variance + InstanceNorm.epsilon)
        offset = self.beta - mean * scale
        return (
            scale[0].repeat_interleave(self.phases),
            offset[0].repeat_interleave(self.phases),
        )


def arrange(network: StyleNetwork) -> tuple[Layer, ...]:
    """The layers of a network; its weights are copied."""
    plain = [_plain(module) for module in network.convolutions]
    entry, half = plain[:2]
    first_up, second_up, last = plain[-3:]
    kernels = [
        (phase_kernel(entry[0], (2, 2)), entry[1].repeat_interleave(4)),
        (_strided_kernel(half[0]), half[1]),
        *plain[2:-3],
        (upsample_kernel(first_up[0]), first_up[1]),
        (upsample_kernel(second_up[0]), second_up[1]),
        (phase_kernel(last[0], LAST_BLOCK), last[1].repeat_interleave(8)),
    ]
    norms = [cast(InstanceNorm, norm) for norm in network.norms]
    layers = []
    for index, (weight, bias) in enumerate(kernels):
        transposed = index in (len(kernels) - 3, len(kernels) - 2)
        phases = 4 if index == 0 else 1
        layer = Layer((weight.clone(), bias.clone()), transposed, phases, None, None)
        if index < len(norms):
            norm = norms[index]
            gamma, beta = norm.gamma.detach(), norm.beta.detach()
            layer = replace(layer, gamma=gamma, beta=beta, typical=norm.typical)
        layers.append(layer)
    return tuple(layers)


def plain_head(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The same layers with the first two as they were before `arrange`: 9×9, and 3×3 of stride 2.

    The rewritten two take 1.4 times the multiplications: torch is still faster with them, OpenVINO
    is not.
    """
    entry, half = layers[:2]
    weight, bias = entry.kernel
    plain = weight[:: entry.phases, :, :9, :9].contiguous(), bias[:: entry.phases].contiguous()
    blocks = half.kernel[0].reshape(half.kernel[0].shape[0], -1, 2, 2, 2, 2)
    kernel = blocks.new_zeros(*blocks.shape[:2], 3, 3)
    for dy, dx, place in _strided_places():
        kernel[:, :, dy, dx] = blocks[(slice(None), slice(None), *place)]
    return (
        replace(entry, kernel=plain, phases=1),
        replace(half, kernel=(kernel, half.kernel[1])),
        *layers[2:],
    )


def fold(layers: Sequence[Layer], statistics: Sequence[NormStatistics]) -> list[Kernel]:
    """The layers with their norms frozen and folded into them.

    Args:
        statistics: mean and variance of every norm, in order.

    Returns:
        A kernel for every layer, in order.
    """
    folded = []
    for layer, given in zip(layers[:-1], statistics, strict=True):
        scale, offset = layer.affine(given)
        weight, bias = layer.kernel
        across = scale[None, :, None, None] if layer.transposed else scale[:, None, None, None]
        folded.append((weight * across, bias * scale + offset))
    return [*folded, layers[-1].kernel]


def _plain(module: nn.Module) -> Kernel:
    """Weight and bias of a convolution."""
    assert isinstance(module, nn.Conv2d)  # noqa: S101  (for the type checker)
    assert module.bias is not None  # noqa: S101
    return module.weight.detach(), module.bias.detach()


def phase_kernel(weight: Tensor, block: tuple[int, int]) -> Tensor:
    """A kernel that writes a block of pixels where the given one writes one.

    Args:
        weight: (out, in, k, k).
        block: rows and columns of the block: the stride of the new kernel.

    Returns:
        (rows · columns · out, in, k + rows − 1, k + columns − 1), its output in the channel order
        of `pixel_unshuffle`: channel · rows · columns + row phase · columns + column phase.
    """
    out, channels, size, _ = weight.shape
    rows, columns = block
    kernel = weight.new_zeros(out, rows, columns, channels, size + rows - 1, size + columns - 1)
    for row in range(rows):
        for column in range(columns):
            kernel[:, row, column, :, row : row + size, column : column + size] = weight
    return kernel.flatten(0, 2)


def _strided_kernel(weight: Tensor) -> Tensor:
    """A 3×3 stride-2 kernel on pixels as a 2×2 kernel on blocks -1 and 0, same result."""
    out, channels, _, _ = weight.shape
    kernel = weight.new_zeros(out, channels, 2, 2, 2, 2)
    for dy, dx, place in _strided_places():
        kernel[(slice(None), slice(None), *place)] = weight[:, :, dy, dx]
    return kernel.reshape(out, 4 * channels, 2, 2)


def _strided_places() -> Iterator[tuple[int, int, tuple[int, int, int, int]]]:
    """Row and column of a 3×3 kernel of stride 2, and their place in blocks: row phase, column
    phase, and down and across 0 for block -1, 1 for block 0."""
    for dy, dx in itertools.product(range(3), repeat=2):
        m, c = divmod(dy - 1, 2)
        n, d = divmod(dx - 1, 2)
        yield dy, dx, (c, d, m + 1, n + 1)


def upsample_kernel(weight: Tensor) -> Tensor:
    """Bilinear ×2 and a 3×3 kernel w, as one transposed 6×6 kernel of stride 2.

    Large pixel 2i is ¼ of small pixel i − 1 and ¾ of i, 2i + 1 is ¾ of i and ¼ of i + 1; the kernel
    reads three in a row. So along each axis small pixel i is in the large ones 2i − 2 to 2i + 3 by
    w₂, w₁ + 3w₂, w₀ + 3w₁ + 3w₂, 3w₀ + 3w₁ + w₂, 3w₀ + w₁, w₀, each over four.

    Args:
        weight: (out, in, 3, 3).

    Returns:
        (in, out, 6, 6), to be cropped by 2 on every side.
    """
    spread = weight.new_tensor(
        [[0, 0, 1], [0, 1, 3], [1, 3, 3], [3, 3, 1], [3, 1, 0], [1, 0, 0]]
    ).div(4)
    return torch.einsum("ay,bx,oiyx->ioab", spread, spread, weight)
