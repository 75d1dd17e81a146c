"""A picture continued by its reflection, made part by part, each as an engine wants it.

The network sees more than the picture: overscan at every edge (`core.overscan`), and whole strides.
Made as a whole, that is the picture once more, of a UHD frame 100 MB, of which OpenVINO copies
every tile that is not as wide as it. A part that is made when its turn comes is that copy.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["Reflected", "blank"]


class Reflected:
    """A picture with what lies beyond its edges.

    Args:
        picture: (1, C, H, W), on the CPU.
        overscan: rows and columns beyond both ends, less than the picture has.
        stride: reflected once more at the right and at the bottom, until both sides divide by it.
    """

    def __init__(
        self, picture: Tensor, overscan: tuple[int, int] = (0, 0), stride: int = 1
    ) -> None:
        self._picture = picture
        self._overscan = overscan
        self._rows, self._columns = (
            torch.from_numpy(_sources(length, beyond, stride))
            for length, beyond in zip(picture.shape[-2:], overscan, strict=True)
        )

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns, all reflections included."""
        return len(self._rows), len(self._columns)

    def whole(self) -> Tensor:
        """(1, C, *`size`), channels_last."""
        rows, columns = self.size
        return self.part((0, rows), (0, columns))

    def part(self, rows: tuple[int, int], columns: tuple[int, int]) -> Tensor:
        """Some rows and columns, each from the first up to, not including, the last.

        Returns:
            (1, C, rows, columns), channels_last, in memory of its own.
        """
        down, right = self._rows[slice(*rows)], self._columns[slice(*columns)]
        made = blank(self._picture.shape[1], len(down), len(right))
        (above, left), (height, width) = self._overscan, self._picture.shape[-2:]
        top, bottom = _within(rows, above, above + height)
        begin, end = _within(columns, left, left + width)

        def gather(at: slice, across: slice) -> None:
            made[..., at, across] = self._picture[..., down[at, None], right[None, across]]

        # Pixel by pixel takes long, but is for the few beyond the edges; the rest is one copy.
        gather(slice(None, top), slice(None))
        gather(slice(bottom, None), slice(None))
        gather(slice(top, bottom), slice(None, begin))
        gather(slice(top, bottom), slice(end, None))
        if bottom > top and end > begin:
            first, start = int(down[top]), int(right[begin])
            made[..., top:bottom, begin:end] = self._picture[
                ..., first : first + bottom - top, start : start + end - begin
            ]
        return made


def blank(channels: int, height: int, width: int) -> Tensor:
    """(1, channels, height, width), float32 on the CPU, channels_last, not set to anything.

    NumPy's allocation, unlike torch's, asks Linux for large pages: a page fault for 2 MB, not for
    every 4 kB.
    """
    return torch.from_numpy(np.empty((1, height, width, channels), np.float32)).permute(0, 3, 1, 2)


def _within(span: tuple[int, int], first: int, last: int) -> tuple[int, int]:
    """Where in a span of rows (or columns) those of the picture begin and end."""
    begin, end = span
    length = end - begin
    top = min(max(first - begin, 0), length)
    return top, max(min(last - begin, length), top)


def _sources(length: int, beyond: int, stride: int) -> np.ndarray:
    """Which of `length` rows (or columns) each row is, those beyond both ends included."""
    rows = np.pad(np.arange(length), beyond, "reflect")
    return np.pad(rows, (0, -len(rows) % stride), "reflect")
