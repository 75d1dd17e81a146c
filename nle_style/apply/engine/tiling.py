"""The network in bounded memory: a picture is painted in pieces and is the same as in one.

With frozen norms a tile depends on the rest of the picture only through `HALO` pixels around it:
one pass over tiles that are nearly as high as wide, which have the smallest halo.

With statistics of the picture itself every layer depends on all of the layer before. So the layers
run one after the other over the whole picture, in strips: each strip has the halo of its own
convolution, the statistics are summed over the strips in float64, and the norm is applied when the
next layer reads. Only maps of a quarter of the size are kept whole, two of them. The layers at full
and at half size, before and after the residual blocks, are computed again for every norm that needs
them, which costs about half as much as the network itself. Strips are as wide as the picture, so
that two of their sides need no halo.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nle_style.apply.engine.kernels import HALO
from nle_style.apply.engine.reflected import Reflected, blank
from nle_style.apply.engine.torch_engine import FrameEngine, Moments, PictureNorms, moments
from nle_style.core import STRIDE, NormStatistics, pad_to_stride

__all__ = [
    "HEAD_HALO",
    "TAIL_HALO",
    "Strip",
    "TiledEngine",
    "fitting_tile",
    "paint_in_tiles",
    "strips",
]

HEAD_HALO = 8
"""Pixels that the layers before the residual blocks reach: 4 + 1 + 2, rounded up to strides."""

TAIL_HALO = 12
"""Pixels that the layers after the residual blocks reach: 4 + 2 + 4, rounded up to strides."""


@dataclass(frozen=True)
class Strip:
    """Rows (or columns) `top` to `bottom` of a picture, which are computed from the rows `begin` to
    `end`; `bottom` and `end` are exclusive."""

    top: int
    bottom: int
    begin: int
    end: int


def strips(height: int, rows: int, halo: int) -> list[Strip]:
    """Cut a picture into as few strips as possible, which all read the same number of rows: the
    network is compiled for one size. At the ends of the picture a strip needs no halo.

    Args:
        height: rows of the picture, whole strides.
        rows: that a strip may read at most, halo included, whole strides.
        halo: rows to either side, whole strides.

    Raises:
        ValueError: a number that is not in whole strides, or no row left beside the halo.
    """
    if any(value % STRIDE for value in (height, rows, halo)):
        raise ValueError(f"not in strides of {STRIDE}: {height} rows by {rows} with {halo}")
    if rows >= height:
        return [Strip(0, height, 0, height)]
    if rows <= 2 * halo:
        raise ValueError(f"{rows} rows are all halo")
    count = -(-(height - 2 * halo) // (rows - 2 * halo))
    size = _even_size(height, count, halo)
    cut: list[Strip] = []
    for index in range(count):
        begin = min(index * (size - 2 * halo), height - size)
        top = 0 if index == 0 else cut[-1].bottom
        bottom = height if index == count - 1 else begin + size - halo
        cut.append(Strip(top, bottom, begin, begin + size))
    return cut


def _even_size(length: int, count: int, halo: int) -> int:
    """The rows that each of `count` strips reads, whole strides."""
    return -(-(length + 2 * halo * (count - 1)) // count // STRIDE) * STRIDE


def fitting_tile(
    height: int, width: int, pixels: int, at_once: int = 1, halo: int = HALO
) -> tuple[int, int] | None:
    """The size of tiles with which a picture costs the fewest pixels, all haloes included.

    Args:
        height, width: of the picture, whole strides.
        pixels: that a tile may have at most, halo included.
        at_once: how many are painted at the same time; a last group with fewer tiles counts as a
            full one.
        halo: pixels to every side, whole strides.

    Returns:
        rows and columns, for `paint_in_tiles`; None if even the smallest tile is too large.
    """

    def sizes(length: int) -> Iterator[tuple[int, int]]:
        before = 0
        for count in range(1, max(2, length // STRIDE)):
            size = _even_size(length, count, halo)
            if count > 1 and size <= 2 * halo:
                return
            if size != before:  # more tiles of the same size are only more work
                yield count, size
            before = size

    fitting = (
        (-(-down * across // at_once) * at_once * rows * columns, down * across, rows, columns)
        for (down, rows), (across, columns) in itertools.product(sizes(height), sizes(width))
        if rows * columns <= pixels
    )
    best = min(fitting, default=None)
    return best and best[2:]


@torch.inference_mode()
def paint_in_tiles(
    engine: Callable[[Tensor], Tensor],
    image: Tensor,
    tile: tuple[int, int],
    gain: float = 1.0,
    halo: int = HALO,
    overscan: tuple[int, int] = (0, 0),
    map_tiles: Callable[..., Iterable[None]] = map,
) -> Tensor:
    """Paint a picture in tiles with an engine that has frozen norms.

    Args:
        engine: a `FoldedEngine`, or another callable with the same arguments and result.
        image: (1, 3, H, W), RGB display code values, 0-1.
        tile: rows and columns that are painted at once, halo included, whole strides.
        gain: the exposure of the picture, by which it is divided.
        halo: less than `HALO` gives seams; a parameter so that a test can show them.
        overscan: rows and columns beyond both ends that are painted too and then cut off.
        map_tiles: `map`, or the `map` of an executor if the engine can run in several threads.

    Returns:
        (1, 3, H, W) in 0-1, channels_last, on the image's device.
    """
    wide = Reflected(image, overscan, STRIDE)
    above, left = overscan
    height, width = image.shape[-2:]
    painted = blank(3, height, width, image.device)

    @torch.inference_mode()
    def paint(place: tuple[Strip, Strip]) -> None:
        down, across = place
        part = wide.part((down.begin, down.end), (across.begin, across.end))
        if gain != 1:
            part.div_(gain)
        top, begin = max(down.top, above), max(across.top, left)
        bottom, end = min(down.bottom, above + height), min(across.bottom, left + width)
        painted[..., top - above : bottom - above, begin - left : end - left] = engine(part)[
            ...,
            top - down.begin : bottom - down.begin,
            begin - across.begin : end - across.begin,
        ]

    rows, columns = (
        strips(length, size, halo) for length, size in zip(wide.size, tile, strict=True)
    )
    # An executor's `map` raises a tile's error only when its result is taken.
    for _ in map_tiles(paint, itertools.product(rows, columns)):
        pass
    return painted


class TiledEngine:
    """A `FrameEngine` that works in strips.

    Args:
        engine: the network with its look.
        rows: that are computed at once, halo included, whole strides.
        halos: pixels around a strip before and after the residual blocks; less than the defaults
            gives other pictures, which a test shows.
    """

    def __init__(
        self, engine: FrameEngine, rows: int, halos: tuple[int, int] = (HEAD_HALO, TAIL_HALO)
    ) -> None:
        self._engine = engine
        self._rows = rows
        self._halos = halos

    @torch.inference_mode()
    def __call__(self, image: Tensor, seen: list[NormStatistics] | None = None) -> Tensor:
        """Paint one image; shapes, ranges and arguments are those of `StyleNetwork.forward`."""
        height, width = image.shape[-2:]
        picture = pad_to_stride(image)
        x, norms = self._measured(picture)
        painted = self._picture(x, norms.used, picture.shape[-2])
        if seen is not None:
            seen.extend(norms.own)
        return painted[..., :height, :width]

    @torch.inference_mode()
    def measure(self, image: Tensor, seen: list[NormStatistics]) -> None:
        """Append the statistics of every norm for an image; the last layer is not computed."""
        seen.extend(self._measured(pad_to_stride(image))[1].own)

    def _measured(self, picture: Tensor) -> tuple[Tensor, PictureNorms]:
        """The map after the residual blocks, and every norm's statistics."""
        norms = PictureNorms(self._engine.layers)
        x = self._head(picture, norms)
        for index in range(3, self._engine.convolve.count - 3, 2):
            self._residual_block(index, x, norms)
        self._tail(x, norms, picture.shape[-2])
        return x, norms

    def _head(self, picture: Tensor, norms: PictureNorms) -> Tensor:
        """The first three layers -> the map of a quarter of the size."""
        height, width = picture.shape[-2:]
        whole: Tensor | None = None
        for last, scale in enumerate((2, 2, 4)):
            total = Moments()
            for strip in strips(height, self._rows, self._halos[0]):
                x = picture[..., strip.begin : strip.end, :]
                x = _without_halo(self._run(0, last, x, norms.used), strip, scale)
                total = total.joined(moments(x))
                if last == 2:
                    if whole is None:
                        whole = x.new_empty((1, height // STRIDE, width // STRIDE, x.shape[1]))
                        whole = whole.permute(0, 3, 1, 2)
                    whole[..., strip.top // STRIDE : strip.bottom // STRIDE, :] = x
            norms.add(total.statistics(self._engine.layers[last].phases))
        assert whole is not None  # noqa: S101  (for the type checker)
        for part in self._parts(whole):
            self._engine.normalise(2, part, norms.used[2]).relu_()
        return whole

    def _residual_block(self, index: int, x: Tensor, norms: PictureNorms) -> None:
        """Two layers, from `index` on; their output is added to `x` in place."""
        inner = torch.empty_like(x)
        norms.add(self._convolve(index, x, inner, lambda part: part))
        norms.add(
            self._convolve(
                index + 1,
                inner,
                inner,
                lambda part: self._engine.normalise(index, part, norms.used[index]).relu_(),
            )
        )
        for part, added in zip(self._parts(x), self._parts(inner), strict=True):
            part.add_(self._engine.normalise(index + 1, added, norms.used[index + 1]))

    def _convolve(
        self, index: int, source: Tensor, target: Tensor, prepare: Callable[[Tensor], Tensor]
    ) -> NormStatistics:
        """One 3×3 layer from a map to another, or in place: the row above each strip, which is
        overwritten by then, is kept."""
        total = Moments()
        height = source.shape[-2]
        above = source[..., :0, :]
        step = self._rows // STRIDE
        for top in range(0, height, step):
            bottom = min(top + step, height)
            part = torch.cat([above, source[..., top : bottom + 1, :]], 2)
            above_rows = above.shape[-2]
            above = source[..., bottom - 1 : bottom, :].clone()
            part = part.contiguous(memory_format=torch.channels_last)
            made = self._engine.convolve(index, prepare(part))
            made = made[..., above_rows : above_rows + bottom - top, :]
            total = total.joined(moments(made))
            target[..., top:bottom, :] = made
        return total.statistics(1)

    def _tail(self, x: Tensor, norms: PictureNorms, height: int) -> None:
        """The two layers before the last, for their norms."""
        first = self._engine.convolve.count - 3
        for last, scale in ((first, 2), (first + 1, 1)):
            total = Moments()
            for strip in strips(height, self._rows, self._halos[1]):
                part = x[..., strip.begin // STRIDE : strip.end // STRIDE, :]
                part = _without_halo(self._run(first, last, part, norms.used), strip, scale)
                total = total.joined(moments(part))
            norms.add(total.statistics(1))

    def _picture(self, x: Tensor, norms: Sequence[NormStatistics], height: int) -> Tensor:
        """The last three layers -> the picture (1, 3, H, W)."""
        first = self._engine.convolve.count - 3
        painted = blank(3, height, x.shape[-1] * STRIDE, x.device)
        for strip in strips(height, self._rows, self._halos[1]):
            part = x[..., strip.begin // STRIDE : strip.end // STRIDE, :]
            picture = self._engine.convolve.picture(self._activated(first, first + 2, part, norms))
            painted[..., strip.top : strip.bottom, :] = _without_halo(picture, strip, 1)
        return painted

    def _run(self, first: int, last: int, x: Tensor, norms: Sequence[NormStatistics]) -> Tensor:
        """Layers `first` to `last`; the output of the last one is not normalised."""
        return self._engine.convolve(last, self._activated(first, last, x, norms))

    def _activated(
        self, first: int, end: int, x: Tensor, norms: Sequence[NormStatistics]
    ) -> Tensor:
        """Layers `first` to `end` - 1, each normalised and activated."""
        for index in range(first, end):
            x = self._engine.normalise(index, self._engine.convolve(index, x), norms[index]).relu_()
        return x

    def _parts(self, x: Tensor) -> Iterator[Tensor]:
        yield from torch.split(x, self._rows // STRIDE, dim=2)


def _without_halo(x: Tensor, strip: Strip, scale: int) -> Tensor:
    """A computed strip without its halo; `scale` rows of the picture are one row of the map."""
    return x[..., (strip.top - strip.begin) // scale : (strip.bottom - strip.begin) // scale, :]
