"""Image files: numbered sequences, and one image as an array, through OpenImageIO."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)

from nle_style.errors import MediaError

__all__ = [
    "IMAGE_SUFFIXES",
    "SequenceFiles",
    "find_sequence",
    "is_pattern",
    "read_image",
    "read_spec",
]

IMAGE_SUFFIXES = frozenset(
    {".bmp", ".cin", ".dpx", ".exr", ".hdr", ".iff", ".jp2", ".jpeg", ".jpg", ".jxl", ".png"}
    | {".ppm", ".psd", ".sgi", ".tga", ".tif", ".tiff", ".webp"}
)
_NUMBER = re.compile(r"%0?(\d*)d|(#+)")


@dataclass(frozen=True)
class SequenceFiles:
    """A numbered image sequence without holes: `pattern` with numbers `first` to `last`."""

    pattern: Path
    first: int
    last: int

    def path(self, number: int) -> Path:
        """The file of one number, as written in its name (not a zero-based frame)."""
        return self.pattern.with_name(_NUMBER.sub(lambda m: _digits(m, number), self.pattern.name))


def _digits(match: re.Match[str], number: int) -> str:
    width = int(match[1] or 0) if match[2] is None else len(match[2])
    return f"{number:0{width}d}"


def is_pattern(path: Path) -> bool:
    """Whether the name stands for many files: `name.%06d.exr` or `name.####.exr`."""
    return len(_NUMBER.findall(path.name)) == 1 and not path.exists()


def find_sequence(pattern: Path) -> SequenceFiles:
    """The files of a sequence, checked to be without holes.

    Args:
        pattern: a printf pattern (`name.%06d.exr`) or Nuke's `name.####.exr`.
    Raises: MediaError if the folder or the files are missing, or numbers are (it names them).
    """
    match = _NUMBER.search(pattern.name)
    if match is None:
        raise MediaError("is not a sequence pattern", where=str(pattern))
    if not pattern.parent.is_dir():
        raise MediaError(
            "the folder of the sequence does not exist",
            where=str(pattern.parent),
            remedy="Check the path, or mount the volume.",
        )
    before, after = pattern.name[: match.start()], pattern.name[match.end() :]
    expression = re.compile(rf"{re.escape(before)}(\d+){re.escape(after)}")
    names = {entry.name for entry in pattern.parent.iterdir()}
    numbers = sorted(
        int(hit[1])
        for hit in map(expression.fullmatch, names)
        if hit and hit[1] == _digits(match, int(hit[1]))
    )
    if not numbers:
        raise MediaError(
            "no file of the sequence exists",
            where=str(pattern),
            remedy="Check the name, the padding and the folder.",
        )
    missing = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
    if missing:
        raise MediaError(
            f"the sequence has holes: {_ranges(missing)} missing",
            where=str(pattern),
            remedy="Render or copy the missing files again.",
        )
    return SequenceFiles(pattern, numbers[0], numbers[-1])


def _ranges(numbers: Sequence[int]) -> str:
    """1, 3-5: the way ranges of frames are written in this field."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)


def _open(path: Path) -> oiio.ImageInput:
    config = oiio.ImageSpec()
    # Without this, PNG and TIFF colours come back multiplied by alpha: not what the file holds.
    config.attribute("oiio:UnassociatedAlpha", 1)
    reader = oiio.ImageInput.open(str(path), config)
    if reader is None:
        raise MediaError(
            "not a movie or image that ffmpeg/OpenImageIO can read",
            where=str(path),
            remedy=f"Write the image again ({oiio.geterror().strip()}).",
        )
    return reader


def read_spec(path: Path) -> oiio.ImageSpec:
    """The header of an image file. MediaError if it cannot be read."""
    reader = _open(path)
    try:
        return reader.spec()
    finally:
        reader.close()


def read_image(path: Path) -> np.ndarray:
    """One image, upright, height x width x 3, in the display window; alpha is dropped.

    Returns: uint8, uint16 (0-65535; 10- and 12-bit DPX scaled up by OpenImageIO) or float32
        (EXR half and float, unclamped). Grey is repeated in all three. Pixels of an EXR outside
        its data window are 0; overscan is cut off.
    Raises: MediaError if it cannot be read.
    """
    reader = _open(path)
    try:
        spec = reader.spec()
        wanted = {"uint8": oiio.UINT8, "uint16": oiio.UINT16}.get(str(spec.format), oiio.FLOAT)
        pixels = reader.read_image(0, 0, 0, spec.nchannels, wanted)
        if pixels is None:
            raise MediaError(
                "the image cannot be decoded",
                where=str(path),
                remedy=f"Write or copy it again ({reader.geterror().strip()}).",
            )
    finally:
        reader.close()
    pixels = _display_window(pixels[:, :, _rgb_channels(spec)], spec)
    return np.ascontiguousarray(_upright(pixels, spec.get_int_attribute("Orientation", 1)))


def _rgb_channels(spec: oiio.ImageSpec) -> list[int]:
    names = list(spec.channelnames)
    if all(name in names for name in "RGB"):
        return [names.index(name) for name in "RGB"]
    return [0, 1, 2] if spec.nchannels >= 3 else [0, 0, 0]


def _display_window(pixels: np.ndarray, spec: oiio.ImageSpec) -> np.ndarray:
    window = (spec.full_y, spec.full_x, spec.full_height, spec.full_width)
    if window == (spec.y, spec.x, spec.height, spec.width):
        return pixels
    canvas = np.zeros((spec.full_height, spec.full_width, 3), pixels.dtype)
    top, left = spec.y - spec.full_y, spec.x - spec.full_x
    rows = slice(max(top, 0), min(top + spec.height, spec.full_height))
    columns = slice(max(left, 0), min(left + spec.width, spec.full_width))
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
