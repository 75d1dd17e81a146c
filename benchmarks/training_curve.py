"""The curves of a training that went over several runs, over all its image-steps.

    python benchmarks/training_curve.py CHECKPOINTS... [--before N] [--out docs]

Every argument is the checkpoint folder of one run, in the order in which they followed each other
(each `--from` the pack of the one before); upright lines mark where a run ends and the next begins.
Writes training_loss.png (losses of the training images, smoothed, and of the held-out photographs)
and, if photographs were held out, held_out.png (those alone).

Runs with other crop sizes have other losses, and other terms pull at them: a step at an upright
line is not a step of the pack.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from matplotlib.figure import Figure

from nle_style.core.training_files import line_colours, plot_losses, read_records


def styles_of(folder: Path) -> list[str]:
    """The names of the rows, from the newest checkpoint."""
    newest = max(folder.glob("step-*.safetensors"))
    with safetensors.safe_open(newest, "pt") as file:
        names = json.loads(file.metadata()["styles"])
    return [str(name) for name in names]


def after(records: Sequence[Mapping[str, Any]], before: int) -> list[dict[str, Any]]:
    """Records of a run that began when a pack had had `before` image-steps."""
    return [{**record, "images": record["images"] + before} for record in records]


def plot_held_out(
    records: Sequence[Mapping[str, Any]], styles: Sequence[str], starts: Sequence[int], path: Path
) -> None:
    """Both losses of the held-out photographs: every style's, and their mean in black."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    images = [record["images"] for record in records]
    for axes, loss in zip(figure.subplots(1, 2), ("content_loss", "style_loss"), strict=True):
        values = np.array([[r["styles"][name][loss] for name in styles] for r in records])
        for row, (name, colour) in enumerate(zip(styles, line_colours(styles), strict=True)):
            axes.plot(images, values[:, row], label=name, linewidth=1, color=colour)
        axes.plot(images, values.mean(axis=1), "k", linewidth=2.5, label="mean")
        for start in starts:
            axes.axvline(start, color="grey", linewidth=1, linestyle="--")
        title = f"held-out {loss.replace('_', ' ')}"
        axes.set(title=title, xlabel="image-steps", yscale="log")
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))  # beside the lines
    figure.savefig(path, dpi=90)


def main() -> None:
    """Read the runs and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--before", type=int, default=0, help="image-steps before the first run")
    parser.add_argument("--out", type=Path, default=Path("docs"))
    args = parser.parse_args()

    styles = styles_of(args.checkpoints[0])
    metrics: list[dict[str, Any]] = []
    held_out: list[dict[str, Any]] = []
    starts: list[int] = []
    done = args.before
    for folder in args.checkpoints:
        if styles_of(folder) != styles:
            parser.error(f"{folder} is of a run with other styles")
        run = read_records(folder / "metrics.jsonl")
        if not run:
            parser.error(f"{folder} has no metrics.jsonl")
        if metrics:
            starts.append(done)
        metrics += after(run, done)
        held_out += after(read_records(folder / "held_out.jsonl"), done)
        done += run[-1]["images"]
    plot_losses(metrics, styles, args.out / "training_loss.png", held_out, starts)
    print(args.out / "training_loss.png")
    if held_out:
        plot_held_out(held_out, styles, starts, args.out / "held_out.png")
        print(args.out / "held_out.png")


if __name__ == "__main__":
    main()
