"""How much the edges of a painting differ from its inside: the table of docs/quality.md.

    python benchmarks/edges.py [--pack PACK]

Six frames of the bundled clip, 480x264 pixels out of their middle, are painted with the statistics
of the whole frame, 1280x720, and compared with the same pixels of the whole frame's painting: rms
over the outermost 8 pixels and over the next 8, once as the bare network paints them and once with
overscan, as every render does. What is left then is mostly that a reflection is not what the camera
saw.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from nle_style.apply.engine import FoldedEngine, FrameEngine
from nle_style.apply.kernels import arrange
from nle_style.core.network import NormStatistics
from nle_style.core.overscan import paint_with_overscan
from nle_style.core.style_pack import load_pack
from nle_style.media.probe import probe_media
from nle_style.media.read import read_frames
from nle_style.render.bundle import bundled, find_pack

FRAMES = (10, 30, 50, 70, 90, 110)
TOP, LEFT, HEIGHT, WIDTH = 48, 80, 264, 480


def pictures(clip: Path) -> list[Tensor]:
    """Whole frames, each (1, 3, 360, 640), RGB, 0-1."""
    info = probe_media(clip)
    frames = [rgb for number in FRAMES for rgb in read_frames(info, number, number)]
    return [torch.from_numpy(rgb).permute(2, 0, 1)[None].contiguous() for rgb in frames]


def inner(picture: Tensor) -> Tensor:
    """What is compared, out of a whole frame or its painting."""
    return picture[..., TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH]


def ring(difference: Tensor, begin: int, end: int) -> float:
    """Mean square over the pixels that are `begin` to `end` - 1 pixels away from an edge."""
    inside = torch.zeros(HEIGHT, WIDTH, dtype=torch.bool)
    inside[begin : HEIGHT - begin, begin : WIDTH - begin] = True
    inside[end : HEIGHT - end, end : WIDTH - end] = False
    return float(difference[..., inside].square().mean())


@torch.inference_mode()
def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", help="a file or a shipped pack's name")
    pack = load_pack(find_pack(parser.parse_args().pack))
    material = pictures(bundled("examples") / "bigbuckbunny.mp4")
    cpu, single = torch.device("cpu"), torch.float32
    print("| | bare, 0-8 | bare, 8-16 | overscan, 0-8 | overscan, 8-16 |")
    print("|---|---:|---:|---:|---:|")
    for name in pack.styles:
        layers = arrange(pack.network, pack.mix({name: 1.0}))
        total = torch.zeros(4)
        for picture in material:
            norms: list[NormStatistics] = []
            FrameEngine(layers)(picture, seen=norms)
            paint = FoldedEngine(layers, norms, cpu, single)
            expected = inner(paint(picture))
            part = inner(picture).contiguous()
            for at, painted in (
                (0, paint(part)),
                (2, paint_with_overscan(paint, part)),
            ):
                total[at] += ring(painted - expected, 0, 8)
                total[at + 1] += ring(painted - expected, 8, 16)
        figures = (total / len(material)).sqrt().tolist()
        print(f"| {name} |", " | ".join(f"{figure:.3f}" for figure in figures), "|", flush=True)


if __name__ == "__main__":
    main()
