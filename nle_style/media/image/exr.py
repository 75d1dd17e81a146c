"""One frame as an OpenEXR file, with the layers, parts and header of the EXR it was painted from.

The OpenEXR library is used and not OpenImageIO: it gives every channel in its own type (an object
identifier of 32 bits is not a colour to be scaled) and every header attribute as it is, and it
writes `framesPerSecond` under the name that other programs read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from nle_style.errors import MediaError, OutputError, VerificationError
from nle_style.media.base import ImageHeader, MediaInfo, advance_timecode, timecode_to_bcd
from nle_style.media.formats import OutputSpec
from nle_style.media.image.image_header import read_header

__all__ = ["write_exr"]

_COLOUR_SPACES = {  # H.273 transfer -> Color Interop Forum name of the display-referred space
    1: "g24_rec709_display",
    6: "g24_rec709_display",
    8: "lin_rec709_scene",
    13: "srgb_rec709_display",
    16: "pq_rec2020_display",
    18: "hlg_rec2020_display",
}
_LOSSLESS = frozenset(
    {
        OpenEXR.NO_COMPRESSION,
        OpenEXR.RLE_COMPRESSION,
        OpenEXR.ZIPS_COMPRESSION,
        OpenEXR.ZIP_COMPRESSION,
        OpenEXR.PIZ_COMPRESSION,
    }
)
_DEEP = (OpenEXR.deepscanline, OpenEXR.deeptile)
_LUMINANCE = ("Y", "RY", "BY")


def write_exr(
    path: Path,
    pixels: np.ndarray,
    spec: OutputSpec,
    source: MediaInfo,
    frame: int,
    metadata: Mapping[str, str],
    changed: str,
    original: Path | None,
) -> None:
    """Write one frame; `metadata` becomes the string attributes `nle_style/...`.

    Of any other source it is a new file: its header holds rate, timecode, reel, pixel aspect and
    the colour space. EXR holds display code values as they are (v/255) then: the header says so, in
    `colorInteropID` and, as most readers take EXR for scene-linear, in `comments`.

    Of an EXR only the painted channels and their window change. Every other channel, layer and part
    keeps its name, type and bits, the header keeps its attributes. Compression stays if it loses
    nothing, else it is zip. In the painted part the data window becomes the display window:
    overscan is cut off, what was empty is 0, alike in all of that part's channels.

    Args:
        pixels: height x width x 3 or 4 float16 or float32, colours premultiplied by alpha.
        frame: zero-based frame of `source`, for the timecode.
        metadata: `nle_style_look` becomes `nle_style/look`, and `nle_style` alone `nle_style/key`.
        changed: `YYYY:MM:DD HH:MM:SS`, for `capDate`.
        original: the source's own EXR of this frame, or None.
    Raises: OutputError if it cannot be written; MediaError if `original` cannot be read or has a
        deep part;
        VerificationError if a channel that was kept does not read back.
    """
    stamps = {_attribute(name): text for name, text in metadata.items()}
    parts = None if original is None else _repainted(original, pixels, source, stamps)
    kept = parts is not None
    if parts is None:
        channels = _planes(("R", "G", "B"), "A", pixels)
        header = _new_header(spec, source, frame, changed) | stamps
        parts = [OpenEXR.Part(header, channels, "")]
    try:
        OpenEXR.File(parts).write(str(path))
        if kept:
            _verify_channels(path, parts)
    except (RuntimeError, ValueError, TypeError) as error:
        raise OutputError(str(error), where=str(path)) from error


def _attribute(name: str) -> str:
    return f"nle_style/{'key' if name == 'nle_style' else name.removeprefix('nle_style_')}"


def _verify_channels(path: Path, parts: Sequence[OpenEXR.Part]) -> None:
    """The picture is read back by the caller, and nobody but this looks at the other channels."""
    for meant, read in zip(parts, _parts_of(path), strict=True):
        for name, channel in meant.channels.items():
            if read.channels[name].pixels.tobytes() != channel.pixels.tobytes():
                raise VerificationError(
                    f"channel {name} differs when read back",
                    where=str(path),
                    remedy="Check the disk and the memory, then run it again.",
                )


def _parts_of(path: Path) -> list[OpenEXR.Part]:
    """All parts of an EXR. MediaError if one cannot be read: the library itself leaves it out."""
    reason = ""
    try:
        stated = len(OpenEXR.File(str(path), header_only=True).parts)
        parts = list(OpenEXR.File(str(path), separate_channels=True).parts)
    except RuntimeError as error:
        stated, parts, reason = 1, [], f" (OpenEXR says: {error})"
    if len(parts) < stated:
        raise MediaError(
            "not all of its layers can be read",
            where=str(path),
            remedy=f"Copy the EXR again from the original{reason}.",
        )
    return parts


def _planes(colour: tuple[str, str, str], alpha: str, pixels: np.ndarray) -> dict[str, Any]:
    names = (*colour, alpha)[: pixels.shape[2]]
    return {name: np.ascontiguousarray(pixels[:, :, i]) for i, name in enumerate(names)}


def _new_header(spec: OutputSpec, source: MediaInfo, frame: int, changed: str) -> dict[str, Any]:
    compression = dict(spec.options)["compression"]
    header: dict[str, Any] = {
        "type": OpenEXR.scanlineimage,
        "compression": getattr(OpenEXR, f"{compression.upper()}_COMPRESSION"),
        "pixelAspectRatio": float(source.pixel_aspect),
        "framesPerSecond": source.rate,
        "capDate": changed,
        "software": "nle_style",
    }
    if source.colour.transfer in _COLOUR_SPACES:
        header["colorInteropID"] = _COLOUR_SPACES[source.colour.transfer]
    if source.colour.transfer != 8 and not source.is_float:
        header["comments"] = "display-referred code values, not scene-linear"
    if source.reel:
        header["reelName"] = source.reel
    if source.timecode is not None:
        timecode = advance_timecode(source.timecode, frame, source.rate)
        if timecode_to_bcd(timecode) is not None:
            hours, minutes, seconds, frames = map(int, timecode.replace(";", ":").split(":"))
            flags = (int(";" in timecode), *[0] * 13)  # drop-frame; the others, and the user bits
            header["timeCode"] = OpenEXR.TimeCode(hours, minutes, seconds, frames, *flags)
    return header


@dataclass(frozen=True)
class _Window:
    """An inclusive box of EXR's pixel coordinates."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, header: Mapping[str, Any], name: str) -> _Window:
        (left, top), (right, bottom) = header[name]
        return cls(int(left), int(top), int(right), int(bottom))


def _repainted(
    original: Path, pixels: np.ndarray, source: MediaInfo, stamps: Mapping[str, str]
) -> list[OpenEXR.Part] | None:
    """The parts of an EXR with `pixels` in place of its picture; None if it is stored turned."""
    picture = read_header(original)
    if picture.spec.get_int_attribute("Orientation", 1) != 1:
        return None  # its other channels would lie on their side
    parts = []
    for number, part in enumerate(_parts_of(original)):
        header, channels = dict(part.header), dict(part.channels)
        if header["type"] in _DEEP:
            raise MediaError(
                f"its part {part.name() or number} is deep and cannot be kept",
                where=str(original),
                remedy="Write the EXR again without it.",
            )
        header.pop("chunkCount", None)
        if header.get("compression") not in _LOSSLESS:
            header["compression"] = OpenEXR.ZIP_COMPRESSION
        if number == picture.part:
            channels = _painted_channels(picture, header, channels, pixels, original)
            header["dataWindow"] = header["displayWindow"]
            header.setdefault("framesPerSecond", source.rate)
            header.update(stamps)
        parts.append(OpenEXR.Part(header, channels, part.name() or ""))
    return parts


def _painted_channels(
    picture: ImageHeader,
    header: Mapping[str, Any],
    channels: dict[str, OpenEXR.Channel],
    pixels: np.ndarray,
    original: Path,
) -> dict[str, Any]:
    grey = len(set(picture.colour)) == 1 or not set(picture.colour) <= set(channels)
    colour = ("R", "G", "B") if grey else picture.colour
    replaced = {*picture.colour, *(_LUMINANCE if grey else ())}
    data, shown = _Window.of(header, "dataWindow"), _Window.of(header, "displayWindow")
    kept: dict[str, Any] = {}
    for name, channel in channels.items():
        if name in replaced or (name == picture.alpha and pixels.shape[2] == 4):
            continue
        if data != shown and (channel.xSampling, channel.ySampling) != (1, 1):
            raise MediaError(
                f"its channel {name} is subsampled and has another window than the picture",
                where=str(original),
                remedy="Write the EXR again with its data window equal to its display window.",
            )
        if data == shown:
            kept[name] = channel
        else:
            plane = _windowed(channel.pixels, data, shown)
            kept[name] = OpenEXR.Channel(plane, 1, 1, bool(channel.pLinear))
    return kept | _planes(colour, picture.alpha or "A", pixels)


def _windowed(plane: np.ndarray, data: _Window, shown: _Window) -> np.ndarray:
    canvas = np.zeros((shown.bottom - shown.top + 1, shown.right - shown.left + 1), plane.dtype)
    left, right = max(data.left, shown.left), min(data.right, shown.right) + 1
    top, bottom = max(data.top, shown.top), min(data.bottom, shown.bottom) + 1
    if left < right and top < bottom:
        canvas[top - shown.top : bottom - shown.top, left - shown.left : right - shown.left] = (
            plane[top - data.top : bottom - data.top, left - data.left : right - data.left]
        )
    return canvas
