"""Tensors on disk: safetensors files, written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor

from nle_style.durable import replacing

__all__ = ["save_tensors"]


def save_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> None:
    """Write named tensors and text entries under `path`.

    Raises:
        OutputError: the folder or the disk refuses; nothing is left under `path` then, or what was
            there before.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path, None, safetensors.SafetensorError) as part:
        safetensors.torch.save_file(plain, part, metadata=dict(header))
