"""Frame-stamped media: every frame carries its clip and its number in blocks of black and white.

A stamp survives any scaler, colour matrix and codec that keeps black apart from white, so a frame
that comes out of an editor, a player or a renderer can say which frame of which clip it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)

__all__ = [
    "HEIGHT",
    "WIDTH",
    "Stamp",
    "cut_losslessly",
    "frames_of",
    "make_clip",
    "make_sequence",
    "read_stamp",
]

Frame = npt.NDArray[np.uint8]
Stamp = tuple[int, int]
"""(clip id 1..255, frame number 0..65535)"""

_CLIP_BITS, _NUMBER_BITS, _BLOCK = 8, 16, 8
WIDTH = (_CLIP_BITS + _NUMBER_BITS) * _BLOCK
HEIGHT = 32


def stamped(clip: int, number: int) -> Frame:
    """The picture of a stamp: bits above, their complement below. HEIGHT x WIDTH x 3, uint8."""
    if not (1 <= clip < 1 << _CLIP_BITS and 0 <= number < 1 << _NUMBER_BITS):
        raise ValueError(f"no stamp for clip {clip}, frame {number}")
    code = clip << _NUMBER_BITS | number
    bits = [code >> i & 1 for i in reversed(range(_CLIP_BITS + _NUMBER_BITS))]
    row = np.repeat(np.array(bits, np.uint8) * 255, _BLOCK)
    half = np.tile(row, (HEIGHT // 2, 1))
    return np.repeat(np.concatenate([half, 255 - half])[:, :, None], 3, axis=2)


def read_stamp(frame: npt.NDArray[np.generic]) -> Stamp | None:
    """The stamp of a frame of any size, uint8 or float 0-1; None for black.

    Raises:
        ValueError: neither black nor a stamp, such as a dissolve of two.
    """
    grey = np.asarray(frame, np.float64).mean(axis=2)
    if frame.dtype == np.uint8:
        grey = grey / 255
    count = _CLIP_BITS + _NUMBER_BITS
    columns = ((np.arange(count) + 0.5) * grey.shape[1] / count).astype(int)
    top = grey[grey.shape[0] // 4, columns]
    bottom = grey[grey.shape[0] * 3 // 4, columns]
    if top.max() < 0.1 and bottom.max() < 0.1:
        return None
    if not np.array_equal(top > 0.5, bottom <= 0.5) or np.abs(top - bottom).min() < 0.8:
        raise ValueError("this frame is not a stamp")
    code = int("".join("1" if bit else "0" for bit in top > 0.5), 2)
    return code >> _NUMBER_BITS, code & (1 << _NUMBER_BITS) - 1


def make_clip(
    path: Path,
    clip: int,
    count: int,
    rate: Fraction,
    *,
    timecode: str | None = None,
    still: bool = False,
) -> Path:
    """Write frames 0..count-1 of a clip as RGB, lossless: PNG in a .mov or FFV1 in a .mkv.

    Args:
        timecode: of frame 0, "01:00:00:00", kept in the file.
        still: every frame is frame 0 again.
    """
    frames = (stamped(clip, 0 if still else number) for number in range(count))
    return _write(path, frames, rate, timecode)


def make_sequence(
    folder: Path, name: str, clip: int, count: int, first: int, rate: Fraction | None = None
) -> Path:
    """Write frames 0..count-1 as half-float EXR, NAME.FIRST.exr and so on; the printf pattern.

    Args:
        rate: stated in every file, if given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / f"{name}.{first + number:04d}.exr"
        picture = oiio.ImageBuf(stamped(clip, number).astype(np.float32) / 255)
        if rate is not None:
            fraction = (rate.numerator, rate.denominator)
            picture.specmod().attribute("FramesPerSecond", oiio.TypeRational, fraction)
        assert picture.write(str(path), "half"), picture.geterror()
    return folder / f"{name}.%04d.exr"


def cut_losslessly(source: Path, first: int, last: int, path: Path) -> Path:
    """Copy frames first..last (zero-based, inclusive) to a new file, pixel for pixel."""
    with av.open(str(source)) as container:
        rate = container.streams.video[0].average_rate
    assert rate is not None
    kept = [frame for number, frame in enumerate(frames_of(source)) if first <= number <= last]
    assert len(kept) == last - first + 1, f"{source} has no frames {first}-{last}"
    return _write(path, kept, Fraction(rate))


def frames_of(path: Path) -> Iterator[Frame]:
    """All frames of a movie in order, height x width x 3, uint8."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def _write(
    path: Path, frames: Iterable[Frame], rate: Fraction, timecode: str | None = None
) -> Path:
    codec, pixels = {".mov": ("png", "rgb24"), ".mkv": ("ffv1", "bgr0")}[path.suffix]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        if timecode is not None:
            container.metadata["timecode"] = timecode
        # One thread: frame threads cost more than they give at this size.
        stream.thread_count = 1
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
