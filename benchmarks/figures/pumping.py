"""By how much a thing that enters the picture changes the rest of it: the table of docs/looks.md.

    python benchmarks/figures/pumping.py [--pack PACK]

A made grey room with grain, 240x136, three frames; then an object covers a quarter of it for three
more. The figure is the change of the mean colour, 0-1, of a region that neither the object nor the
network's reach from its edge touches: 0 is a wall that stays as it was painted.
tests/apply/shot/test_shot_statistics.py holds the bounds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import get_args

import numpy as np
import torch

from nle_style.apply import Look, Statistics, Stylizer
from nle_style.apply.shot import sample_frames
from nle_style.core import StylePack, load_pack
from nle_style.shipped import find_pack

HEIGHT, WIDTH = 136, 240
# Clear of the object's edge by more than the 60 pixels that the network reaches.
STATIC = (slice(8, 128), slice(146, 236))
OBJECTS = {"bright": 0.95, "dark": 0.04}
STROKE_SCALE = 0.5  # painted at twice its size, a room this small holds more than a few strokes


def room() -> np.ndarray:
    """A grey room with floor, door and window, as black-and-white film shows it.

    Returns:
        (136, 240, 3), R'G'B', 0-1.
    """
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    grey = 0.55 + 0.12 * x / WIDTH - 0.08 * y / HEIGHT
    grey[85:] *= 0.75
    grey[15:60, 150:200] = 0.75
    grey[17:58, 174:177] = 0.45
    grey[45:115, 22:52] = 0.38
    return np.repeat(grey[..., None], 3, axis=2)


def grain(seed: int) -> np.ndarray:
    """Normal noise of 2 codes of 255, (136, 240, 1)."""
    noise = np.random.default_rng(seed).normal(0, 2 / 255, (HEIGHT, WIDTH, 1))
    return noise.astype(np.float32)


def entering(level: float) -> list[np.ndarray]:
    """Three frames of the room; then an object of `level` covers a quarter of it for three more."""
    frames = []
    for k in range(6):
        frame = room()
        if k >= 3:
            frame[20:130, :80] = level
        frames.append(np.clip(frame + grain(k), 0, 1))
    return frames


def static_change(
    pack: StylePack, frames: Sequence[np.ndarray], style: str, statistics: Statistics
) -> float:
    """By how much the painted static region's mean colour differs between the halves, 0-1.

    A mean over the frames of a half, because grain alone moves the painted mean a little.

    Args:
        frames: an even number of (136, 240, 3), R'G'B', 0-1; one shot.
    """
    stylizer = Stylizer(pack, Look({style: 1}, 1.0, statistics, STROKE_SCALE), torch.device("cpu"))
    if stylizer.needs_measuring:
        stylizer.measure_shot([frames[k] for k in sample_frames(0, len(frames) - 1)])
    means = np.array([stylizer.frame(frame)[STATIC].mean((0, 1)) for frame in frames])
    half = len(frames) // 2
    return float(np.abs(means[half:].mean(0) - means[:half].mean(0)).mean())


def main() -> None:
    """Measure every style, print the range over them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", default=None, help="a file or a shipped pack's name")
    pack = load_pack(find_pack(parser.parse_args().pack))
    statistics: Sequence[Statistics] = get_args(Statistics)
    print(f"| object | {' | '.join(f'`{each}`' for each in statistics)} |")
    print("|---|" + "---|" * len(statistics))
    for name, level in OBJECTS.items():
        frames = entering(level)
        cells = []
        for each in statistics:
            found = [static_change(pack, frames, style, each) for style in pack.styles]
            cells.append(f"{min(found):.4f}-{max(found):.4f}")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
