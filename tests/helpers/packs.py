"""Pack files of format 1, which nle_style reads and writes no longer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

__all__ = ["FORMAT_1", "format_1_tensors", "write_format_1"]

FORMAT_1 = "nle_style_pack/1"


def format_1_tensors(styles: int, width: int = 4, residual_blocks: int = 1) -> dict[str, Tensor]:
    """Random weights of one network with a row of γ and β for each style, in float32."""
    chance = torch.Generator().manual_seed(11)
    c = width
    inner = [(4 * c, 4 * c, 3)] * (2 * residual_blocks)
    layers = [(3, c, 9), (c, 2 * c, 3), (2 * c, 4 * c, 3), *inner, (4 * c, 2 * c, 3), (2 * c, c, 3)]
    tensors = {}
    for index, (channels, out, kernel) in enumerate([*layers, (c, 3, 9)]):
        weight = torch.randn(out, channels, kernel, kernel, generator=chance)
        tensors[f"convolutions.{index}.weight"] = weight / (channels**0.5 * kernel)
        tensors[f"convolutions.{index}.bias"] = torch.randn(out, generator=chance) * 0.1
        if index < len(layers):
            rows = torch.randn(2, styles, out, generator=chance) * 0.4
            tensors[f"norms.{index}.gamma"] = 1 + rows[0]
            tensors[f"norms.{index}.beta"] = rows[1].clone()
    return tensors


def write_format_1(
    path: Path, names: Sequence[str], width: int = 4, residual_blocks: int = 1
) -> dict[str, Tensor]:
    """Write such a pack, and return its tensors."""
    tensors = format_1_tensors(len(names), width, residual_blocks)
    shape = {"styles": list(names), "width": width, "residual_blocks": residual_blocks}
    safetensors.torch.save_file(tensors, path, metadata={FORMAT_1: json.dumps(shape)})
    return tensors
