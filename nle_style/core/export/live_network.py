"""The network as a compositor's live node runs it: an image in, an image out, knobs as attributes.

`torch.jit.script` compiles this module under the contract of Nuke's Inference node: one tensor
1 × 3 × H × W of any size in and one out, padding inside, every knob an attribute of the module
itself, tensors in the input's precision, no buffers. A live node sees one frame at a time, so the
norms follow the frame (`statistics: frame`), or have those of a shot that was measured before the
export (`statistics: shot`); everything else is what the offline renderer does to a frame: stroke
scale, strength, scene-linear light through the knee and back.

The weights of all styles are in the module, and those of two are mixed at every frame (Wang et al.
2019, "Deep network interpolation for continuous imagery effect transition", equation 2), so that
the style is a knob too. Its layers are therefore functions of weights and no modules.

Nothing here was run in Nuke.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nle_style.core.denoise import denoised
from nle_style.core.export.live_colour import (
    finite,
    knee_factor,
    recombine,
    srgb_from_linear,
    srgb_to_linear,
)
from nle_style.core.network import NetworkConfig
from nle_style.core.overscan import cut_overscan, with_overscan
from nle_style.core.style_pack import Weights

__all__ = ["LiveNetwork", "resampled", "working_size"]


def working_size(height: int, width: int, stroke_scale: float) -> tuple[int, int]:
    """The size at which a frame is painted, as `apply.stroke_scale.working_size` has it.

    The numbers stand in the formula because TorchScript sees no module constants. A test holds the
    two side by side.

    Args:
        height, width: of the frame, in pixels.
        stroke_scale: above 0; 2 for strokes twice as large in the picture.

    Returns:
        height and width in pixels, each 8 or more.
    """
    ratio = min(min(1280.0 / float(max(height, width)), 1.0) / stroke_scale, 8.0)
    if 0.93 <= ratio and ratio <= 1.07:  # noqa: SIM300  (TorchScript chains nothing)
        return height, width
    return max(8, int(round(height * ratio))), max(8, int(round(width * ratio)))  # noqa: RUF046


def resampled(picture: Tensor, height: int, width: int) -> Tensor:
    """A picture (N, C, H, W), 0-1, at another size, as `apply.stroke_scale.resample` does it.

    It names torch's own operator: what `F.interpolate` compiles to grows with every version of
    torch, and an older one, as in a compositor, has to find all of it.
    """
    if picture.shape[2] == height and picture.shape[3] == width:
        return picture
    larger = torch.ops.aten._upsample_bicubic2d_aa(picture, [height, width], False)
    return torch.clamp(larger, 0.0, 1.0)


def convolved(x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
    """A convolution behind its reflection padding, as `core.network.ReflectConv`.

    Args:
        x: (1, in, H, W), both sides longer than half of the kernel.
        weight, bias: (out, in, kernel, kernel) and (out,), in the precision of `x`.
        stride: pixels from one output to the next.

    Returns:
        (1, out, ceil(H / stride), ceil(W / stride)).
    """
    border = weight.shape[2] // 2
    padded = F.pad(x, [border, border, border, border], "reflect")
    return F.conv2d(padded, weight, bias, [stride, stride])


def enlarged(x: Tensor) -> Tensor:
    """A map (1, C, H, W) at twice its size, with the border of one large pixel that
    `core.network.UpsampleConv` convolves: (1, C, 2H + 2, 2W + 2)."""
    padded = F.pad(x, [1, 1, 1, 1], "reflect")
    size = [2 * padded.shape[2], 2 * padded.shape[3]]
    large: Tensor = torch.ops.aten.upsample_bilinear2d(padded, size, False)
    return large[:, :, 1:-1, 1:-1]


def contrast(first: Tensor, typical_variance: Tensor) -> Tensor:
    """`core.network.contrast` of the first layer's output, (1, C, H, W): one value, float32. The
    number stands in the formula because TorchScript sees no module constants."""
    variance = torch.var(first.float(), [2, 3], unbiased=False).sum()
    enough = typical_variance.float().sum() / 256.0
    return torch.where(enough > 0, variance / enough.clamp_min(1e-20), 1.0).clamp_max(1.0)


def normalised(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    typical_mean: Tensor,
    typical_variance: Tensor,
    share: Tensor,
) -> Tensor:
    """Instance normalisation (Ulyanov et al. 2016) by the frame's own statistics, summed in
    float32 and completed, as `core.network.InstanceNorm` and `completed`.

    Args:
        x: (1, C, H, W).
        gamma, beta, typical_mean, typical_variance: (C,).
        share: from `contrast`.

    Returns:
        the shape and precision of `x`.
    """
    variance, mean = torch.var_mean(x.float(), [2, 3], unbiased=False, keepdim=True)
    rest, apart = 1 - share, mean - typical_mean.float().view(1, -1, 1, 1)
    typical = typical_variance.float().view(1, -1, 1, 1)
    mean = mean - rest * apart
    variance = share * variance + rest * typical + share * rest * apart * apart
    scale = gamma.float().view(1, -1, 1, 1) * torch.rsqrt(variance + 1e-5)
    offset = beta.float().view(1, -1, 1, 1) - mean * scale
    return torch.addcmul(offset.to(x.dtype), x, scale.to(x.dtype))


class LiveNetwork(nn.Module):
    """A pack's styles with the controls of a live node.

    The weights are copied, in the precision in which they are given. All styles are in it; a node
    shows one, or a blend of two. Values beyond their range are clamped, because a knob can be
    dragged or animated anywhere.

    Args:
        config: the shape of every style's network.
        styles: the weights of one style or more.
        style, second_style: positions of the two in `styles`, from 0.
        blend: 0 is all `style`, 1 all `second_style`.
        frozen: every frame gets the typical statistics of the weights in place of its own.

    Attributes:
        style, second_style (int), blend (float): as above.
        strength (float): 0 returns the very input, 1 is the full look.
        stroke_scale (float): size of the strokes in the picture, 0.25 to 4.
        linear (bool): the image is scene-linear Rec.709, any values; else it is display code
            values, whose part beyond 0-1 is carried past the network.
        weights (Parameter): (styles, values of a network), each tensor of a network after the other
            in the order in which they are used; half precision from a pack that is stored so.
    """

    def __init__(
        self,
        config: NetworkConfig,
        styles: Sequence[Weights],
        style: int = 0,
        second_style: int = 0,
        blend: float = 0.0,
        frozen: bool = False,
    ) -> None:
        super().__init__()
        self.style = style
        self.second_style = second_style
        self.blend = float(blend)
        self.strength = 1.0
        self.stroke_scale = 1.0
        self.linear = True
        self.frozen = frozen
        self.blocks = config.residual_blocks
        names = _names(config)
        self.shapes = [list(styles[0][name].shape) for name in names]
        rows = [torch.cat([each[name].flatten() for name in names]) for each in styles]
        self.weights = nn.Parameter(torch.stack(rows), requires_grad=False)
        self.eval()

    def forward(self, image: Tensor) -> Tensor:
        """Paint one frame.

        Args:
            image: (1, 3, H, W) float32 or half, H and W 1 or more; see `linear`. The network is
                computed in its precision, whatever that of the weights is.

        Returns:
            the same shape and precision; at strength 0 the very values that were given.
        """
        strength = min(max(self.strength, 0.0), 1.0)
        if strength == 0.0:
            return image.contiguous()
        # Light goes to 65504 and the knee divides by small differences: in float32, always.
        source = image.float()
        light = finite(source)
        if self.linear:
            view = srgb_from_linear(torch.clamp(light / knee_factor(light), 0.0, 1.0))
        else:
            view = torch.clamp(light, 0.0, 1.0)
        painted = self.painted(view, self.mixed().to(image.dtype))
        shown = view + strength * (painted - view)
        result = shown + (source - view)
        if self.linear:
            result = recombine(light, srgb_to_linear(shown))
        if image.dtype == torch.half:
            result = torch.clamp(result, -65504.0, 65504.0)
        return result.to(image.dtype).contiguous()

    def mixed(self) -> Tensor:
        """The weights that the frame is painted with: (values of a network,), float32."""
        last = self.weights.shape[0] - 1
        first = min(max(self.style, 0), last)
        second = min(max(self.second_style, 0), last)
        blend = min(max(self.blend, 0.0), 1.0)
        if blend == 1.0:
            first = second
        one = self.weights[first].float()
        if blend == 0.0 or first == second:
            return one
        return one * (1 - blend) + self.weights[second].float() * blend

    def painted(self, view: Tensor, weights: Tensor) -> Tensor:
        """The network at its working size.

        Args:
            view: (1, 3, H, W) float32, display code values, 0-1.
            weights: as `mixed` returns them, in the precision in which the network is to run.

        Returns:
            the same shape, 0-1, at full strength.
        """
        height, width = view.shape[2], view.shape[3]
        scale = min(max(self.stroke_scale, 0.25), 4.0)
        rows, columns = working_size(height, width, scale)
        work = denoised(resampled(view, rows, columns))
        # What is smaller than the network's 8 pixels gets its edge repeated; then to whole strides.
        work = F.pad(work, [0, max(0, 8 - columns), 0, max(0, 8 - rows)], "replicate")
        high, wide = work.shape[2], work.shape[3]
        work = with_overscan(work)
        work = F.pad(work, [0, -work.shape[3] % 4, 0, -work.shape[2] % 4], "reflect")
        work = cut_overscan(self.layers(work.to(weights.dtype), weights).float(), high, wide)
        return resampled(work[:, :, :rows, :columns], height, width)

    def layers(self, x: Tensor, weights: Tensor) -> Tensor:
        """The network itself, `StyleNetwork.forward`.

        Args:
            x: (1, 3, H, W), display code values, 0-1, whole strides of 4, 8 pixels or more a side.
            weights: as `mixed` returns them, in the precision of `x`.

        Returns:
            the same shape, 0-1.
        """
        parts = self.parts(weights)
        x = convolved(x, parts[0], parts[1], 1)
        # Of a frame without contrast nothing is its own, and so of every frame of a measured shot.
        share = torch.zeros(()) if self.frozen else contrast(x, parts[5])
        x = torch.relu(normalised(x, parts[2], parts[3], parts[4], parts[5], share))
        x = torch.relu(self.conv_norm(x, parts, 1, 2, share))
        x = torch.relu(self.conv_norm(x, parts, 2, 2, share))
        index = 3
        for _ in range(self.blocks):
            inner = torch.relu(self.conv_norm(x, parts, index, 1, share))
            x = x + self.conv_norm(inner, parts, index + 1, 1, share)
            index += 2
        for _ in range(2):
            x = F.conv2d(enlarged(x), parts[6 * index], parts[6 * index + 1])
            x = torch.relu(self.norm(x, parts, index, share))
            index += 1
        return torch.sigmoid(convolved(x, parts[-2], parts[-1], 1))

    def conv_norm(
        self, x: Tensor, parts: list[Tensor], index: int, stride: int, share: Tensor
    ) -> Tensor:
        """The convolution and the norm at a position, from 0, of those that have a norm."""
        at = 6 * index
        return self.norm(convolved(x, parts[at], parts[at + 1], stride), parts, index, share)

    def norm(self, x: Tensor, parts: list[Tensor], index: int, share: Tensor) -> Tensor:
        """The norm at a position."""
        at = 6 * index
        return normalised(x, parts[at + 2], parts[at + 3], parts[at + 4], parts[at + 5], share)

    def parts(self, weights: Tensor) -> list[Tensor]:
        """The tensors of a network out of the row of their values: views of it."""
        result: list[Tensor] = []
        at = 0
        for shape in self.shapes:
            count = 1
            for side in shape:
                count *= side
            result.append(weights[at : at + count].view(shape))
            at += count
        return result


def _names(config: NetworkConfig) -> list[str]:
    """The tensors of a `StyleNetwork` as they are used: weight, bias, γ, β, typical mean, typical
    variance of every position, and the weight and bias of the convolution that has no norm."""
    last = 5 + 2 * config.residual_blocks
    return [
        name
        for index in range(last)
        for name in (
            f"convolutions.{index}.weight",
            f"convolutions.{index}.bias",
            f"norms.{index}.gamma",
            f"norms.{index}.beta",
            f"norms.{index}.typical_mean",
            f"norms.{index}.typical_variance",
        )
    ] + [f"convolutions.{last}.weight", f"convolutions.{last}.bias"]
