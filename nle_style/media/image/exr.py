"""Write one frame as an EXR file, with the layers, parts and header of the source's EXR.

Through the OpenEXR library, not OpenImageIO: it reads every channel in its own type (a 32-bit
object identifier must not be scaled like a colour) and every header attribute unchanged, and it
writes `framesPerSecond` under the name that other programs read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from nle_style.errors import MediaError, OutputError, VerificationError
from nle_style.media.base import ImageHeader, MediaInfo, OutputSpec
from nle_style.media.image.image_header import on_canvas, read_header
from nle_style.timecode import header_timecode

__all__ = ["write_exr"]

_COLOUR_SPACES = {  # H.273 primaries and transfer -> the Color Interop Forum's name
    (1, 1): "g24_rec709_display",
    (1, 6): "g24_rec709_display",
    (1, 8): "lin_rec709_scene",
    (1, 13): "srgb_rec709_display",
    (2, 8): "lin_rec709_scene",  # as it is read, and as an EXR without chromaticities is
    (9, 8): "lin_rec2020_scene",
    (9, 16): "pq_rec2020_display",
    (9, 18): "hlg_rec2020_display",
    (12, 8): "lin_p3d65_scene",
    (12, 13): "srgb_p3d65_display",
    (12, 16): "pq_p3d65_display",
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
    """Write one frame.

    If the source is an EXR, only the painted channels and their window change. Every other channel,
    layer and part keeps its name, type and bits, and the header keeps its attributes. A lossless
    compression stays, a lossy one becomes zip; of the levels of a mip map the first is kept. In the
    painted part the data window becomes the display window, in all channels: overscan is cut off,
    and pixels that were not in the file are 0.

    For any other source a new file is made, with rate, timecode, reel, pixel aspect and colour
    space in its header. Display code values are stored as they are (v/255). The header says so in
    `colorInteropID` and in `comments`, because most programs take EXR for scene-linear.

    Args:
        pixels: height x width x 3 or 4 float16 or float32, colours premultiplied by alpha.
        frame: zero-based frame of `source`, for the timecode.
        metadata: text attributes for the header; `nle_style_look` becomes `nle_style/look`, and
            `nle_style` alone `nle_style/key`.
        changed: `YYYY:MM:DD HH:MM:SS`, for `capDate`.
        original: the source's own EXR of this frame, or None.
    Raises: OutputError if it cannot be written; MediaError if `original` cannot be read or has a
        deep part; VerificationError if a channel that was kept does not read back.
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
    """Read the file back; the caller checks the picture, but not the other channels."""
    for meant, read in zip(parts, _parts_of(path), strict=True):
        for name, channel in meant.channels.items():
            if read.channels[name].pixels.tobytes() != channel.pixels.tobytes():
                raise VerificationError(
                    f"channel {name} differs when read back",
                    where=str(path),
                    remedy="Check the disk and the memory, then run it again.",
                )


def _parts_of(path: Path) -> list[OpenEXR.Part]:
    """All parts of an EXR. MediaError if one cannot be read, which the library would leave out."""
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
            outcome="damaged",
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
    space = _COLOUR_SPACES.get((source.colour.primaries, source.colour.transfer))
    if space is not None:
        header["colorInteropID"] = space
    if source.colour.transfer != 8 and not source.is_float:
        header["comments"] = "display-referred code values, not scene-linear"
    if source.reel:
        header["reelName"] = source.reel
    code = header_timecode(source.timecode, frame, source.rate)
    if code is not None:
        flags = (int(code.drop), *[0] * 13)  # drop-frame; the others, and the user bits
        header["timeCode"] = OpenEXR.TimeCode(
            code.hours, code.minutes, code.seconds, code.frames, *flags
        )
    return header


def _repainted(
    original: Path, pixels: np.ndarray, source: MediaInfo, stamps: Mapping[str, str]
) -> list[OpenEXR.Part] | None:
    """The parts of an EXR with `pixels` in place of its picture; None if it is stored turned."""
    picture = read_header(original, source.layer)
    if picture.spec.get_int_attribute("Orientation", 1) != 1:
        if picture.layer:
            raise MediaError(
                "is stored turned, so that its layers cannot be kept",
                where=str(original),
                remedy="Write the EXR again upright.",
            )
        return None  # the painted picture is upright, and its other channels are not
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
        if "tiles" in header:  # of several levels the library writes the first, and lists them all
            header["tiles"].mode = OpenEXR.ONE_LEVEL
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
    before = picture.colour[0].rpartition(".")[0]
    named = [f"{before}.{name}" if before else name for name in "RGB"]
    colour = (named[0], named[1], named[2]) if grey else picture.colour
    replaced = {*picture.colour, *(_LUMINANCE if grey else ())}
    left, top, right, bottom = np.ravel(header["displayWindow"]).tolist()  # inclusive
    data = np.ravel(header["dataWindow"]).tolist()
    moved = data != [left, top, right, bottom]
    kept: dict[str, Any] = {}
    for name, channel in channels.items():
        if name in replaced or (name == picture.alpha and pixels.shape[2] == 4):
            continue
        if moved and (channel.xSampling, channel.ySampling) != (1, 1):
            raise MediaError(
                f"its channel {name} is subsampled and has another window than the picture",
                where=str(original),
                remedy="Write the EXR again with its data window equal to its display window.",
            )
        kept[name] = channel
        if moved:
            place, size = (data[1] - top, data[0] - left), (bottom - top + 1, right - left + 1)
            plane = on_canvas(channel.pixels, place, size)
            kept[name] = OpenEXR.Channel(plane, 1, 1, bool(channel.pLinear))
    return kept | _planes(colour, picture.alpha or (f"{before}.A" if before else "A"), pixels)
