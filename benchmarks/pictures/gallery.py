"""The README's picture: every style of a pack on one frame of several clips, at the defaults.

    python benchmarks/pictures/gallery.py flower.mp4:75 friday.mp4:60 bigbuckbunny.mp4:90 \\
        -o docs/pictures/styles.jpg

Every frame is what `nle-style render CLIP --style STYLE` makes of it, with no other option: its
shot in the clip is found and measured first. `--grey` shows the luma of it all, as
docs/looks.md does (`flower.mp4:75 -o docs/pictures/figures/greys.jpg --grey`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from nle_style.apply import Look, Stylizer
from nle_style.apply.chroma import LUMA_WEIGHTS
from nle_style.apply.shot import find_shots, sample_frames
from nle_style.core import StylePack, contact_sheet, load_pack
from nle_style.media.movie import sited
from nle_style.media.source import probe_media, read_frames
from nle_style.shipped import find_pack

BACKGROUND = 24 / 255
"""Of `contact_sheet`, between the pictures."""

_COLUMNS = 5

Row = tuple[np.ndarray, list[np.ndarray]]
"""A frame, and those by which its shot is measured, each (H, W, 3) float32, 0-1."""


def frame_and_shot(text: str) -> Row:
    """The frame that CLIP:FRAME names, and the samples of its shot."""
    clip, _, digits = text.rpartition(":")
    info, number = sited(probe_media(Path(clip))), int(digits)
    shots = find_shots(read_frames(info))
    shot = next((shot for shot in shots if shot[0] <= number <= shot[1]), None)
    if shot is None:
        raise SystemExit(f"{clip} has no frame {number}")
    samples = [rgb for each in sample_frames(*shot) for rgb in read_frames(info, each, each)]
    (frame,) = read_frames(info, number, number)
    return frame, samples


def painted(pack: StylePack, style: str, row: Row) -> np.ndarray:
    """The frame in one style, all controls at their defaults, (H, W, 3) float32, 0-1."""
    frame, samples = row
    return painter(pack, style, samples).frame(frame)


def painter(pack: StylePack, style: str, samples: Iterable[np.ndarray]) -> Stylizer:
    """What paints a shot in one style at the defaults, measured on some of its frames."""
    stylizer = Stylizer(pack, Look({style: 1.0}), torch.device("cpu"))
    stylizer.measure_shot(samples)
    return stylizer


def painted_shot(pack: StylePack, style: str, frames: Sequence[np.ndarray]) -> list[np.ndarray]:
    """All frames of a shot in one style, as a render with the default statistics paints them."""
    shot = painter(pack, style, (frames[n] for n in sample_frames(0, len(frames) - 1)))
    return [shot.frame(frame) for frame in frames]


def grey(rgb: np.ndarray) -> np.ndarray:
    """The luma of a picture, of its shape."""
    return np.repeat(rgb @ np.array(LUMA_WEIGHTS, np.float32)[:, None], 3, axis=2)


def fitted(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The middle of an image, as large as it goes, in the shape of a picture of this size."""
    rows = min(image.shape[0], image.shape[1] * height // width)
    columns = min(image.shape[1], rows * width // height)
    top, left = (image.shape[0] - rows) // 2, (image.shape[1] - columns) // 2
    return image[top : top + rows, left : left + columns]


def stacked(sheets: Sequence[Image.Image]) -> Image.Image:
    """Sheets of one width, one below the other."""
    picture = Image.new("RGB", (sheets[0].width, sum(sheet.height for sheet in sheets)))
    y = 0
    for sheet in sheets:
        picture.paste(sheet, (0, y))
        y += sheet.height
    return picture


def in_rows(cells: Sequence[tuple[str, np.ndarray]], columns: int, width: int) -> Image.Image:
    """Pictures of one size with their labels, in rows; each `width` pixels wide."""
    rows = []
    for start in range(0, len(cells), columns):
        labels, pictures = zip(*cells[start : start + columns], strict=True)
        rows.append(contact_sheet(labels, [pictures], cell_width=width))
    return stacked(rows)


def main() -> None:
    """Draw the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("frames", nargs="+", help="CLIP:FRAME, zero-based")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--pack", default=None)
    parser.add_argument("--cell", type=int, default=300, help="width of a picture")
    parser.add_argument("--grey", action="store_true", help="without colours")
    args = parser.parse_args()
    pack = load_pack(find_pack(args.pack))
    rows = [frame_and_shot(text) for text in args.frames]
    sheets = []
    for start in range(0, len(pack.styles), _COLUMNS):
        names = pack.styles[start : start + _COLUMNS]
        pictures = [[row[0], *(painted(pack, name, row) for name in names)] for row in rows]
        if args.grey:
            pictures = [[grey(picture) for picture in row] for row in pictures]
        sheets.append(contact_sheet(["source", *names], pictures, cell_width=args.cell))
    stacked(sheets).save(args.output, quality=88)
    print(args.output)


if __name__ == "__main__":
    main()
