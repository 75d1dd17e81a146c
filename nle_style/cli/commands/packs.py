"""`nle-style styles`, which starts without torch, and `nle-style sheet`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from nle_style.cli.people import print_table
from nle_style.core import FIGURES, PackFacts, contact_sheet, figures_of, pack_facts
from nle_style.durable import check_folder
from nle_style.errors import MediaError, OutputError
from nle_style.media.source import probe_media, read_frames
from nle_style.ownership import Inputs, SafeWriter
from nle_style.shipped import find_pack, shipped_packs

__all__ = ["list_styles", "write_sheet"]

_HEADINGS = dict(
    zip(FIGURES, ("style loss", "content loss", "noise gain", "pan error"), strict=True)
)


def list_styles(pack: str | None, *, as_json: bool) -> None:
    """Print the styles of one pack, or of all that ship, with what their cards say of them.

    Figures of other weights than those beside the card are left out.

    Their weights are not loaded, which takes seconds with torch: what paints does that.

    Raises: PackError if there is no such pack, or its header or card is damaged.
    """
    paths = [find_pack(pack)] if pack is not None else shipped_packs()
    packs = [pack_facts(path) for path in paths]
    if as_json:
        data = [
            {
                "pack": item.name,
                "path": str(path),
                "sha256": item.sha256,
                "image_steps": _image_steps(item),
                "styles": list(item.styles),
                "figures": figures_of(item.card, item.sha256),
                "card": dict(item.card),
            }
            for path, item in zip(paths, packs, strict=True)
        ]
        print(json.dumps(data, indent=2, default=str, ensure_ascii=False))
        return
    console = Console()
    for item in packs:
        _print_styles(item, console)
        if figures_of(item.card, item.sha256):
            console.print(
                "Figures: means over pictures held out of training, docs/measured/quality.md."
            )


def _image_steps(pack: PackFacts) -> int | None:
    steps = (pack.card.get("training") or {}).get("image_steps")
    return steps if isinstance(steps, int) else None


def _print_styles(pack: PackFacts, console: Console) -> None:
    """One pack as a table, with the figures that its card has."""
    figures = figures_of(pack.card, pack.sha256)
    measured = [key for key in FIGURES if any(key in values for values in figures.values())]
    steps = _image_steps(pack)
    title = f"{pack.name}: {len(pack.styles)} styles"
    title += f", {steps:,} image-steps" if steps is not None else ""
    cards = pack.card.get("styles") or {}
    rows = []
    for name in pack.styles:
        card = cards.get(name) or {}
        mine = figures.get(name, {})
        numbers = [f"{mine[key]:.3f}" if key in mine else "" for key in measured]
        rows.append((name, *(str(card.get(key, "")) for key in ("artwork", "licence")), *numbers))
    headings = [_HEADINGS[key] for key in measured]
    print_table(
        console,
        ("style", "artwork", "licence", *headings),
        rows,
        title=f"{title}, sha256 {pack.sha256[:12]}",
        numbers=headings,
    )


def write_sheet(
    source: Path,
    destination: Path,
    frame: int | None,
    stroke_scale: float,
    pack: str | None,
    device: str,
    *,
    overwrite: bool = False,
) -> None:
    """Draw every style of a pack on one frame of a clip.

    Args:
        source: a movie, sequence or image.
        destination: the PNG.
        frame: of a sequence the number of its file, else zero-based; None for the middle one.
        stroke_scale: as in `Look`.
        overwrite: replace a file there that is not a sheet of ours.

    Raises:
        InputError: as `SafeWriter.check`.
        LookError: the stroke scale is out of its range.
        MediaError: the source, or that frame of it, cannot be read.
        OutputError: the sheet cannot be written, which is found out before anything is painted.
    """
    from nle_style.apply import Look, Stylizer, choose_device
    from nle_style.core import load_pack

    form = Image.registered_extensions().get(destination.suffix.lower())
    if form is None:
        raise OutputError(
            "its ending is none of a picture's", where=str(destination), remedy="Give -o sheet.png."
        )
    check_folder(destination.parent)
    info = probe_media(source)
    path = find_pack(pack)
    writer = SafeWriter(Inputs([source, path, path.with_suffix(".yaml")]), overwrite)
    writer.check([destination])
    start = info.first_frame_number
    number = info.frame_count // 2 if frame is None else frame - start
    if not 0 <= number < info.frame_count:
        raise MediaError(
            f"there is no frame {frame}",
            where=str(source),
            remedy=f"Its frames are {start}-{start + info.frame_count - 1}.",
        )
    (rgb,) = read_frames(info, number, number)
    chosen = load_pack(path)
    pictures: list[np.ndarray] = [rgb]
    for name in chosen.styles:
        look = Look({name: 1.0}, statistics="frame", stroke_scale=stroke_scale)
        pictures.append(Stylizer(chosen, look, choose_device(device)).frame(rgb))
    labels = ["source", *chosen.styles]
    columns = min(len(labels), 4)
    rows = [
        contact_sheet(labels[i : i + columns], [pictures[i : i + columns]], cell_width=480)
        for i in range(0, len(labels), columns)
    ]
    sheet = rows[0].crop((0, 0, rows[0].width, sum(row.height for row in rows)))
    y = 0
    for row in rows:
        sheet.paste(row, (0, y))
        y += row.height
    with writer.replacing(destination) as part:
        sheet.save(part, form)
