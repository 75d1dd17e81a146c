"""A new style for a pack that is there: one γ/β row is trained, everything else stays as it is.

Dumoulin, Shlens, Kudlur 2017, "A learned representation for artistic style", section 3: the
convolutions of a network that knows many styles serve a further one, which costs a row of scales
and shifts (0.2% of the parameters) and a fraction of the steps. The run trains a network that has
the pack's convolutions, frozen, and the new rows alone. The old rows are not in it at all, so that
nothing can move them; the result is the pack's own tensors with the new rows below the old ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nle_style.core.card import write_card
from nle_style.core.network import NetworkConfig, StyleNetwork
from nle_style.core.style_pack import STYLE_NAME, StylePack, styles_in
from nle_style.errors import OutputError, PackError, TrainingError

__all__ = ["check_names", "check_output", "first_rows", "with_rows", "write_added_card"]


def check_names(pack: StylePack, names: Sequence[str]) -> None:
    """Refuse what cannot be the name of a new style of the pack.

    Raises:
        TrainingError: the pack has it, or it could not stand in a mix or a file name.
    """
    for name in names:
        if name in pack.styles:
            raise TrainingError(
                f"the pack has a style '{name}'",
                where=f"pack '{pack.name}'",
                remedy="Choose another name; the pack's own styles are never changed.",
            )
        if not STYLE_NAME.fullmatch(name):
            raise TrainingError(
                f"'{name}' is not a style's name",
                remedy="Use letters, digits and underscores, 64 at most.",
            )


def check_output(out: Path, pack: StylePack, names: Sequence[str], *, begun: bool) -> None:
    """Refuse to write over a file that the run has not made itself.

    Args:
        out: the file to write.
        pack, names: the pack that is added to, and the new styles.
        begun: whether the run has a checkpoint, and so may have written `out`.

    Raises:
        OutputError: there is another file under that name.
    """
    if not out.exists():
        return
    if begun:
        try:
            if styles_in(out) == (*pack.styles, *names):
                return
        except PackError:
            pass  # not a pack at all, so not ours
    raise OutputError(
        "there is such a file, and it is not of this run",
        where=str(out),
        remedy="Give another file by --out, or move this one away.",
    )


def first_rows(pack: StylePack, config: NetworkConfig) -> dict[str, Tensor]:
    """The weights that a run begins with: the pack's convolutions, and rows to be trained.

    Args:
        pack: the pack that is added to.
        config: of the network to be trained; its styles are the new ones alone.

    Returns:
        the state of a `StyleNetwork(config)`, every row the mean of the pack's rows.

    Raises:
        TrainingError: the network has another width or number of blocks than the pack's.
    """
    own = pack.network.config
    if (own.width, own.residual_blocks) != (config.width, config.residual_blocks):
        raise TrainingError(
            f"it is of {own}, the run of {config}",
            where=f"pack '{pack.name}'",
            remedy="Give its width and its number of residual blocks.",
        )
    return {
        name: tensor.mean(dim=0).repeat(config.styles, 1) if name.startswith("norms.") else tensor
        for name, tensor in pack.network.state_dict().items()
    }


def with_rows(pack: StylePack, rows: StyleNetwork) -> StyleNetwork:
    """The pack's network with the rows of another one below its own.

    Args:
        pack: whose tensors are taken bit for bit.
        rows: a network of the same shape; of it only the γ and β are taken.
    """
    config = pack.network.config
    total = NetworkConfig(config.styles + rows.config.styles, config.width, config.residual_blocks)
    new = rows.state_dict()
    state = {
        name: torch.cat([tensor, new[name].to(tensor)]) if name.startswith("norms.") else tensor
        for name, tensor in pack.network.state_dict().items()
    }
    network = StyleNetwork(total).requires_grad_(False).eval()
    network.load_state_dict(state)
    return network


def write_added_card(
    pack: StylePack, out: Path, styles: Mapping[str, Mapping[str, Any]], training: Mapping[str, Any]
) -> Path:
    """The card of the result: what the old card says of the old styles, and what this run did.

    `training` stays the account of the run that made the shared weights and the old rows; every
    addition is an entry of its list `added`. What else stood on the old card (licence,
    description, hash) was said of the old pack, and goes under `base`.

    Args:
        pack: the pack that was added to, with its card.
        out: the result, which must be there.
        styles: name -> facts, of the new styles alone.
        training: facts of this run.

    Raises:
        OutputError, PackError: as `write_card`.
    """
    card = pack.card
    before = dict(card.get("training") or {})
    weights = {"file": f"{pack.name}.safetensors", "sha256": pack.sha256}
    entry = {"styles": list(styles), "to": dict(weights), "trained": "γ/β rows", **training}
    before["added"] = [*before.get("added", []), entry]
    base = {name: value for name, value in card.items() if name not in ("styles", "training")}
    top = {
        "name": out.stem,
        "description": f"The pack '{pack.name}' with {', '.join(styles)} added.",
        "base": {"name": pack.name, **base, "weights": weights},
    }
    old = card.get("styles") or {}
    everyone = {name: old.get(name, {}) for name in pack.styles} | dict(styles)
    return write_card(out, everyone, before, top)
