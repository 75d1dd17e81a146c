"""PNG of quantised frames.

ffmpeg's encoder compresses with zlib; ISA-L's level 1 takes a quarter to a sixth of the time that
zlib's level 1 takes, and its files are no larger (docs/formats.md).

Source: Portable Network Graphics (PNG) Specification, third edition, W3C 2025.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from isal import isal_zlib

from nle_style.media.base import HdrLevels

__all__ = ["ancillary_chunks", "hdr_chunks", "png_of"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB, _RGBA = 2, 6  # colour types
_LEVEL = 1  # of ISA-L's 0 to 3
_WINDOW_BITS = 15
_STORED = 4  # bytes: the least that ISA-L finds again
_SUB = 1  # the filter: each byte is stored less the same byte of the pixel to its left


def png_of(pixels: np.ndarray, ancillary: bytes) -> bytes:
    """One frame as a PNG file; equal frames give equal bytes.

    Args:
        pixels: height x width x 3 or 4, uint8 or uint16.
        ancillary: whole chunks that stand before the picture, as from `ancillary_chunks`.
    """
    height, width, channels = pixels.shape
    stored = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder(">")).view(np.uint8)
    rows, pixel = stored.reshape(height, -1), channels * pixels.dtype.itemsize
    filtered = np.empty((height, 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _SUB
    filtered[:, 1 : 1 + pixel] = rows[:, :pixel]
    np.subtract(rows[:, pixel:], rows[:, :-pixel], out=filtered[:, 1 + pixel :])
    data = _zlib_stream(filtered.reshape(-1).data)
    kind = _RGB if channels == 3 else _RGBA
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.dtype.itemsize, kind, 0, 0, 0)
    return b"".join(
        (_SIGNATURE, _chunk(b"IHDR", header), ancillary, _chunk(b"IDAT", data), _chunk(b"IEND"))
    )


def _zlib_stream(data: memoryview) -> bytes:
    """Bytes, four or more, compressed: a zlib stream (RFC 1950).

    Levels 1 and 2 of ISA-L begin a stream with a hash of whatever a register holds, an address
    (`tmp2` at `.write_first_byte` of igzip_icf_body_h1_gr_bt.asm in 2.32): one small picture in a
    hundred gets other bytes from one thread than from the next. With a dictionary it does not. So
    the first bytes are stored, and are the dictionary for the rest, which has them in its window.
    """
    first, rest = data[:_STORED], data[_STORED:]
    header = b"\x78\x01" + struct.pack("<BHH", 0, len(first), 0xFFFF ^ len(first))
    deflate = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -_WINDOW_BITS, zdict=bytes(first))
    parts = header, first, deflate.compress(rest), deflate.flush()
    return b"".join((*parts, struct.pack(">I", isal_zlib.adler32(data))))


def ancillary_chunks(file: bytes) -> bytes:
    """The chunks of a PNG file that say how its picture is shown: colours, shape of the pixels."""
    return b"".join(
        whole for name, whole in _chunks(file) if name not in (b"IHDR", b"IDAT", b"IEND")
    )


def hdr_chunks(levels: HdrLevels | None) -> bytes:
    """The chunks mDCV and cLLI of static HDR metadata; empty without any.

    Source: PNG, third edition, 11.3.2.7 and 11.3.2.8.
    """
    chunks = b""
    if levels is not None and levels.display:
        chunks += _chunk(b"mDCV", struct.pack(">8H2I", *levels.display))
    if levels is not None and levels.content:
        chunks += _chunk(b"cLLI", struct.pack(">2I", *(10_000 * each for each in levels.content)))
    return chunks


def _chunk(name: bytes, data: bytes = b"") -> bytes:
    check = isal_zlib.crc32(data, isal_zlib.crc32(name))
    return b"".join((struct.pack(">I", len(data)), name, data, struct.pack(">I", check)))


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place < len(file):
        (length,) = struct.unpack_from(">I", file, place)
        end = place + 12 + length
        yield file[place + 4 : place + 8], file[place:end]
        place = end
