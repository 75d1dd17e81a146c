"""The network as a compositor's live node runs it: an image in, an image out, knobs as attributes.

`torch.jit.script` compiles this module under the contract of Nuke's Inference node: one tensor
1 × 3 × H × W of any size in and one out, padding inside, every knob an attribute of the module
itself, tensors in the input's precision, no buffers. A live node sees one frame at a time, so the
norms follow the frame (`statistics: frame`); everything else is what the offline renderer does to a
frame: stroke scale, strength, scene-linear light through the knee and back.

Nothing here was run in Nuke.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nle_style.core.live_colour import (
    finite,
    knee_factor,
    recombine,
    srgb_from_linear,
    srgb_to_linear,
)
from nle_style.core.network import StyleNetwork
from nle_style.core.overscan import cut_overscan, with_overscan

__all__ = ["LiveNetwork", "resampled", "working_size"]


def working_size(height: int, width: int, stroke_scale: float) -> tuple[int, int]:
    """The size at which a frame is painted, as `apply.stroke_scale.working_size` has it.

    The numbers stand in the formula because TorchScript sees no module constants: a longer side of
    1920 pixels at scale 1, the frame's own size within 7% of that, at most eightfold, 8 pixels or
    more a side.
    """
    ratio = min(1920.0 / (float(max(height, width)) * stroke_scale), 8.0)
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


class LiveNetwork(nn.Module):
    """A pack's network with the controls of a live node.

    The weights are copied. All styles are in it; a node shows one, or a blend of two. Values beyond
    their range are clamped, because a knob can be dragged or animated anywhere.

    Args:
        network: the pack's.
        style, second_style: rows of the two styles, from 0.
        blend: 0 is all `style`, 1 all `second_style`.

    Attributes:
        style, second_style (int), blend (float): as above.
        strength (float): 0 returns the very input, 1 is the full look.
        stroke_scale (float): size of the strokes in the picture, 0.25 to 4.
        linear (bool): the image is scene-linear Rec.709, any values; else it is display code
            values, whose part beyond 0-1 is carried past the network.
    """

    def __init__(
        self, network: StyleNetwork, style: int = 0, second_style: int = 0, blend: float = 0.0
    ) -> None:
        super().__init__()
        self.style = style
        self.second_style = second_style
        self.blend = float(blend)
        self.strength = 1.0
        self.stroke_scale = 1.0
        self.linear = True
        layers = [_copied(module) for module in network.convolutions]
        self.down = nn.ModuleList(layers[:3])
        self.first = nn.ModuleList(layers[3:-3:2])
        self.second = nn.ModuleList(layers[4:-3:2])
        self.up = nn.ModuleList(layers[-3:-1])
        self.last = layers[-1]
        # The rows of all norms in a line, in the order in which they run.
        self.gamma = nn.Parameter(_rows(network, "gamma"))
        self.beta = nn.Parameter(_rows(network, "beta"))
        self.requires_grad_(False)
        self.eval()

    def forward(self, image: Tensor) -> Tensor:
        """Paint one frame.

        Args:
            image: (1, 3, H, W) float32 or half, H and W 1 or more; see `linear`.

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
        shown = view + strength * (self.painted(view) - view)
        result = shown + (source - view)
        if self.linear:
            result = recombine(light, srgb_to_linear(shown))
        if image.dtype == torch.half:
            result = torch.clamp(result, -65504.0, 65504.0)
        return result.to(image.dtype).contiguous()

    def painted(self, view: Tensor) -> Tensor:
        """The network at its working size.

        Args:
            view: (1, 3, H, W) float32, display code values, 0-1.

        Returns:
            the same shape, 0-1, at full strength.
        """
        height, width = view.shape[2], view.shape[3]
        scale = min(max(self.stroke_scale, 0.25), 4.0)
        rows, columns = working_size(height, width, scale)
        work = resampled(view, rows, columns)
        # What is smaller than the network's 8 pixels gets its edge repeated; then to whole strides.
        work = F.pad(work, [0, max(0, 8 - columns), 0, max(0, 8 - rows)], "replicate")
        high, wide = work.shape[2], work.shape[3]
        work = with_overscan(work)
        work = F.pad(work, [0, -work.shape[3] % 4, 0, -work.shape[2] % 4], "reflect")
        work = cut_overscan(self.layers(work.to(self.gamma.dtype)).float(), high, wide)
        return resampled(work[:, :, :rows, :columns], height, width)

    def layers(self, x: Tensor) -> Tensor:
        """The network itself, `StyleNetwork.forward` in the precision of its weights.

        Args:
            x: (1, 3, H, W), display code values, 0-1, whole strides of 4, 8 pixels or more a side.

        Returns:
            the same shape, 0-1.
        """
        at = 0
        for layer in self.down:
            x = layer(x)
            x = torch.relu(self.norm(x, at))
            at += x.shape[1]
        for first, second in zip(self.first, self.second):  # noqa: B905  (TorchScript knows no strict)
            inner = torch.relu(self.norm(first(x), at))
            x = x + self.norm(second(inner), at + x.shape[1])
            at += 2 * x.shape[1]
        for layer in self.up:
            x = torch.ops.aten.upsample_nearest2d(x, [2 * x.shape[2], 2 * x.shape[3]])
            x = layer(x)
            x = torch.relu(self.norm(x, at))
            at += x.shape[1]
        return torch.sigmoid(self.last(x))

    def norm(self, x: Tensor, at: int) -> Tensor:
        """Conditional instance normalisation (Dumoulin et al. 2017, equation 5) by the frame's own
        statistics, summed in float32.

        Args:
            x: (1, C, H, W).
            at: where the norm's rows begin in `gamma` and `beta`.
        """
        variance, mean = torch.var_mean(x.float(), [2, 3], unbiased=False, keepdim=True)
        to = at + x.shape[1]
        scale = self.row(self.gamma)[at:to].view(1, -1, 1, 1) * torch.rsqrt(variance + 1e-5)
        offset = self.row(self.beta)[at:to].view(1, -1, 1, 1) - mean * scale
        return torch.addcmul(offset.to(x.dtype), x, scale.to(x.dtype))

    def row(self, rows: Tensor) -> Tensor:
        """The blended row of (styles, C), float32."""
        count = rows.shape[0]
        one = rows[min(max(self.style, 0), count - 1)].float()
        other = rows[min(max(self.second_style, 0), count - 1)].float()
        blend = min(max(self.blend, 0.0), 1.0)
        return one * (1 - blend) + other * blend


def _rows(network: StyleNetwork, name: str) -> Tensor:
    """The rows of all norms side by side: (styles, sum of channels)."""
    return torch.cat([getattr(norm, name).detach() for norm in network.norms], 1)


def _copied(module: nn.Module) -> nn.Conv2d:
    """A convolution of torch's own with the weights of one of ours."""
    assert isinstance(module, nn.Conv2d)  # noqa: S101  (for the type checker)
    size, stride = module.kernel_size[0], module.stride[0]
    layer = nn.Conv2d(
        module.in_channels,
        module.out_channels,
        size,
        stride,
        padding=size // 2,
        padding_mode="reflect",
    )
    layer.load_state_dict(module.state_dict())
    return layer
