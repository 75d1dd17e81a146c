"""Chroma is interpolated from where it lies: measured against zscale, and against ffmpeg's own."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from nle_style.media.movie import sited
from nle_style.media.source import decoded_rgb, probe_media
from tests.helpers.media_factory import decoded_md5s, ffmpeg, rgb_md5

SIZE = (90, 160)
PLACES = {"left": 0, "center": 1, "topleft": 2}


def clip_of(path: Path, pixels: str, place: str, *options: object) -> Path:
    """Saturated edges, their chroma put where the stream says it is."""
    chain = "format=gbrp,setparams=colorspace=gbr:range=pc,"
    chain += f"zscale=matrix=709:range=limited:chromal={place}:filter=bicubic,format={pixels},"
    chain += "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25", "-frames:v", "1", "-vf", chain,
           "-c:v", "libx264", "-qp", "0", "-x264-params", f"chromaloc={PLACES[place]}",
           "-pix_fmt", pixels, *options, path)  # fmt: skip
    return path


def by_zscale(path: Path, place: str, deep: bool) -> np.ndarray:
    planar, packed = ("gbrp16le", "rgb48le") if deep else ("gbrp", "rgb24")
    chain = f"zscale=matrix=gbr:range=full:filter=bicubic:chromalin={place},format={planar}"
    raw = ffmpeg("-i", path, "-vf", chain, "-pix_fmt", packed, "-f", "rawvideo", "-")
    return np.frombuffer(raw, "<u2" if deep else "u1").reshape(*SIZE, 3)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    top = np.iinfo(one.dtype).max
    error = np.mean((one.astype(np.float64) - other) ** 2)
    return float(10 * np.log10(top**2 / error))


@pytest.mark.parametrize(
    ("pixels", "place"),
    [*itertools.product(("yuv420p", "yuv420p10le"), PLACES), ("yuv422p", "left")],
)
def test_chroma_lies_where_the_stream_says(tmp_path: Path, pixels: str, place: str) -> None:
    clip = clip_of(tmp_path / "a.mkv", pixels, place)
    plain = probe_media(clip)
    right = sited(plain)
    assert (plain.chroma, right.chroma) == ("", place)
    meant = by_zscale(clip, place, pixels.endswith("10le"))
    (repeated,), (interpolated,) = decoded_rgb(plain), decoded_rgb(right)
    assert psnr(interpolated, meant) > 48
    assert psnr(repeated, meant) < 30


def test_without_it_nothing_changes(tmp_path: Path) -> None:
    """The plain conversion stays ffmpeg's, bit for bit; full chroma has no place to go."""
    clip = clip_of(tmp_path / "a.mkv", "yuv420p", "left")
    (frame,) = decoded_rgb(probe_media(clip))
    assert [rgb_md5(frame)] == decoded_md5s(clip, "rgb24")
    full = probe_media(clip_of(tmp_path / "b.mkv", "yuv444p", "left"))
    assert sited(full) is full


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_picture_is_the_same_turned(tmp_path: Path, turn: int) -> None:
    clip = clip_of(tmp_path / "a.mp4", "yuv420p", "left")
    ffmpeg("-display_rotation", turn, "-i", clip, "-c", "copy", tmp_path / "b.mp4")
    (upright,) = decoded_rgb(sited(probe_media(clip)))
    (turned,) = decoded_rgb(sited(probe_media(tmp_path / "b.mp4")))
    assert np.array_equal(turned, np.rot90(upright, turn // 90))


def test_motion_jpeg_is_centred(tmp_path: Path) -> None:
    ffmpeg("-i", clip_of(tmp_path / "a.mkv", "yuv420p", "center"), "-c:v", "mjpeg", "-q:v", "2",
           "-pix_fmt", "yuvj420p", tmp_path / "a.mov")  # fmt: skip
    assert sited(probe_media(tmp_path / "a.mov")).chroma == "center"
