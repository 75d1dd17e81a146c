"""How much memory a render may take, and how large a piece of a picture that lets be painted."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from nle_style.apply.kernels import HALO
from nle_style.apply.tiling import HEAD_HALO
from nle_style.core.network import STRIDE
from nle_style.errors import InputError

__all__ = ["Budget", "automatic_memory", "parse_memory"]

_MIB = 2**20
_GIB = 2**30
_UNITS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "KI": 2**10, "MI": _MIB, "GI": _GIB}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMG]I?)?B?", re.IGNORECASE)

_AUTOMATIC = 2 * _GIB
_PROCESS = 740 * _MIB  # interpreter, torch, OpenVINO, codecs; benchmarks/speed.py shows the whole
_PAINTING = 180  # bytes a pixel of a picture being painted: two full-size maps and a padded one
_KEPT = 2 * 4 * 64 // STRIDE**2  # bytes a pixel of the two maps that a tiled picture keeps whole
_LEAST_ROWS = 32


def automatic_memory() -> int:
    """Bytes that a render takes unless told: 2 GiB, on small machines half of what there is.

    More would not make it faster: a strip of a picture is painted as fast as all of it, but for
    the halo.
    """
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return _AUTOMATIC
    return min(_AUTOMATIC, there // 2)


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


@dataclass(frozen=True)
class Budget:
    """What one render may take, and what of it the frames on their way take.

    Attributes:
        total: bytes, of the whole process.
        frames: bytes of the frames that wait and are worked on beside the network.
    """

    total: int
    frames: int = 0

    @property
    def network(self) -> int:
        """Bytes left for the network's maps; 0 or less if the budget is too small."""
        return self.total - _PROCESS - self.frames

    def frozen_rows(self, height: int, width: int) -> int:
        """Rows of a strip for `tiling.paint_in_strips`, `height` or more for all at once.

        Raises:
            InputError: the budget does not hold the smallest strip.
        """
        return self._rows(height, width, 0, HALO)

    def following_rows(self, height: int, width: int) -> int | None:
        """Rows of a strip for `tiling.TiledEngine`; None if the picture can be painted in one.

        Raises:
            InputError: the budget does not hold the smallest strip.
        """
        if self.network >= _PAINTING * height * width:
            return None
        return self._rows(height, width, _KEPT * height * width, HEAD_HALO)

    def _rows(self, height: int, width: int, kept: int, halo: int) -> int:
        left = self.network - kept
        if left >= _PAINTING * width * height:
            return height + -height % STRIDE
        rows = left // (_PAINTING * width) - 2 * halo
        if rows < _LEAST_ROWS:
            least = _PAINTING * width * (_LEAST_ROWS + 2 * halo) + kept + self.total - self.network
            raise InputError(
                f"{self.total / _GIB:.2f} GiB of memory are too little to paint {width}x{height}",
                where="--memory",
                remedy=f"Give {least / _GIB:.1f}GiB or more, or a larger --stroke-scale.",
            )
        # Strips of one height cost the least halo.
        count = -(-height // rows)
        return -(-height // count // STRIDE) * STRIDE
