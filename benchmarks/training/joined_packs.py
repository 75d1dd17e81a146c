"""One pack of the styles of several, which were trained side by side.

    python benchmarks/training/joined_packs.py PACK... -o OUT --order blue red ...

The packs have one parent and no style in common, as runs with `--from` one pack give them: two
processes of five styles each use two cores better than one that deals crops out to two threads. The
card's styles are those of all; its training counts the steps of all runs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from nle_style.core.card import read_card, write_card
from nle_style.core.style_pack import load_pack, save_pack


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", type=Path, metavar="PACK")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--order", nargs="+", required=True, metavar="STYLE")
    arguments = parser.parse_args()
    packs = [load_pack(path) for path in arguments.packs]
    cards = [read_card(path.with_suffix(".yaml")) for path in arguments.packs]
    first = packs[0]
    for pack in packs[1:]:
        alike = all(torch.equal(first.parent[key], pack.parent[key]) for key in first.parent)
        if pack.config != first.config or not alike:
            raise SystemExit(f"{pack.name} has another parent")
    names = [name for pack in packs for name in pack.styles]
    if sorted(names) != sorted(arguments.order):
        raise SystemExit(f"--order names other styles than {', '.join(names)}")
    weights = {name: pack.weights[name] for pack in packs for name in pack.styles}
    styles = {name: weights[name] for name in arguments.order}
    save_pack(arguments.output, first.config, styles, first.parent)
    training = dict(cards[0]["training"])
    # The last run of each is its own, and may read like another's; those before are the start's.
    runs = training["runs"] + [card["training"]["runs"][-1] for card in cards[1:]]
    training |= {"runs": runs, "image_steps": sum(run["image_steps"] for run in runs)}
    facts = {name: fact for card in cards for name, fact in card["styles"].items()}
    write_card(arguments.output, {name: facts[name] for name in arguments.order}, training)


if __name__ == "__main__":
    main()
