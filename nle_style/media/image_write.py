"""One frame as an EXR or DPX file, with rate, timecode and colour in its header."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)

from nle_style.errors import OutputError
from nle_style.media.formats import OutputSpec
from nle_style.media.probe import MediaInfo
from nle_style.media.timecode import advance_timecode, timecode_to_bcd

__all__ = ["write_image"]

_COLOUR_SPACES = {  # H.273 transfer -> Color Interop Forum name of the display-referred space
    1: "g24_rec709_display",
    6: "g24_rec709_display",
    8: "lin_rec709_scene",
    13: "srgb_rec709_display",
    16: "pq_rec2020_display",
    18: "hlg_rec2020_display",
}
_DPX_TRANSFERS = {1: "ITU-R 709-4", 6: "ITU-R 601-5 B or G", 8: "Linear"}


def write_image(
    path: Path,
    pixels: np.ndarray,
    spec: OutputSpec,
    source: MediaInfo,
    frame: int,
    name: str,
    metadata: Mapping[str, str],
) -> None:
    """Write one quantised frame.

    EXR holds the display code values as they are (v/255): its header says so, in `oiio:ColorSpace`
    and, as most readers take EXR for scene-linear, in `comments`. Only a source that is linear
    gives a linear file.

    Args:
        pixels: height x width x 3 of `spec.dtype`.
        frame: zero-based frame of `source`, for the timecode.
        name: of the finished file, which DPX repeats in its header.
        metadata: further text attributes (EXR only).
    Raises: OutputError if OpenImageIO cannot write it; OSError (ENOSPC) if the disk is full.
    """
    height, width, channels = pixels.shape
    header = oiio.ImageSpec(width, height, channels, spec.array_format)
    for name, value in spec.options:
        header.attribute(name, value)
    header.attribute("PixelAspectRatio", float(source.pixel_aspect))
    # Writers stamp the present time unless told another: the same frame must give the same bytes.
    changed = _modified(source)
    header.attribute("DateTime", changed.strftime("%Y:%m:%d %H:%M:%S"))
    header.attribute("Software", "nle_style")
    space = _COLOUR_SPACES.get(source.colour.transfer, "")
    if space:
        header.attribute("oiio:ColorSpace", space)
    if source.timecode is not None:
        word = timecode_to_bcd(advance_timecode(source.timecode, frame, source.rate))
        if word is not None:
            signed = word - (1 << 32) if word >= 1 << 31 else word
            header.attribute("smpte:TimeCode", oiio.TypeTimeCode, (signed, 0))
    if spec.codec == "openexr":
        rate = (source.rate.numerator, source.rate.denominator)
        header.attribute("FramesPerSecond", oiio.TypeRational, rate)
        if source.colour.transfer != 8:
            header.attribute("ImageDescription", "display-referred code values, not scene-linear")
        if source.reel:
            header.attribute("reelName", source.reel)
        for name, value in metadata.items():
            header.attribute(f"nle_style/{name}", value)
    else:
        header.attribute("oiio:Endian", "big")  # what older readers expect
        header.attribute("dpx:Transfer", _DPX_TRANSFERS.get(source.colour.transfer, "User defined"))
        header.attribute("dpx:FrameRate", float(source.rate))
        header.attribute("dpx:TemporalFrameRate", float(source.rate))
    writer = oiio.ImageOutput.create(spec.codec)
    written = (
        writer is not None
        and writer.open(str(path), header)
        and writer.write_image(np.ascontiguousarray(pixels))
    )
    problem = writer.geterror().strip() if writer is not None else oiio.geterror().strip()
    closed = writer is not None and writer.close()
    if not (written and closed):
        if shutil.disk_usage(path.parent).free < pixels.nbytes:  # OpenImageIO keeps no errno
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        raise OutputError(
            f"cannot be written ({problem or 'OpenImageIO gives no reason'})",
            where=str(path),
            remedy="Check the space and the rights in the folder; a resumed run goes on from here.",
        )
    if spec.codec == "dpx":
        _name_dpx(path, name)


def _name_dpx(path: Path, name: str) -> None:
    """Put the finished name where OpenImageIO wrote that of the part file.

    Source: SMPTE ST 268-1, generic file information header, field 6 (100 bytes from byte 36).
    """
    field = name.encode("ascii", "replace")[:99].ljust(100, b"\0")
    with path.open("r+b") as file:
        file.seek(36)
        file.write(field)


def _modified(source: MediaInfo) -> datetime:
    """When the source was made: its file's time, or its folder's if it is a sequence."""
    path = source.path if source.path.exists() else source.path.parent
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
