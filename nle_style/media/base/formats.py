"""The formats that intermediates can be written in, and the choice among them.

docs/formats.md has them with the applications that open each.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nle_style.errors import InputError
from nle_style.media.base.info import MediaInfo
from nle_style.timecode import header_timecode

__all__ = ["INTERMEDIATES", "Intermediate", "OutputSpec", "resolve_format"]


@dataclass(frozen=True)
class Encoding:
    """How one depth is stored.

    Attributes:
        pixel_format: the encoder's; for images the channel type.
        array_format: PyAV's name of the arrays it is made from; for images the channel type.
        with_alpha: both once more for pictures with alpha; None if it cannot hold any.
    """

    pixel_format: str
    array_format: str
    with_alpha: tuple[str, str] | None


@dataclass(frozen=True)
class Intermediate:
    """A format that can be written.

    Attributes:
        format: its name.
        codec: ffmpeg's encoder, or OpenImageIO's format.
        container: ffmpeg's muxer; "" for image sequences.
        extension: of the file, or of each image.
        exact: every quantised frame decodes back to the same bits.
        depths: what can be stored; a lossy format has one.
        options: encoder options, as (name, value).
        alpha_options: further ones for pictures with alpha.
    """

    format: str
    codec: str
    container: str
    extension: str
    exact: bool
    depths: dict[str, Encoding] = field(hash=False)
    options: tuple[tuple[str, str], ...] = ()
    alpha_options: tuple[tuple[str, str], ...] = ()

    @property
    def of_images(self) -> bool:
        """Whether its frames are image files."""
        return not self.container


@dataclass(frozen=True, kw_only=True)
class OutputSpec(Intermediate):
    """A format, and what was chosen of it for one source.

    Attributes:
        depth: a key of `depths`.
        pixel_format, array_format: as in `Encoding`.
        alpha: its frames have a fourth channel, alpha.
        premultiplied: colours are stored multiplied by their alpha: EXR's convention, and that of
            TIFF where the source's TIFF has it.
        single: one image file, of a still; else images are a folder of numbered ones.
        warnings: what of the source it cannot hold.
    """

    depth: str
    pixel_format: str
    array_format: str
    alpha: bool
    premultiplied: bool
    single: bool
    warnings: tuple[str, ...]

    @property
    def sequence(self) -> bool:
        """Whether it is a folder of numbered image files."""
        return self.of_images and not self.single

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the stored arrays: uint8, uint16 (10 bits too), float16 or float32."""
        names = {"8": "u1", "half": "<f2", "float": "<f4"}
        return np.dtype(names.get(self.depth, "<u2"))


_INTEGERS = {"8": "uint8", "16": "uint16"}

INTERMEDIATES: dict[str, Intermediate] = {
    entry.format: entry
    for entry in (
        Intermediate(
            *("png-mov", "png", "mov", ".mov", True),
            {
                "8": Encoding("rgb24", "rgb24", ("rgba", "rgba")),
                "16": Encoding("rgb48be", "rgb48le", ("rgba64be", "rgba64le")),
            },
        ),
        Intermediate(
            *("exr", "openexr", "", ".exr", True),
            {name: Encoding(name, name, (name, name)) for name in ("half", "float")},
            (("compression", "zip"),),
        ),
        Intermediate(
            *("ffv1", "ffv1", "matroska", ".mkv", True),
            {
                "8": Encoding("bgr0", "rgb24", ("bgra", "rgba")),
                "16": Encoding("gbrp16le", "rgb48le", ("gbrap16le", "rgba64le")),
            },
            (("level", "3"), ("g", "1"), ("slices", "16"), ("slicecrc", "1")),
        ),
        Intermediate(
            *("dpx", "dpx", "", ".dpx", True),
            {
                "10": Encoding("uint16", "uint16", None),
                "16": Encoding("uint16", "uint16", ("uint16", "uint16")),
            },
        ),
        Intermediate(
            *("png", "png", "", ".png", True),
            {name: Encoding(kind, kind, (kind, kind)) for name, kind in _INTEGERS.items()},
        ),
        Intermediate(
            *("tiff", "tiff", "", ".tif", True),
            {name: Encoding(kind, kind, (kind, kind)) for name, kind in _INTEGERS.items()},
        ),
        Intermediate(
            *("prores4444", "prores_ks", "mov", ".mov", False),
            {"10": Encoding("yuv444p10le", "rgb48le", ("yuva444p10le", "rgba64le"))},
            (("profile", "4444"), ("vendor", "apl0")),
            (("alpha_bits", "16"),),
        ),
        Intermediate(
            *("dnxhr444", "dnxhd", "mov", ".mov", False),
            {"10": Encoding("gbrp10le", "rgb48le", None)},
            (("profile", "dnxhr_444"),),
        ),
    )
}

_DNXHR_SMALLEST = (256, 120)


def resolve_format(format: str, depth: str, source: MediaInfo) -> OutputSpec:
    """Settle a format and a depth for a source, and whether its alpha is carried.

    Args:
        format: a name of `INTERMEDIATES`, or "auto": png-mov for movies; for stills and sequences
            image files of their own kind (EXR, DPX, TIFF), else PNG; exr for all float sources.
        depth: "8", "10", "16", "half", "float", or "auto": as deep as the source needs to stay
            exact. 8-bit sources: 8 (exr half); deeper integers: 16 (exr float, as half has 11
            bits; dpx 10 for 10-bit images); float sources: half or float. Lossy formats have one
            depth, 10.
    Raises: InputError for a name that is not in the table, a depth that the format lacks, or a
        float source that would be clipped to integers without being asked to.
    """
    if format == "auto":
        format = _natural_format(source)
    entry = INTERMEDIATES.get(format)
    if entry is None:
        close = difflib.get_close_matches(format, INTERMEDIATES, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise InputError(
            f"unknown format '{format}'",
            where="--format",
            remedy=f"{hint}There are auto, {', '.join(INTERMEDIATES)}.",
        )
    allowed = ", ".join(entry.depths)
    if depth == "auto":
        depth = _natural_depth(entry, source)
    encoding = entry.depths.get(depth)
    if encoding is None and source.is_float and depth in ("half", "float"):
        deepest = list(entry.depths)[-1]
        raise InputError(
            f"{entry.format} stores integers, which would clip this {source.pixel_format} source",
            where=str(source.path),
            remedy=f"--format exr keeps it exactly; --depth {deepest} clips it to 0-1.",
        )
    if encoding is None:
        raise InputError(
            f"{entry.format} has no depth '{depth}' for a {source.pixel_format} source",
            where="--depth",
            remedy=f"{entry.format} stores: {allowed}. Float sources stay exact as --format exr.",
        )
    if entry.codec == "dnxhd" and (
        source.width < _DNXHR_SMALLEST[0] or source.height < _DNXHR_SMALLEST[1]
    ):
        raise InputError(
            f"DNxHR needs at least 256x120 pixels, not {source.width}x{source.height}",
            where=str(source.path),
            remedy="Choose png-mov or prores4444.",
        )
    with_alpha = encoding.with_alpha if source.has_alpha else None
    warnings: tuple[str, ...] = ()
    if source.has_alpha and with_alpha is None:
        warnings = (f"{source.path.name}: {format} of {depth} bits has no alpha; it was left out",)
    if source.hdr is not None and entry.container != "mov":
        left_out = f"{format} has no place for the mastering display and light levels of HDR10"
        warnings += (f"{source.path.name}: {left_out}; they were left out",)
    kept = source.kind != "movie" and source.path.suffix.lower() == entry.extension
    dropped = source.timecode and header_timecode(source.timecode, 0, source.rate) is None
    if format in ("exr", "dpx") and dropped and not kept:
        counted = f"a timecode that counts {round(source.rate)} a second"
        warnings += (f"{source.path.name}: {format} has no place for {counted}; it was left out",)
    pixel_format, array_format = with_alpha or (encoding.pixel_format, encoding.array_format)
    options = entry.options + (entry.alpha_options if with_alpha else ())
    return OutputSpec(
        **vars(entry) | {"options": options},
        depth=depth,
        pixel_format=pixel_format,
        array_format=array_format,
        alpha=with_alpha is not None,
        premultiplied=entry.format == "exr"
        or (entry.format == "tiff" and source.alpha == "premultiplied"),
        single=source.kind == "still" and entry.of_images,
        warnings=warnings,
    )


def _natural_format(source: MediaInfo) -> str:
    if source.is_float:
        return "exr"
    if source.kind == "movie":
        return "png-mov"
    return {".dpx": "dpx", ".tif": "tiff", ".tiff": "tiff"}.get(source.path.suffix.lower(), "png")


def _natural_depth(entry: Intermediate, source: MediaInfo) -> str:
    if source.is_float:
        return "half" if source.bit_depth <= 16 else "float"
    if len(entry.depths) == 1:
        return next(iter(entry.depths))
    if entry.format == "exr":
        return "half" if source.bit_depth <= 8 else "float"
    if entry.format == "dpx":
        # A movie's 10 bits are YUV, or RGB that swscale does not spread over the whole 16-bit
        # range: neither comes back from 10-bit RGB codes.
        ten = source.kind != "movie" and source.bit_depth == 10 and not source.has_alpha
        return "10" if ten else "16"
    return "8" if source.bit_depth <= 8 else "16"
