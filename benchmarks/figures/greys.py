"""Whether the styles can be told apart with their colours removed.

    python benchmarks/figures/greys.py --photos DIR --posters DIR [--vgg FILE] [--pack PACK]
        [--count 8]

Held-out photographs are painted in every style at 480x360, by their own statistics; paintings and
posters are reduced to their luma, moved to the same mean and spread (so that neither tint nor
brightness nor contrast is left), and the style loss of each painting is taken to all posters. A
style is told apart where its own poster is the nearest one of all. The rows are the styles, with
the mean loss to the own poster, the nearest other poster with its loss, and in how many of the
photographs the own one was the nearest.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import torch
from motion import photographs
from torch import Tensor

from nle_style.apply.chroma import luma
from nle_style.apply.engine import FrameEngine, arrange
from nle_style.core import StylePack, load_pack
from nle_style.core.overscan import paint_with_overscan
from nle_style.core.perceptual import load_vgg16, style_loss, style_targets
from nle_style.core.training import TrainingSettings
from nle_style.core.training.photos import load_image
from nle_style.shipped import find_pack

HELD_OUT = Path(__file__).resolve().parents[1] / "heldout_photos.txt"
_MEAN, _SPREAD = 0.5, 0.2


def grey(image: Tensor) -> Tensor:
    """(1, 3, H, W), RGB, 0-1 -> the same size: luma, with mean `_MEAN` and deviation `_SPREAD`."""
    only = luma(image)
    only = (only - only.mean()) / only.std().clamp_min(1e-6) * _SPREAD + _MEAN
    return only.clamp(0, 1).expand(1, 3, -1, -1).contiguous()


@torch.inference_mode()
def losses(args: argparse.Namespace, pack: StylePack) -> dict[str, list[dict[str, float]]]:
    """Style -> for every photograph, the style loss of its painting to each poster."""
    vgg = load_vgg16(args.vgg)
    size = TrainingSettings.poster_size
    posters = {
        name: style_targets(vgg(grey(load_image(args.posters / f"{name}.png", longest=size)[None])))
        for name in pack.styles
    }
    names = HELD_OUT.read_text().split()[: args.count]
    pictures = [picture.first for picture in photographs(args.photos, names)]
    found: dict[str, list[dict[str, float]]] = {}
    for name in pack.styles:
        engine = FrameEngine(arrange(pack.network({name: 1.0})))
        features = (vgg(grey(paint_with_overscan(engine, picture))) for picture in pictures)
        found[name] = [
            {
                poster: float(style_loss(seen, targets, "normalised"))
                for poster, targets in posters.items()
            }
            for seen in features
        ]
    return found


def table(found: dict[str, list[dict[str, float]]]) -> str:
    """The rows, as docs/measured/quality.md has them."""
    lines = ["| style | own poster | nearest other | own is nearest |", "|---|---:|---|---:|"]
    for name, pictures in found.items():
        means = {poster: statistics.mean(each[poster] for each in pictures) for poster in found}
        other = min((poster for poster in means if poster != name), key=means.__getitem__)
        hits = sum(min(each, key=each.__getitem__) == name for each in pictures)
        lines.append(
            f"| {name} | {means[name]:.3f} | {other} {means[other]:.3f}"
            f" | {hits} of {len(pictures)} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="folder of the photographs")
    parser.add_argument("--posters", type=Path, required=True, help="folder of STYLE.png")
    parser.add_argument("--vgg", type=Path, help="VGG-16 weights; else torchvision downloads them")
    parser.add_argument("--pack", help="a file or a shipped pack's name")
    parser.add_argument("--count", type=int, default=8, help="photographs")
    args = parser.parse_args()
    print(table(losses(args, load_pack(find_pack(args.pack)))))


if __name__ == "__main__":
    main()
