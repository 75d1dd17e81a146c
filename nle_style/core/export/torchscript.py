"""A style pack as a TorchScript file for a live node (Nuke's Inference), with its card.

`torch.jit.script` compiles `LiveNetwork`; it is deprecated in torch, and the only form that the
node loads. The card beside it is JSON: what `plugins/nuke/cat/make_cat.py` needs inside Nuke to
make the `.cat` and its knobs, and where the weights came from. Nothing here was run in Nuke.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from nle_style.core.export.live_network import LiveNetwork
from nle_style.core.network import NormStatistics
from nle_style.core.style_pack import StylePack
from nle_style.durable import write_file
from nle_style.errors import InputError, LookError, VerificationError

__all__ = ["CARD", "export_nuke", "live_network"]

CARD = "nle_style_live"
"""The key that says what a card is, and its version."""

_CHANNELS = ["rgba.red", "rgba.green", "rgba.blue"]
_OLDEST_NUKE = 14.0  # libtorch 1.12: docs/hosts/live.md, "Versions"
_NAME = re.compile(r"[A-Za-z]\w{0,63}", re.ASCII)
_PROBE = 32  # pixels a side of the picture that is painted to verify a file


def live_network(
    pack: StylePack, styles: Mapping[str, float], norms: Sequence[NormStatistics] = ()
) -> LiveNetwork:
    """The styles of a pack in one network that shows one of them or a blend of two; with the
    statistics of a shot, the mix that they were measured with alone.

    Args:
        styles: name -> weight; the larger one is `style`, the other `second_style`.
        norms: mean and variance of every norm, in order, each (1, C); none for the frame's own.

    Raises: LookError for an unknown style, or, without norms, more than two.
    """
    shares = pack.mix(styles)
    if norms:
        weights = pack.network(shares).state_dict()
        for number, (mean, variance) in enumerate(norms):
            weights[f"norms.{number}.typical_mean"] = mean[0]
            weights[f"norms.{number}.typical_variance"] = variance[0]
        return LiveNetwork(pack.config, [weights], frozen=True)
    chosen = sorted((n for n in pack.styles if n in shares), key=lambda name: -shares[name])
    if len(chosen) > 2:
        raise LookError(
            f"{len(chosen)} styles are more than a live node blends",
            remedy="Name one or two: it has a knob for each, and one for the blend. More in one"
            " mix are rendered by `nle-style render`.",
        )
    first, second = (pack.styles.index(name) for name in (chosen[0], chosen[-1]))
    blend = shares[chosen[1]] if len(chosen) == 2 else 0.0
    return LiveNetwork(pack.config, list(pack.weights.values()), first, second, blend)


def export_nuke(
    pack: StylePack,
    styles: Mapping[str, float],
    path: Path,
    *,
    stroke_scale: float = 1.0,
    linear: bool = True,
    norms: Sequence[NormStatistics] = (),
    write: Callable[[Path, bytes | str], None] = write_file,
) -> Path:
    """Write the TorchScript file and its card, each whole or not at all, and read the file back.

    All styles of the pack are in the file: `styles` is what the node's knobs begin with.

    Args:
        styles: name -> weight, one or two.
        path: NAME.pt; NAME becomes the node's name: letters, digits and underscores.
        stroke_scale, linear: what those knobs begin with, see `LiveNetwork`.
        norms: of a shot in that mix of any number of styles: the file then holds it alone.
        write: writes bytes or a text under a name, or refuses.

    Returns:
        the card, NAME.json.

    Raises:
        InputError: the name is none that a node can have.
        LookError: an unknown style, or more than two; a stroke scale out of range.
        OutputError: the folder cannot be written.
        VerificationError: the file does not paint what the network paints.
    """
    if path.suffix != ".pt" or not _NAME.fullmatch(path.stem):
        raise InputError(
            "cannot be the name of a node's file",
            where=str(path),
            remedy="Name it like NLEStyle_blue.pt: a letter, then letters, digits, underscores.",
        )
    if not 0.25 <= stroke_scale <= 4:
        raise LookError(
            f"stroke scale {stroke_scale:g} is not between 0.25 and 4",
            remedy="1 is the usual size; 2 doubles the strokes, 0.5 halves them.",
        )
    network = live_network(pack, styles, norms)
    network.stroke_scale = float(stroke_scale)
    network.linear = linear
    data = _scripted(network, path)
    card = {
        CARD: 1,
        "name": path.stem,
        "model": path.name,
        "model_sha256": hashlib.sha256(data).hexdigest(),
        "pack": pack.name,
        "pack_sha256": pack.sha256,
        "torch": torch.__version__,
        "minimum_nuke_version": _OLDEST_NUKE,
        "channels": _CHANNELS,
        "statistics": "shot" if norms else "frame",
        "look": dict(styles),
        "knobs": _knobs(network, () if norms else pack.styles),
    }
    write(path, data)
    described = path.with_suffix(".json")
    write(described, json.dumps(card, indent=2) + "\n")
    return described


def _knobs(network: LiveNetwork, styles: tuple[str, ...]) -> list[dict[str, Any]]:
    """The node's knobs: each has the name of the attribute that it sets. Without styles there are
    none to choose one by."""

    def knob(name: str, kind: str, tooltip: str, label: str = "", **limits: Any) -> dict[str, Any]:
        shown = label or name.replace("_", " ")
        value = {"name": name, "kind": kind, "label": shown, "default": getattr(network, name)}
        return {**value, **limits, "tooltip": tooltip}

    values = list(styles)
    strokes = "Size of the strokes in the picture: 2 doubles them, 0.5 halves them."
    linear = "On: the input is scene-linear Rec.709. Off: it is display code values."
    choice = [
        knob("style", "int", "The poster.", values=values),
        knob("second_style", "int", "The poster that 'blend' leads to.", values=values),
        knob("blend", "float", "0 is all style, 1 all second style.", range=[0, 1]),
    ]
    return [
        *(choice if styles else []),
        knob("strength", "float", "0 is the input, 1 the full look.", range=[0, 1]),
        knob("stroke_scale", "float", strokes, range=[0.25, 4]),
        knob("linear", "bool", linear, "scene-linear input"),
    ]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """torch 2.15 calls its own TorchScript deprecated at every use; no other form fits the node."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"`torch\.jit", category=FutureWarning)
        warnings.filterwarnings("ignore", message=r"`torch\.jit", category=DeprecationWarning)
        yield


def _scripted(network: LiveNetwork, path: Path) -> bytes:
    """The bytes of the TorchScript file, which were loaded and paint what the network paints."""
    buffer = io.BytesIO()
    picture = torch.linspace(0, 2, 3 * _PROBE * _PROBE).view(1, 3, _PROBE, _PROBE)
    with _quiet(), torch.no_grad():
        torch.jit.save(torch.jit.script(network), buffer)
        buffer.seek(0)
        loaded = torch.jit.load(buffer)  # type: ignore[no-untyped-call]
        difference = float((loaded(picture) - network(picture)).abs().max())
    if not difference < 1e-4:
        raise VerificationError(
            f"the exported network is {difference:.2g} off the one it was made from",
            where=str(path),
        )
    return buffer.getvalue()
