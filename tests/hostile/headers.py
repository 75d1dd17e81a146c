"""Image files of a few bytes whose headers claim any size."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from tests.helpers.media_factory import ffmpeg

__all__ = ["CLAIMS", "claiming_exr", "claiming_movie"]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(bytes(1000)))


def _tiff(width: int, height: int) -> bytes:
    size = min(width * height * 3, 2**32 - 1)
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 2), (273, 4, 8)]
    tags += [(277, 3, 3), (278, 4, height), (279, 4, size), (284, 3, 1)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 24) + bytes(16) + struct.pack("<H", len(tags)) + entries


def _exr(data: tuple[int, int, int, int], display: tuple[int, int, int, int]) -> bytes:
    def attribute(name: bytes, kind: bytes, value: bytes) -> bytes:
        return name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value

    channels = b"".join(name + b"\0" + struct.pack("<iIii", 1, 0, 1, 1) for name in (b"B", b"G"))
    channels += b"R\0" + struct.pack("<iIii", 1, 0, 1, 1) + b"\0"
    header = attribute(b"channels", b"chlist", channels)
    header += attribute(b"compression", b"compression", b"\x03")
    header += attribute(b"dataWindow", b"box2i", struct.pack("<4i", *data))
    header += attribute(b"displayWindow", b"box2i", struct.pack("<4i", *display))
    header += attribute(b"lineOrder", b"lineOrder", b"\0")
    header += attribute(b"pixelAspectRatio", b"float", struct.pack("<f", 1))
    header += attribute(b"screenWindowCenter", b"v2f", bytes(8))
    header += attribute(b"screenWindowWidth", b"float", struct.pack("<f", 1)) + b"\0"
    return struct.pack("<II", 20000630, 2) + header + bytes(512)


def claiming_exr(width: int, height: int) -> bytes:
    """64x48 pixels in a display window of any size: no header of it lies."""
    return _exr((0, 0, 63, 47), (0, 0, width - 1, height - 1))


def _dpx(width: int, height: int) -> bytes:
    header = bytearray(2048)
    struct.pack_into(">4sI8s", header, 0, b"SDPX", 2048, b"V1.0")
    struct.pack_into(">HHII", header, 768, 0, 1, width, height)
    struct.pack_into(">IIfIfBBBBHHI", header, 780, 0, 0, 0, 1023, 2, 50, 2, 2, 10, 1, 0, 2048)
    return bytes(header) + bytes(200)


def _bmp(width: int, height: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 100, 0, 0, 54) + info + bytes(46)


def _hdr(width: int, height: int) -> bytes:
    return b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %d +X %d\n" % (height, width) + bytes(100)


CLAIMS: dict[str, Callable[[int, int], bytes]] = {
    "png": _png,
    "tif": _tiff,
    "exr": lambda width, height: _exr((0, 0, width - 1, height - 1), (0, 0, 63, 47)),
    "dpx": _dpx,
    "bmp": _bmp,
    "hdr": _hdr,
    "ppm": lambda width, height: b"P6\n%d %d\n255\n" % (width, height) + bytes(100),
    "tga": lambda width, height: struct.pack("<2BB9x2H2B", 0, 0, 2, width, height, 24, 0),
}
"""By suffix: a small file that claims a width and height."""


def claiming_movie(path: Path, width: int, height: int) -> Path:
    """A MOV of PNG frames that claim a size."""
    ffmpeg("-f", "lavfi", "-i", "color=s=64x48:r=25:d=0.2", "-c:v", "png", path)
    data = bytearray(path.read_bytes())
    place = data.find(b"IHDR")
    while place >= 0:
        data[place + 4 : place + 12] = struct.pack(">II", width, height)
        data[place + 17 : place + 21] = struct.pack(">I", zlib.crc32(data[place : place + 17]))
        place = data.find(b"IHDR", place + 1)
    path.write_bytes(data)
    return path
