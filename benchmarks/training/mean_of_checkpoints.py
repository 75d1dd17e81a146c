"""A pack whose styles lie between two of their checkpoints, as the finish costs some more than it
gives.

    python benchmarks/training/mean_of_checkpoints.py PACK CHECKPOINTS PHOTOS -o OUT --early 50 \
        --late 100 --share blue=0.5

PACK is what the run wrote, CHECKPOINTS its folder. `--share` is how much of a style's early weights
is in the mean; styles that are not named are PACK's own. What the norms meet in photographs is
measured anew for the mean, on photographs that are not held out. The card is PACK's, with a note on
each style that was changed; what a card beside OUT says of styles and pack stays.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file

from nle_style.core.card import read_card, write_card
from nle_style.core.network import StyleNetwork
from nle_style.core.style_pack import load_pack, save_pack
from nle_style.core.training.photos import load_image
from nle_style.core.training.typical import typical_statistics

PICTURES, SIDE = 16, 320  # as many photographs, and as large, as when a style is put into a pack
AVERAGE = "average."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("checkpoints", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--early", type=int, required=True, help="a step")
    parser.add_argument("--late", type=int, required=True, help="a step")
    parser.add_argument("--share", action="append", default=[], metavar="STYLE=NUMBER")
    arguments = parser.parse_args()
    pack, card = load_pack(arguments.pack), read_card(arguments.pack.with_suffix(".yaml"))
    held_out = (Path(__file__).parents[1] / "heldout_photos.txt").read_text().split()
    photos = [path for path in sorted(arguments.photos.iterdir()) if path.name not in held_out]
    spread = photos[:: max(1, len(photos) // PICTURES)][:PICTURES]
    pictures = [load_image(path, longest=SIDE)[None] for path in spread]
    styles = {name: dict(pack.weights[name]) for name in pack.styles}
    facts = {name: dict(card["styles"][name]) for name in pack.styles}
    for text in arguments.share:
        name, share = text.split("=")
        early, late = (
            load_file(arguments.checkpoints / name / f"step-{step:08d}.safetensors")
            for step in (arguments.early, arguments.late)
        )
        mean = {
            key.removeprefix(AVERAGE): torch.lerp(late[key], early[key], float(share))
            for key in late
            if key.startswith(AVERAGE)
        }
        network = StyleNetwork(pack.config)
        network.load_state_dict(mean)
        styles[name] = mean | typical_statistics(network, pictures)
        facts[name]["note"] = (
            f"mean of its weights at step {arguments.early} ({share}) and {arguments.late}"
        )
    save_pack(arguments.output, pack.config, styles, pack.parent)
    top = {key: value for key, value in card.items() if key not in ("styles", "weights", "date")}
    write_card(arguments.output, facts, card["training"], top)


if __name__ == "__main__":
    main()
