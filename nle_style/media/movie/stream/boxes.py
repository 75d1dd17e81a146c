"""What MOV and MP4 state of a track's pictures, where PyAV does not say it.

Source: ISO/IEC 14496-12 (boxes; 12.1.4 `clap`, 12.1.5 `colr`), QuickTime File Format (`nclc`),
"Dolby Vision Streams Within the ISO Base Media File Format" 2.6 (`dvcC`, `dvvC`, `dvwC`).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

__all__ = ["SampleEntry", "sample_entry"]

_VISUAL = 86  # bytes of a VisualSampleEntry before the boxes in it
_MOST_HEADER = 2**28


@dataclass(frozen=True)
class SampleEntry:
    """A video track's boxes: name to contents."""

    boxes: dict[bytes, bytes]

    def cropped(self, width: int, height: int) -> tuple[int, int, int, int] | None:
        """Columns and rows of a picture of this size outside of the clean aperture: left, top,
        right, bottom. None without one, or if all of the picture is shown."""
        data = self.boxes.get(b"clap", b"")
        numbers = struct.unpack(">IIIIiIiI", data[:32]) if len(data) >= 32 else (0,)
        if not all(numbers[1::2]) or not numbers[0]:
            return None
        wide, high, right, down = (
            Fraction(a, b) for a, b in zip(numbers[::2], numbers[1::2], strict=True)
        )
        left, top = (width - wide) / 2 + right, (height - high) / 2 + down
        edges = (left, top, width - wide - left, height - high - top)
        if min(edges) < 0 or not any(edges) or high <= 0:
            return None
        # As ffmpeg does: a column of which half is shown stays at the left and goes at the right.
        return int(edges[0]), int(edges[1]), math.ceil(edges[2]), math.ceil(edges[3])

    @property
    def dolby_vision(self) -> tuple[int, int] | None:
        """The profile, and which other standard its base layer follows (0 is none)."""
        for name in (b"dvcC", b"dvvC", b"dvwC"):
            data = self.boxes.get(name, b"")
            if len(data) >= 5:
                return data[2] >> 1, data[4] >> 4
        return None


def sample_entry(path: Path, track: int) -> SampleEntry:
    """The first sample entry of a track; without boxes if the file has no such one.

    Args:
        track: its track_ID (PyAV's `stream.id`).
    """
    with path.open("rb") as file:
        header = _movie_header(file)
    for box in _inside(header, b"trak"):
        head = next(_inside(box, b"tkhd"), b"")
        number = head[20:24] if head[:1] == b"\1" else head[12:16]
        if number != track.to_bytes(4, "big"):
            continue
        found = box
        for name in (b"mdia", b"minf", b"stbl", b"stsd"):
            found = next(_inside(found, name), b"")
        for _, entry in _boxes(found[8:]):
            return SampleEntry(dict(_boxes(entry[_VISUAL - 8 :])))
    return SampleEntry({})


def _movie_header(file: BinaryIO) -> bytes:
    """The contents of `moov`, wherever it stands; empty if there is none."""
    while len(head := file.read(8)) == 8:
        size, begun = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, begun = int.from_bytes(file.read(8), "big"), 16
        if head[4:] == b"moov":
            return file.read(min(size - begun, _MOST_HEADER) if size else _MOST_HEADER)
        if size < begun:
            break
        file.seek(size - begun, 1)
    return b""


def _inside(data: bytes, name: bytes) -> Iterator[bytes]:
    return (contents for found, contents in _boxes(data) if found == name)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if size < 8:
            return
        yield data[place + 4 : place + 8], data[place + 8 : place + size]
        place += size
