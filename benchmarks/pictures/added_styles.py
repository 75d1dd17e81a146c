"""The picture of docs/training.md: styles that `nle-style add-style` made, beside a shipped one.

    python benchmarks/training/made_posters.py posters
    nle-style add-style posters --poster posters/glass.png --name glass    # and lino
    python benchmarks/pictures/added_styles.py posters_glass.safetensors posters_lino.safetensors \\
        --posters posters --frames bigbuckbunny.mp4:16 bigbuckbunny.mp4:60 \\
        -o docs/pictures/added_styles.jpg

Of every pack the last style is shown, below its poster; frames are painted as `gallery.py` does.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from gallery import BACKGROUND, fitted, frame_and_shot, painted

from nle_style.core import contact_sheet, load_pack
from nle_style.core.training.photos import load_image
from nle_style.shipped import find_pack

_CELL = 320


def main() -> None:
    """Draw the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packs", nargs="+", type=Path, metavar="PACK")
    parser.add_argument("--posters", type=Path, required=True, help="folder of STYLE.png")
    parser.add_argument("--frames", nargs="+", required=True, help="CLIP:FRAME, zero-based")
    parser.add_argument("--shipped", default="blue", help="the style beside them")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    rows = [frame_and_shot(text) for text in args.frames]
    size = rows[0][0].shape[:2]
    nothing = np.full((*size, 3), BACKGROUND, np.float32)
    labels, columns = ["source"], [[nothing, *(frame for frame, _ in rows)]]
    for path in args.packs:
        pack = load_pack(path)
        name = pack.styles[-1]
        poster = load_image(args.posters / f"{name}.png").permute(1, 2, 0).numpy()
        labels.append(name)
        columns.append([fitted(poster, *size), *(painted(pack, name, row) for row in rows)])
    pack = load_pack(find_pack(None))
    labels.append(f"{args.shipped}, shipped")
    columns.append([nothing, *(painted(pack, args.shipped, row) for row in rows)])
    sheet = contact_sheet(labels, list(zip(*columns, strict=True)), cell_width=_CELL)
    sheet.save(args.output, quality=88)
    print(args.output)


if __name__ == "__main__":
    main()
