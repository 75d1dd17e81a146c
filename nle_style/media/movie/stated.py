"""How long a movie says that it is: what is missing at its end shows by that alone."""

from __future__ import annotations

import re
import struct
from fractions import Fraction
from pathlib import Path

import av.container
import av.video.stream

__all__ = ["listed_frames", "stated_end", "stated_end_of_picture"]

_CLOCK = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")
_BY_STREAM = ("avi", "ivf", "mxf")  # whose headers state the length of the picture
# Lengths that stand for none, where a header could not be filled in afterwards (a recording through
# a pipe): AVI_MAX_RIFF_SIZE of ffmpeg's avienc.c, and all ones in IVF.
_NO_LENGTH = (1 << 30, (1 << 32) - 1)
_ASF_HEADER = 1 << 16  # bytes: its first objects are small
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_BY_FILE = ("flv", "matroska")  # and of everything


def listed_frames(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> int:
    """Packets listed in the header of MOV and MP4, truncated or not; 0 for other containers."""
    if "mov" not in container.format.name:
        return 0
    return sum(not entry.is_discard for entry in stream.index_entries)


def stated_end_of_picture(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream, begin: Fraction
) -> Fraction:
    """Seconds at which the header says that the picture ends (Matroska: the DURATION tag); 0 if it
    does not say.

    Args:
        begin: seconds at which the first packet's picture is shown.
    """
    clock = _CLOCK.match(stream.metadata.get("DURATION", ""))
    if "matroska" in container.format.name and clock:
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + Fraction(clock[3])
    if container.format.name in _BY_STREAM and stream.time_base:
        ticks = stream.duration or 0
        if container.format.name == "avi":  # a tick is a frame; ffmpeg's duration is what is there
            ticks = max(ticks, stream.frames)
        is_stated = ticks > 0 and ticks not in _NO_LENGTH
        return begin + ticks * stream.time_base if is_stated else Fraction(0)
    return Fraction(0)


def stated_end(container: av.container.InputContainer, path: Path) -> Fraction:
    """Seconds at which the header says that everything ends; 0 if it does not say.

    Args:
        path: of the movie.
    """
    if container.format.name == "asf":  # ffmpeg says it of whole files only
        return _asf_end(path)
    if container.duration and container.format.name.partition(",")[0] in _BY_FILE:
        return Fraction(container.duration, 1_000_000)
    return Fraction(0)


def _asf_end(path: Path) -> Fraction:
    """Source: "Advanced Systems Format Specification", 01.20.05, 3.2: behind the object's GUID and
    size (24 bytes) stand file GUID, file size, creation date, packets (40), play duration and send
    duration in 100 ns, preroll in ms, and flags: a broadcast states no length."""
    with path.open("rb") as file:
        head = file.read(_ASF_HEADER)
    begin = head.find(_ASF_PROPERTIES)
    if begin < 0 or len(head) < begin + 92:
        return Fraction(0)
    play, _, preroll, flags = struct.unpack_from("<QQQI", head, begin + 64)
    seconds = Fraction(play, 10_000_000) - Fraction(preroll, 1000)
    return Fraction(0) if flags & 1 else max(seconds, Fraction(0))
