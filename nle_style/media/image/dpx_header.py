"""What of a DPX OpenImageIO 3.2 reads otherwise than it is meant: its header, and its rows.

The film and television headers are read from their fixed places, also where the picture begins
before them: the fields are then made of pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)

__all__ = ["correct_header", "misread_dpx"]

# SMPTE ST 268-1: the film header is bytes 1664-1919, the television header 1920-2047.
_HEADERS = (
    (
        1920,
        *("smpte:KeyCode", "dpx:FilmEdgeCode", "dpx:Format", "dpx:FramePosition", "dpx:FrameRate"),
        *("dpx:SequenceLength", "dpx:HeldCount", "dpx:ShutterAngle", "dpx:FrameId"),
        "dpx:SlateInfo",
    ),
    (
        2048,
        *("smpte:TimeCode", "dpx:TimeCode", "dpx:UserBits", "dpx:Interlace", "dpx:FieldNumber"),
        *("dpx:Signal", "dpx:HorizontalSampleRate", "dpx:VerticalSampleRate", "dpx:TimeOffset"),
        *("dpx:TemporalFrameRate", "dpx:BlackLevel", "dpx:BlackGain", "dpx:BreakPoint"),
        *("dpx:WhiteLevel", "dpx:IntegrationTimes", "dpx:UserData"),
    ),
)


_END_OF_LINE = 812  # field 21.9 of the image header: bytes of fill behind each row
_UNDEFINED = 2**32 - 1


def correct_header(spec: oiio.ImageSpec, path: Path) -> None:
    """Take out of a DPX's attributes what is not in the file, or not meant: ffmpeg 5.1 says linear
    light whatever its pictures are, 9 says nothing (libavcodec/dpxenc.c)."""
    start, number = _start(path)
    picture = number(start[4:8])
    for end, *names in _HEADERS:
        if picture < end:
            for name in names:
                spec.erase_attribute(name)
    if spec.get_string_attribute("Software").startswith("Lavc"):
        spec.erase_attribute("oiio:ColorSpace")


def misread_dpx(spec: oiio.ImageSpec, path: Path) -> str:
    """What of a DPX's picture comes out as other pixels; "" if nothing is known.

    Source: SMPTE ST 268-1: rows begin with a word of 32 bits. Most programs fill up the one before
    and do not say so in the header, others do not fill it: as in ffmpeg (libavcodec/dpx.c) the
    size of the file tells.
    """
    if spec.get_string_attribute("dpx:ImageDescriptor").startswith("CbYCr"):
        return "its colours are Y'CbCr"
    if spec.get_int_attribute("Orientation", 1) >= 5:
        return "its rows are stored as columns"
    bits, count = spec.get_int_attribute("oiio:BitsPerSample"), spec.nchannels
    packed = spec.get_string_attribute("dpx:Packing") == "Packed"
    if bits == 10 and count != 3:
        rest = spec.width * count % 3  # the last word of a row holds fewer than three numbers
        if rest == 1 or (rest and count == 1):
            return f"it has {count} channels of 10 bits and {spec.width} columns"
    if bits in (8, 16) or (bits == 12 and not packed):
        row = spec.width * count * (1 if bits == 8 else 2)
        filled = -(-row // 4) * 4
        start, number = _start(path)
        room = path.stat().st_size - number(start[4:8])
        unsaid = number(start[_END_OF_LINE : _END_OF_LINE + 4]) in (0, _UNDEFINED)
        if row != filled and unsaid and room >= filled * spec.height:
            return f"its rows of {row} bytes are filled up to {filled}"
    return ""


def _start(path: Path) -> tuple[bytes, Callable[[bytes], int]]:
    """The beginning of a DPX, and how its numbers are read."""
    with path.open("rb") as file:
        start = file.read(_END_OF_LINE + 4)
    order: Literal["big", "little"] = "big" if start[:4] == b"SDPX" else "little"
    return start, lambda data: int.from_bytes(data, order)
