"""One frame as a DPX file, through OpenImageIO: its header's rate, timecode, transfer and name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)

from nle_style.media.base import MediaInfo, OutputSpec
from nle_style.media.image.image_header import read_header, write_pixels
from nle_style.timecode import header_timecode, timecode_to_bcd

__all__ = ["write_dpx"]

_BT709, _BT601_625, _BT601_525 = (  # the names that OpenImageIO writes
    "ITU-R 709-4",
    "ITU-R 601-5 system B or G",
    "ITU-R 601-5 system M",
)
_TRANSFERS = {1: _BT709, 5: _BT601_625, 6: _BT601_525, 8: "Linear"}  # by H.273 transfer
_PRIMARIES = {1: _BT709, 5: _BT601_625, 6: _BT601_525}
_OF_THE_FILE = ("oiio:", "Orientation", "Software", "dpx:ImageDescriptor", "dpx:EndOf")
_OF_THE_DEPTH = ("dpx:Packing", "dpx:LowData", "dpx:HighData", "dpx:BlackLevel", "dpx:WhiteLevel")


def write_dpx(
    path: Path,
    pixels: np.ndarray,
    spec: OutputSpec,
    source: MediaInfo,
    frame: int,
    name: str,
    changed: str,
    original: Path | None,
) -> None:
    """Write one quantised frame.

    Args:
        pixels: height x width x 3 or 4 uint16, 0-65535; 10-bit codes as `quantise` spreads them.
        frame: zero-based frame of `source`, for the timecode.
        name: of the finished file, which the header repeats.
        changed: `YYYY:MM:DD HH:MM:SS` for the header; the present time would be written else.
        original: the source's own DPX of this frame, whose header is kept: timecode, keycode,
            film, device, transfer, rates and pixel aspect. None if it is not one.
    Raises: OutputError if OpenImageIO cannot write it; OSError if the name cannot be put in.
    """
    height, width, channels = pixels.shape
    header = oiio.ImageSpec(width, height, channels, spec.array_format)
    bits = 10 if spec.depth == "10" else 16
    header.attribute("PixelAspectRatio", float(source.pixel_aspect))
    header.attribute("DateTime", changed)
    header.attribute("dpx:Transfer", _TRANSFERS.get(source.colour.transfer, "User defined"))
    header.attribute("dpx:Colorimetric", _PRIMARIES.get(source.colour.primaries, "User defined"))
    header.attribute("dpx:FrameRate", float(source.rate))
    header.attribute("dpx:TemporalFrameRate", float(source.rate))
    code = header_timecode(source.timecode, frame, source.rate)
    if code is not None:
        word = timecode_to_bcd(code)
        signed = word - (1 << 32) if word >= 1 << 31 else word
        header.attribute("smpte:TimeCode", oiio.TypeTimeCode, (signed, 0))
    if original is not None:
        _keep_header(header, original, bits)
    header.attribute("Software", "nle_style")
    header.attribute("oiio:BitsPerSample", bits)
    header.attribute("oiio:Endian", "big")  # what older readers expect
    write_pixels(path, "dpx", header, pixels)
    _put_name(path, name)


def _keep_header(header: oiio.ImageSpec, original: Path, bits: int) -> None:
    kept = read_header(original).spec
    other_depth = kept.get_int_attribute("oiio:BitsPerSample", 16) != bits
    left_out = (*_OF_THE_FILE, *(_OF_THE_DEPTH if other_depth else ()))
    for entry in kept.extra_attribs:
        if not entry.name.startswith(left_out):
            value = entry.value
            if isinstance(value, str):  # OpenImageIO takes no text that is not UTF-8
                value = value.encode("ascii", "replace").decode()
            header.attribute(entry.name, entry.type, value)


def _put_name(path: Path, name: str) -> None:
    """Put the finished name where OpenImageIO wrote that of the part file.

    Source: SMPTE ST 268-1, generic file information header, field 6 (100 bytes from byte 36).
    """
    field = name.encode("ascii", "replace")[:99].ljust(100, b"\0")
    with path.open("r+b") as file:
        file.seek(36)
        file.write(field)
