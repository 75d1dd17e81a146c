"""The gallery of docs/looks.md: a frame of six kinds of footage in every style, at the defaults.

    mkdir sources && cd sources
    apt-get download forensics-samples-files lomiri-wallpapers-16.04 palapeli-data
    for deb in *.deb; do dpkg -x "$deb" .; done
    pip download --no-deps scikit-image && unzip -oq scikit_image-*.whl
    cd .. && python benchmarks/pictures/kinds.py sources

The photographs are in those packages of Debian 12 and PyPI, under the licences that the packages
give; the graphic and the text are drawn here. Every frame is painted as `nle-style render` paints
an image file of it, with no option but `--style`: by its own statistics.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gallery import in_rows, painted
from looks import save
from PIL import Image, ImageDraw

from nle_style.core import StylePack, load_pack
from nle_style.shipped import find_pack

_SIZE = (1280, 720)
"""As large as footage of HD and more is painted at stroke scale 1."""

_COLUMNS = 3
_LARGEST = 420_000


@dataclass(frozen=True)
class Photograph:
    """A frame of 16:9 in a picture that a package has.

    Args:
        file: its name; no other file of the packages has it.
        package: of Debian, or of PyPI where it says so.
        author: whom the package names.
        licence: by the package's own files.
        corner: of the frame, (x, y) in pixels of the picture.
        width: of the frame, in pixels of the picture.
    """

    file: str
    package: str
    author: str
    licence: str
    corner: tuple[int, int]
    width: int

    def frame(self, sources: Path) -> Image.Image:
        """The frame, 8-bit RGB of `_SIZE`. Raises: SystemExit if `sources` lacks the file."""
        path = next(sources.rglob(self.file), None)
        if path is None:
            raise SystemExit(f"{sources} has no {self.file}; it is in {self.package}")
        x, y = self.corner
        box = (x, y, x + self.width, y + self.width * _SIZE[1] / _SIZE[0])
        with Image.open(path) as picture:
            return picture.convert("RGB").resize(_SIZE, Image.Resampling.LANCZOS, box)


PHOTOGRAPHS = {
    "face": Photograph(
        file="astronaut.png",
        package="scikit-image (PyPI)",
        author="NASA",
        licence="public domain",
        corner=(0, 0),
        width=512,
    ),
    "street": Photograph(
        file="IMG_1054.JPG",
        package="forensics-samples-files",
        author="Joao Eriberto Mota Filho",
        licence="CC BY-SA 4.0",
        corner=(0, 150),
        width=1280,
    ),
    "landscape": Photograph(
        file="picosdeeuropa_by_Aitzol_Berasategi.jpg",
        package="lomiri-wallpapers-16.04",
        author="Aitzol Berasategi",
        licence="CC BY 4.0",
        corner=(0, 200),
        width=3264,
    ),
    "night": Photograph(
        file="cincinnati-bridge.jpg",
        package="palapeli-data",
        author="Derek Jensen",
        licence="public domain",
        corner=(11, 150),
        width=1280,
    ),
}


def graphic() -> Image.Image:
    """A chart as a title sequence has it: flat colours, hard edges, letters; RGB of `_SIZE`."""
    picture = Image.new("RGB", (2560, 1440), "#12355b")  # twice `_SIZE`, for soft edges
    draw = ImageDraw.Draw(picture)
    draw.polygon([(1500, 0), (2560, 0), (2560, 1440), (900, 1440)], "#0d2745")
    draw.ellipse((1500, 270, 2400, 1170), "#f4a259")
    draw.pieslice((1500, 270, 2400, 1170), -90, 40, "#f25c54")
    draw.ellipse((1720, 490, 2180, 950), "#0d2745")
    draw.text((1950, 720), "36%", "white", anchor="mm", font_size=160)
    for i, height in enumerate((230, 390, 310, 560, 690)):
        left, colour = 220 + i * 220, ("#2ec4b6", "#f25c54")[i == 4]
        draw.rectangle((left, 1180 - height, left + 150, 1180), colour)
        draw.text((left + 75, 1240), str(2021 + i), "#c9d6e3", anchor="mm", font_size=60)
    draw.line((180, 1184, 1330, 1184), "#c9d6e3", 8)
    draw.text((200, 130), "FIVE YEARS", "white", font_size=190)
    draw.text((206, 350), "of shots delivered, in hundreds", "#c9d6e3", font_size=72)
    return picture.resize(_SIZE, Image.Resampling.LANCZOS)


def text() -> Image.Image:
    """Credits, white on black, every line with its size in pixels; RGB of `_SIZE`."""
    picture = Image.new("RGB", _SIZE)
    draw = ImageDraw.Draw(picture)
    y = 40
    for size, words in (
        (120, "THE END 120"),
        (80, "Directed by Somebody 80"),
        (56, "Director of photography 56"),
        (40, "Sound, colour and conform 40"),
        (28, "With thanks to everyone who held a lamp, a boom or a door 28"),
        (20, "All characters are made up, and so is the small print of this card 20"),
    ):
        draw.text((640, y), words, "white", anchor="ma", font_size=size)
        y += round(size * 1.25) + 28
    return picture


def credit(kind: str) -> Image.Image:
    """What a sheet says of its frame, 8-bit RGB of `_SIZE`."""
    lines = ["drawn by", "benchmarks/pictures/kinds.py"]
    if photograph := PHOTOGRAPHS.get(kind):
        lines = [
            f"photograph: {photograph.author}",
            "cropped, scaled, painted",
            f"{photograph.licence}, the paintings too",
            f"from {photograph.package}",
        ]
    card = Image.new("RGB", _SIZE, "#202020")
    draw = ImageDraw.Draw(card)
    draw.text((80, 90), kind, "white", font_size=120)
    for i, line in enumerate(lines):
        draw.text((84, 290 + i * 85), line, "#c0c0c0", font_size=56)
    return card


def values(picture: Image.Image) -> np.ndarray:
    """(H, W, 3) float32, 0-1."""
    return np.float32(picture) / np.float32(255)


def sheet(pack: StylePack, frame: np.ndarray, card: np.ndarray, cell: int) -> Image.Image:
    """The frame unpainted and in every style, and the card, in rows of three cells `cell` wide."""
    cells = [("source", frame)]
    cells += [(name, painted(pack, name, (frame, [frame]))) for name in pack.styles]
    cells.append(("", card))
    cells += [("", np.zeros_like(card))] * (-len(cells) % _COLUMNS)
    return in_rows(cells, _COLUMNS, cell)


def main() -> None:
    """Draw the pictures."""
    drawn = {"graphic": graphic, "text": text}
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sources", type=Path, help="the folder with the packages' files")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/pictures/kinds"))
    parser.add_argument("--pack", default=None)
    parser.add_argument("--only", nargs="+", choices=[*PHOTOGRAPHS, *drawn])
    parser.add_argument("--cell", type=int, default=560, help="width of a picture")
    args = parser.parse_args()
    pack = load_pack(find_pack(args.pack))
    args.output.mkdir(parents=True, exist_ok=True)
    for kind in args.only or [*PHOTOGRAPHS, *drawn]:
        frame = drawn[kind]() if kind in drawn else PHOTOGRAPHS[kind].frame(args.sources)
        picture = sheet(pack, values(frame), values(credit(kind)), args.cell)
        save(picture, args.output / f"{kind}.jpg", _LARGEST)


if __name__ == "__main__":
    main()
