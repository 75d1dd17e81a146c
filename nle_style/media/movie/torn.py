"""Whether a file ends within a packet: a copy or a recording that broke off, in a container that
states no length, or in which the missing pictures change no length (B-frames)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from nle_style.media.movie.stream import is_cut_in_cluster

__all__ = ["Torn", "torn_packet"]

Torn: TypeAlias = Literal["", "last", "next"]
"""No packet; the last one that the demuxer gives, of which a part is missing; or the one behind it,
of which the demuxer gives nothing."""

_TS_PACKETS = (188, 192, 204)  # ISO/IEC 13818-1; with a time stamp; with error correction
_PACK, _START = b"\0\0\1\xba", b"\0\0\1"  # ISO/IEC 13818-1, 2.5.3.4
_PACKS = 1 << 17  # bytes: a packet has at most 65541
_GIF_TRAILER = b";"
_OGG_HEAD, _OGG_LAST_PAGE = 27, 4  # bytes before the sizes of a page's parts; a bit of its flags
_OGG_LONGEST = 1 << 17  # bytes: a page has at most 65307


def torn_packet(format: str, path: Path, size: int, until: int) -> Torn:
    """Which packet of a file is not all there, by the file alone.

    Args:
        format: ffmpeg's name of it.
        size: in bytes.
        until: byte at which the stream's last packet ends, by its own size; 0 if that is not known.
    Source: ISO/IEC 13818-1 (transport streams end with one of their own packets, those of program
        streams state their lengths); GIF89a, 27
        (trailer; ffmpeg fills up a picture from the one before); RFC 3533, 6 (the last page of
        every stream in an Ogg says so); RFC 9559 (Matroska's clusters). A raw DV has pictures of
        one size, which ffmpeg fills up from the one before, and behind a picture of a Y4M begins
        another or nothing.
    """
    last, left_out = False, False
    if "mpegts" in format:
        last = all(size % row for row in _TS_PACKETS)
    elif format == "mpeg":
        last = _ends_within_packet(_tail(path, size, _PACKS))
    elif format == "gif":
        last = not _tail(path, size, 4096).rstrip(b"\0\r\n ").endswith(_GIF_TRAILER)
    elif format == "dv":
        last = until > size
    elif format == "yuv4mpegpipe":
        left_out = 0 < until < size
    elif format == "ogg":
        left_out = not _ends_with_last_page(_tail(path, size, _OGG_LONGEST))
    elif "matroska" in format:
        left_out = is_cut_in_cluster(path)
    return "last" if last else "next" if left_out else ""


def _tail(path: Path, size: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, size - length))
        return file.read()


def _ends_with_last_page(tail: bytes) -> bool:
    begin = tail.rfind(b"OggS")
    head = tail[begin : begin + _OGG_HEAD] if begin >= 0 else b""
    if len(head) < _OGG_HEAD or not head[5] & _OGG_LAST_PAGE:
        return False
    sizes = tail[begin + _OGG_HEAD :][: head[-1]]
    return len(sizes) == head[-1] and begin + _OGG_HEAD + len(sizes) + sum(sizes) <= len(tail)


def _ends_within_packet(tail: bytes) -> bool:
    """Whether the packets of a program stream say that the last one is longer than the file."""
    place = tail.rfind(_PACK)
    while 0 <= place < len(tail):
        head = tail[place : place + 14]
        if len(head) < 6:
            return _START.startswith(head[:3])
        if head[:3] != _START:
            return False  # filled up behind its end
        if head[:4] != _PACK:
            place += 6 + int.from_bytes(head[4:6], "big")
        elif head[4] >> 6 == 1:  # of MPEG-2, with its stuffing
            place += 14 + (head[-1] & 7)
        else:
            place += 12
    return place > len(tail)
