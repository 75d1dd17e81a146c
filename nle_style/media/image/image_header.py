"""One image file as an array, through OpenImageIO: its picture channels, upright; and back."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)

from nle_style.errors import MediaError, OutputError
from nle_style.media.base import ImageHeader
from nle_style.media.image.dpx_header import correct_header, misread_dpx
from nle_style.media.image.jpeg import is_damaged_jpeg
from nle_style.media.image.layers import Part, choose_layer, layers_of
from nle_style.media.image.png_chunks import chromaticities, is_animated_png, late_orientation
from nle_style.sequence_names import IMAGE_SUFFIXES

__all__ = [
    "check_size",
    "icc_space",
    "is_premultiplied_tga",
    "on_canvas",
    "read_header",
    "read_image",
    "write_pixels",
]

_MOST_PIXELS = 2**29
_LAB = (8, 9, 10)  # CIELab, ICCLab, ITULab: TIFF 6.0 and its technical notes
_MIN_IS_WHITE = 0
_RAW = (32803, 34892)  # CFA and LinearRaw: TIFF/EP, DNG 1.7
_IS_SMALLER = 1  # bit of NewSubfileType: TIFF 6.0


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


def icc_space(spec: oiio.ImageSpec) -> str:
    """What the pixels of an image's ICC profile are: RGB, GRAY, CMYK, Lab, ...; "" without one.

    Source: ICC.1:2022, 7.2.8 (data colour space).
    """
    profile: Any = spec.getattribute("ICCProfile")
    if profile is None:
        return ""
    # OpenImageIO's bytes are signed.
    return bytes(each & 255 for each in profile[16:20]).decode(errors="replace").strip()


def _open(path: Path) -> oiio.ImageInput:
    config = oiio.ImageSpec()
    # Without this, PNG and TIFF colours come back multiplied by alpha: not what the file holds.
    config.attribute("oiio:UnassociatedAlpha", 1)
    reader = oiio.ImageInput.open(str(path), config)
    if reader is None:
        raise MediaError(
            "not a movie or image that ffmpeg/OpenImageIO can read",
            where=str(path),
            remedy=f"Write the image again ({_reason(oiio)}).",
        )
    return reader


def _reason(library: Any) -> str:
    """What OpenImageIO, or a reader of it, says of its last error; it may quote a damaged file."""
    try:
        return "; ".join(library.geterror().strip().splitlines())
    except UnicodeDecodeError:
        return "its header is damaged"


def read_header(path: Path, layer: str | None = None) -> ImageHeader:
    """The header of an image file's picture.

    Args:
        layer: of an EXR, see `layers.choose_layer`; other images have none.
    Raises: MediaError if it cannot be read, is deep or an animation, or if none of its layers is
        the picture.
    """
    reader = _open(path)
    try:
        return _header(reader, path, layer)
    finally:
        reader.close()


def _header(reader: oiio.ImageInput, path: Path, layer: str | None) -> ImageHeader:
    if reader.format_name() == "openexr":
        return _exr_header(reader, path, layer)
    spec = reader.spec()
    _check_picture(spec, path)
    count = _parts_in(reader)
    moving = spec.get_int_attribute("oiio:Movie") or reader.format_name() == "webp"
    if (count > 1 and moving) or is_animated_png(path) or _is_animated_jxl(reader, path):
        raise MediaError(
            "is an animation",
            where=str(path),
            remedy="Convert it to a movie or to numbered images first.",
        )
    if reader.format_name() == "dpx":
        correct_header(spec, path)
    if reader.format_name() == "png":
        if not spec.get_int_attribute("Orientation"):
            spec.attribute("Orientation", late_orientation(path))
        points = chromaticities(path)
        if points is not None:  # as EXR's attribute
            spec.attribute("chromaticities", "float[8]", points)
    said = ""
    if count > 1 and reader.format_name() != "psd":  # whose first picture is all of its layers
        said = f"the first of its {count} pictures"
    names = list(spec.channelnames)
    # OpenImageIO says 4 of GIFs, which have their alpha in channel 3.
    alpha = names[spec.alpha_channel] if 0 <= spec.alpha_channel < len(names) else None
    if {"R", "G", "B"} <= set(names):
        colour = ("R", "G", "B")
        alpha = "A" if "A" in names else None
    else:
        others = [name for name in names if name != alpha]
        if len(others) > 2 and "Y" not in others:
            raise MediaError(
                f"its channels are {', '.join(names)}, which is neither RGB nor grey",
                where=str(path),
                remedy="Write it again as RGB.",
            )
        one = "Y" if "Y" in others else (others or names)[0]
        colour = (one, one, one)
    if alpha is not None and reader.format_name() == "bmp":
        place = names.index(alpha)
        if not np.any(reader.read_image(0, 0, place, place + 1, oiio.UINT8)):
            alpha = None  # Windows calls this byte reserved; ffmpeg takes it as this does
    widest = _widest(spec, colour, alpha)
    if widest.startswith("int"):
        raise MediaError(
            f"its numbers are signed ({widest}), which says nothing of what is black and white",
            where=str(path),
            remedy="Write it again with unsigned integers, or with half floats as EXR.",
        )
    problem = _misread(reader, path, widest)
    if problem:
        raise MediaError(
            f"{problem}, which is not read right here",
            where=str(path),
            remedy="Write it again as a TIFF or PNG of 16 bits: RGB or grey, black at 0.",
        )
    return ImageHeader(spec, 0, colour, alpha, widest, None, said)


def _misread(reader: oiio.ImageInput, path: Path, kind: str) -> str:
    """What of a picture OpenImageIO 3.2 gives other values than are stored; "" if nothing is known.

    Args:
        kind: type of the widest channel.
    """
    spec = reader.spec()
    said = spec.getattribute("tiff:PhotometricInterpretation")
    if said in _LAB:
        return "its colours are L*a*b*"
    is_tiff = reader.format_name() == "tiff"
    if said in _RAW or (is_tiff and path.suffix.lower() not in IMAGE_SUFFIXES):
        return "it is a camera's raw file"
    if is_tiff and spec.get_int_attribute("tiff:subfiletype") & _IS_SMALLER:
        return "its first picture is a small copy of another"
    if said == _MIN_IS_WHITE and kind != "uint8":
        return f"its numbers ({kind}) count from white to black"
    if is_tiff and kind == "double" and spec.tile_width:
        return "it has tiles of 64-bit numbers"
    return misread_dpx(spec, path) if reader.format_name() == "dpx" else ""


def is_premultiplied_tga(path: Path) -> bool:
    """Whether a TGA says that its colours are multiplied by alpha: few of them say anything.

    Source: "Truevision TGA File Format Specification" 2.0: the footer's extension area offset, and
    attributes type 4, the last byte (495) of that area.
    """
    data = path.read_bytes()
    if data[-18:] != b"TRUEVISION-XFILE.\0":
        return False
    area = int.from_bytes(data[-26:-22], "little")
    return area > 0 and data[area + 494 : area + 495] == b"\4"


def _is_animated_jxl(reader: oiio.ImageInput, path: Path) -> bool:
    """Whether a file is a JPEG XL of several pictures, of which OpenImageIO sees the first.

    By ffmpeg, which has a demuxer of its own for them.
    """
    if reader.format_name() != "jpegxl":
        return False
    with suppress(av.error.FFmpegError), av.open(f"file:{path}") as container:
        return container.format.name == "jpegxl_anim"
    return False


def _exr_header(reader: oiio.ImageInput, path: Path, wanted: str | None) -> ImageHeader:
    count = _parts_in(reader)
    parts, views, masks = [], [], []
    for number in range(count):
        spec = _part(reader, number, path)
        name = spec.get_string_attribute("oiio:subimagename") if count > 1 else ""
        view = spec.get_string_attribute("view")
        types = [str(kind) for kind in _types(spec)]
        channels = dict(zip(spec.channelnames, types, strict=True))
        parts.append(Part(number, name, view, channels))
        views += [each for each in spec.getattribute("multiView") or () if each not in views]
        masks += [
            str(each.value)
            for each in spec.extra_attribs
            if each.name.startswith("cryptomatte/") and each.name.endswith("/name")
        ]
    layer, said = choose_layer(layers_of(parts, views, masks), parts, wanted, path)
    if layer.colour is None:
        raise ValueError(f"{path}: a layer without colours was chosen")
    spec = _part(reader, layer.part, path)
    _check_picture(spec, path)
    widest = _widest(spec, layer.colour, layer.alpha)
    return ImageHeader(spec, layer.part, layer.colour, layer.alpha, widest, layer.label, said)


def _parts_in(reader: oiio.ImageInput) -> int:
    count = 1
    while reader.seek_subimage(count, 0):
        count += 1
    reader.seek_subimage(0, 0)
    return count


def _part(reader: oiio.ImageInput, number: int, path: Path) -> oiio.ImageSpec:
    if not reader.seek_subimage(number, 0):
        raise MediaError(
            f"its part {number} cannot be read",
            where=str(path),
            remedy=f"Write or copy it again ({_reason(reader)}).",
        )
    return reader.spec()


def _check_picture(spec: oiio.ImageSpec, path: Path) -> None:
    if spec.deep:  # OpenImageIO would return uninitialised memory
        raise MediaError(
            "is a deep image",
            where=str(path),
            remedy="Flatten it first (Nuke's DeepToImage, or oiiotool --flatten).",
        )
    check_size(spec.width, spec.height, path)
    check_size(spec.full_width, spec.full_height, path)


def _types(spec: oiio.ImageSpec) -> list[oiio.TypeDesc]:
    return list(spec.channelformats) or [spec.format] * spec.nchannels


def _widest(spec: oiio.ImageSpec, colour: Iterable[str], alpha: str | None) -> str:
    types = dict(zip(spec.channelnames, _types(spec), strict=True))
    used = [types[name] for name in {*colour, *([alpha] if alpha else [])}]
    return str(max(used, key=lambda kind: (kind.size(), str(kind))))


def read_image(
    path: Path, *, alpha: bool = False, half: bool = False, layer: str | None = None
) -> np.ndarray:
    """One image, upright, height x width x 3, or x 4 if `alpha` is asked for and there is one.

    EXRs are cut to their display window: overscan is left out, and pixels outside the data window
    are 0, alpha too.

    Args:
        half: give half floats as such.
        layer: as for `read_header`.
    Returns: uint8, uint16 (0-65535; 10- and 12-bit DPX scaled up by OpenImageIO, which repeats
        their high bits) or float32 (EXR half and float, unclamped). Colours are as stored: straight
        or premultiplied. Grey is repeated in all three.
    Raises: MediaError if it cannot be read.
    """
    reader = _open(path)
    try:
        header = _header(reader, path, layer)
        exact = {"uint8": oiio.UINT8, "uint16": oiio.UINT16}
        if half:
            exact["half"] = oiio.HALF
        wanted = exact.get(header.channel_type, oiio.FLOAT)
        indices = header.indices(alpha=alpha)
        begin = min(indices)
        _reason(reader)  # which forgets what was said of parts that are not there
        pixels = reader.read_image(header.part, 0, begin, max(indices) + 1, wanted)
        told = _reason(reader)
        # libjpeg fills up what it cannot decode, and only tells; bytes too many do no harm.
        filled = "Corrupt JPEG data" in told and "extraneous bytes" not in told
        if reader.format_name() == "jpeg" and not filled and is_damaged_jpeg(path):
            filled, told = True, "some of its bytes are not its own"
        if pixels is None or filled:
            raise MediaError(
                "the image cannot be decoded",
                where=str(path),
                remedy=f"Write or copy it again ({told}).",
                outcome="damaged",
            )
    finally:
        reader.close()
    spec = header.spec
    if reader.format_name() == "dpx" and spec.get_int_attribute("oiio:BitsPerSample") == 12:
        pixels |= pixels >> 12  # OpenImageIO repeats the high bits in one of two packings only
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
