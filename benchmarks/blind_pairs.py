"""Pairs of details, one ours and one published, that do not say which is which.

    python benchmarks/blind_pairs.py draw --anchors DIR -o FOLDER [--pack PACK] [--pairs 10]
    python benchmarks/blind_pairs.py judge FOLDER A B = ...

`draw` paints the photograph of `anchors.py` in our styles, cuts the same detail out of ours and of
the published painting, and puts the two side by side, in an order that a random number of this run
decides: FOLDER/pair_01.png and so on, with the style image between them. Which is which is in
FOLDER/key.json, which is not to be opened. `judge` takes what was chosen of every pair, in their
order (A, the left one; B, the right one; = where none is better), and says whose they were.
"""

from __future__ import annotations

import argparse
import json
import secrets
from pathlib import Path

import numpy as np
import torch
from anchors import PAIRS, find_pairs
from pictures.gallery import fitted

from nle_style.core import contact_sheet, load_pack
from nle_style.core.overscan import paint_with_overscan
from nle_style.core.training.photos import load_image
from nle_style.shipped import find_pack

SIDE = (300, 400)  # height and width of a detail, in pixels


@torch.inference_mode()
def draw(anchors: Path, folder: Path, pack_name: str | None, count: int) -> None:
    """Write the pairs and their key."""
    photograph, pairs = find_pairs(PAIRS, "chicago", anchors, None)
    pack, source = load_pack(find_pack(pack_name)), load_image(photograph)
    painted = []
    for pair in pairs:
        ours = paint_with_overscan(pack.network({pair.ours: 1.0}), source[None])[0]
        both = {"ours": ours, "theirs": load_image(pair.painting)}
        arrays = {name: each.permute(1, 2, 0).numpy() for name, each in both.items()}
        image = load_image(pair.style_image, longest=SIDE[1]).permute(1, 2, 0).numpy()
        painted.append((pair.ours, arrays, image))
    folder.mkdir(parents=True, exist_ok=True)
    key = []
    chance = np.random.default_rng(secrets.randbits(64))
    order = [painted[i % len(painted)] for i in range(count)]
    for place, number in enumerate(chance.permutation(count)):
        style, arrays, image = order[number]
        height, width = arrays["ours"].shape[:2]
        top = int(chance.integers(height - SIDE[0] + 1))
        left = int(chance.integers(width - SIDE[1] + 1))
        names = ["ours", "theirs"] if chance.random() < 0.5 else ["theirs", "ours"]
        a, b = (arrays[name][top : top + SIDE[0], left : left + SIDE[1]] for name in names)
        sheet = contact_sheet(
            ["A", "style image", "B"], [[a, fitted(image, *SIDE), b]], cell_width=520
        )
        sheet.save(folder / f"pair_{place + 1:02}.png")
        key.append({"style": style, "A": names[0], "B": names[1]})
    facts = {"pack": pack.name, "pack_sha256": pack.sha256, "pairs": key}
    (folder / "key.json").write_text(json.dumps(facts, indent=1) + "\n")


def judge(folder: Path, choices: list[str]) -> str:
    """Whose the chosen ones were, as a table.

    Raises: SystemExit for another number of choices than of pairs, or another word.
    """
    key = json.loads((folder / "key.json").read_text())
    if len(choices) != len(key["pairs"]) or set(choices) - {"A", "B", "="}:
        raise SystemExit(f"give A, B or = for each of {len(key['pairs'])} pairs")
    lines = ["| pair | style | chosen |", "|---|---|---|"]
    counts = {"ours": 0, "theirs": 0, "neither": 0}
    for number, (pair, choice) in enumerate(zip(key["pairs"], choices, strict=True), 1):
        chosen = "neither" if choice == "=" else pair[choice]
        counts[chosen] += 1
        lines.append(f"| {number} | {pair['style']} | {chosen} |")
    total = ", ".join(f"{name} {count}" for name, count in counts.items())
    return "\n".join([*lines, "", f"{total}; pack {key['pack_sha256'][:12]}"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("draw")
    one.add_argument("--anchors", type=Path, required=True, help="folder of the pictures")
    one.add_argument("-o", "--output", type=Path, required=True)
    one.add_argument("--pack", help="a file or a shipped pack's name")
    one.add_argument("--pairs", type=int, default=10)
    two = commands.add_parser("judge")
    two.add_argument("folder", type=Path)
    two.add_argument("choices", nargs="+", metavar="CHOICE")
    args = parser.parse_args()
    if args.command == "draw":
        draw(args.anchors, args.output, args.pack, args.pairs)
    else:
        print(judge(args.folder, args.choices))


if __name__ == "__main__":
    main()
