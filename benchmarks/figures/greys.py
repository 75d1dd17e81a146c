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

import torch
from motion import HELD_OUT, add_material, painter_of, photographs
from torch import Tensor

from nle_style.apply.chroma import luma
from nle_style.core import StylePack, load_pack
from nle_style.core.perceptual import load_vgg16, style_loss, style_targets
from nle_style.core.training import TrainingSettings
from nle_style.core.training.photos import load_image
from nle_style.shipped import find_pack

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
    pictures = [picture.first for picture in photographs(args.photos, HELD_OUT[: args.count])]
    found: dict[str, list[dict[str, float]]] = {}
    for name in pack.styles:
        paint = painter_of(pack, name)
        features = (vgg(grey(paint(picture))) for picture in pictures)
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
    add_material(parser)
    parser.add_argument("--count", type=int, default=8, help="photographs")
    args = parser.parse_args()
    print(table(losses(args, load_pack(find_pack(args.pack)))))


if __name__ == "__main__":
    main()
