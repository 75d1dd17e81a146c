"""One image file as an array, through OpenImageIO: its picture channels, upright; and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)

from nle_style.errors import MediaError, OutputError
from nle_style.media.base import ImageHeader
from nle_style.media.image.dpx_header import drop_missing_headers

__all__ = ["check_size", "on_canvas", "read_header", "read_image", "write_pixels"]

_MOST_PIXELS = 2**29


def check_size(width: int, height: int, path: Path) -> None:
    """Refuse a picture larger than 32768 x 16384, before memory for it is asked for.

    A damaged header can state any size; the largest pictures in use, for domes, are smaller.

    Raises: MediaError.
    """
    if not 0 < width * height <= _MOST_PIXELS:
        raise MediaError(
            f"claims a picture of {width}x{height} pixels",
            where=str(path),
            remedy=f"Up to {_MOST_PIXELS // 2**20} megapixels are read: crop or scale it first.",
        )


def _open(path: Path) -> oiio.ImageInput:
    config = oiio.ImageSpec()
    # Without this, PNG and TIFF colours come back multiplied by alpha: not what the file holds.
    config.attribute("oiio:UnassociatedAlpha", 1)
    reader = oiio.ImageInput.open(str(path), config)
    if reader is None:
        raise MediaError(
            "not a movie or image that ffmpeg/OpenImageIO can read",
            where=str(path),
            remedy=f"Write the image again ({'; '.join(oiio.geterror().strip().splitlines())}).",
        )
    return reader


def read_header(path: Path) -> ImageHeader:
    """The header of an image file's picture. MediaError if it cannot be read, or is deep.

    The picture of an EXR of many parts is the first part with channels named R, G and B, else the
    first part.
    """
    reader = _open(path)
    try:
        return _header(reader, path)
    finally:
        reader.close()


def _header(reader: oiio.ImageInput, path: Path) -> ImageHeader:
    first, part = reader.spec(), 0
    spec = first
    while not {"R", "G", "B"} <= set(spec.channelnames):
        part += 1
        if not reader.seek_subimage(part, 0):
            spec, part = first, 0
            break
        spec = reader.spec()
    reader.seek_subimage(part, 0)
    if spec.deep:  # OpenImageIO would return uninitialised memory
        raise MediaError(
            "is a deep image",
            where=str(path),
            remedy="Flatten it first (Nuke's DeepToImage, or oiiotool --flatten).",
        )
    if reader.format_name() == "dpx":
        drop_missing_headers(spec, path)
    check_size(spec.width, spec.height, path)
    check_size(spec.full_width, spec.full_height, path)
    names = list(spec.channelnames)
    alpha = names[spec.alpha_channel] if spec.alpha_channel >= 0 else None
    if {"R", "G", "B"} <= set(names):
        colour = ("R", "G", "B")
        alpha = "A" if "A" in names else None
    else:
        others = [name for name in names if name != alpha]
        grey = len(others) < 3 or "Y" in others
        one = "Y" if "Y" in others else (others or names)[0]
        colour = (one, one, one) if grey else (others[0], others[1], others[2])
    types = dict(zip(names, spec.channelformats or [spec.format] * len(names), strict=True))
    used = [types[name] for name in {*colour, *([alpha] if alpha else [])}]
    widest = max(used, key=lambda kind: (kind.size(), str(kind)))
    return ImageHeader(spec, part, colour, alpha, str(widest))


def read_image(path: Path, *, alpha: bool = False, half: bool = False) -> np.ndarray:
    """One image, upright, height x width x 3, or x 4 if `alpha` is asked for and there is one.

    EXRs are cut to their display window: overscan is left out, and pixels outside the data window
    are 0, alpha too.

    Args:
        half: give half floats as such.
    Returns: uint8, uint16 (0-65535; 10- and 12-bit DPX scaled up by OpenImageIO, which repeats
        their high bits) or float32 (EXR half and float, unclamped). Colours are as stored: straight
        or premultiplied. Grey is repeated in all three.
    Raises: MediaError if it cannot be read.
    """
    reader = _open(path)
    try:
        header = _header(reader, path)
        exact = {"uint8": oiio.UINT8, "uint16": oiio.UINT16}
        if half:
            exact["half"] = oiio.HALF
        wanted = exact.get(header.channel_type, oiio.FLOAT)
        indices = header.indices(alpha=alpha)
        begin = min(indices)
        pixels = reader.read_image(header.part, 0, begin, max(indices) + 1, wanted)
        if pixels is None:
            raise MediaError(
                "the image cannot be decoded",
                where=str(path),
                remedy=f"Write or copy it again ({reader.geterror().strip()}).",
                outcome="damaged",
            )
    finally:
        reader.close()
    spec = header.spec
    pixels = pixels.reshape(spec.height, spec.width, -1)
    place, size = (spec.y - spec.full_y, spec.x - spec.full_x), (spec.full_height, spec.full_width)
    pixels = on_canvas(pixels[:, :, [index - begin for index in indices]], place, size)
    return np.ascontiguousarray(_upright(pixels, spec.get_int_attribute("Orientation", 1)))


def write_pixels(path: Path, format: str, header: oiio.ImageSpec, pixels: np.ndarray) -> None:
    """Write an image file.

    Args:
        format: OpenImageIO's name of it.
        header: of the pixels' size and type.
    Raises: OutputError if OpenImageIO cannot.
    """
    writer = oiio.ImageOutput.create(format)
    written = (
        writer is not None
        and writer.open(str(path), header)
        and writer.write_image(np.ascontiguousarray(pixels))
    )
    problem = writer.geterror().strip() if writer is not None else oiio.geterror().strip()
    closed = writer is not None and writer.close()
    if not (written and closed):
        raise OutputError(problem or "OpenImageIO gives no reason", where=str(path))


def on_canvas(pixels: np.ndarray, place: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Pixels of a data window in their display window; what is not in the file is 0.

    Args:
        pixels: height x width, or height x width x channels.
        place: row and column of the display window at which they begin; may be negative.
        size: rows and columns of the display window.
    """
    if place == (0, 0) and size == pixels.shape[:2]:
        return pixels
    canvas = np.zeros((*size, *pixels.shape[2:]), pixels.dtype)
    (top, left), (height, width) = place, pixels.shape[:2]
    rows = slice(max(top, 0), min(top + height, size[0]))
    columns = slice(max(left, 0), min(left + width, size[1]))
    if rows.start < rows.stop and columns.start < columns.stop:
        canvas[rows, columns] = pixels[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
    return canvas


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Undo Exif orientation 1-8 (5-8 swap rows and columns). Source: Exif 2.32, 4.6.4 A."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels
