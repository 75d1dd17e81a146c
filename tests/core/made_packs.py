"""Packs of three styles with random weights, and files of them that are tampered with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from nle_style.core import StyleNetwork
from nle_style.core.network import NetworkConfig

__all__ = ["CONFIG", "PARENT", "STYLES", "edit", "make_styles", "make_weights", "rewrite"]

STYLES = ("blue", "fire", "снег")
CONFIG = NetworkConfig(width=4, residual_blocks=1)


def make_weights(seed: int) -> dict[str, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    state = StyleNetwork(CONFIG).state_dict()
    return {name: torch.randn(value.shape, generator=chance) * 0.3 for name, value in state.items()}


def make_styles(seed: int = 0) -> dict[str, dict[str, Tensor]]:
    return {name: make_weights(seed + place) for place, name in enumerate(STYLES)}


PARENT = make_weights(100)


def edit(path: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    """Other tensors under the same header."""
    with safetensors.safe_open(path, "pt") as file:
        header = file.metadata()
    tensors = safetensors.torch.load_file(path)
    change(tensors)
    safetensors.torch.save_file(tensors, path, metadata=header)


def rewrite(path: Path, **shape: object) -> None:
    """The same tensors under a header with other entries."""
    with safetensors.safe_open(path, "pt") as file:
        header = file.metadata()
    header = {name: json.dumps(json.loads(text) | shape) for name, text in header.items()}
    safetensors.torch.save_file(safetensors.torch.load_file(path), path, metadata=header)
