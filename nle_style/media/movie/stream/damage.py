"""Damage that packets show and ffmpeg's decoders pass over: the picture comes all the same.

FFV1's slices have checksums. DV has none, but its blocks have names, so that a piece is seen that
was overwritten or never written, and a wrong byte is not.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from av.packet import Packet

__all__ = ["has_hole", "is_damaged"]

_SIZE, _STATUS, _CRC = 3, 1, 4  # bytes at the end of a slice that has a checksum
_FOOTER = _SIZE + _STATUS + _CRC
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

_BLOCK, _SEQUENCE = 80, 150  # bytes of a DIF block; blocks
_HOLE = bytes(128)  # less than a block of a disk
# Bytes of an avcC and an hvcC whose last two bits are one less than the bytes of a unit's size.
_SIZE_LENGTH = {"h264": 4, "hevc": 21}
_VIDEO = 0b100  # the section type of a block of picture: the first three bits of its name


def is_damaged(codec: str, packet: Packet[Any] | bytes) -> bool:
    """Whether a packet is not as it was written; False where nothing in it says so.

    Args:
        codec: ffmpeg's name of it.
        packet: one frame of FFV1 version 3 or later, or of DV.
    Source: RFC 9043, 4.9 (slice footer): a CRC-32 of generator 0x04C11DB7 over the whole slice,
        most significant bit first, from 0 on and not inverted, is 0. SMPTE ST 314, 370 (DIF
        blocks): of a sequence's 150 the first six are none of picture, and of each sixteen behind
        them the first is one of sound.
    """
    if codec == "ffv1":
        return any(_remainder(part) != 0 for part in _slices(bytes(packet)))
    if codec == "dvvideo":
        names = enumerate(bytes(packet)[::_BLOCK])
        return any(name >> 5 != _VIDEO for place, name in names if _is_picture(place % _SEQUENCE))
    return False


def has_hole(codec: str, extradata: bytes | None, packet: Packet[Any] | bytes) -> bool:
    """Whether a piece of a packet of H.264 or HEVC was never written; False of other codecs, and
    where the stream's units have no sizes before them (transport streams).

    Args:
        codec: ffmpeg's name of it.
        extradata: of the stream.
    Source: ITU-T H.264 and H.265, 7.4.1: a unit has no three bytes of 0 in a row. Behind its end
        they may stand (B.1), and stay there in what is copied from transport streams. ISO/IEC
        14496-15, 5.3.3.1 and 8.3.3.1 (sizes).
    """
    record = extradata or b""
    place = _SIZE_LENGTH.get(codec, len(record))
    if place >= len(record) or record[0] != 1 or _HOLE not in (data := bytes(packet)):
        return False
    length, begin = (record[place] & 3) + 1, 0
    while begin + length < len(data):
        size = int.from_bytes(data[begin : begin + length], "big")
        begin += length + size
        if _HOLE in data[begin - size : begin].rstrip(b"\0"):
            return True
    return False


def _is_picture(place: int) -> bool:
    """Whether the block at a place of a DIF sequence holds a part of the picture."""
    return place >= 6 and (place - 6) % 16 != 0


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
