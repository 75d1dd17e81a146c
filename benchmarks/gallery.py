"""The README's picture: every style of a pack on one frame of several clips.

    python benchmarks/gallery.py flower.mp4:75 friday.mp4:60 bigbuckbunny.mp4:90 \
        --stroke-scale 3 -o docs/styles.jpg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from nle_style.apply.look import Look
from nle_style.apply.stylizer import Stylizer
from nle_style.core.contact_sheet import contact_sheet
from nle_style.core.style_pack import load_pack
from nle_style.media.probe import probe_media
from nle_style.media.read import read_frames
from nle_style.render.bundle import find_pack

_COLUMNS = 5


def main() -> None:
    """Draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", nargs="+", help="CLIP:FRAME, zero-based")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--pack", default=None)
    parser.add_argument("--cell", type=int, default=300, help="width of a picture")
    parser.add_argument("--stroke-scale", type=float, default=1.5)
    args = parser.parse_args()
    pack = load_pack(find_pack(args.pack))
    sources: list[np.ndarray] = []
    for text in args.frames:
        clip, _, number = text.rpartition(":")
        sources += read_frames(probe_media(Path(clip)), int(number), int(number))
    sheets = []
    for start in range(0, len(pack.styles), _COLUMNS):
        names = pack.styles[start : start + _COLUMNS]
        painters = [
            Stylizer(pack, look, torch.device("cpu"))
            for look in (
                Look({name: 1.0}, statistics="frame", stroke_scale=args.stroke_scale)
                for name in names
            )
        ]
        rows = [[source, *(painter.frame(source) for painter in painters)] for source in sources]
        sheets.append(contact_sheet(["source", *names], rows, cell_width=args.cell))
    picture = Image.new("RGB", (sheets[0].width, sum(sheet.height for sheet in sheets)))
    y = 0
    for sheet in sheets:
        picture.paste(sheet, (0, y))
        y += sheet.height
    picture.save(args.output, quality=88)
    print(args.output)


if __name__ == "__main__":
    main()
