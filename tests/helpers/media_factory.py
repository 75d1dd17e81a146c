"""Awkward test media made by the ffmpeg program, and its own decode of it, frame by frame."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe

from nle_style.media.formats import resolve_format
from nle_style.media.probe import MediaInfo, probe_media
from nle_style.media.read import read_frames
from nle_style.media.write import IntermediateWriter, PublishedMedia

__all__ = ["TAGS", "decoded_md5s", "ffmpeg", "make", "onset", "rendered", "rgb_md5"]

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


def decoded_md5s(
    path: Path, pixel_format: str, *options: object, filters: str = "null"
) -> list[str]:
    """MD5 of every frame of a movie as `ffmpeg -i MOVIE -vf FILTERS -pix_fmt FORMAT` gives it."""
    text = ffmpeg(*options, "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough",
                  "-vf", filters,
                  "-pix_fmt", pixel_format, "-f", "framemd5", "-").decode()  # fmt: skip
    return [line.split(",")[5].strip() for line in text.splitlines() if line[0] != "#"]


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
    records = [
        writer.write_unit(unit, read_frames(info, unit.first, unit.last)) for unit in writer.units
    ]
    published = writer.publish(records)
    shutil.rmtree(work)
    return published


def onset(path: Path) -> int:
    """The sample, at 48 kHz from the start of the file, where its sound first gets loud."""
    raw = ffmpeg("-i", path, "-map", "0:a:0", "-af", "aresample=async=1:first_pts=0",
                 "-ac", "1", "-ar", "48000", "-f", "f32le", "-")  # fmt: skip
    loud = np.abs(np.frombuffer(raw, "<f4"))
    return int(np.argmax(loud > loud.max() / 2))
