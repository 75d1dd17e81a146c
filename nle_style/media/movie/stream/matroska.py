"""What of a Matroska file PyAV does not say: the columns and rows that it has cut off its pictures,
and whether it was broken off.

Source: RFC 8794 (EBML), RFC 9559, 5.1.4.1.28.8 to 5.1.4.1.28.11 (PixelCrop).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["is_cut_in_cluster", "pixel_crop"]

_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_VIDEO_ENTRIES = (_SEGMENT, 0x1654AE6B, 0xAE)  # and Tracks, TrackEntry
_TYPE, _VIDEO, _IS_VIDEO = 0x83, 0xE0, 1
_EDGES = (0x54CC, 0x54BB, 0x54DD, 0x54AA)  # left, top, right, bottom

_Span = tuple[int, int]


def pixel_crop(path: Path, place: int, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Columns and rows cut off at the left, top, right and bottom; None if all of it is shown.

    Args:
        place: of the track among those of pictures.
        size: width and height of the stored picture.
    """
    with path.open("rb") as file:
        found = 0
        for entry in _inside(file, _VIDEO_ENTRIES, (0, path.stat().st_size)):
            if _number(file, entry, _TYPE) != _IS_VIDEO:
                continue
            found += 1
            if found > place:
                video = next(_inside(file, (_VIDEO,), entry), (0, 0))
                left, top, right, bottom = (_number(file, video, edge) for edge in _EDGES)
                fits = left + right < size[0] and top + bottom < size[1]
                edges = left, top, right, bottom
                return edges if fits and any(edges) else None
    return None


def is_cut_in_cluster(path: Path) -> bool:
    """Whether the file ends within its pictures and sound: before the end that an element of a
    cluster, a cluster, or a segment whose clusters come last says that it has.

    Recordings say of the segment, and some of their clusters, that they end with the file.
    """
    size, place, ends, in_cluster = path.stat().st_size, 0, 0, False
    stop = size  # what stands behind a segment is not looked at
    with path.open("rb") as file:
        while place < stop:
            name, begin, end = _element(file, place)
            if begin > size or begin == place:
                break
            # What a cluster of unknown size holds has names of one byte, and its neighbours longer.
            in_cluster = name == _CLUSTER or (in_cluster and name <= 0xFF)
            is_within = name == _SEGMENT or (name == _CLUSTER and end is None)
            stop = min(stop, end) if name == _SEGMENT and end is not None else stop
            ends = max(ends, end or 0)
            if not is_within and end is None:
                return False
            place = begin if is_within else end or begin
    return in_cluster and (place < stop or ends > size)


def _number(file: BinaryIO, within: _Span, name: int) -> int:
    """An element's unsigned number; 0, the default of those that are asked for, without it."""
    begin, end = next(_inside(file, (name,), within), (0, 0))
    file.seek(begin)
    return int.from_bytes(file.read(min(end - begin, 8)), "big")


def _inside(file: BinaryIO, names: tuple[int, ...], within: _Span) -> Iterator[_Span]:
    """Begin and end of the contents of the elements at a path of names, below `within`."""
    place, end = within
    while place < end:
        name, begin, stated = _element(file, place)
        if begin == place or begin > end:
            return
        place = min(end if stated is None else stated, end)
        if name == names[0]:
            inside = begin, place
            yield from _inside(file, names[1:], inside) if names[1:] else (inside,)


def _element(file: BinaryIO, place: int) -> tuple[int, int, int | None]:
    """The name of an element, where its contents begin (at `place` if it is none), and where they
    end; None if that is not known, and all that follows is in it."""
    file.seek(place)
    head = file.read(12)  # a name of up to 4 bytes, a size of up to 8
    name_length = _length(head[:1])
    size_length = _length(head[name_length : name_length + 1])
    if not name_length or not size_length:
        return 0, place, place
    begin = place + name_length + size_length
    name = int.from_bytes(head[:name_length], "big")
    most = (1 << 7 * size_length) - 1
    size = int.from_bytes(head[name_length : name_length + size_length], "big") & most
    return name, begin, None if size == most else begin + size


def _length(first: bytes) -> int:
    """Bytes of a variable-size integer by its first; 0 for none."""
    return 9 - first[0].bit_length() if first and first[0] else 0
