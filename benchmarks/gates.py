"""What packs make of the plain frames of the checkpoint gates: a row of docs/training.md for each.

    python benchmarks/gates.py PACK... --posters FOLDER

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
        found = measure({style: pack.network({style: 1.0}) for style in pack.styles})
        limits = {
            style: speckle_limit(
                float(
                    speckle(
                        load_image(
                            arguments.posters / f"{style}.png", longest=TrainingSettings.poster_size
                        )[None]
                    )
                )
            )
            for style in pack.styles
        }
        spot = max(found, key=lambda figures: figures.blob)
        grain = max(found, key=lambda figures: figures.speckle / limits[figures.style])
        print(
            f"| {name} | {spot.blob:.2f} ({spot.style}, {spot.frame})"
            f" | {grain.speckle:.3f} of {limits[grain.style]:.3f} ({grain.style}, {grain.frame}) |"
        )


if __name__ == "__main__":
    main()
