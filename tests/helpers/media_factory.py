"""Awkward test media made by the ffmpeg program, and its own decode of it, frame by frame."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
from imageio_ffmpeg import get_ffmpeg_exe

from nle_style.media import resolve_format
from nle_style.media.base import MediaInfo
from nle_style.media.source import probe_media, read_frames
from nle_style.media.write import IntermediateWriter
from nle_style.media.write.intermediate import PublishedMedia

__all__ = [
    "TAGS",
    "decoded_md5s",
    "ffmpeg",
    "in_convention",
    "make",
    "movie_of",
    "onset",
    "rendered",
    "rgb_md5",
    "write_pixels",
]

TAGS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


def ffmpeg(*arguments: object, loud: bool = False) -> bytes:
    """Run ffmpeg quietly; its standard output. Loud: what it tells on its standard error."""
    level = "info" if loud else "error"
    command = [get_ffmpeg_exe(), "-nostdin", "-v", level, "-y", *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True)
    return done.stderr if loud else done.stdout


def make(
    path: Path,
    *options: object,
    frames: int = 30,
    size: str = "96x64",
    rate: Fraction = Fraction(25),
    pixels: str = "yuv420p",
    filters: str = TAGS,
    codec: tuple[object, ...] = ("-c:v", "libx264", "-bf", "2", "-g", "12"),
    sound: tuple[object, ...] = (),
) -> Path:
    """A moving, noisy picture of any size and kind; `sound` is the inputs and codec of audio."""
    picture = f"nullsrc=s={size}:r={rate},geq=r='mod(X*5+N*9,256)':g='mod(Y*7+N*4,256)':"
    picture += "b='mod(X*Y+N*13,256)',noise=alls=8:allf=t:all_seed=5"
    chain = ",".join(part for part in (f"format={pixels}", filters) if part)
    ffmpeg("-f", "lavfi", "-i", picture, *sound, "-vf", chain, "-frames:v", frames, *codec,
           "-pix_fmt", pixels, *options, path)  # fmt: skip
    return path


def movie_of(
    path: Path, pixels: str, frames: Sequence[Sequence[np.ndarray]], *codec: object
) -> Path:
    """A movie of these very planes, in the pixel format's order (interleaved ones: R, G, B, A)."""
    height, width = frames[0][0].shape
    packed = "p" not in pixels
    kind = "u1" if pixels.endswith("p") or packed else "<u2"
    raw = path.with_suffix(".raw")
    with raw.open("wb") as file:
        for planes in frames:
            typed = [np.ascontiguousarray(plane, kind) for plane in planes]
            file.write(np.dstack(typed).tobytes() if packed else b"".join(map(bytes, typed)))
    ffmpeg("-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{width}x{height}", "-i", raw,
           "-pix_fmt", pixels, *codec, path)  # fmt: skip
    return path


def decoded_md5s(
    path: Path, pixel_format: str, *options: object, filters: str = "null"
) -> list[str]:
    """MD5 of every frame of a movie as `ffmpeg -i MOVIE -vf FILTERS -pix_fmt FORMAT` gives it."""
    text = ffmpeg(*options, "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough",
                  "-vf", filters,
                  "-pix_fmt", pixel_format, "-f", "framemd5", "-").decode()  # fmt: skip
    return [line.split(",")[5].strip() for line in text.splitlines() if line[0] != "#"]


def write_pixels(path: Path, pixels: np.ndarray, kind: str, **attributes: object) -> Path:
    """An image file of 1, 3 or 4 channels by OpenImageIO; straight alpha is written as it is."""
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], kind)
    if pixels.shape[2] == 4:
        spec.alpha_channel = 3
    for name, value in attributes.items():
        spec.attribute(name.replace("__", ":"), value)
    writer = oiio.ImageOutput.create(str(path))
    written = writer.open(str(path), spec) and writer.write_image(pixels) and writer.close()
    assert written, writer.geterror()
    return path


def rgb_md5(pixels: np.ndarray) -> str:
    """MD5 of an RGB array as ffmpeg's framemd5 muxer computes it."""
    return hashlib.md5(np.ascontiguousarray(pixels).tobytes()).hexdigest()  # noqa: S324


def rendered(
    source: Path,
    folder: Path,
    format: str,
    depth: str = "auto",
    first: int = 0,
    last: int | None = None,
    info: MediaInfo | None = None,
    **metadata: str,
) -> PublishedMedia:
    """The path around the network: frames read, written and published unchanged.

    Args:
        info: how the source is to be read, if not as it was probed.
    """
    info = info or probe_media(source)
    spec = resolve_format(format, depth, info)
    final = info.frame_count - 1 if last is None else last
    name = f"{source.name.split('.')[0]}.copy{'' if spec.sequence else spec.extension}"
    work = folder / f"{name}.work"
    writer = IntermediateWriter(
        folder / name, spec, info, first, final, work=work, metadata=metadata
    )
    records = []
    for unit in writer.units:
        frames = read_frames(info, unit.first, unit.last, alpha=spec.alpha)
        stored = (in_convention(frame, info, spec.premultiplied) for frame in frames)
        records.append(writer.write_unit(unit, stored))
    published = writer.publish(records)
    shutil.rmtree(work)
    return published


def in_convention(frame: np.ndarray, info: MediaInfo, premultiplied: bool) -> np.ndarray:
    """Colours multiplied by alpha or divided by it, if the source's are not as they are wanted."""
    if frame.shape[2] == 3 or premultiplied == (info.alpha == "premultiplied"):
        return frame
    alpha = frame[:, :, 3:]
    by = alpha if premultiplied else 1 / np.where(alpha == 0, 1, alpha)
    return np.concatenate((frame[:, :, :3] * by, alpha), axis=2)


def onset(path: Path) -> int:
    """The sample, at 48 kHz from the start of the file, where its sound first gets loud."""
    raw = ffmpeg("-i", path, "-map", "0:a:0", "-af", "aresample=async=1:first_pts=0",
                 "-ac", "1", "-ar", "48000", "-f", "f32le", "-")  # fmt: skip
    loud = np.abs(np.frombuffer(raw, "<f4"))
    return int(np.argmax(loud > loud.max() / 2))
