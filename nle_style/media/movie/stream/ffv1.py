"""The checksums of FFV1, which ffmpeg's decoder only logs: the picture comes all the same."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

__all__ = ["has_damaged_slice"]

_SIZE, _STATUS, _CRC = 3, 1, 4  # bytes at the end of a slice that has a checksum
_FOOTER = _SIZE + _STATUS + _CRC
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def has_damaged_slice(packet: bytes) -> bool:
    """Whether the checksum of a slice does not hold; False where the slices have none.

    Args:
        packet: one frame of FFV1 version 3 or later.
    Source: RFC 9043, 4.9 (slice footer): a CRC-32 of generator 0x04C11DB7 over the whole slice,
        most significant bit first, from 0 on and not inverted, is 0.
    """
    return any(_remainder(part) != 0 for part in _slices(packet))


def _slices(packet: bytes) -> Iterator[bytes]:
    """From the last to the first; none where the sizes in the footers do not make up the packet,
    as without checksums, whose footers are shorter."""
    parts, end = [], len(packet)
    while end >= _FOOTER:
        footer = end - _FOOTER
        start = footer - int.from_bytes(packet[footer : footer + _SIZE], "big")
        if start < 0:
            return
        parts.append(packet[start:end])
        end = start
    if end == 0:
        yield from parts


def _remainder(part: bytes) -> int:
    # zlib takes the least significant bit first, and inverts before and after.
    return zlib.crc32(part.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
