"""The pictures of docs/looks.md: what every control of a look does, on the bundled footage.

    python benchmarks/pictures/looks.py [-o docs/pictures/looks]
        [--only blends strength strokes colour statistics fades]
    python benchmarks/pictures/looks.py --figures

`--figures` measures instead how far an HD and a 4K version of one frame agree.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from nle_style.apply import Look, Stylizer
from nle_style.apply.shot import sample_frames
from nle_style.apply.stroke_scale import REFERENCE_SIDE
from nle_style.core import StylePack, contact_sheet, load_pack
from nle_style.media.movie import sited
from nle_style.media.source import probe_media, read_frames
from nle_style.shipped import bundled, find_pack

_FRAME = 60
_LARGEST = 200_000


def paint(pack: StylePack, rgb: np.ndarray, style: str, **controls: object) -> np.ndarray:
    """One frame alone, by its own statistics, at the defaults unless the controls say otherwise."""
    mix = dict(part.split(":") for part in style.split(",")) if ":" in style else {style: 1.0}
    settings = {"statistics": "frame", **controls}
    look = Look({name: float(weight) for name, weight in mix.items()}, **settings)  # type: ignore[arg-type]
    return Stylizer(pack, look, torch.device("cpu")).frame(rgb)


def blends(pack: StylePack, rgb: np.ndarray) -> Image.Image:
    """From one style to another in five steps, for two pairs."""
    weights = (0, 0.25, 0.5, 0.75, 1)
    rows = [
        [paint(pack, rgb, f"{one}:{1 - weight},{other}:{weight}") for weight in weights]
        for one, other in (("blue", "fire"), ("yellow", "dark"))
    ]
    return contact_sheet([f"{weight:g}" for weight in weights], rows, cell_width=320)


def strength(pack: StylePack, rgb: np.ndarray) -> Image.Image:
    """From the source to the full look."""
    values = (0, 0.25, 0.5, 0.75, 1)
    row = [paint(pack, rgb, "fire", strength=value) for value in values]
    return contact_sheet([f"{value:g}" for value in values], [row], cell_width=320)


def strokes(pack: StylePack, rgb: np.ndarray) -> Image.Image:
    """The middle of the frame, strokes from half to four times their size."""
    values = (0.5, 1, 2, 4)
    height, width = rgb.shape[:2]
    middle = np.s_[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4]
    rows = [
        [paint(pack, rgb, style, stroke_scale=value)[middle] for value in values]
        for style in ("blue", "yellow")
    ]
    return contact_sheet([f"{value:g}" for value in values], rows, cell_width=400)


def colour(pack: StylePack, rgb: np.ndarray) -> Image.Image:
    """The poster's colours and the clip's own."""
    rows = [
        [rgb, *(paint(pack, rgb, style, colour=value) for value in ("poster", "source"))]
        for style in ("blue", "dark")
    ]
    return contact_sheet(["the clip", "poster", "source"], rows, cell_width=480)


def statistics(pack: StylePack, rgb: np.ndarray) -> Image.Image:
    """A board enters the picture: what it changes elsewhere, for the three statistics.

    Rows: without it, with a dark one, the change by it, the change by a bright one; changes are
    drawn twice as large around grey.
    """
    values = ("hybrid", "shot", "frame")
    rows: list[list[np.ndarray]] = [[], [], [], []]
    edge = rgb.shape[1] // 3
    for value in values:
        for board, level in (("dark", 0.05), ("bright", 0.95)):
            entered = rgb.copy()
            entered[:, :edge] = level
            look = Look({"fire": 1.0}, statistics=value)
            stylizer = Stylizer(pack, look, torch.device("cpu"))
            if stylizer.needs_measuring:
                stylizer.measure_shot([rgb, entered])
            before, after = stylizer.frame(rgb), stylizer.frame(entered)
            change = after - before
            far = change[:, edge + 60 :]  # beyond the network's reach of 56 pixels
            moved = np.abs(far.mean((0, 1))).max()
            print(f"statistics {value}, {board} board: the rest's mean moves by {moved:.3f}")
            change[:, :edge] = 0
            shown = [np.clip(0.5 + 2 * change, 0, 1)]
            targets = rows[3:] if board == "bright" else rows[:3]
            for row, picture in zip(
                targets, shown if board == "bright" else [before, after, *shown], strict=True
            ):
                row.append(picture)
    return contact_sheet(values, rows, cell_width=360)


def fades(pack: StylePack, rgb: np.ndarray) -> Image.Image:
    """A title that comes from black, and a shot that does, at the defaults."""
    small = _resized(rgb, 480, 270)
    card = Image.new("L", (480, 270))
    ImageDraw.Draw(card).text((130, 110), "THE TITLE", fill=255, font_size=48)
    title = np.repeat(np.float32(card)[..., None] / 255, 3, axis=2)
    rows = []
    for picture, style in ((title, "blue"), (small, "dark")):
        shot = [picture * np.float32(min(1, i / 8)) for i in range(24)]
        stylizer = Stylizer(pack, Look({style: 1.0}), torch.device("cpu"))
        stylizer.measure_shot([shot[i] for i in sample_frames(0, 23)])
        shown = [shot[i] for i in (0, 1, 2, 4, 8)]
        rows += [shown, [stylizer.frame(frame) for frame in shown]]
    return contact_sheet(["black", "1/8", "1/4", "1/2", "all of it"], rows, cell_width=300)


def figures(pack: StylePack, rgb: np.ndarray) -> Iterator[str]:
    """The rms difference, 0-1, of a 4K master, painted and made HD, from its HD proxy, painted."""
    master = _resized(rgb, 3840, 2160)
    # Grain of the master's own pixels, as a camera's: detail that the proxy does not have.
    grain = np.random.default_rng(1).normal(0, 0.02, (2160, 3840, 1)).astype(np.float32)
    master = np.clip(master + grain, 0, 1)
    proxy = _resized(master, 1920, 1080)
    for style in ("blue", "yellow", "dark"):
        for name, side in (("at stroke scale 1", None), ("each natively", REFERENCE_SIDE)):
            large, hd = (
                paint(pack, frame, style, stroke_scale=side / frame.shape[1] if side else 1.0)
                for frame in (master, proxy)
            )
            rms = float(np.sqrt(np.mean((_resized(large, 1920, 1080) - hd) ** 2)))
            yield f"{style}: 4K and HD painted {name}: rms {rms:.4f}"


def _resized(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    planes = [
        np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.LANCZOS))
        for plane in np.moveaxis(rgb, 2, 0)
    ]
    return np.clip(np.stack(planes, 2), 0, 1)


def save(sheet: Image.Image, path: Path, largest: int = _LARGEST) -> None:
    """As JPEG, in the best quality that `largest` bytes allow."""
    for quality in range(92, 30, -4):
        data = io.BytesIO()
        sheet.save(data, "JPEG", quality=quality)
        if data.tell() <= largest:
            break
    path.write_bytes(data.getvalue())
    print(f"{path}: {sheet.width}x{sheet.height}, {data.tell()} bytes, quality {quality}")


def main() -> None:
    """Draw the pictures, or measure."""
    drawers = {
        "blends": blends,
        "strength": strength,
        "strokes": strokes,
        "colour": colour,
        "statistics": statistics,
        "fades": fades,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/pictures/looks"))
    parser.add_argument("--pack", default=None)
    parser.add_argument("--frame", type=int, default=_FRAME, help="of the bundled clip")
    parser.add_argument("--only", nargs="+", choices=list(drawers), default=list(drawers))
    parser.add_argument("--figures", action="store_true", help="measure HD against 4K instead")
    args = parser.parse_args()
    pack = load_pack(find_pack(args.pack))
    info = sited(probe_media(bundled("examples") / "bigbuckbunny.mp4"))
    (rgb,) = read_frames(info, args.frame, args.frame)
    if args.figures:
        for line in figures(pack, rgb):
            print(line, flush=True)
        return
    for name in args.only:
        save(drawers[name](pack, rgb), args.output / f"{name}.jpg")


if __name__ == "__main__":
    main()
