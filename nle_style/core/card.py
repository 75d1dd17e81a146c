"""A style pack's card: what a person wants to know of it, in YAML beside the weights.

Training writes what it measured. What it cannot know (artwork, licence, notes) is written by hand
under a style or at the top, and is kept when the card is written again.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from nle_style.durable import file_sha256, write_file
from nle_style.errors import PackError

__all__ = [
    "FIGURES",
    "card_of",
    "figures_of",
    "read_card",
    "write_card",
    "write_figures",
]

FIGURES = ("held_out_style_loss", "held_out_content_loss", "noise_gain", "e_warp_1_pan")
"""A style's figures on pictures that training never saw; docs/measured/quality.md explains them."""

_MAXIMUM_BYTES = 2**20
_MOST_VALUES = 100_000


def read_card(path: Path) -> dict[str, Any]:
    """A card as plain data, {} if there is none.

    Raises: PackError if it is not YAML, or not a mapping.
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


def card_of(pack: Path, sha256: str) -> dict[str, Any]:
    """The card beside a pack; {} if there is none, or one of other weights than these.

    Raises: PackError if it is damaged.
    """
    card = read_card(pack.with_suffix(".yaml"))
    return card if (card.get("weights") or {}).get("sha256") == sha256 else {}


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
    card["weights"] = {"file": pack.name, "sha256": file_sha256(pack)}
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
    path, digest = pack.with_suffix(".yaml"), file_sha256(pack)
    card = card_of(pack, digest)
    if not card:
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
    write_file(path, yaml.dump(dict(card), Dumper=_Plain, sort_keys=False, allow_unicode=True))
    return path
