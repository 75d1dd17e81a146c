"""The same network, arranged for one look and large frames.

`StyleNetwork.forward` is the definition; this is the fast way to its result. Three rewrites, exact
up to float rounding, keep the few-channel full-size layers from wasting the machine:

* the 9×9 layers run as 5×5 convolutions on 2×2 blocks of pixels (space-to-depth), and so does the
  stride-2 layer behind the first of them;
* nearest-neighbour upsampling and its 3×3 convolution become one convolution that writes the four
  phases of every output block, so that no upsampled map is ever made;
* normalisation is one scale and one offset a channel, applied in place; everything is
  channels_last.

A full-size feature map is thus never laid out at full size: it exists as blocks, four phases times
C channels at half the height and width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nle_style.core.network import (
    STRIDE,
    ConditionalInstanceNorm,
    NormStatistics,
    StyleNetwork,
    instance_statistics,
)

__all__ = ["FrameEngine", "block_kernel", "upsample_kernel"]

_PIECE = 4096


class FrameEngine:
    """One network with one mix of styles, ready to paint frames.

    Args:
        network: the definition; its weights are copied.
        mix: (1, styles), the weight of every style.
        device: where to run.
        dtype: float32; float16 on a GPU.
    """

    def __init__(
        self,
        network: StyleNetwork,
        mix: Tensor,
        device: torch.device | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.device = device or torch.device("cpu")
        self.dtype = dtype
        self.blocks = network.config.residual_blocks
        convolutions = [_plain(module) for module in network.convolutions]
        entry, half = convolutions[:2]
        first_up, second_up, last = convolutions[-3:]
        self._kernels = [
            self._layer(block_kernel(entry[0], 2), _repeat(entry[1])),
            self._layer(_strided_kernel(half[0]), half[1]),
            *(self._layer(*conv) for conv in convolutions[2:-3]),
            self._layer(upsample_kernel(first_up[0]), _repeat(first_up[1])),
            self._layer(upsample_kernel(second_up[0]), _repeat(second_up[1])),
            self._layer(block_kernel(last[0], 2), _repeat(last[1])),
        ]
        self._norms = [norm.to(self.device) for norm in _copies(network)]
        self._mix = mix.to(self.device, torch.float32)

    def _layer(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        kernel = weight.to(self.device, self.dtype)
        return (
            kernel.contiguous(memory_format=torch.channels_last),
            bias.to(self.device, self.dtype),
        )

    @torch.inference_mode()
    def __call__(
        self,
        image: Tensor,
        statistics: Sequence[NormStatistics | None] | None = None,
        seen: list[NormStatistics] | None = None,
    ) -> Tensor:
        """Paint one image; shapes, ranges and arguments are those of `StyleNetwork.forward`."""
        height, width = image.shape[-2:]
        x = image.to(self.device, self.dtype)
        x = F.pad(x, (0, -width % STRIDE, 0, -height % STRIDE), mode="reflect")
        x = F.pixel_unshuffle(F.pad(x, (4, 4, 4, 4), mode="reflect"), 2)
        x = x.contiguous(memory_format=torch.channels_last)
        index = 0

        def norm(features: Tensor, phases: int = 1) -> Tensor:
            nonlocal index
            given = statistics[index] if statistics is not None else None
            if given is None:
                given = _block_statistics(features, phases)
            if seen is not None:
                seen.append(given)
            scale, offset = self._norms[index].affine(self._mix, given)
            scale, offset = (
                value.repeat_interleave(phases, 1).to(self.dtype)[:, :, None, None]
                for value in (scale, offset)
            )
            index += 1
            return features.mul_(scale).add_(offset)

        def conv(features: Tensor, border: int = 0, mode: str = "reflect") -> Tensor:
            if border:
                features = F.pad(features, (border,) * 4, mode=mode)
            weight, bias = self._kernels[index]
            return F.conv2d(features, weight, bias)

        x = norm(conv(x), 4).relu_()
        # A reflected row or column of pixels is, in blocks, a repeated one: of block -1 the
        # convolution reads only the second phase, and pixel -1 is pixel 1, second phase of block 0.
        x = norm(conv(F.pad(x, (1, 0, 1, 0), mode="replicate"))).relu_()
        weight, bias = self._kernels[index]
        x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), weight, bias, stride=2)
        x = norm(x).relu_()
        for _ in range(self.blocks):
            inner = norm(conv(x, 1)).relu_()
            x = norm(conv(inner, 1)).add_(x)
        # Upsampled, pixel -1 reflects pixel 1, and both are copies of the same small pixel 0.
        x = norm(conv(x, 1, "replicate"), 4).relu_()
        x = F.pixel_shuffle(x, 2).contiguous(memory_format=torch.channels_last)
        x = norm(conv(x, 1, "replicate"), 4).relu_()
        x = F.pixel_shuffle(conv(_reflect_blocks(x)), 2)
        return x[..., :height, :width].sigmoid_().float()


def _plain(module: nn.Module) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution."""
    assert isinstance(module, nn.Conv2d)  # noqa: S101  (for the type checker)
    assert module.bias is not None  # noqa: S101
    return module.weight.detach(), module.bias.detach()


def _copies(network: StyleNetwork) -> list[ConditionalInstanceNorm]:
    copies = []
    for norm in network.norms:
        assert isinstance(norm, ConditionalInstanceNorm)  # noqa: S101  (for the type checker)
        copy = ConditionalInstanceNorm(*norm.gamma.shape)
        copy.load_state_dict(norm.state_dict())
        copies.append(copy.requires_grad_(False))
    return copies


def _repeat(bias: Tensor) -> Tensor:
    return bias.repeat_interleave(4)


def block_kernel(weight: Tensor, reach: int) -> Tensor:
    """An odd kernel on pixels as a kernel on 2×2 blocks, same result.

    Args:
        weight: (out, in, 4·reach + 1, 4·reach + 1), for instance 9×9.
        reach: blocks to every side, 2 for 9×9.

    Returns:
        (4·out, 4·in, 2·reach + 1, 2·reach + 1) for maps in the channel order of `pixel_unshuffle`
        (channel · 4 + 2 · row phase + column phase).
    """
    out, channels, size, _ = weight.shape
    side = 2 * reach + 1
    kernel = weight.new_zeros(out, 2, 2, channels, 2, 2, side, side)
    for a in range(2):
        for b in range(2):
            for dy in range(size):
                for dx in range(size):
                    # Output pixel 2i + a reads pixel 2i + a + dy - size//2 = 2(i + m) + c.
                    m, c = divmod(a + dy - size // 2, 2)
                    n, d = divmod(b + dx - size // 2, 2)
                    kernel[:, a, b, :, c, d, m + reach, n + reach] = weight[:, :, dy, dx]
    return kernel.reshape(4 * out, 4 * channels, side, side)


def _strided_kernel(weight: Tensor) -> Tensor:
    """A 3×3 stride-2 kernel on pixels as a 2×2 kernel on blocks -1 and 0, same result."""
    out, channels, _, _ = weight.shape
    kernel = weight.new_zeros(out, channels, 2, 2, 2, 2)
    for dy in range(3):
        for dx in range(3):
            m, c = divmod(dy - 1, 2)
            n, d = divmod(dx - 1, 2)
            kernel[:, :, c, d, m + 1, n + 1] = weight[:, :, dy, dx]
    return kernel.reshape(out, 4 * channels, 2, 2)


def upsample_kernel(weight: Tensor) -> Tensor:
    """Nearest-neighbour ×2 and a 3×3 kernel, as one 3×3 kernel that writes 2×2 blocks.

    Args:
        weight: (out, in, 3, 3).

    Returns:
        (4·out, in, 3, 3), its output in the channel order of `pixel_shuffle`.
    """
    out, channels, _, _ = weight.shape
    kernel = weight.new_zeros(out, 2, 2, channels, 3, 3)
    for a in range(2):
        for b in range(2):
            for dy in range(3):
                for dx in range(3):
                    # Upsampled pixel 2i + a + dy - 1 is a copy of small pixel i + m.
                    m, n = (a + dy - 1) // 2, (b + dx - 1) // 2
                    kernel[:, a, b, :, m + 1, n + 1] += weight[:, :, dy, dx]
    return kernel.reshape(4 * out, channels, 3, 3)


def _block_statistics(features: Tensor, phases: int) -> NormStatistics:
    """Mean and variance of every channel of a map in blocks: (1, phases·C, h, w) -> two (1, C)."""
    if features.device.type == "cpu":
        mean, variance = _cached_statistics(features)
    else:
        mean, variance = instance_statistics(features)
    if phases > 1:
        mean, variance = mean.view(1, -1, phases), variance.view(1, -1, phases)
        variance = variance.mean(2) + mean.var(2, correction=0)
        mean = mean.mean(2)
    return mean, variance


def _cached_statistics(features: Tensor) -> NormStatistics:
    """`instance_statistics` of a channels_last map (1, C, H, W), a few rows at a time.

    torch's own reduction takes ten times as long on this layout. The pieces stay in the cache, are
    summed in float64, and are shifted by the first piece's mean, so that a flat map has a variance
    of 0 and a large mean costs no precision.
    """
    flat = features.permute(0, 2, 3, 1).reshape(-1, features.shape[1]).float()
    shift = flat[:_PIECE].mean(0)
    total = torch.zeros(2, features.shape[1], dtype=torch.float64)
    for piece in torch.split(flat, _PIECE):
        centred = piece - shift
        total[0] += centred.sum(0)
        total[1] += centred.square_().sum(0)
    mean, square = total / flat.shape[0]
    variance = (square - mean.square()).clamp_min_(0)
    return (mean + shift)[None].float(), variance[None].float()


def _reflect_blocks(x: Tensor) -> Tensor:
    """Reflect 4 pixels (2 blocks) at every edge of a map in blocks (1, 4·C, h, w)."""
    _, channels, height, width = x.shape
    blocks = x.view(1, channels // 4, 2, 2, height, width)
    rows = _reflection(height).to(x.device)
    columns = _reflection(width).to(x.device)
    padded = torch.empty(
        (1, height + 4, width + 4, channels), dtype=x.dtype, device=x.device
    ).permute(0, 3, 1, 2)
    padded[:, :, 2:-2, 2:-2] = x
    target = padded.view(1, channels // 4, 2, 2, height + 4, width + 4)
    edges = [0, 1, height + 2, height + 3]
    for row in edges:
        for a in range(2):
            source, phase = divmod(int(rows[2 * row + a]), 2)
            target[:, :, a, :, row, 2:-2] = blocks[:, :, phase, :, source]
    for column in (0, 1, width + 2, width + 3):
        for b in range(2):
            source, phase = divmod(int(columns[2 * column + b]), 2)
            target[:, :, :, b, :, column] = target[:, :, :, phase, :, source + 2]
    return padded


def _reflection(blocks: int) -> Tensor:
    """For every pixel of a padded line its pixel in the line of 2·blocks pixels, 4 a side."""
    pixels = torch.arange(-4, 2 * blocks + 4).abs()
    last = 2 * blocks - 1
    return last - (last - pixels).abs()
