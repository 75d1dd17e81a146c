"""A picture extended by reflection, part by part, so that the whole is never in memory twice.

The network's input is larger than the picture: it has overscan at every edge (`core.overscan`), and
whole strides. A whole extended picture would be a second copy, 100 MB for UHD, from which OpenVINO
copies every tile that is narrower. Here each tile is made directly from the picture.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["Reflected", "blank", "reflect_margins"]


class Reflected:
    """A picture extended beyond its edges.

    Args:
        picture: (1, C, H, W), float32.
        overscan: rows and columns to add at both ends, fewer than the picture has.
        stride: more are added at the right and at the bottom until both sides are multiples of it.
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
        """Rows and columns of the extended picture."""
        return len(self._rows), len(self._columns)

    def part(self, rows: tuple[int, int], columns: tuple[int, int]) -> Tensor:
        """Some rows and columns, each from the first up to, not including, the last.

        Returns:
            (1, C, rows, columns), channels_last, in memory of its own, on the picture's device.
        """
        down, right = self._rows[slice(*rows)], self._columns[slice(*columns)]
        made = blank(self._picture.shape[1], len(down), len(right), self._picture.device)
        (above, left), (height, width) = self._overscan, self._picture.shape[-2:]
        top, bottom = _within(rows, above, above + height)
        begin, end = _within(columns, left, left + width)

        def gather(at: slice, across: slice) -> None:
            made[..., at, across] = self._picture[..., down[at, None], right[None, across]]

        # Indexing by rows and columns is slow: only beyond the edges. The rest is one copy.
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


def reflect_margins(extended: Tensor, overscan: tuple[int, int]) -> None:
    """Fill what lies beyond a picture with its reflection, in the memory that holds both.

    Args:
        extended: (1, C, H + 2·rows, W + 2·columns), with the picture in its middle.
        overscan: these rows and columns, fewer than H and W.
    """
    down, right = overscan
    bottom, end = extended.shape[2] - down, extended.shape[3] - right
    middle = extended[..., down:bottom, :]
    middle[..., :right] = middle[..., right + 1 : 2 * right + 1].flip(3)
    middle[..., end:] = middle[..., end - right - 1 : end - 1].flip(3)
    extended[..., :down, :] = extended[..., down + 1 : 2 * down + 1, :].flip(2)
    extended[..., bottom:, :] = extended[..., bottom - down - 1 : bottom - 1, :].flip(2)


def blank(channels: int, height: int, width: int, device: torch.device) -> Tensor:
    """(1, channels, height, width), float32, channels_last, uninitialised.

    On the CPU by NumPy, which unlike torch asks Linux for huge pages: one page fault for 2 MB, not
    for every 4 kB.
    """
    shape = (1, height, width, channels)
    if device.type == "cpu":
        made = torch.from_numpy(np.empty(shape, np.float32))
    else:
        made = torch.empty(shape, device=device)
    return made.permute(0, 3, 1, 2)


def _within(span: tuple[int, int], first: int, last: int) -> tuple[int, int]:
    """Where the picture's own rows (or columns) begin and end in a span of them."""
    begin, end = span
    length = end - begin
    top = min(max(first - begin, 0), length)
    return top, max(min(last - begin, length), top)


def _sources(length: int, beyond: int, stride: int) -> np.ndarray:
    """The index of the picture's row (or column) for each row of the extended picture."""
    rows = np.pad(np.arange(length), beyond, "reflect")
    return np.pad(rows, (0, -len(rows) % stride), "reflect")
