"""Contact sheets: sizes and places by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nle_style.core import contact_sheet


def flat(height: int, width: int, *colour: float) -> np.ndarray:
    return np.broadcast_to(np.array(colour, np.float32), (height, width, 3))


def test_size_by_hand() -> None:
    rows = [[flat(10, 20, 0, 0, 0)] * 3, [flat(30, 20, 0, 0, 0)] * 3]
    sheet = contact_sheet(["a", "b", "c"], rows, cell_width=100)
    assert sheet.mode == "RGB"
    # Wide: a 6 pixel gap left of each of three cells, and one at the end. High: a header of
    # 1.8 times the 12 pixel letters, 21; cells of 50 and 150 with a gap below each.
    assert sheet.size == (3 * 106 + 6, 21 + 50 + 6 + 150 + 6)


def test_letters_grow_with_the_cells() -> None:
    sheet = contact_sheet(["a"], [[flat(10, 10, 0, 0, 0)]], cell_width=280)
    assert sheet.size == (6 + 280 + 6, 36 + 280 + 6)  # 280 / 14 = 20 pixel letters, 1.8 · 20


def test_pictures_are_at_their_places() -> None:
    red, green, blue, grey = (1, 0, 0), (0, 1, 0), (0, 0, 1), (0.5, 0.5, 0.5)
    rows = [[flat(4, 8, *red), flat(4, 8, *green)], [flat(8, 8, *blue), flat(8, 8, *grey)]]
    pixels = np.asarray(contact_sheet(["left", "right"], rows, cell_width=40))
    # Columns 6-45 and 52-91; rows 21-40 and 47-86.
    cells = {
        (255, 0, 0): pixels[21:41, 6:46],
        (0, 255, 0): pixels[21:41, 52:92],
        (0, 0, 255): pixels[47:87, 6:46],
        (128, 128, 128): pixels[47:87, 52:92],  # 0.5 · 255 + 0.5, rounded half up
    }
    for colour, cell in cells.items():
        assert (cell == colour).all()
    for gap in (pixels[21:, :6], pixels[21:, 46:52], pixels[21:, 92:], pixels[41:47], pixels[87:]):
        assert (gap == 24).all()


def test_labels_are_drawn_above_their_columns() -> None:
    cell = flat(10, 10, 0, 0, 0)
    pixels = np.asarray(contact_sheet(["blue", ""], [[cell, cell]], cell_width=60))
    header = pixels[:21].max(axis=2) > 100
    columns = np.flatnonzero(header.any(axis=0))
    assert len(columns) > 0
    assert abs((columns[0] + columns[-1]) / 2 - (6 + 30)) <= 1.5  # centred over the first cell
    assert not header[:, 72:].any()


def test_values_out_of_range_are_clipped() -> None:
    sheet = contact_sheet(["a"], [[flat(4, 4, -3.0, 7.0, 1.0)]], cell_width=10)
    assert sheet.getpixel((10, 25)) == (0, 255, 255)


@pytest.mark.parametrize("rows", [[], [[flat(4, 4, 0, 0, 0)]]])
def test_rows_that_do_not_fit_the_labels_are_refused(rows: list[list[np.ndarray]]) -> None:
    with pytest.raises(ValueError, match="every row needs 2 pictures"):
        contact_sheet(["a", "b"], rows)
