"""A picture of a training run: its losses over all styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["line_colours", "plot_losses"]

Records = Mapping[str, Sequence[Mapping[str, Any]]]

_LINES = ("blue", "orange", "green", "red", "purple", "brown", "pink", "gray", "olive", "cyan")


def line_colours(styles: Sequence[str]) -> list[str]:
    """Matplotlib's colour for every style's line: its own where it is named after one.

    The others take what is left of the ten, in turn; further ones begin again.
    """
    left = [name for name in _LINES if name not in styles] or list(_LINES)
    others = [name for name in styles if name not in _LINES]
    return [
        f"tab:{name if name in _LINES else left[others.index(name) % len(left)]}" for name in styles
    ]


def plot_losses(records: Records, path: Path, held_out: Records | None = None) -> None:
    """Plot content and style loss of every style against its image-steps, as a PNG.

    Args:
        records: style -> its records, as logged by a run: `images`, `content` and `style` of every
            step.
        path: the PNG to write.
        held_out: style -> what was logged at checkpoints: `images`, `style_loss`, `content_loss`.
            Drawn with dots.
    """
    from matplotlib.figure import Figure  # half a second to load; only training needs it

    figure = Figure(figsize=(11, 4.5))
    # Margins in shares of the figure: laying it out by itself takes as long as drawing it.
    margins = {"left": 0.06, "right": 0.86, "bottom": 0.11, "top": 0.92, "wspace": 0.2}
    panels = figure.subplots(1, 2, gridspec_kw=margins)
    colours = line_colours(list(records))
    for axes, loss in zip(panels, ("content", "style"), strict=True):
        for (style, mine), colour in zip(records.items(), colours, strict=True):
            images = [record["images"] for record in mine]
            values = np.array([np.mean(record[loss]) for record in mine])
            axes.plot(images, _smooth(values), label=style, linewidth=1, color=colour)
            measured = (held_out or {}).get(style, ())
            if measured:
                at = [record["images"] for record in measured]
                axes.plot(at, [r[f"{loss}_loss"] for r in measured], ".:", color=colour)
        axes.set(title=f"{loss} loss", xlabel="image-steps of a style", yscale="log")
    panels[1].legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))  # beside the lines
    figure.savefig(path, dpi=90)


def _smooth(values: np.ndarray) -> np.ndarray:
    """Mean over a window of a tenth of the curve, at most 100 values, shortened at its start."""
    if not len(values):
        return values
    window = max(1, min(100, len(values) // 10))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))
