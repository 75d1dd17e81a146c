"""What slices cost: OpenVINO's network in slices of several sizes, in turn, beside one piece.

    cd benchmarks && python -m cost.slice_sizes [--size 1920x1080] [--rounds 5]

Painting and measuring. Processor seconds, of all cores together, hardly move when others work on
the machine, wall seconds do. Last: whether the pixels, or the pooled means and variances, are the
same as in one piece, bit for bit.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from nle_style.apply.engine import OpenVinoEngine, OpenVinoMeasure, one_slice
from nle_style.apply.engine.openvino_graph import Cut, slices

from .network_paths import layers_and_norms

SIZES = (2**15, 2**16, 2**17, 3 * 2**17, 2**20, 2**21)


def _cut(pixels: int) -> Cut:
    return partial(slices, pixels=pixels) if pixels else one_slice


def _measured(measure: OpenVinoMeasure, image: Tensor) -> Tensor:
    seen: list = []
    measure(image, seen)
    return torch.cat([value.ravel() for norm in seen for value in norm])


def table(title: str, ways: dict[int, Callable[[], Tensor]], rounds: int) -> None:
    """Time the ways in turn and print them; way 0 is one piece."""
    whole = ways[0]().clone()
    same = {pixels: torch.equal(once(), whole) for pixels, once in ways.items()}
    took: dict[int, list[tuple[float, float]]] = {pixels: [] for pixels in ways}
    for _ in range(rounds):
        for pixels, once in ways.items():
            begun, worked = time.perf_counter(), time.process_time()
            once()
            took[pixels].append((time.process_time() - worked, time.perf_counter() - begun))
    print(f"| {title}: pixels of a slice | processor seconds | wall seconds | same bits |")
    print("|---|---|---|---|")
    for pixels, found in took.items():
        columns = [
            f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"
            for values in zip(*found, strict=True)
        ]
        name = f"{pixels:,}" if pixels else "one piece"
        print(f"| {name} | {' | '.join(columns)} | {'yes' if same[pixels] else 'no'} |")
    print(flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    layers, norms = layers_and_norms()
    image = torch.rand(1, height, width, 3).permute(0, 3, 1, 2)
    cuts = {pixels: _cut(pixels) for pixels in (0, *SIZES) if pixels < height * width // 2}
    table(
        "painting",
        {
            pixels: partial(OpenVinoEngine(layers, norms, cut=cut), image)
            for pixels, cut in cuts.items()
        },
        args.rounds,
    )
    table(
        "measuring",
        {
            pixels: partial(_measured, OpenVinoMeasure(layers, cut=cut), image)
            for pixels, cut in cuts.items()
        },
        args.rounds,
    )


if __name__ == "__main__":
    main()
