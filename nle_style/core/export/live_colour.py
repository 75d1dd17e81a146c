"""Scene-linear light to what the network sees, and back, in torch: what an exported network does
to every pixel inside a compositor.

The formulas are those of `media.scene_colour`, whose header derives them; that module works on
files' arrays, and core knows no media. TorchScript compiles these functions into the exported file
and cannot see the module's constants, so the numbers stand in the formulas. A test holds the two
side by side over the range of half float. Everything is (N, 3, H, W) float32.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["finite", "knee_factor", "recombine", "srgb_from_linear", "srgb_to_linear"]


def finite(rgb: Tensor) -> Tensor:
    """Not a number becomes 0, and infinity 65504, half float's largest."""
    return torch.nan_to_num(rgb, nan=0.0, posinf=65504.0, neginf=-65504.0)


def knee_factor(linear: Tensor) -> Tensor:
    """s of every pixel, at least 1: what its light is divided by to fit into 0-1.

    max(Y / K(Y), M / H(M)) of luminance Y (ITU-R BT.709-6, 3.2) and largest channel M.

    Returns:
        (N, 1, H, W).
    """
    luminance = 0.2126 * linear[:, 0:1] + 0.7152 * linear[:, 1:2] + 0.0722 * linear[:, 2:3]
    light = torch.clamp(luminance, min=0.5)
    most = torch.clamp(torch.amax(linear, 1, keepdim=True), min=0.75)
    return torch.maximum(light / (1 - 0.25 / light), most / (1 - 0.0625 / (most - 0.5)))


def recombine(linear: Tensor, paint: Tensor) -> Tensor:
    """The painted light with the source's range: P · s^w + n.

    Args:
        linear: the source's light L, finite.
        paint: what was painted of it, P, 0-1.
    """
    factor = knee_factor(linear)
    seen = torch.clamp(torch.amax(linear, 1, keepdim=True) / factor, min=1e-30)
    near = torch.clamp(torch.amax(paint, 1, keepdim=True) / seen, max=1.0)
    lit = paint * torch.pow(factor, near * near * (3 - 2 * near))
    negative = torch.clamp(linear, max=0.0)
    free = 1 - lit / torch.clamp(-negative, 1e-30, 0.18)
    return lit + negative * torch.clamp(free, min=0.0)


def srgb_from_linear(linear: Tensor) -> Tensor:
    """sRGB code values of linear light, both 0-1 (IEC 61966-2-1, 5.2)."""
    return torch.where(
        linear <= 0.0031308,
        linear * 12.92,
        1.055 * torch.pow(torch.clamp(linear, min=0.0031308), 1 / 2.4) - 0.055,
    )


def srgb_to_linear(code: Tensor) -> Tensor:
    """Linear light of sRGB code values, both 0-1; the inverse of `srgb_from_linear`."""
    return torch.where(
        code <= 0.04045,
        code * (1 / 12.92),
        torch.pow((code + 0.055) * (1 / 1.055), 2.4),
    )
