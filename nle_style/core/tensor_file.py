"""Tensors on disk: safetensors files, written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
from torch import Tensor

from nle_style.durable import write_file

__all__ = ["save_tensors"]


def save_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> None:
    """Write named tensors and text entries under `path`.

    Raises:
        OutputError: the folder or the disk refuses; nothing is left under `path` then, or what was
            there before.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # Its `save_file` would make a file that its owner alone may read, whatever the umask.
    write_file(path, safetensors.torch.save(plain, metadata=dict(header)))
