"""Whether a JPEG is whole: libjpeg fills up what is missing with grey, and only warns, or reads on
through other bytes without a word."""

from __future__ import annotations

import re
from pathlib import Path

import av
import av.error
from av.packet import Packet
from av.stream import Stream

from nle_style.errors import MediaError

__all__ = ["check_jpeg", "is_damaged_jpeg"]

_END = 0xD9
_ALONE = (0x01, 0xD8)  # markers without a segment behind them
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # not stuffing, padding or a restart


def check_jpeg(path: Path) -> None:
    """Raises: MediaError if a JPEG ends before its end marker; OSError.

    Source: ITU-T T.81, B.1.1 (markers and their segments).
    """
    with path.open("rb") as file:
        if file.read(2) != b"\xff\xd8":
            return  # another kind of image
        data = file.read()
    place = 0
    while (found := _NEXT_MARKER.search(data, place)) is not None:
        marker, place = data[found.end() - 1], found.end()
        if marker == _END:
            return
        if marker not in _ALONE:
            place += int.from_bytes(data[place : place + 2], "big")
    raise MediaError(
        "the picture is cut off",
        where=str(path),
        remedy="It has no end marker: copy the JPEG again from the original.",
        outcome="damaged",
    )


def is_damaged_jpeg(path: Path) -> bool:
    """Whether the picture of a JPEG has bytes that are not its own, as far as that shows: ffmpeg's
    decoder passes over them, and stops where it is told to. False where it decodes no such kind.

    Raises: OSError.
    """
    packet: Packet[Stream] = Packet(path.read_bytes())
    return not _decodes(packet, "explode") and _decodes(packet, "ignore_err")


def _decodes(packet: Packet[Stream], at_faults: str) -> bool:
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.options = {"err_detect": at_faults}
    try:
        return bool([*decoder.decode(packet), *decoder.decode(None)])
    except av.error.FFmpegError:
        return False
