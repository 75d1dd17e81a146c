"""What of a pan's error is due to the strides of the network.

    python benchmarks/figures/strides.py --photos DIR [--pack PACK] [--count 4]

The network halves a picture twice, so its inner maps lie on a grid of 4 pixels, and what moves by
another number of pixels is seen by it anew (Zhang 2019, "Making Convolutional Networks
Shift-Invariant Again"). A window goes over held-out photographs, down and to the right by 1 to 4
pixels; the rows are the styles, with the root of the mean squared difference of the two paintings
where they show the same, code values 0-1, away from the edges.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from motion import HEIGHT, HELD_OUT, WIDTH, painter_of, pan_error, photographs

from nle_style.core import load_pack
from nle_style.core.network import STRIDE
from nle_style.shipped import find_pack

PANS = range(1, STRIDE + 1)
_ROWS, _COLUMNS = HEIGHT - 2 * STRIDE, WIDTH - 2 * STRIDE  # of the window


@torch.inference_mode()
def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="folder of the photographs")
    parser.add_argument("--pack", help="a file or a shipped pack's name")
    parser.add_argument("--count", type=int, default=4, help="photographs")
    args = parser.parse_args()
    pack = load_pack(find_pack(args.pack))
    pictures = [picture.first for picture in photographs(args.photos, HELD_OUT[: args.count])]
    print(f"| | {' | '.join(f'{pan} px' for pan in PANS)} |\n|---|{'---:|' * len(PANS)}")
    for name in pack.styles:
        paint = painter_of(pack, name)
        squares = dict.fromkeys(PANS, 0.0)
        for picture in pictures:
            # Each window is a picture of its own: painted in one, both would lie on one grid.
            first, *later = (
                paint(picture[..., pan : pan + _ROWS, pan : pan + _COLUMNS]) for pan in (0, *PANS)
            )
            for pan, painted in zip(PANS, later, strict=True):
                squares[pan] += pan_error(first, painted, pan)
        errors = (f"{(squares[pan] / len(pictures)) ** 0.5:.3f}" for pan in PANS)
        print(f"| {name} | {' | '.join(errors)} |", flush=True)


if __name__ == "__main__":
    main()
