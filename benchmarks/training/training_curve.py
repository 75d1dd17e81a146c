"""The curves of a training that went over several runs, over all its image-steps.

    python benchmarks/training/training_curve.py CHECKPOINTS... [--out docs/pictures]

Every argument is the checkpoint folder of one run, in the order in which they followed each other
(each `--from` the pack of the one before). Writes training_loss.png: every style's losses on its
training images, smoothed, and on the held-out photographs with dots; a parent has no line.

Runs with other crop sizes have other losses, and other terms pull at them: where a run ends and
the next begins, a step in a curve is not a step of the pack.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nle_style.core.training import PARENT
from nle_style.core.training.plot import plot_losses
from nle_style.core.training.run_files import read_records

Curves = dict[str, list[dict[str, Any]]]


def joined(folders: Sequence[Path]) -> tuple[Curves, Curves]:
    """The records of runs that followed each other, each style's image-steps adding up.

    Args:
        folders: the checkpoint folder of every run.

    Returns:
        style -> records as `training_plot.plot_losses` takes them: of the steps, and of the
        held-out photographs.
    """
    steps: Curves = {}
    held_out: Curves = {}
    for folder in folders:
        for log in sorted(folder.glob("*/metrics.jsonl")):
            style = log.parent.name
            if style == PARENT:
                continue
            before = steps[style][-1]["images"] if steps.get(style) else 0
            for curves, path in ((steps, log), (held_out, log.with_name("held_out.jsonl"))):
                curves.setdefault(style, []).extend(
                    {**record, "images": before + record["images"]} for record in read_records(path)
                )
    return steps, held_out


def main() -> None:
    """Read the runs and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    args = parser.parse_args()

    for folder in args.checkpoints:
        if not any(folder.glob("*/metrics.jsonl")):
            parser.error(f"{folder} has no STYLE/metrics.jsonl")
    steps, held_out = joined(args.checkpoints)
    plot_losses(steps, args.out / "training_loss.png", held_out)
    print(args.out / "training_loss.png")


if __name__ == "__main__":
    main()
