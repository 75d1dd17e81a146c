"""What an eye follows in a pan: one row of pixels over time, in every style.

    python benchmarks/pictures/pans.py [-o docs/pictures/figures/pans.jpg]

A window of 640x360 pixels goes over a frame of the bundled clip, 3 pixels to the right from one
frame to the next, and every view is painted as a render with the default statistics paints it, all
of them as one shot. Of each painting one row of pixels is kept, and the rows of all frames are laid
below one another, the first at the top, each three pixels high. What moves with the picture is a
slanted line, as all is in the source; what stays on the screen is an upright one, and what comes
and goes is a dash. The first cell is the middle of the first view, with the row as a line.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from gallery import in_rows, painted_shot
from looks import save

from nle_style.core import load_pack
from nle_style.media.source import probe_media, read_frames
from nle_style.shipped import bundled, find_pack

_CLIP, _FRAME = "bigbuckbunny.mp4", 100
_WIDTH, _HEIGHT = 640, 360
_STEP, _COUNT = 3, 72
_LEFT, _TOP, _ROW = 330, 180, 200  # of the first window, and the row of a window that is kept
_CELL = 480  # of a window's columns, the middle ones are shown
_HIGH = 3  # pixels of a row, in the picture
_COLUMNS = 3
_LARGEST = 420_000


def views() -> list[np.ndarray]:
    """The frames of the pan, (H, W, 3), RGB, 0-1."""
    (whole,) = read_frames(probe_media(bundled("examples") / _CLIP), _FRAME, _FRAME)
    rows = slice(_TOP, _TOP + _HEIGHT)
    lefts = range(_LEFT, _LEFT + _STEP * _COUNT, _STEP)
    return [whole[rows, left : left + _WIDTH].copy() for left in lefts]


def middle(frame: np.ndarray) -> np.ndarray:
    """The columns of a frame, or of a row of it, that are shown."""
    margin = (_WIDTH - _CELL) // 2
    return frame[..., margin:-margin, :]


def marked(frame: np.ndarray) -> np.ndarray:
    """The first cell, (frames * _HIGH, columns, 3)."""
    top = _ROW - _COUNT * _HIGH // 2
    cell: np.ndarray = middle(frame)[top : top + _COUNT * _HIGH].copy()
    cell[_ROW - top] = 1
    return cell


def over_time(frames: list[np.ndarray]) -> np.ndarray:
    """The kept row of every frame, (frames * _HIGH, columns, 3)."""
    return np.stack([middle(frame[_ROW]) for frame in frames]).repeat(_HIGH, axis=0)


def main() -> None:
    """Paint and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pack", help="a file or a shipped pack's name")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/pictures/figures/pans.jpg"))
    args = parser.parse_args()
    pack, frames = load_pack(find_pack(args.pack)), views()
    cells = [("first view", marked(frames[0])), ("source", over_time(frames))]
    cells += [(style, over_time(painted_shot(pack, style, frames))) for style in pack.styles]
    save(in_rows(cells, _COLUMNS, _CELL), args.output, _LARGEST)


if __name__ == "__main__":
    main()
