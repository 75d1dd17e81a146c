"""Which fields of a DPX header are in the file.

OpenImageIO reads the film and television headers from their fixed places, also where the picture
begins before them: the fields are then made of pixels.
"""

from __future__ import annotations

from pathlib import Path

import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)

__all__ = ["drop_missing_headers"]

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


def drop_missing_headers(spec: oiio.ImageSpec, path: Path) -> None:
    """Take out of a DPX's attributes what lies behind the beginning of its picture."""
    with path.open("rb") as file:
        start = file.read(8)
    picture = int.from_bytes(start[4:], "big" if start[:4] == b"SDPX" else "little")
    for end, *names in _HEADERS:
        if picture < end:
            for name in names:
                spec.erase_attribute(name)
