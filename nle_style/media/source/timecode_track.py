"""The rate at which a MOV's timecode tracks count, and which of them a track of pictures refers to:
ffmpeg and PyAV do not hand it on.

Source: QuickTime File Format Specification, "Timecode Sample Description", "Track Header Atoms"
and "Track Reference Atoms".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

__all__ = ["pictures_cut_off", "timecode_rates", "timecode_track_of"]

_TO_DESCRIPTION = (b"mdia", b"minf", b"stbl", b"stsd")
_ENTRY = struct.Struct(">16x4x I I I B")  # of tmcd: flags, ticks a second, ticks a label, labels


def timecode_rates(path: Path) -> dict[int, Fraction]:
    """Labels a second of each timecode track, by its number; empty for what is not a MOV."""
    with path.open("rb") as file:
        rates = {number: _rate(file, track) for number, track in _tracks(file, path)}
    return {number: rate for number, rate in rates.items() if rate}


def timecode_track_of(path: Path, track: int) -> int | None:
    """The number of the timecode track that a track refers to; None without one, and for what is
    not a MOV."""
    with path.open("rb") as file:
        found = dict(_tracks(file, path)).get(track, (0, 0))
        for begin, _ in _atoms(file, (b"tref", b"tmcd"), found):
            file.seek(begin)
            return int.from_bytes(file.read(4), "big")
    return None


def pictures_cut_off(path: Path, track: int, rate: Fraction) -> int:
    """For how many pictures a timecode track counts before the first that is shown, by its own edit
    list: a trim without encoding keeps the label of the whole recording and cuts both tracks.

    Args:
        track: its number.
        rate: pictures a second.
    Source: QuickTime File Format Specification, "Edit List Atoms".
    """
    with path.open("rb") as file:
        found = dict(_tracks(file, path)).get(track, (0, 0))
        begin, clock = _first_edit(file, found), _clock(file, found)
    return round(begin * rate / clock + Fraction(1, 1000)) if clock else 0


def _tracks(file: BinaryIO, path: Path) -> Iterator[tuple[int, tuple[int, int]]]:
    """Each track of a MOV: its number, and where its contents begin and end."""
    for movie in _atoms(file, (b"moov",), (0, path.stat().st_size)):
        for track in _atoms(file, (b"trak",), movie):
            number = _number(file, track)
            if number:
                yield number, track


def _first_edit(file: BinaryIO, track: tuple[int, int]) -> int:
    """Ticks of a track at which its first edit that is not empty begins; 0 without one."""
    for begin, end in _atoms(file, (b"edts", b"elst"), track):
        file.seek(begin)
        head = file.read(8)
        entry = struct.Struct(">QqI" if head[:1] == b"\1" else ">IiI")
        for _ in range((end - begin - 8) // entry.size):
            _, time, _ = entry.unpack(file.read(entry.size).ljust(entry.size, b"\0"))
            if time >= 0:
                return int(time)
    return 0


def _clock(file: BinaryIO, track: tuple[int, int]) -> int:
    """Ticks a second of a track."""
    for begin, _ in _atoms(file, (b"mdia", b"mdhd"), track):
        file.seek(begin)
        version = file.read(1)
        file.seek(begin + (20 if version == b"\1" else 12))
        return int.from_bytes(file.read(4), "big")
    return 0


def _rate(file: BinaryIO, track: tuple[int, int]) -> Fraction | None:
    for begin, end in _atoms(file, _TO_DESCRIPTION, track):
        file.seek(begin + 8)  # version, flags and the count of entries
        entry = file.read(min(end - begin - 8, _ENTRY.size))
        if len(entry) == _ENTRY.size and entry[4:8] == b"tmcd":
            _, ticks, length, _ = _ENTRY.unpack(entry)
            return Fraction(ticks, length) if length else None
    return None


def _number(file: BinaryIO, track: tuple[int, int]) -> int | None:
    for begin, _ in _atoms(file, (b"tkhd",), track):
        file.seek(begin)
        version = file.read(1)
        file.seek(begin + (20 if version == b"\1" else 12))
        data = file.read(4)
        return int.from_bytes(data, "big") if len(data) == 4 else None
    return None


def _atoms(
    file: BinaryIO, names: tuple[bytes, ...], within: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """Begin and end of the contents of the atoms at a path of names, below `within`."""
    place, end = within
    while place + 8 <= end:
        file.seek(place)
        header = file.read(16)
        if len(header) < 8:
            return
        size, name, head = int.from_bytes(header[:4], "big"), header[4:8], 8
        if size == 1:
            size, head = int.from_bytes(header[8:], "big"), 16
        elif size == 0:
            size = end - place
        if size < head:
            return
        if name == names[0]:
            inside = place + head, min(place + size, end)
            yield from _atoms(file, names[1:], inside) if names[1:] else (inside,)
        place += size
