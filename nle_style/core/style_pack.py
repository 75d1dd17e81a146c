"""Style packs: the weights of some styles in a safetensors file, and their card in YAML.

Every style is a whole set of weights of one network shape, fine-tuned from one parent that the
file holds too. Networks that come from one parent can be mixed by the weighted mean of their
weights (Wang et al. 2019, "Deep network interpolation for continuous imagery effect transition"),
so that a mix costs what one style costs.

The file is complete in itself: the network's shape and the names of its styles are in the
safetensors header, so a pack without its card still renders. The card says what a person wants to
know (artwork, licence, training, figures). Nothing here can run code: no pickle, no `yaml.load`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from nle_style.core.card import read_card
from nle_style.core.network import NetworkConfig, StyleNetwork
from nle_style.core.pack_header import FORMAT, names_in_header, pack_header
from nle_style.core.tensor_file import save_tensors
from nle_style.durable import file_sha256
from nle_style.errors import LookError, PackError

__all__ = [
    "StylePack",
    "Weights",
    "load_pack",
    "mean_weights",
    "network_of",
    "save_pack",
    "suggest_style",
]

Weights = Mapping[str, Tensor]
"""The state of one `StyleNetwork`, by its parameters' names."""

_PARENT = "parent"


@dataclass(frozen=True)
class StylePack:
    """Styles of one network shape that can be mixed.

    Attributes:
        name: the file's stem ("posters").
        config: the shape of every style's network.
        weights: style -> its weights as the file holds them (half precision), on the CPU.
        parent: the weights that the styles were fine-tuned from: where a further one begins.
        sha256: of the weights file, in hexadecimal: what a render records.
        card: the YAML card as plain data; {} if there is none.
    """

    name: str
    config: NetworkConfig
    weights: Mapping[str, Weights]
    parent: Weights
    sha256: str
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def styles(self) -> tuple[str, ...]:
        """The names, in the order of the file."""
        return tuple(self.weights)

    def mix(self, shares: Mapping[str, float]) -> dict[str, float]:
        """The shares of a mix, made to sum to 1, without styles that have none.

        Raises: LookError for an unknown name (it tells the nearest ones), or shares that sum to 0.
        """
        for name in shares:
            if name not in self.weights:
                raise suggest_style(name, self.styles, where=f"pack '{self.name}'")
        total = sum(shares.values())
        if total <= 0:
            raise LookError("the style weights sum to 0", remedy="Give one of them a weight.")
        return {name: share / total for name, share in shares.items() if share}

    def network(self, shares: Mapping[str, float]) -> StyleNetwork:
        """A network that paints in a mix, in evaluation mode, float32, on the CPU.

        Args:
            shares: style -> share, as `mix` takes them.

        Raises: LookError, as `mix`.
        """
        parts = [(self.weights[name], share) for name, share in self.mix(shares).items()]
        return network_of(self.config, mean_weights(parts))


def mean_weights(parts: Sequence[tuple[Weights, float]]) -> dict[str, Tensor]:
    """The weighted mean of some weights, in float32: Σ shareᵢ · Wᵢ, Wang et al. 2019, equation 2.

    Args:
        parts: weights and their shares, which should sum to 1; one or more.
    """
    return {
        name: torch.stack([each[name].float() * share for each, share in parts]).sum(0)
        for name in parts[0][0]
    }


def network_of(config: NetworkConfig, weights: Weights) -> StyleNetwork:
    """A network with these weights, copied, in float32 and evaluation mode, on the CPU."""
    with torch.device("meta"):
        network = StyleNetwork(config)
    plain = {name: tensor.to(torch.float32, copy=True) for name, tensor in weights.items()}
    network.load_state_dict(plain, assign=True)
    return network.requires_grad_(False).eval()


def suggest_style(name: str, known: Iterable[str], *, where: str) -> LookError:
    """The error for an unknown style, with "did you mean"."""
    known = tuple(known)
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    hint = f"Did you mean {' or '.join(repr(n) for n in near)}? " if near else ""
    return LookError(
        f"unknown style '{name}'", where=where, remedy=f"{hint}It has: {', '.join(known)}."
    )


def save_pack(
    path: Path, config: NetworkConfig, styles: Mapping[str, Weights], parent: Weights
) -> None:
    """Write weights under `path` in half precision, whole or not at all.

    Args:
        path: the file.
        config: the networks' shape.
        styles: name -> weights, in the order that the pack is to have.
        parent: the weights that the styles came from.

    Raises: OutputError if the folder cannot be written.
    """
    shape = {
        "styles": list(styles),
        "width": config.width,
        "residual_blocks": config.residual_blocks,
    }
    # One entry: safetensors writes several in random order, and equal packs must be equal files.
    header = {FORMAT: json.dumps(shape)}
    sets = {_PARENT: parent, **{f"styles/{name}": each for name, each in styles.items()}}
    # Copied: safetensors refuses tensors that share memory, as those of untrained styles with the
    # parent's.
    tensors = {
        f"{of}/{name}": tensor.to(torch.float16, copy=True)
        for of, weights in sets.items()
        for name, tensor in weights.items()
    }
    save_tensors(path, tensors, header)


def load_pack(path: Path) -> StylePack:
    """Read a pack and, if it lies beside it, its card (`posters.yaml`).

    Raises: PackError if the file is missing, damaged, of an earlier format, or its tensors do not
        fit its header.
    """
    header = pack_header(path)
    names = names_in_header(header, path)
    try:
        config = NetworkConfig(header["width"], header["residual_blocks"])
        if config.width > 256 or config.residual_blocks > 64:
            raise ValueError(f"{config} is beyond any network of ours")
        # A header may claim a network of gigabytes: none is made before its weights are there.
        with torch.device("meta"):
            state = StyleNetwork(config).state_dict()
        shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
        tensors = safetensors.torch.load_file(path)
        styles = {name: _take(tensors, f"styles/{name}/", shapes) for name in names}
        parent = _take(tensors, f"{_PARENT}/", shapes)
        if tensors:
            raise ValueError(f"'{next(iter(tensors))}' belongs to no style in it")
    except (
        KeyError,
        TypeError,
        ValueError,
        RuntimeError,
        safetensors.SafetensorError,
    ) as error:
        raise PackError(f"the weights do not fit the header ({error})", where=str(path)) from error
    card = read_card(path.with_suffix(".yaml"))
    return StylePack(path.stem, config, styles, parent, file_sha256(path), card)


def _take(
    tensors: dict[str, Tensor], prefix: str, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Tensor]:
    """Take a set of weights out of a file's tensors.

    Args:
        tensors: by their names in the file; those that are taken go.
        prefix: what stands before the names in `shapes`.
        shapes: name -> shape that it must have.

    Raises: ValueError if one is missing, of another shape or type, or not of finite numbers.
    """
    taken = {}
    for name, shape in shapes.items():
        of = f"'{prefix}{name}'"
        tensor = tensors.pop(prefix + name, None)
        if tensor is None and ".typical_" in name:
            tensor = torch.zeros(shape, dtype=torch.float16)  # a pack that was not measured
        if tensor is None:
            raise ValueError(f"{of} is missing")
        if tensor.shape != shape:
            raise ValueError(f"{of} has shape {tuple(tensor.shape)}, not {shape}")
        if not tensor.is_floating_point():
            raise ValueError(f"{of} is of {tensor.dtype}")
        taken[name] = tensor
    # In the network's precision: a double may be too large for it. In one go: torch's threads wait
    # for one another at every step, on a busy machine for seconds.
    values = torch.cat([tensor.flatten() for tensor in taken.values()]).float()
    if not bool(values.isfinite().all()):
        bad = next(name for name, tensor in taken.items() if not tensor.float().isfinite().all())
        raise ValueError(f"'{prefix}{bad}' has values that are not finite numbers")
    return taken
