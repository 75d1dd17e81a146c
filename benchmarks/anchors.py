"""Our paintings beside others' published ones of the same photograph: figures and a sheet.

    python benchmarks/anchors.py --anchors DIR [--posters DIR] [--pack PACK] [--source chicago]
        [--pair OURS=THEIRS ...] [--poster-size 512] [--vgg FILE] [--sheet FILE] [--json]

DIR holds, as .jpg, .png or another still:

SOURCE            the photograph (`chicago`, or what --source says)
SOURCE_THEIRS     its published painting in their style THEIRS, at the photograph's size
THEIRS            the style image that their style was made from

A pair OURS=THEIRS compares a style of the pack with one of theirs; without --pair they are
dark=udnie, snow=wave and orange=the_scream. Ours is painted here, at the photograph's own size and
with the statistics of the frame. Their painting is measured against their style image; ours against
that too, and against our own poster, STYLE.png in --posters.

relu1_2 ... relu4_3   style loss of a layer, divided by the energy of the style image's Gram matrix
style                 their sum
content               content loss at relu2_2, divided by the photograph's mean square

Style images are reduced to --poster-size pixels on the longer side. The sheet has a row a pair:
the photograph, their style image, their painting, our poster, our painting. It is for looking at:
pictures of others are read here, and none goes into the project.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pictures.gallery import BACKGROUND, stacked
from torch import Tensor

from nle_style.core import StylePack, contact_sheet, load_pack
from nle_style.core.overscan import paint_with_overscan
from nle_style.core.perceptual import (
    CONTENT_LAYER,
    Vgg16Features,
    content_loss,
    load_vgg16,
    style_loss,
    style_targets,
)
from nle_style.core.training.photos import IMAGE_SUFFIXES, load_image
from nle_style.errors import NleStyleError
from nle_style.shipped import find_pack

PAIRS = ("dark=udnie", "snow=wave", "orange=the_scream")
LAYERS = {"relu1_2": 4, "relu2_2": 9, "relu3_3": 16, "relu4_3": 22}
"""Their labels in `core.perceptual`."""

_COLUMNS = (*LAYERS, "style", "content")

Record = dict[str, Any]
"""`picture`, `against` (file names; of ours, the style's), and a float for each of `_COLUMNS`."""


@dataclass(frozen=True)
class Pair:
    """A style of ours and one of theirs, with their files; `poster` is None without --posters."""

    ours: str
    theirs: str
    painting: Path
    style_image: Path
    poster: Path | None


def find_pairs(
    texts: Sequence[str], source: str, folder: Path, posters: Path | None
) -> tuple[Path, list[Pair]]:
    """The photograph and the pairs, every file of which is there.

    Args:
        texts: OURS=THEIRS, each.
        source: the photograph's name, without its suffix.
        folder: of --anchors.
        posters: folder of STYLE.png, or None.

    Raises:
        SystemExit: a text that is no pair, or all files that are missing, in one message.
    """
    missing: list[str] = []

    def found(name: str, why: str) -> Path:
        paths = (folder / f"{name}{suffix}" for suffix in IMAGE_SUFFIXES)
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            missing.append(f"{folder / name}.jpg ({why})")
        return path or folder / name

    photograph = found(source, "the photograph")
    pairs = []
    for text in texts:
        ours, equals, theirs = text.partition("=")
        if not (ours and equals and theirs):
            raise SystemExit(f"--pair {text}: a pair is OURS=THEIRS, as dark=udnie")
        painting, image = (found(name, text) for name in (f"{source}_{theirs}", theirs))
        poster = None if posters is None else posters / f"{ours}.png"
        if poster is not None and not poster.is_file():
            missing.append(f"{poster} ({text})")
        pairs.append(Pair(ours, theirs, painting, image, poster))
    if missing:
        raise SystemExit(f"not there: {', '.join(missing)}; --source and --pair choose others")
    return photograph, pairs


def losses(
    seen: Mapping[int, Tensor], source: Mapping[int, Tensor], targets: Mapping[int, Tensor]
) -> dict[str, float]:
    """The figures of one picture.

    Args:
        seen: its feature maps, as `Vgg16Features` gives them.
        source: those of the photograph, at the same size.
        targets: Gram matrices of the style image, as `style_targets` gives them.

    Returns:
        a value for every one of `_COLUMNS`, each 0 where nothing differs.
    """
    found = {
        name: float(style_loss({layer: seen[layer]}, {layer: targets[layer]}, "normalised"))
        for name, layer in LAYERS.items()
    }
    found["style"] = sum(found.values())
    content = content_loss(seen[CONTENT_LAYER], source[CONTENT_LAYER], "normalised")
    return found | {"content": float(content)}


@torch.inference_mode()
def measure(
    pack: StylePack, photograph: Path, pairs: Sequence[Pair], vgg: Vgg16Features, poster_size: int
) -> tuple[list[Record], list[tuple[list[str], list[Tensor]]]]:
    """Paint and measure every pair.

    Args:
        poster_size: longer side of style images, in pixels.

    Returns:
        the records, pair by pair: theirs, ours on our poster if there is one, ours on their style
        image; and for the sheet, of every pair, labels and pictures, each (3, H, W), 0-1.

    Raises:
        SystemExit: a painting of theirs has another size than the photograph.
    """
    records: list[Record] = []
    rows: list[tuple[list[str], list[Tensor]]] = []
    source = load_image(photograph)
    wanted = vgg(source[None], (CONTENT_LAYER,))
    for pair in pairs:
        theirs = load_image(pair.painting)
        if theirs.shape != source.shape:
            sizes = [f"{each.shape[2]}x{each.shape[1]}" for each in (theirs, source)]
            raise SystemExit(f"{pair.painting} is {sizes[0]}, the photograph is {sizes[1]} pixels")
        ours = paint_with_overscan(pack.network({pair.ours: 1.0}), source[None])[0]
        image = load_image(pair.style_image, longest=poster_size)
        targets = style_targets(vgg(image[None]))
        seen = vgg(ours[None])
        compared = [(pair.painting.name, pair.style_image, vgg(theirs[None]), targets)]
        labels = [photograph.stem, f"{pair.theirs} (style image)", f"theirs, {pair.theirs}"]
        pictures = [source, image, theirs]
        if pair.poster is not None:
            poster = load_image(pair.poster, longest=poster_size)
            compared.append((pair.ours, pair.poster, seen, style_targets(vgg(poster[None]))))
            labels.append(f"{pair.ours} (poster)")
            pictures.append(poster)
        compared.append((pair.ours, pair.style_image, seen, targets))
        for picture, against, maps, grams in compared:
            record = {"pair": f"{pair.ours}={pair.theirs}", "picture": picture}
            records.append(record | {"against": against.name, **losses(maps, wanted, grams)})
        rows.append(([*labels, f"ours, {pair.ours}"], [*pictures, ours]))
    return records, rows


def markdown(records: Sequence[Record]) -> str:
    """The records as one table."""
    lines = [
        f"| picture | against | {' | '.join(_COLUMNS)} |",
        "|---|---|" + "---:|" * len(_COLUMNS),
    ]
    for record in records:
        cells = " | ".join(f"{record[column]:.3f}" for column in _COLUMNS)
        lines.append(f"| {record['picture']} | {record['against']} | {cells} |")
    return "\n".join(lines)


def draw(rows: Sequence[tuple[list[str], list[Tensor]]], path: Path, cell: int) -> None:
    """The sheet of `measure`'s rows, `cell` pixels a picture; style images get its shape."""
    sheets = []
    for labels, pictures in rows:
        aspect = pictures[0].shape[1] / pictures[0].shape[2]
        cells = [_fitted(each.permute(1, 2, 0).numpy(), aspect) for each in pictures]
        sheets.append(contact_sheet(labels, [cells], cell_width=cell))
    stacked(sheets).save(path, "PNG")


def _fitted(picture: np.ndarray, aspect: float) -> np.ndarray:
    """(H, W, 3) with dark borders at two of its sides, so that height is `aspect` · width."""
    height, width = picture.shape[:2]
    down = max(0, round(width * aspect) - height) // 2
    right = max(0, round(height / aspect) - width) // 2
    borders = ((down, down), (right, right), (0, 0))
    return np.pad(picture, borders, constant_values=BACKGROUND)


def main() -> None:
    """Paint, measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--anchors", type=Path, required=True, help="folder of the pictures")
    parser.add_argument("--posters", type=Path, help="folder of our STYLE.png")
    parser.add_argument("--pack", help="a file or a shipped pack's name")
    parser.add_argument("--source", default="chicago", help="the photograph's name")
    parser.add_argument("--pair", action="append", metavar="OURS=THEIRS", help="again for more")
    parser.add_argument("--poster-size", type=int, default=512, help="of style images, in pixels")
    parser.add_argument("--vgg", type=Path, help="VGG-16 weights; else torchvision downloads them")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="a PNG of all pictures")
    parser.add_argument("--cell", type=int, default=400, help="width of a picture on the sheet")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    photograph, pairs = find_pairs(args.pair or PAIRS, args.source, args.anchors, args.posters)
    try:
        pack = load_pack(find_pack(args.pack))
        for pair in pairs:
            pack.mix({pair.ours: 1.0})  # an unknown style is told before anything is painted
        vgg = load_vgg16(args.vgg)
        records, rows = measure(pack, photograph, pairs, vgg, args.poster_size)
    except NleStyleError as error:
        raise SystemExit(str(error)) from error
    if args.sheet is not None:
        draw(rows, args.sheet, args.cell)
    facts = {"pack": pack.name, "pack_sha256": pack.sha256, "poster_size": args.poster_size}
    print(json.dumps(facts | {"figures": records}) if args.json else markdown(records))


if __name__ == "__main__":
    main()
