"""Two posters that no artist made and no style was trained on, to try `add-style` with.

    python benchmarks/training/made_posters.py FOLDER

glass.png  stained glass: Voronoi cells in lead, a sun over hills and water
lino.png   a linocut: gouged strokes that follow a flow, in three inks
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 640, 800
Ink = tuple[int, int, int]
INK, RED, PAPER, TEAL = (24, 34, 48), (196, 62, 40), (238, 226, 203), (52, 120, 122)
GLASS = np.array(
    [(0.07, 0.16, 0.42), (0.10, 0.38, 0.62), (0.62, 0.80, 0.86), (0.05, 0.40, 0.34),
     (0.86, 0.62, 0.14), (0.95, 0.87, 0.62), (0.55, 0.08, 0.12), (0.36, 0.10, 0.34)]
)  # fmt: skip
CELLS, STROKES, FINE = 520, 1500, 2


def glass(chance: np.random.Generator) -> Image.Image:
    """Cells are where one of the points is nearest, leads where two are."""
    points = chance.random((CELLS, 2)) * [WIDTH, HEIGHT]
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    nearest = np.full((HEIGHT, WIDTH), 1e9, np.float32)
    second, cell = nearest.copy(), np.zeros((HEIGHT, WIDTH), int)
    for number, (left, top) in enumerate(points):
        distance = np.hypot(x - left, y - top)
        closer = distance < nearest
        second = np.where(closer, nearest, np.minimum(second, distance))
        cell, nearest = np.where(closer, number, cell), np.where(closer, distance, nearest)
    across, down = points.T
    from_sun = np.hypot(across - 430, down - 230)
    sky = chance.choice([1, 2, 0], CELLS, p=[0.5, 0.35, 0.15])
    hills = chance.choice([3, 6, 7], CELLS, p=[0.55, 0.2, 0.25])
    water = chance.choice([0, 1, 7], CELLS, p=[0.6, 0.3, 0.1])
    land = np.where(down < 590 + 30 * np.sin(across / 60 + 2), hills, water)
    above = np.where(from_sun < 210, 5, sky)
    kind = np.where(down < 430 + 40 * np.sin(across / 90), above, land)
    colours = GLASS[np.where(from_sun < 120, 4, kind)] * (0.82 + 0.36 * chance.random((CELLS, 1)))
    grain = Image.fromarray((chance.random((HEIGHT // 4, WIDTH)) * 255).astype(np.uint8))
    streaks = np.asarray(grain.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)) / 255
    panes = colours[cell] * (0.85 + 0.3 * streaks[..., None])
    clear = np.clip((second - nearest - 3.2) / 1.6, 0, 1)[..., None]
    picture = panes * clear + np.array([0.03, 0.03, 0.035]) * (1 - clear)
    return Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))


def lino(chance: np.random.Generator) -> Image.Image:
    """A sun, mountains and water, cut by strokes in the inks around them."""
    picture = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.ellipse([each * FINE for each in (380, 90, 560, 270)], fill=RED)
    ridge = [(0, 430), (120, 330), (260, 420), (400, 300), (640, 440), (640, 800), (0, 800)]
    shore = [(0, 620), (200, 560), (430, 610), (640, 560), (640, 800), (0, 800)]
    for outline, ink in ((ridge, INK), (shore, TEAL)):
        draw.polygon([(x * FINE, y * FINE) for x, y in outline], fill=ink)
    for _ in range(STROKES):
        x, y = chance.random() * WIDTH * FINE, chance.random() * HEIGHT * FINE
        match picture.getpixel((int(x), int(y))):
            case (238, 226, 203):
                length, width = chance.integers(5, 16), chance.uniform(1.5, 4)
                gouge(draw, x, y, length, width, INK if chance.random() < 0.75 else TEAL, 0.0)
            case (196, 62, 40):
                gouge(draw, x, y, chance.integers(4, 9), chance.uniform(1.5, 3.5), PAPER, 1.2)
            case (24, 34, 48):
                gouge(draw, x, y, chance.integers(6, 16), chance.uniform(2, 5), PAPER, -0.6)
            case _:
                length, width = chance.integers(6, 18), chance.uniform(2, 5)
                gouge(draw, x, y, length, width, PAPER if chance.random() < 0.6 else INK, 0.3)
    return picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def gouge(
    draw: ImageDraw.ImageDraw, x: float, y: float, length: int, width: float, ink: Ink, turn: float
) -> None:
    """A stroke along the flow, thin at both ends."""
    way = [(x, y)]
    for _ in range(length):
        x, y = way[-1]
        flow = 0.9 * np.sin(x / 170 / FINE + 1.3) + 0.8 * np.cos(y / 140 / FINE)
        angle = flow + 0.5 * np.sin((x + y) / 90 / FINE) + turn
        way.append((x + 5 * FINE * np.cos(angle), y + 5 * FINE * np.sin(angle)))
    for place in range(length):
        broad = max(1, int(width * FINE * np.sin(np.pi * (place + 0.5) / length)))
        draw.line(way[place : place + 2], fill=ink, width=broad)
        end_x, end_y = way[place + 1]
        half = broad / 2
        draw.ellipse([end_x - half, end_y - half, end_x + half, end_y + half], fill=ink)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    chance = np.random.default_rng(5)
    folder.mkdir(parents=True, exist_ok=True)
    glass(chance).save(folder / "glass.png")
    lino(chance).save(folder / "lino.png")


if __name__ == "__main__":
    main()
