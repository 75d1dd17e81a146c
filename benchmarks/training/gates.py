"""What packs make of the plain frames of the checkpoint gates: a row of docs/training.md for each.

    python benchmarks/training/gates.py PACK... --posters FOLDER

Every pack is a file, or the name of a shipped one. FOLDER has the posters as STYLE.png: their own
grain is what the speckle may have, at the size at which training sees them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from nle_style.core import load_pack
from nle_style.core.training import TrainingSettings
from nle_style.core.training.gates import BLOB_LIMIT, measure, speckle, speckle_limit
from nle_style.core.training.photos import load_image
from nle_style.shipped import find_pack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", nargs="+", metavar="PACK")
    parser.add_argument("--posters", type=Path, required=True)
    arguments = parser.parse_args()
    print(f"| pack | largest blob (limit {BLOB_LIMIT}) | largest speckle, of its limit |")
    print("|---|---|---|")
    for name in arguments.packs:
        pack = load_pack(find_pack(name))
        blobs, speckles = [], []
        for style in pack.styles:
            path = arguments.posters / f"{style}.png"
            poster = load_image(path, longest=TrainingSettings.poster_size)
            limit = speckle_limit(float(speckle(poster[None])))
            for frame, figures in measure(pack.network({style: 1.0})).items():
                where = f"({style}, {frame})"
                grain = figures["speckle"]
                blobs.append((figures["blob"], where))
                speckles.append((grain / limit, f"{grain:.3f} of {limit:.3f} {where}"))
        spot, where = max(blobs)
        print(f"| {name} | {spot:.2f} {where} | {max(speckles)[1]} |")


if __name__ == "__main__":
    main()
