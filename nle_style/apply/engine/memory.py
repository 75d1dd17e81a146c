"""The memory budget of a render, and how large a piece of a picture can be painted within it."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass

from nle_style.apply.engine.kernels import HALO
from nle_style.apply.engine.openvino_graph import (
    MEASURED_PIXELS,
    SLICE_PIXELS,
    Cut,
    Span,
    large_slices,
    one_slice,
    slices,
)
from nle_style.apply.engine.tiling import HEAD_HALO, fitting_tile
from nle_style.core import STRIDE
from nle_style.errors import InputError

__all__ = ["Budget", "automatic_memory", "parse_memory"]

_MIB = 2**20
_GIB = 2**30
_UNITS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "KI": 2**10, "MI": _MIB, "GI": _GIB}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMG]I?)?B?", re.IGNORECASE)

_AUTOMATIC = 2 * _GIB
# What follows is measured: benchmarks/cost/memory.py.
_PROCESS = 840 * _MIB  # interpreter, torch, OpenVINO, codecs, what the heaps keep
_DENOISED = 12  # bytes a pixel of a picture that is painted in tiles: its copy without grain
_PAINTING = 200  # bytes a pixel of a picture being painted: two full-size maps and a padded one
_MEASURING = 250  # the same for a slice that OpenVINO measures: one map more
_RESULT, _QUARTER = 12, 4 * 64 // STRIDE**2  # a painted picture, a map of a quarter of the size
# In slices a pixel takes its result and two such maps, while a slice is painted, or three.
_FEW, _MANY = _RESULT + 2 * _QUARTER, _RESULT + 3 * _QUARTER
_BESIDE = 5.0  # frames in the decoder, the painter and the encoder
_CONVERTED = 2.0  # further ones where stored values are converted to display values and back
_WAITING = 1.5  # and for each place in the two queues: one in code values, one in float
_WRITTEN = 1.5  # and for each unit beyond two that is written or read back, and its codec's threads
_WRITTEN_SHARE, _MOST_WRITTEN = 16, 16  # they may hold this part of the budget
# Frames: source, resampled, painted, resampled back, three while chroma is laid on. While code
# values are made there are at most five and a half.
_ON_GPU = 7.0
_KEPT = 2 * _QUARTER  # bytes a pixel of the two maps that are kept whole while strips are computed
_LEAST_ROWS = 32
_EASY_ROWS = 160  # of a strip, without its halo: few strips then
_LEAST_TILE = 32 + 2 * HALO  # pixels a side
_EASY_TILE = (400 + 2 * HALO) ** 2  # tiles of this size cost 1.6 times as much as the whole picture
_DEEPEST = 2  # a longer queue would only take memory: two even out the stages' speeds
_WAITING_SHARE = 20  # a queue may hold this part of the budget: a frame of UHD at 2 GiB


def automatic_memory(needed: int = 0) -> int:
    """Bytes that a render takes by default: 2 GiB, or half of a small machine's memory.

    More would not make it much faster: a picture in strips takes only the halo longer.

    Args:
        needed: more than 2 GiB for very large frames; see `Budget.needed`.
    """
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return max(_AUTOMATIC, needed)
    return min(max(_AUTOMATIC, needed), there // 2)


def parse_memory(text: str) -> int | None:
    """ "2GiB", "1500 MB" or a number of bytes -> bytes; "auto" -> None.

    Raises:
        InputError: none of these.
    """
    if text.strip().lower() == "auto":
        return None
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise InputError(
            f"'{text}' is not an amount of memory",
            where="--memory",
            remedy="Write auto, or a size as 2GiB, 1500MB.",
        )
    return round(float(match[1]) * _UNITS[(match[2] or "").upper()])


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Budget:
    """The memory of one render, and what its frames take of it.

    Attributes:
        total: bytes, of the whole process.
        frame: bytes of one frame as float32.
        networks: how many looks are painted, each by a network of its own.
        converted: whether the stored values are converted for the network: floats, values with
            alpha or in another encoding, and frames with a matte.
        sliced: whether a picture is painted slice by slice, as `openvino_graph` does.
        held: frames more that are in memory where one painting is shown for several.
        on_gpu: whether `total` is the memory of a GPU. What is kept there for the process is a
            reserve for CUDA and torch's allocator; frames wait elsewhere; looks are painted one
            after the other in the same memory. By reading, not measured.
    """

    total: int
    frame: int = 0
    networks: int = 1
    converted: bool = False
    sliced: bool = False
    on_gpu: bool = False
    held: int = 0

    @property
    def depth(self) -> int:
        """How many frames may wait between two stages: with the automatic budget 2 of HD and 1 of
        UHD. With 0, as for 8K, the stages take turns."""
        return min(_DEEPEST, self.total // _WAITING_SHARE // max(self.frame, 1))

    @property
    def writers(self) -> int:
        """How many units of the output are written at the same time, and the threads of each one's
        codec: up to one more than there are cores, since some of them wait for the disk."""
        return min(self._writers, _cores() + 1)

    @property
    def _writers(self) -> int:
        """The same on a machine of any number of cores: what is left for the network, and so the
        size of tiles, is the same on all. With the automatic budget 4 of HD and 2 of UHD."""
        if self.depth == 0:
            return 1
        held = round(_WRITTEN * max(self.frame, 1))
        return min(max(2, 1 + self.total // _WRITTEN_SHARE // held), _MOST_WRITTEN)

    def network(self, in_flight: int = 1) -> int:
        """Bytes left for one picture: its maps and, while it is painted with frozen norms, its copy
        without grain; 0 or less if there are none.

        Args:
            in_flight: pictures that are painted at the same time.
        """
        if self.on_gpu:
            left = self.total - _PROCESS - round(_ON_GPU * in_flight * self.frame)
            return left // in_flight
        # A second picture has a source, a result, and a source that waits.
        frames = self._beside + _WAITING * self.depth + 3 * (in_flight - 1)
        frames += _WRITTEN * max(0, self._writers - 2)
        left = self.total - _PROCESS - round(frames * self.frame)
        return left // (self.networks * in_flight)

    def needed(self, height: int, width: int) -> int:
        """Bytes, of the whole process, with which a picture of this size is measured and painted
        in reasonably large pieces, the stages taking turns."""
        frozen = _PAINTING * min(_EASY_TILE, height * width)
        followed = _KEPT * height * width + _PAINTING * width * (_EASY_ROWS + 2 * HEAD_HALO)
        painted = max(frozen + _DENOISED * height * width, followed)
        return _PROCESS + round(self._beside * self.frame) + painted * self.networks

    def spare(self, height: int, width: int) -> int:
        """Bytes that are left where two pictures of this size are measured or painted at the same
        time, each in one piece; 0 if there are none."""
        left = self._maps_room(height, width, 2) - _PAINTING * height * width
        return max(0, 2 * self.networks * left)

    def in_flight(self, height: int, width: int) -> int:
        """How many pictures to paint at the same time, 1 or 2: 2 if both fit in one piece. Two that
        each have half of the cores keep all cores busy."""
        fits = self._maps_room(height, width, 2) >= self._maps(height * width)
        return 2 if self.depth and fits else 1

    def tiles_at_once(self, height: int, width: int) -> int:
        """How many tiles to paint at the same time with frozen norms, 1 or 2: 2 keep all cores busy
        where a picture is too large for `in_flight` to be 2."""
        one_frame = self.in_flight(height, width) == 1
        fits = self._maps_room(height, width) >= 2 * self._maps(_EASY_TILE)
        return 2 if one_frame and fits else 1

    def frozen_tile(self, height: int, width: int, at_once: int = 1) -> tuple[int, int]:
        """The size of tiles for `tiling.paint_in_tiles`.

        Args:
            at_once: tiles that are painted at the same time; see `tiles_at_once`.

        Raises:
            InputError: the budget is too small for the smallest tile.
        """
        height, width = height + -height % STRIDE, width + -width % STRIDE
        if self.in_flight(height, width) > 1:
            return height, width
        pixels = self._pixels(self._maps_room(height, width) // at_once)
        least = min(_LEAST_TILE, height) * min(_LEAST_TILE, width)
        tile = fitting_tile(height, width, pixels, at_once) if pixels >= least else None
        if tile is None:
            copy = _DENOISED * height * width
            raise self._too_little(height, width, copy + self._maps(least) * at_once)
        return tile

    def cut(self, height: int, width: int) -> list[Span]:
        """The slices in which OpenVINO paints a picture or a tile: one piece, which is a hundredth
        less work, if the budget holds two such pieces."""
        room = self._maps_room(height, width, 2)
        return (one_slice if self._two_whole(room, height, width) else slices)(height, width)

    def measuring(self, height: int, width: int) -> tuple[int, Cut]:
        """How OpenVINO measures a picture: in one piece if the budget holds it, two at the same
        time if it holds two; else slice by slice, which is about a quarter more work.

        Returns:
            how many at the same time, 0 if there is too little memory for one; and the slices.
        """
        if self._two_whole(self.network(2), height, width):
            return 2, one_slice
        room, pixels = self.network(), height * width
        if room >= _PAINTING * pixels:
            return 1, one_slice
        needed = max(4 * _QUARTER * pixels, 2 * _QUARTER * pixels + _MEASURING * MEASURED_PIXELS)
        return int(room >= needed), large_slices

    def unfrozen_rows(self, height: int, width: int) -> int | None:
        """The height of strips for `tiling.TiledEngine`; None if the picture can be painted in one
        piece.

        Raises:
            InputError: the budget is too small for the smallest strip.
        """
        room, kept = self.network(), _KEPT * height * width
        if room >= _PAINTING * height * width:
            return None
        rows = (room - kept) // (_PAINTING * width) // STRIDE * STRIDE
        least = _LEAST_ROWS + 2 * HEAD_HALO
        if rows < min(least, height):
            raise self._too_little(height, width, kept + _PAINTING * width * least)
        return max(rows, STRIDE)

    def _two_whole(self, room: int, height: int, width: int) -> bool:
        return self.depth > 0 and room >= _PAINTING * height * width

    def _maps_room(self, height: int, width: int, in_flight: int = 1) -> int:
        """Bytes left for the maps of one picture of this size that is painted with frozen norms."""
        return self.network(in_flight) - _DENOISED * height * width

    def _maps(self, pixels: int) -> int:
        """Bytes that painting a picture takes."""
        if not self.sliced:
            return _PAINTING * pixels
        return max(_MANY * pixels, _FEW * pixels + _PAINTING * min(pixels, SLICE_PIXELS))

    def _pixels(self, room: int) -> int:
        """The largest picture whose maps these bytes hold."""
        if not self.sliced:
            return room // _PAINTING
        large = min(room // _MANY, (room - _PAINTING * SLICE_PIXELS) // _FEW)
        return large if large >= SLICE_PIXELS else room // (_FEW + _PAINTING)

    @property
    def _beside(self) -> float:
        return _BESIDE + _CONVERTED * self.converted + self.held

    def _too_little(self, height: int, width: int, needed: int) -> InputError:
        if self.on_gpu:
            return InputError(
                f"{self.total / _GIB:.2f} GiB of a GPU are too little to paint {width}x{height}",
                remedy="Give fewer --workers for a GPU, a larger --stroke-scale, or --device cpu.",
            )
        missing = (needed - self.network()) * self.networks
        enough = math.ceil((self.total + missing) / _GIB * 10) / 10
        return InputError(
            f"{self.total / _GIB:.2f} GiB of memory are too little to paint {width}x{height}",
            where="--memory",
            remedy=f"Give {enough:.1f}GiB, or a larger --stroke-scale.",
        )
