"""The intermediates that can be written: codec, depth, exact or lossy, and who reads them.

"Exact" means that every quantised frame decodes back to the same bits; the writer proves it for
each one. Lossy formats are there because editors ask for them, and are named lossy.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

import numpy as np

from nle_style.errors import InputError
from nle_style.media.probe import MediaInfo

__all__ = ["INTERMEDIATES", "Intermediate", "OutputSpec", "quantise", "resolve_format"]


@dataclass(frozen=True)
class Encoding:
    """How one depth is stored: the encoder's pixel format, and the arrays it is made from."""

    pixel_format: str
    array_format: str  # PyAV's name; for images OpenImageIO's channel type


@dataclass(frozen=True)
class Intermediate:
    """One row of the table.

    Attributes:
        codec: ffmpeg's encoder, or OpenImageIO's format.
        container: ffmpeg's muxer; "" for image sequences.
        depths: what can be stored; the first lossy one is its only one.
        options: encoder options, as (name, value).
        readers: which applications open it.
    """

    name: str
    codec: str
    container: str
    extension: str
    exact: bool
    depths: dict[str, Encoding]
    options: tuple[tuple[str, str], ...]
    readers: str

    @property
    def sequence(self) -> bool:
        """Whether it is a folder of image files."""
        return not self.container


@dataclass(frozen=True)
class OutputSpec:
    """A format and depth settled for one source; `dtype` is that of the quantised arrays."""

    format: str
    depth: str
    codec: str
    container: str
    extension: str
    pixel_format: str
    array_format: str
    exact: bool
    sequence: bool
    options: tuple[tuple[str, str], ...]
    readers: str

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8, uint16 (also for lossy 10-bit codecs), float16 or float32."""
        names = {"8": "u1", "half": "<f2", "float": "<f4"}
        return np.dtype(names.get(self.depth, "<u2"))


INTERMEDIATES: dict[str, Intermediate] = {
    entry.name: entry
    for entry in (
        Intermediate(
            "png-mov",
            "png",
            "mov",
            ".mov",
            True,
            {"8": Encoding("rgb24", "rgb24"), "16": Encoding("rgb48be", "rgb48le")},
            (("pred", "sub"), ("compression_level", "1")),
            "Resolve and Nuke; 16-bit opens in Resolve, its depth there is not verified",
        ),
        Intermediate(
            "exr",
            "openexr",
            "",
            ".exr",
            True,
            {"half": Encoding("half", "half"), "float": Encoding("float", "float")},
            (("compression", "zip"),),
            "Resolve, Nuke and every compositor",
        ),
        Intermediate(
            "ffv1",
            "ffv1",
            "matroska",
            ".mkv",
            True,
            {"8": Encoding("bgr0", "rgb24"), "16": Encoding("gbrp16le", "rgb48le")},
            (("level", "3"), ("g", "1"), ("slices", "16"), ("slicecrc", "1")),
            "Kdenlive, archives and ffmpeg; neither Resolve nor Nuke",
        ),
        Intermediate(
            "dpx",
            "dpx",
            "",
            ".dpx",
            True,
            {"16": Encoding("uint16", "uint16")},
            (),
            "Resolve, Nuke and film tools",
        ),
        Intermediate(
            "prores4444",
            "prores_ks",
            "mov",
            ".mov",
            False,
            {"10": Encoding("yuv444p10le", "rgb48le")},
            (("profile", "4444"), ("vendor", "apl0")),
            "Resolve, Nuke, Final Cut, Premiere and Avid",
        ),
        Intermediate(
            "dnxhr444",
            "dnxhd",
            "mov",
            ".mov",
            False,
            {"10": Encoding("gbrp10le", "rgb48le")},
            (("profile", "dnxhr_444"),),
            "Resolve, Nuke, Avid and Premiere",
        ),
    )
}

_DNXHR_SMALLEST = (256, 120)


def resolve_format(format: str, depth: str, source: MediaInfo) -> OutputSpec:
    """Settle a format and a depth for a source.

    Args:
        format: a name of `INTERMEDIATES`, or "auto": png-mov, and exr for float sources.
        depth: "8", "16", "half", "float", or "auto": as deep as the source needs to stay exact.
            8-bit sources: 8 (exr half); deeper integers: 16 (exr float, as half has 11 bits);
            float sources: half or float. Lossy formats have one depth, 10.
    Raises: InputError for a name that is not in the table or a depth that the format lacks.
    """
    if format == "auto":
        format = "exr" if source.is_float else "png-mov"
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
    if encoding is None:
        raise InputError(
            f"{entry.name} has no depth '{depth}' for a {source.pixel_format} source",
            where="--depth",
            remedy=f"{entry.name} stores: {allowed}. Float sources stay exact as --format exr.",
        )
    if entry.codec == "dnxhd" and (
        source.width < _DNXHR_SMALLEST[0] or source.height < _DNXHR_SMALLEST[1]
    ):
        raise InputError(
            f"DNxHR needs at least 256x120 pixels, not {source.width}x{source.height}",
            where=str(source.path),
            remedy="Choose png-mov or prores4444.",
        )
    return OutputSpec(
        format=entry.name,
        depth=depth,
        codec=entry.codec,
        container=entry.container,
        extension=entry.extension,
        pixel_format=encoding.pixel_format,
        array_format=encoding.array_format,
        exact=entry.exact,
        sequence=entry.sequence,
        options=entry.options,
        readers=entry.readers,
    )


def _natural_depth(entry: Intermediate, source: MediaInfo) -> str:
    if len(entry.depths) == 1 and not source.is_float:
        return next(iter(entry.depths))
    if source.is_float:
        return "half" if source.bit_depth <= 16 else "float"
    if entry.name == "exr":
        return "half" if source.bit_depth <= 8 else "float"
    return "8" if source.bit_depth <= 8 else "16"


def quantise(frame: np.ndarray, spec: OutputSpec) -> np.ndarray:
    """The stored code values of a frame: rint(x*255) or rint(x*65535), clipped; floats as they are.

    Args:
        frame: height x width x 3 float32 display code values.
    Returns: the same shape, C-contiguous, of `spec.dtype`.
    """
    if spec.dtype.kind == "f":
        return np.ascontiguousarray(frame, dtype=spec.dtype)
    top = np.float32(np.iinfo(spec.dtype).max)
    return np.ascontiguousarray(np.rint(np.clip(frame, 0, 1) * top), dtype=spec.dtype)
