"""A new style for a pack that is there: whole weights, fine-tuned from the pack's parent.

The other styles are not in the run at all, so that nothing can move them: the result is the pack's
own tensors, bit for bit, with those of the new style beside them. Since all come from one parent,
the new style mixes with the old ones (Wang et al. 2019, "Deep network interpolation").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nle_style.core.card import write_card
from nle_style.core.style_pack import STYLE_NAME, StylePack, styles_in
from nle_style.errors import OutputError, PackError, TrainingError

__all__ = ["check_names", "check_output", "write_added_card"]


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


def write_added_card(
    pack: StylePack, out: Path, styles: Mapping[str, Mapping[str, Any]], training: Mapping[str, Any]
) -> Path:
    """The card of the result: what the old card says of the old styles, and what this run did.

    `training` stays the account of the run that made the parent and the old styles; every
    addition is an entry of its list `added`. What else stood on the old card (licence,
    description, hash) was said of the old pack, and goes under `base`.

    Args:
        pack: the pack that was added to, with its card.
        out: the result, which must be there.
        styles: name -> facts, of the new styles alone.
        training: facts of this run; its `fingerprint` goes on the card's own account, so that the
            run knows the file for its own.

    Raises:
        OutputError, PackError: as `write_card`.
    """
    card = pack.card
    before = dict(card.get("training") or {})
    weights = {"file": f"{pack.name}.safetensors", "sha256": pack.sha256}
    entry = {"styles": list(styles), "to": dict(weights), **training}
    before["added"] = [*before.get("added", []), entry]
    before["fingerprint"] = training["fingerprint"]
    base = {name: value for name, value in card.items() if name not in ("styles", "training")}
    top = {
        "name": out.stem,
        "description": f"The pack '{pack.name}' with {', '.join(styles)} added.",
        "base": {"name": pack.name, **base, "weights": weights},
    }
    old = card.get("styles") or {}
    everyone = {name: old.get(name) or {} for name in pack.styles} | dict(styles)
    return write_card(out, everyone, before, top)
