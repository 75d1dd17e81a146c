"""What a PNG's chunks say that OpenImageIO 3.2 does not look for.

Source: PNG (third edition), 5.3 (chunks), 11.3.2.1 (cHRM), 11.3.4.4 (eXIf) and 11.3.6 (acTL).
"""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from pathlib import Path

from PIL import Image

__all__ = ["chromaticities", "is_animated_png", "late_orientation"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = 0x0112  # Exif 2.32, 4.6.4 A
_LONGEST = 64  # bytes of a chunk that are kept
_TAIL = 1 << 17  # bytes: Exif data are up to 64 kB


def is_animated_png(path: Path) -> bool:
    """Whether a file is a PNG of several pictures, of which OpenImageIO sees the first: the chunk
    acTL says their number."""
    return int.from_bytes(_chunks(path).get(b"acTL", b"")[:4], "big") > 1


def chromaticities(path: Path) -> tuple[float, ...] | None:
    """x and y of red, green, blue and white (cHRM); None where there is none, or a chunk that goes
    before it."""
    found = _chunks(path)
    data = found.get(b"cHRM", b"")
    if len(data) != 32 or {b"cICP", b"iCCP", b"sRGB"} & set(found):
        return None
    points = [int.from_bytes(data[place : place + 4], "big") / 100_000 for place in range(0, 32, 4)]
    return (*points[2:], *points[:2])


def _chunks(path: Path) -> dict[bytes, bytes]:
    """The chunks of a PNG before its picture; empty for what is none."""
    found: dict[bytes, bytes] = {}
    with suppress(OSError), path.open("rb") as file:
        if file.read(8) != _SIGNATURE:
            return {}
        while len(head := file.read(8)) == 8 and head[4:] not in (b"IDAT", b"IEND"):
            size = int.from_bytes(head[:4], "big")
            found[head[4:]] = file.read(min(size, _LONGEST))
            file.seek(size - min(size, _LONGEST) + 4, os.SEEK_CUR)
    return found


def late_orientation(path: Path) -> int:
    """The Exif orientation in an eXIf chunk behind the picture, where ImageMagick writes it;
    1 (upright) without one."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        data = file.read()
    place = data.rfind(b"eXIf")
    size = int.from_bytes(data[max(0, place - 4) : place], "big")
    whole, check = data[place : place + 4 + size], data[place + 4 + size : place + 8 + size]
    if place < 4 or zlib.crc32(whole) != int.from_bytes(check, "big"):
        return 1
    exif = Image.Exif()
    with suppress(SyntaxError, ValueError, KeyError):
        exif.load(whole[4:])
        stated = exif.get(_ORIENTATION, 1)
        return stated if isinstance(stated, int) and 1 <= stated <= 8 else 1
    return 1
