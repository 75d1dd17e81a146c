"""What a PNG's chunks say that OpenImageIO 3.2 does not look for.

Source: PNG (third edition), 5.3 (chunks), 11.3.6 (acTL) and 11.3.4.4 (eXIf).
"""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from pathlib import Path

from PIL import Image

__all__ = ["is_animated_png", "late_orientation"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = 0x0112  # Exif 2.32, 4.6.4 A
_TAIL = 1 << 17  # bytes: Exif data are up to 64 kB


def is_animated_png(path: Path) -> bool:
    """Whether a file is a PNG of several pictures, of which OpenImageIO sees the first: the chunk
    acTL, with their number, stands before IDAT."""
    with suppress(OSError), path.open("rb") as file:
        if file.read(8) != _SIGNATURE:
            return False
        while len(head := file.read(8)) == 8 and head[4:] not in (b"IDAT", b"IEND"):
            size = int.from_bytes(head[:4], "big")
            if head[4:] == b"acTL":
                return int.from_bytes(file.read(4), "big") > 1
            file.seek(size + 4, os.SEEK_CUR)
    return False


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
