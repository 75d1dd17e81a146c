"""The picture of docs/mattes.md: a look inside a matte, and one look a matte, on bundled footage.

    python benchmarks/pictures/mattes.py [-o docs/pictures]

The matte is drawn here: a rough roto of the rabbit with a soft edge.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from nle_style.core import contact_sheet
from nle_style.media.movie import sited
from nle_style.media.source import probe_media, read_frames
from nle_style.render import Item, LayerJob, LookJob, MatteJob, Output, RenderJob
from nle_style.render.item import run_job
from nle_style.shipped import bundled

_FRAME = 60
# Corners in the 1280x720 frame, clockwise from the left hand.
_RABBIT = [
    *((176, 86), (230, 90), (264, 104), (330, 124), (392, 132), (310, 98), (312, 82), (400, 80)),
    *((430, 62), (500, 110), (500, 66), (530, 50), (560, 66), (558, 100), (520, 130), (560, 170)),
    *((548, 216), (600, 300), (612, 420), (590, 540), (530, 580), (530, 616), (470, 616)),
    *((380, 584), (330, 540), (322, 420), (350, 290), (240, 214), (178, 150)),
]


def roto() -> np.ndarray:
    """(720, 1280) 8-bit: 255 inside, an edge of about a dozen pixels."""
    picture = Image.new("L", (1280, 720))
    ImageDraw.Draw(picture).polygon(_RABBIT, fill=255)
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(4)))


def rendered(folder: Path, name: str, item: Item) -> np.ndarray:
    """The frame of one render, (720, 1280, 3) float32."""
    job = RenderJob(
        items=(item.model_copy(update={"name": name}),), output=Output(directory=folder)
    )
    result = run_job(job)
    if result.items[0].error is not None:
        raise result.items[0].error
    (frame,) = read_frames(probe_media(folder / f"{name}.mov"))
    return frame


def main() -> None:
    """Render the three pictures and lay them out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/pictures"))
    args = parser.parse_args()
    clip = bundled("examples") / "bigbuckbunny.mp4"
    (source,) = read_frames(sited(probe_media(clip)), _FRAME, _FRAME)
    blue = LookJob(styles={"blue": 1.0})
    fire = LookJob(styles={"fire": 1.0})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        matte = roto()
        Image.fromarray(matte).save(folder / "rabbit.png")
        inside = MatteJob(source=folder / "rabbit.png")
        frames = (_FRAME, _FRAME)
        one = Item(source=clip, frames=frames, look=fire, matte=inside)
        over = (LayerJob(matte=inside, look=fire),)
        two = Item(source=clip, frames=frames, look=blue, layers=over)
        pictures = [
            source,
            np.repeat(matte[..., None] / np.float32(255), 3, axis=2),
            rendered(folder, "one", one),
            rendered(folder, "two", two),
        ]
    outside = matte == 0
    if not np.array_equal(pictures[2][outside], source[outside]):
        raise SystemExit("outside of the matte the source has changed")
    labels = ["the clip", "the matte", "fire inside it", "and blue around it"]
    sheet = contact_sheet(labels, [pictures], cell_width=400)
    path = args.output / "mattes.jpg"
    sheet.save(path, quality=85)
    print(f"{path}: {sheet.width}x{sheet.height}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
