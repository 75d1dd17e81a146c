"""A style pack's card: what a person wants to know of it, in YAML beside the weights.

Training writes what it measured. What it cannot know (artwork, licence, notes) is written by hand
under a style or at the top, and is kept when the card is written again.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from nle_style.durable import replacing
from nle_style.errors import OutputError, PackError

__all__ = [
    "FIGURES",
    "figures_of",
    "passed_gates",
    "read_card",
    "recent_losses",
    "training_runs",
    "write_card",
    "write_figures",
]

FIGURES = ("held_out_style_loss", "held_out_content_loss", "noise_gain", "e_warp_1_pan")
"""A style's figures on pictures that training never saw; docs/quality.md explains them."""

_WINDOW = 100
_MAXIMUM_BYTES = 2**20
_MOST_VALUES = 100_000


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


def read_card(path: Path) -> dict[str, Any]:
    """A card as plain data, {} if there is none.

    Raises:
        PackError: not YAML, or not a mapping.
    """
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > _MAXIMUM_BYTES:
            raise PackError("too large for a card", where=str(path))
        card = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PackError(f"the card cannot be read ({error.strerror})", where=str(path)) from error
    # ValueError: not UTF-8, or the 32nd of May; the others: a value that its tag does not fit.
    except (
        *(yaml.YAMLError, RecursionError, ValueError, LookupError, TypeError, AttributeError),
    ) as error:
        raise PackError(f"the card is not YAML ({error})", where=str(path)) from error
    if not isinstance(card, dict):
        raise PackError("the card is not a YAML mapping", where=str(path))
    _check_shape(card, path)
    return card


def _check_shape(card: dict[str, Any], path: Path) -> None:
    """Refuse what no card has: parts that are no mappings, figures that are no numbers, and
    aliases that would make gigabytes of a few lines when the card is printed."""
    parts = {name: card.get(name) or {} for name in ("styles", "training", "weights", "quality")}
    styles = parts["styles"] if isinstance(parts["styles"], dict) else {}
    parts |= {f"styles.{name}": entry or {} for name, entry in styles.items()}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise PackError(f"'{name}' on the card is not a mapping", where=str(path))
        for key in FIGURES:
            if not isinstance(part.get(key, 0.0), int | float):
                raise PackError(f"'{name}.{key}' on the card is not a number", where=str(path))
    waiting: list[Any] = [card]
    seen = 0
    while waiting:
        value = waiting.pop()
        children = value.values() if isinstance(value, dict) else value
        if isinstance(value, dict | list):
            seen += 1 + len(value)
            if seen > _MOST_VALUES:
                raise PackError(f"the card holds more than {_MOST_VALUES} values", where=str(path))
            waiting += children


def passed_gates(pack: Path, fingerprint: str) -> frozenset[str]:
    """The styles that passed their gates, in a pack of the run with this fingerprint.

    Returns:
        their names; none if the pack is not there, or of another run, or not the card's.

    Raises:
        PackError: its card is damaged.
    """
    if not pack.is_file():
        return frozenset()
    card = read_card(pack.with_suffix(".yaml"))
    training, weights = card.get("training") or {}, card.get("weights") or {}
    if training.get("fingerprint") != fingerprint or weights.get("sha256") != _sha256(pack):
        return frozenset()
    styles = card.get("styles") or {}
    return frozenset(
        name for name, facts in styles.items() if (facts or {}).get("gates") == "passed"
    )


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

    Raises:
        PackError: the start's card is damaged.
    """
    runs: list[dict[str, Any]] = []
    digest = None
    if start is not None:
        digest = _sha256(start)
        card = read_card(start.with_suffix(".yaml"))
        before = card.get("training") or {}
        if before and (card.get("weights") or {}).get("sha256") == digest:
            # A card from before runs were listed is of a single one.
            alone = {
                name: value
                for name, value in before.items()
                if name in ("phases", "image_steps") or name.endswith(("_weight", "_weights"))
            }
            runs = list(before.get("runs") or [{**alone, "start": None}])
    here = {"phases": list(phases), "image_steps": images, **weights, "start": digest}
    return [*runs, here]


def write_card(
    pack: Path,
    styles: Mapping[str, Mapping[str, Any]],
    training: Mapping[str, Any],
    top: Mapping[str, Any] | None = None,
) -> Path:
    """Write, or bring up to date, the card of a pack; hand-written entries stay.

    Args:
        pack: the weights, which must be there: the card holds their SHA-256.
        styles: name -> facts of that style.
        training: facts of the run.
        top: entries for the top of a card that does not have them yet.

    Returns:
        the card's path, `pack` with the suffix .yaml.

    Raises:
        OutputError: it cannot be written.
        PackError: the card that is there is damaged.
    """
    path = pack.with_suffix(".yaml")
    card = {**(top or {}), **read_card(path)}
    before = card.get("styles") or {}
    card["weights"] = {
        "file": pack.name,
        "sha256": _sha256(pack),
    }
    card["date"] = datetime.datetime.now(datetime.UTC).date().isoformat()
    card["training"] = dict(training)
    card["styles"] = {name: {**(before.get(name) or {}), **facts} for name, facts in styles.items()}
    return _publish(path, card)


def write_figures(
    pack: Path, figures: Mapping[str, Mapping[str, float]], facts: Mapping[str, Any]
) -> Path:
    """Put measured figures under the styles of a pack's card; everything else stays.

    Args:
        pack: the weights that were measured.
        figures: style -> `FIGURES`; rounded to four places.
        facts: of the measurement; they stand under `quality` with the weights' SHA-256, so that
            figures of other weights are known as such.

    Returns:
        the card's path.

    Raises:
        OutputError: it cannot be written.
        PackError: there is no card, or it is damaged or of other weights.
    """
    path = pack.with_suffix(".yaml")
    card = read_card(path)
    digest = hashlib.sha256(pack.read_bytes()).hexdigest()
    if (card.get("weights") or {}).get("sha256") != digest:
        raise PackError(
            "the card is not of these weights",
            where=str(path),
            remedy="`nle-style train` writes a pack and its card together.",
        )
    styles = card.setdefault("styles", {})
    for name, values in figures.items():
        entry = styles.setdefault(name, {})
        entry.update({key: round(values[key], 4) for key in FIGURES})
    card["quality"] = {"weights": digest, **facts}
    return _publish(path, card)


def figures_of(card: Mapping[str, Any], sha256: str) -> dict[str, dict[str, float]]:
    """The figures on a card, style -> `FIGURES`; {} where they were measured on other weights.

    Args:
        card: as `read_card` gives it.
        sha256: of the weights beside it.
    """
    if (card.get("quality") or {}).get("weights") != sha256:
        return {}
    found = {}
    for name, entry in (card.get("styles") or {}).items():
        mine = {key: entry[key] for key in FIGURES if key in (entry or {})}
        if mine:
            found[name] = mine
    return found


class _Plain(yaml.SafeDumper):
    """Writes a value that stands in two places twice: a card is for people to read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _publish(path: Path, card: Mapping[str, Any]) -> Path:
    text = yaml.dump(dict(card), Dumper=_Plain, sort_keys=False, allow_unicode=True)
    try:
        with replacing(path) as part:
            part.write_text(text, "utf-8")
    except OSError as error:
        raise OutputError(f"cannot be written ({error.strerror})", where=str(path)) from error
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
