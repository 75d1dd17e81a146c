"""Contact sheets: pictures side by side under their labels, as one image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

__all__ = ["contact_sheet"]

_GAP = 6
_BACKGROUND = (24, 24, 24)
_INK = (235, 235, 235)


def contact_sheet(
    labels: Sequence[str], rows: Sequence[Sequence[np.ndarray]], *, cell_width: int = 240
) -> Image.Image:
    """Lay pictures out in a grid, one column a label.

    Args:
        labels: one a column, drawn above it.
        rows: every row holds one picture a column, each (H, W, 3) float, RGB, 0-1; the pictures of
            a row have the same aspect.
        cell_width: width of a picture on the sheet, in pixels.

    Returns:
        the sheet, 8-bit RGB.

    Raises: ValueError for no rows, or a row with another number of pictures than of labels.
    """
    if not rows or any(len(row) != len(labels) for row in rows):
        raise ValueError(f"every row needs {len(labels)} pictures")
    size = max(12, cell_width // 14)
    font = ImageFont.load_default(size)
    header = int(size * 1.8)
    heights = [max(1, round(cell_width * row[0].shape[0] / row[0].shape[1])) for row in rows]
    width = len(labels) * (cell_width + _GAP) + _GAP
    sheet = Image.new("RGB", (width, header + sum(heights) + _GAP * len(rows)), _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for column, label in enumerate(labels):
        x = _GAP + column * (cell_width + _GAP)
        draw.text((x + cell_width / 2, header / 2), label, _INK, font, anchor="mm")
    y = header
    for row, height in zip(rows, heights, strict=True):
        for column, picture in enumerate(row):
            cell = Image.fromarray(np.uint8(np.clip(picture, 0, 1) * 255 + 0.5))
            cell = cell.resize((cell_width, height), Image.Resampling.LANCZOS)
            sheet.paste(cell, (_GAP + column * (cell_width + _GAP), y))
        y += height + _GAP
    return sheet
