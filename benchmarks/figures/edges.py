"""How much the edges of a painting differ from its inside: the table of docs/measured/quality.md.

    python benchmarks/figures/edges.py [--pack PACK] [--picture docs/pictures/figures/edges.jpg]

The middle of six frames of the bundled clip, 480x264 of 1280x720 pixels, is painted with the
statistics of the whole frame and compared with the same pixels of the whole frame's painting: rms
over the outermost 8 pixels and over the next 8, once as the bare network paints them and once with
overscan, as every render does. What is left then is mostly that a reflection is not what the camera
saw. The picture shows the upper left corner of one of the frames, bare and with overscan.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nle_style.apply.engine import FoldedEngine, FrameEngine, arrange
from nle_style.core import NormStatistics, StylePack, contact_sheet, denoised, load_pack
from nle_style.core.overscan import paint_with_overscan
from nle_style.media.source import probe_media, read_frames
from nle_style.shipped import bundled, find_pack

FRAMES = (10, 30, 50, 70, 90, 110)
TOP, LEFT, HEIGHT, WIDTH = 228, 400, 264, 480
SHOWN = ("blue", "fire", "snow")
CORNER = 135, 240  # rows and columns of the picture's corners, which are drawn twice as large

Ways = tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]


def pictures(clip: Path) -> list[Tensor]:
    """Whole frames, each (1, 3, 720, 1280), RGB, 0-1."""
    info = probe_media(clip)
    frames = [rgb for number in FRAMES for rgb in read_frames(info, number, number)]
    return [torch.from_numpy(rgb).permute(2, 0, 1)[None].contiguous() for rgb in frames]


def ways(pack: StylePack, style: str, whole: Tensor) -> Ways:
    """A style bare and with overscan, both with the statistics of a whole frame."""
    layers = arrange(pack.network({style: 1.0}))
    norms: list[NormStatistics] = []
    FrameEngine(layers)(denoised(whole), seen=norms)
    paint = FoldedEngine(layers, norms, torch.device("cpu"), torch.float32)
    return lambda image: paint(denoised(image)), partial(paint_with_overscan, paint)


def middle(picture: Tensor) -> Tensor:
    """What is compared, out of a whole frame or its painting."""
    return picture[..., TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH].contiguous()


def ring(difference: Tensor, begin: int, end: int) -> float:
    """Mean square over the pixels that are `begin` to `end` - 1 pixels away from an edge."""
    inside = torch.zeros(HEIGHT, WIDTH, dtype=torch.bool)
    inside[begin : HEIGHT - begin, begin : WIDTH - begin] = True
    inside[end : HEIGHT - end, end : WIDTH - end] = False
    return float(difference[..., inside].square().mean())


def figures(pack: StylePack, style: str, material: Sequence[Tensor]) -> list[float]:
    """Rms differences: bare, outermost 8 pixels and next 8; with overscan, the same."""
    total = torch.zeros(4)
    for whole in material:
        bare, overscan = ways(pack, style, whole)
        expected = middle(bare(whole))
        changes = [paint(middle(whole)) - expected for paint in (bare, overscan)]
        total += torch.tensor(
            [ring(change, begin, begin + 8) for change in changes for begin in (0, 8)]
        )
    return (total / len(material)).sqrt().tolist()


def draw(pack: StylePack, whole: Tensor, path: Path) -> None:
    """The corners of some styles' paintings, bare above, with overscan below."""
    rows: list[list[np.ndarray]] = [[], []]
    for style in SHOWN:
        for row, paint in zip(rows, ways(pack, style, whole), strict=True):
            corner = paint(whole)[0, :, : CORNER[0], : CORNER[1]]
            row.append(corner.permute(1, 2, 0).numpy())
    contact_sheet(SHOWN, rows, cell_width=2 * CORNER[1]).save(path)


@torch.inference_mode()
def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", help="a file or a shipped pack's name")
    parser.add_argument("--picture", type=Path, help="draw this instead")
    args = parser.parse_args()
    pack = load_pack(find_pack(args.pack))
    material = pictures(bundled("examples") / "bigbuckbunny.mp4")
    if args.picture:
        draw(pack, material[2], args.picture)
        return
    print("| | bare, 0-8 | bare, 8-16 | overscan, 0-8 | overscan, 8-16 |")
    print("|---|---:|---:|---:|---:|")
    for name in pack.styles:
        values = " | ".join(f"{value:.3f}" for value in figures(pack, name, material))
        print(f"| {name} | {values} |", flush=True)


if __name__ == "__main__":
    main()
