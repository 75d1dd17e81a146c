"""What a training run reads from the cards of packs, and what it writes on the card of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nle_style.core.card import card_of, write_card
from nle_style.core.style_pack import StylePack
from nle_style.core.training.settings import TrainingSettings
from nle_style.durable import file_sha256

__all__ = [
    "is_of_a_run",
    "passed_gates",
    "recent_losses",
    "training_facts",
    "training_runs",
    "write_added_card",
]

_WINDOW = 100


def recent_losses(records: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Mean content and style loss of a style over its last 100 image-steps.

    Args:
        records: the metrics of its run, see `core.style_run`.

    Returns:
        {"content_loss", "style_loss"}, in the run's weighting; {} before the first step.
    """
    losses = {}
    for loss in ("content", "style"):
        values = [value for record in records for value in record[loss]][-_WINDOW:]
        if values:
            losses[f"{loss}_loss"] = round(sum(values) / len(values), 4)
    return losses


def passed_gates(pack: Path, fingerprint: str) -> frozenset[str]:
    """The styles that passed their gates, in a pack of the run with this fingerprint.

    Returns:
        their names; none if the pack is not there, or of another run, or not the card's.

    Raises: PackError if its card is damaged.
    """
    if not pack.is_file():
        return frozenset()
    card = card_of(pack, file_sha256(pack))
    if (card.get("training") or {}).get("fingerprint") != fingerprint:
        return frozenset()
    styles = card.get("styles") or {}
    return frozenset(
        name for name, facts in styles.items() if (facts or {}).get("gates") == "passed"
    )


def is_of_a_run(pack: Path) -> bool:
    """Whether a pack is there as a training run wrote it, as the card beside it says.

    Raises: PackError if its card is damaged.
    """
    card = card_of(pack, file_sha256(pack)) if pack.is_file() else {}
    return bool((card.get("training") or {}).get("fingerprint"))


def training_facts(
    settings: TrainingSettings, fingerprint: str, photos: int, images: int
) -> dict[str, Any]:
    """The card's entry `training`.

    Args:
        photos: how many photographs are trained on.
        images: image-steps of the run so far.

    Raises: PackError if the card of the pack that the run started from is damaged.
    """
    phases = [str(phase) for phase in settings.phases]
    weights: dict[str, Any] = {
        f"{term}_weight": getattr(settings, f"{term}_weight")
        for term in ("content", "style", "noise", "motion", "tone")
    }
    for term in ("noise_weights", "motion_weights"):
        if getattr(settings, term):
            weights[term] = dict(getattr(settings, term))
    runs = training_runs(settings.start, phases, weights, images)
    return {
        "image_steps": sum(entry["image_steps"] for entry in runs),
        "parent_phases": [str(phase) for phase in settings.parent_phases],
        "phases": phases,
        "photos": photos,
        "weighting": settings.weighting,
        "layer_weights": list(settings.layer_weights),
        "poster_size": settings.poster_size,
        "width": settings.width,
        "residual_blocks": settings.residual_blocks,
        **weights,
        "learning_rate": settings.learning_rate,
        "finish": settings.finish,
        "fingerprint": fingerprint,
        "runs": runs,
    }


def training_runs(
    start: Path | None, phases: Sequence[str], weights: Mapping[str, Any], images: int
) -> list[dict[str, Any]]:
    """All runs behind a pack, the first one first.

    Args:
        start: the pack that this run started from, or None. Its history is on the card beside it;
            without a card of those very weights it is not known, and the list begins here.
        phases: of this run, as `SIZE:BATCH:STEPS`.
        weights: of the terms of its loss, as `style_weight`, and `motion_weights` by style.
        images: its image-steps so far.

    Returns:
        for every run its `phases`, `image_steps`, weights, and `start`, the SHA-256 of the pack
        that it started from, or None.

    Raises: PackError if the start's card is damaged.
    """
    runs: list[dict[str, Any]] = []
    digest = None
    if start is not None:
        digest = file_sha256(start)
        before = card_of(start, digest).get("training") or {}
        if before:
            # A card from before runs were listed is of a single one.
            alone = {
                name: value
                for name, value in before.items()
                if name in ("phases", "image_steps") or name.endswith(("_weight", "_weights"))
            }
            runs = list(before.get("runs") or [{**alone, "start": None}])
    here = {"phases": list(phases), "image_steps": images, **weights, "start": digest}
    return [*runs, here]


def write_added_card(
    pack: StylePack, out: Path, styles: Mapping[str, Mapping[str, Any]], training: Mapping[str, Any]
) -> Path:
    """The card of a pack that styles were added to.

    Its `training` still describes the run that made the parent and the old styles; every addition
    is an entry in the list `added` there. Other entries of the old card (licence, description,
    hash) are about the old pack, and go under `base`.

    Args:
        pack: the pack that was added to, with its card.
        out: the result, which must be there.
        styles: name -> facts, of the new styles alone.
        training: facts of this run; its `fingerprint` replaces the old one, so that the run
            recognises its own file.

    Raises: OutputError, PackError, as `write_card`.
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
