"""Style packs: the weights of one network in a safetensors file, and its card in YAML.

The file is complete in itself: the network's shape and the names of its styles are in the
safetensors header, so a pack without its card still renders. The card says what a person wants to
know (artwork, licence, training, figures). Nothing here can run code: no pickle, no `yaml.load`.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from nle_style.core.card import read_card
from nle_style.core.network import NetworkConfig, StyleNetwork
from nle_style.core.tensor_file import save_tensors
from nle_style.errors import LookError, PackError

__all__ = ["STYLE_NAME", "StylePack", "load_pack", "save_pack", "styles_in", "suggest_style"]

FORMAT = "nle_style_pack/1"
STYLE_NAME = re.compile(r"\w{1,64}")
"""Letters, digits and underscores: a style's name stands in mixes and in file names."""

_MAXIMUM_BYTES = 512 * 2**20


@dataclass(frozen=True)
class StylePack:
    """One network with a γ/β row per style.

    Attributes:
        name: the file's stem ("posters").
        styles: the names, in the order of the rows.
        network: in evaluation mode, float32, on the CPU.
        sha256: of the weights file, in hexadecimal: what a render records.
        card: the YAML card as plain data; {} if there is none.
    """

    name: str
    styles: tuple[str, ...]
    network: StyleNetwork
    sha256: str
    card: Mapping[str, Any] = field(default_factory=dict)

    def mix(self, weights: Mapping[str, float]) -> Tensor:
        """A row (1, styles) for the network out of names and weights, which are made to sum to 1.

        Raises:
            LookError: an unknown name (with the nearest known ones), or weights that sum to 0.
        """
        row = torch.zeros(1, len(self.styles))
        for name, weight in weights.items():
            if name not in self.styles:
                raise suggest_style(name, self.styles, where=f"pack '{self.name}'")
            row[0, self.styles.index(name)] += weight
        total = float(row.sum())
        if total <= 0:
            raise LookError("the style weights sum to 0", remedy="Give one of them a weight.")
        return row / total

    @cached_property
    def parameters(self) -> int:
        """Number of trained values, all styles together."""
        return sum(p.numel() for p in self.network.parameters())


def suggest_style(name: str, known: Iterable[str], *, where: str) -> LookError:
    """The error for an unknown style, with "did you mean"."""
    known = tuple(known)
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    hint = f"Did you mean {' or '.join(repr(n) for n in near)}? " if near else ""
    return LookError(
        f"unknown style '{name}'", where=where, remedy=f"{hint}It has: {', '.join(known)}."
    )


def save_pack(path: Path, network: StyleNetwork, styles: Iterable[str]) -> None:
    """Write the weights under `path`, whole or not at all.

    Raises:
        OutputError: the folder cannot be written.
    """
    names = tuple(styles)
    if len(names) != network.config.styles:
        raise ValueError(f"{len(names)} names for {network.config.styles} rows")
    config = network.config
    shape = {
        "styles": names,
        "width": config.width,
        "residual_blocks": config.residual_blocks,
    }
    # One entry: safetensors writes several in random order, and equal packs must be equal files.
    header = {FORMAT: json.dumps(shape)}
    save_tensors(path, network.state_dict(), header)


def _header(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise PackError(
            "there is no such style pack",
            where=str(path),
            remedy="`nle-style styles` lists the packs that are installed.",
        )
    if path.stat().st_size > _MAXIMUM_BYTES:
        raise PackError("too large for a style pack", where=str(path))
    try:
        with safetensors.safe_open(path, "pt") as file:
            header = file.metadata() or {}
    except Exception as error:  # safetensors raises several kinds for a damaged file
        raise PackError(
            f"not a safetensors file ({error})",
            where=str(path),
            remedy="Packs are made by `nle-style train`.",
        ) from error
    if FORMAT not in header:
        raise PackError(
            f"the header does not say '{FORMAT}'",
            where=str(path),
            remedy="It is another program's file, or a newer nle_style's.",
        )
    try:
        shape = json.loads(header[FORMAT])
    except (ValueError, RecursionError) as error:
        raise PackError(f"the header is damaged ({error})", where=str(path)) from error
    if not isinstance(shape, dict):
        raise PackError("the header is damaged", where=str(path))
    return shape


def styles_in(path: Path) -> tuple[str, ...]:
    """The names of a pack's styles, without building its network.

    Raises:
        PackError: no pack, or a damaged one.
    """
    return _names(_header(path), path)


def _names(header: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    names = header.get("styles")
    if not isinstance(names, list) or not names or len(set(map(str, names))) < len(names):
        raise PackError("the header names no styles", where=str(path))
    for name in names:
        # Names become parts of file names.
        if not (isinstance(name, str) and STYLE_NAME.fullmatch(name)):
            raise PackError(f"{name!r} is not the name of a style", where=str(path))
    return tuple(names)


def load_pack(path: Path) -> StylePack:
    """Read a pack and, if it lies beside it, its card (`posters.yaml`).

    Raises:
        PackError: the file is missing, damaged, or its tensors do not fit its header.
    """
    header = _header(path)
    names = _names(header, path)
    try:
        config = NetworkConfig(
            styles=len(names),
            width=header["width"],
            residual_blocks=header["residual_blocks"],
        )
        if config.width > 256 or config.residual_blocks > 64:
            raise ValueError(f"{config} is beyond any network of ours")
        tensors = safetensors.torch.load_file(path)
        # A header may claim a network of gigabytes: none is made before its weights are there.
        with torch.device("meta"):
            network = StyleNetwork(config)
        plain = {name: value.to(torch.float32, copy=True) for name, value in tensors.items()}
        network.load_state_dict(plain, assign=True)
        if not all(bool(value.isfinite().all()) for value in plain.values()):
            raise ValueError("some of them are not finite numbers")
    except (
        KeyError,
        TypeError,
        ValueError,
        RuntimeError,
        safetensors.SafetensorError,
    ) as error:
        raise PackError(f"the weights do not fit the header ({error})", where=str(path)) from error
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    network.requires_grad_(False).eval()
    return StylePack(path.stem, names, network, digest, read_card(path.with_suffix(".yaml")))
