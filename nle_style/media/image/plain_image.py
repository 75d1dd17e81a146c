"""One frame as a PNG or TIFF file, through OpenImageIO, with the source's own colour profile."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)

from nle_style.media.base import MediaInfo, OutputSpec
from nle_style.media.image.image_header import icc_space, read_header, write_pixels

__all__ = ["write_plain"]

_COMPRESSION = {"png": "pngfast", "tiff": "zip"}
_KEPT = (  # how a picture is to be shown, and whose it is
    *("ICCProfile", "oiio:ColorSpace", "CICP", "XResolution", "YResolution", "ResolutionUnit"),
    *("PixelAspectRatio", "Artist", "Copyright"),
)
_DOTS = 100
_UNSPECIFIED = 2  # of the codes of H.273


def write_plain(
    path: Path,
    pixels: np.ndarray,
    spec: OutputSpec,
    source: MediaInfo,
    frame: int,
    metadata: Mapping[str, str],
    changed: str,
) -> None:
    """Write one quantised frame. Equal frames give equal bytes.

    An image's own colour profile (if it is one of RGB), resolution and owner are kept; of a movie
    the primaries and the transfer, which a PNG can state (chunk cICP) and a TIFF cannot.

    Args:
        pixels: height x width x 3 or 4, uint8 or uint16; straight, or premultiplied as `spec` says.
        frame: zero-based frame of `source`.
        metadata: text; a PNG carries it.
        changed: `YYYY:MM:DD HH:MM:SS` for the header.
    Raises: OutputError if OpenImageIO cannot write it; MediaError if the source's image is gone.
    """
    height, width, channels = pixels.shape
    header = oiio.ImageSpec(width, height, channels, spec.array_format)
    tags = source.colour.primaries, source.colour.transfer
    cicp = (*tags, 0, 1)  # RGB, over the full range
    if source.kind == "movie":
        if _UNSPECIFIED not in tags:
            header.attribute("CICP", "int[4]", cicp)
        if source.pixel_aspect != 1:
            # As dots without a unit: of the aspect alone OpenImageIO makes dots that are rounded.
            across, down = source.pixel_aspect.denominator, source.pixel_aspect.numerator
            header.attribute("XResolution", float(_DOTS * across))
            header.attribute("YResolution", float(_DOTS * down))
            header.attribute("ResolutionUnit", "none")
            header.attribute("PixelAspectRatio", float(source.pixel_aspect))
    else:
        kept = read_header(source.file_of(frame)).spec
        unfit = () if icc_space(kept) == "RGB" else ("ICCProfile",)
        for entry in kept.extra_attribs:
            if entry.name in _KEPT and entry.name not in unfit:
                header.attribute(entry.name, entry.type, entry.value)
        if kept.getattribute("chromaticities") is not None and _UNSPECIFIED not in tags:
            header.attribute("CICP", "int[4]", cicp)  # OpenImageIO writes no cHRM
        if kept.getattribute("ICCProfile") is not None:
            # Else sRGB would be stated beside the profile: OpenImageIO takes it for the default.
            header.attribute("oiio:ColorSpace", "unknown")
    if not spec.premultiplied:
        header.attribute("oiio:UnassociatedAlpha", 1)
    if spec.codec == "png":
        for name, text in metadata.items():
            header.attribute(name, text)
    header.attribute("compression", _COMPRESSION[spec.codec])
    header.attribute("DateTime", changed)
    header.attribute("Software", "nle_style")
    write_pixels(path, spec.codec, header, pixels)
