"""Held-out losses of finished packs, as a training run measures its checkpoints.

    python benchmarks/training/held_out.py PACK... --photos FOLDER --posters FOLDER [--vgg FILE]

Every pack is a file, or the name of a shipped one, and is measured twice: with overscan, as a run
does and a render shows it, and bare, as runs were measured before there was overscan. The
photographs are those of `heldout_photos.txt`, in FOLDER; the posters are STYLE.png.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import torch
from torch import Tensor, nn

from nle_style.core import StyleNetwork, cut_overscan, load_pack
from nle_style.core.overscan import OVERSCAN, with_overscan
from nle_style.core.perceptual import load_vgg16, style_targets
from nle_style.core.training import TrainingSettings
from nle_style.core.training.held_out import find_held_out, held_out_losses
from nle_style.core.training.photos import load_image
from nle_style.shipped import find_pack

PHOTOS = Path(__file__).resolve().parents[1] / "heldout_photos.txt"


class Bare(nn.Module):
    """A network that does not see the overscan it is given."""

    def __init__(self, network: StyleNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, wide: Tensor) -> Tensor:
        height, width = (side - 2 * OVERSCAN for side in wide.shape[-2:])
        return with_overscan(self.network(cut_overscan(wide, height, width)))


@torch.no_grad()
def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", metavar="PACK")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--posters", type=Path, required=True)
    parser.add_argument("--vgg", type=Path, help="VGG-16 weights; else torchvision downloads them")
    args = parser.parse_args()
    vgg = load_vgg16(args.vgg)
    photos = find_held_out(PHOTOS, args.photos)
    for name in args.packs:
        pack = load_pack(find_pack(name))
        networks = {style: pack.network({style: 1.0}) for style in pack.styles}
        bare = {style: Bare(network) for style, network in networks.items()}
        grams = {
            style: style_targets(
                vgg(
                    load_image(args.posters / f"{style}.png", longest=TrainingSettings.poster_size)[
                        None
                    ]
                )
            )
            for style in pack.styles
        }
        columns = [held_out_losses(painters, vgg, grams, photos) for painters in (networks, bare)]
        print(f"\n{pack.name} {pack.sha256[:12]}\n")
        print("| | style loss | content loss | style loss, bare | content loss, bare |")
        print("|---|---:|---:|---:|---:|")
        rows = [
            (style, [c[style][f"{loss}_loss"] for c in columns for loss in ("style", "content")])
            for style in pack.styles
        ]
        rows.append(
            ("*mean*", [statistics.mean(v) for v in zip(*(v for _, v in rows), strict=True)])
        )
        for style, values in rows:
            print(f"| {style} |", " | ".join(f"{value:.3f}" for value in values), "|", flush=True)


if __name__ == "__main__":
    main()
