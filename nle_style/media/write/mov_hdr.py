"""The static HDR metadata of a MOV's pictures, which PyAV cannot set.

Source: ISO/IEC 14496-12, 12.1.6 (`mdcv`) and 12.1.7 (`clli`): boxes in the sample entry.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from nle_style.errors import VerificationError
from nle_style.media.base import HdrLevels

__all__ = ["state_hdr_levels"]

_TO_ENTRY = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_DESCRIPTIONS = 8  # bytes of stsd before its entries


def state_hdr_levels(path: Path, levels: HdrLevels) -> None:
    """Put the levels into the sample entry of a MOV's video track.

    Only the header grows. It is the last box of a file that ffmpeg muxed, so that nothing that it
    points at moves.
    Raises: VerificationError if the file is not laid out so; OSError.
    """
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        place = 0
        while place + 8 <= end:
            file.seek(place)
            head = file.read(16)
            size = int.from_bytes(head[:4], "big")
            size = int.from_bytes(head[8:], "big") if size == 1 else size
            if head[4:8] == b"moov" and place + size == end:
                file.seek(place)
                header = _grown(file.read(), _TO_ENTRY, _boxes_of(levels))
                file.seek(place)
                file.write(header)
                return
            place += max(size, 8)
    raise VerificationError("its header is not at its end", where=str(path))


def _boxes_of(levels: HdrLevels) -> bytes:
    boxes = b""
    if levels.display:
        red, green, blue, white = (levels.display[place : place + 2] for place in range(0, 8, 2))
        points = (*green, *blue, *red, *white)
        boxes += _box(b"mdcv", struct.pack(">8H2I", *points, *levels.display[8:]))
    if levels.content:
        boxes += _box(b"clli", struct.pack(">2H", *levels.content))
    return boxes


def _box(name: bytes, contents: bytes) -> bytes:
    return struct.pack(">I", 8 + len(contents)) + name + contents


def _grown(boxes: bytes, names: tuple[bytes, ...], extra: bytes) -> bytes:
    """Boxes of which the one at the path of names, in the video track, ends with something more."""
    made, place = b"", 0
    while place + 8 <= len(boxes):
        size = int.from_bytes(boxes[place : place + 4], "big")
        name, contents = boxes[place + 4 : place + 8], boxes[place + 8 : place + size]
        if names and name == names[0] and (name != b"trak" or b"vmhd" in contents):
            begin = contents[: _DESCRIPTIONS if name == b"stsd" else 0]
            contents = begin + _grown(contents[len(begin) :], names[1:], extra)
        elif not names:
            contents, extra = contents + extra, b""
        made += _box(name, contents)
        place += size
    return made
