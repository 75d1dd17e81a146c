"""Small real clips, made by the ffmpeg program, and what it says of others' files."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.media_factory import TAGS, decoded_md5s, ffmpeg

__all__ = ["frame_md5s", "make_clip", "make_two_scenes"]


def make_clip(
    path: Path,
    *,
    frames: int = 20,
    size: str = "64x48",
    sound: bool = True,
    pixels: str = "yuv420p",
) -> Path:
    """A tagged H.264 clip at 30000/1001 with AAC sound: a moving test picture with grain."""
    seconds = frames * 1001 / 30000
    picture = f"testsrc2=size={size}:rate=30000/1001,noise=alls=12:allf=t"
    arguments: list[object] = ["-f", "lavfi", "-i", picture]
    if sound:
        arguments += ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]
    # The scale filter makes BT.601 of the picture's RGB, and setparams says so.
    tags = f"format={pixels},setparams=color_primaries=smpte170m:color_trc=smpte170m"
    arguments += ["-vf", f"{tags}:colorspace=smpte170m:range=tv", "-frames:v", frames]
    arguments += ["-c:v", "libx264", "-bf", "2", "-g", "12", "-t", f"{seconds:.6f}"]
    ffmpeg(*arguments, "-c:a", "aac", path)
    return path


def make_two_scenes(path: Path, cut: int, frames: int, *, size: str = "64x48") -> Path:
    """Two scenes in one H.264 file at 25, lossless; the second, from frame `cut`, is much
    brighter."""
    dark = f"testsrc2=s={size}:r=25,noise=alls=6:allf=t,eq=brightness=-0.3,{TAGS}"
    light = f"mandelbrot=s={size}:r=25,eq=brightness=0.4,{TAGS}"
    graph = f"{dark},trim=end_frame={cut},setpts=PTS-STARTPTS[a];"
    graph += f"{light},trim=end_frame={frames - cut},setpts=PTS-STARTPTS[b];[a][b]concat[v]"
    ffmpeg("-filter_complex", graph, "-map", "[v]", "-c:v", "libx264", "-qp", "0", "-g", "12",
           "-pix_fmt", "yuv420p", path)  # fmt: skip
    return path


def frame_md5s(path: Path) -> list[str]:
    """MD5 of every decoded frame as 8-bit RGB, by the ffmpeg program."""
    return decoded_md5s(path, "rgb24")
