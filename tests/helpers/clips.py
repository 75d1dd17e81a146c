"""Small real clips, made by the ffmpeg program, and what it says of others' files."""

from __future__ import annotations

import subprocess
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

__all__ = ["ffmpeg", "frame_md5s", "make_clip"]


def ffmpeg(*arguments: object) -> str:
    """Run ffmpeg quietly; its standard output."""
    command = [get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def make_clip(path: Path, *, frames: int = 20, size: str = "64x48", sound: bool = True) -> Path:
    """A tagged H.264 clip at 30000/1001 with AAC sound: a moving test picture with grain."""
    seconds = frames * 1001 / 30000
    picture = f"testsrc2=size={size}:rate=30000/1001,noise=alls=12:allf=t"
    arguments: list[object] = ["-f", "lavfi", "-i", picture]
    if sound:
        arguments += ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]
    # The scale filter makes BT.601 of the picture's RGB, and setparams says so.
    tags = "format=yuv420p,setparams=color_primaries=smpte170m:color_trc=smpte170m"
    arguments += ["-vf", f"{tags}:colorspace=smpte170m:range=tv", "-frames:v", frames]
    arguments += ["-c:v", "libx264", "-bf", "2", "-g", "12", "-t", f"{seconds:.6f}"]
    ffmpeg(*arguments, "-c:a", "aac", path)
    return path


def frame_md5s(
    path: Path, pixels: str = "rgb24", first: int = 0, count: int | None = None
) -> list[str]:
    """MD5 of every decoded frame as `pixels`, by the ffmpeg program."""
    select = ["-vf", f"select=gte(n\\,{first})"] if first else []
    limit = ["-frames:v", count] if count is not None else []
    sync = ["-fps_mode", "passthrough"]
    text = ffmpeg(
        "-i",
        path,
        "-map",
        "0:v:0",
        *select,
        *limit,
        *sync,
        "-pix_fmt",
        pixels,
        "-f",
        "framemd5",
        "-",
    )
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [line.split(",")[-1].strip() for line in lines]
