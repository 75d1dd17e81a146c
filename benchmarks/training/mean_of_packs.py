r"""A pack whose styles lie between those of two packs, as the finish costs some more than it gives.

    python benchmarks/training/mean_of_packs.py EARLY LATE PHOTOS --posters FOLDER -o OUT \
        --share blue=0.5

EARLY and LATE have the same styles and parent, as the pack that a run started from and the one that
it wrote. `--share` is how much of a style's early weights is in the mean; styles that are not named
are LATE's own. What the norms meet in photographs is measured anew for the mean, on photographs
that are not held out. The card is LATE's, with a note on each style, and on those that were changed
what the gates find in them; what else a card beside OUT says of styles and pack stays.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from nle_style.core.card import read_card, write_card
from nle_style.core.style_pack import load_pack, network_of, save_pack
from nle_style.core.training import TrainingSettings
from nle_style.core.training.gates import examine, speckle
from nle_style.core.training.photos import load_image
from nle_style.core.training.typical import typical_statistics
from nle_style.durable import file_sha256

PICTURES, SIDE = 16, 320  # as many photographs, and as large, as when a style is put into a pack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("early", "late", "photos"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--posters", type=Path, required=True, help="folder of STYLE.png")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--share", action="append", default=[], metavar="STYLE=NUMBER")
    arguments = parser.parse_args()
    early, late = load_pack(arguments.early), load_pack(arguments.late)
    before = file_sha256(arguments.early)[:12]
    card = read_card(arguments.late.with_suffix(".yaml"))
    held_out = (Path(__file__).parents[1] / "heldout_photos.txt").read_text().split()
    photos = [path for path in sorted(arguments.photos.iterdir()) if path.name not in held_out]
    spread = photos[:: max(1, len(photos) // PICTURES)][:PICTURES]
    pictures = [load_image(path, longest=SIDE)[None] for path in spread]
    styles = {name: dict(late.weights[name]) for name in late.styles}
    # LATE's own note stays, that of the weights which OUT has now does not.
    after = {"note": "its weights after the finish"}
    facts = {name: after | card["styles"][name] for name in late.styles}
    for text in arguments.share:
        name, share = text.split("=")
        mean = {
            key: torch.lerp(value.float(), early.weights[name][key].float(), float(share))
            for key, value in late.weights[name].items()
        }
        network = network_of(late.config, mean)
        styles[name] = mean | typical_statistics(network, pictures)
        network = network_of(late.config, styles[name])
        poster = load_image(arguments.posters / f"{name}.png", longest=TrainingSettings.poster_size)
        faults = examine(name, network, float(speckle(poster[None])))
        facts[name]["gates"] = [str(fault) for fault in faults] or "passed"
        facts[name]["note"] = f"mean of pack {before} ({share}) and of its weights after the finish"
    save_pack(arguments.output, late.config, styles, late.parent)
    top = {
        key: value
        for key, value in card.items()
        if key not in ("training", "styles", "weights", "date")
    }
    write_card(arguments.output, facts, card["training"], top)


if __name__ == "__main__":
    main()
