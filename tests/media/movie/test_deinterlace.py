"""Interlaced clips of every kind against the ffmpeg program's bwdif, bit for bit and by number."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo
from nle_style.media.source import decoded_rgb, probe_media
from tests.helpers.media_factory import TAGS, decoded_md5s, ffmpeg, make, rgb_md5

COUNT = 16
X264 = ("-c:v", "libx264", "-bf", "2", "-g", "6", "-flags", "+ildct+ilme", "-x264-params")
MPEG2 = ("-c:v", "mpeg2video", "-bf", "2", "-g", "6", "-flags", "+ildct+ilme")
PRORES = ("-c:v", "prores_ks", "-flags", "+ildct")
KINDS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "h264-tff": (".mp4", "top", "yuv420p", (*X264, "tff=1")),
    "h264-bff": (".mp4", "bottom", "yuv420p", (*X264, "bff=1")),
    "mpeg2-tff": (".mpg", "top", "yuv420p", MPEG2),
    "mpeg2-bff": (".mov", "bottom", "yuv422p", MPEG2),
    "prores-tff": (".mov", "top", "yuv422p10le", PRORES),
    "prores-bff": (".mov", "bottom", "yuv422p10le", PRORES),
    "uyvy": (".mov", "bottom", "uyvy422", ("-c:v", "rawvideo")),
    "rgb": (".mkv", "top", "bgr0", ("-c:v", "ffv1")),
}


def woven(path: Path, kind: str, size: str = "96x64") -> Path:
    """Fields of different moments, woven into frames and flagged as such."""
    suffix, first, pixels, codec = KINDS[kind]
    return make(
        path / f"{kind}{suffix}",
        size=size,
        rate=Fraction(50),
        frames=COUNT,
        pixels=pixels,
        filters=f"tinterlace=interleave_{first},{'' if kind == 'rgb' else TAGS + ','}null",
        codec=codec,
    )


def to_read(path: Path) -> MediaInfo:
    return dataclasses.replace(probe_media(path), deinterlace=True)


def by_ffmpeg(info: MediaInfo, options: str = "parity=auto:deint=all") -> list[np.ndarray]:
    kind, pixels = (np.uint16, "rgb48le") if info.bit_depth > 8 else (np.uint8, "rgb24")
    raw = ffmpeg("-i", info.path, "-vf", f"bwdif=mode=send_frame:{options}",
                 "-fps_mode", "passthrough", "-pix_fmt", pixels, "-f", "rawvideo", "-")  # fmt: skip
    return list(np.frombuffer(raw, kind).reshape(-1, info.height, info.width, 3))


def same(info: MediaInfo, read: np.ndarray, meant: np.ndarray, number: int) -> bool:
    """Bit-equal; in a file's first frame and in deep sources up to the outermost rows.

    FFmpeg 9, which is the program, mirrors other rows at the edges than FFmpeg 8.1.2, which is in
    PyAV 18.1. With the top field first the planes differ in row 1 of 10-bit pictures, and in rows
    1, H-3 and H-1 of a first frame, which has none before it.
    """
    edge = 8 if info.bit_depth > 8 or number == 0 else 0
    rows = slice(edge, info.height - edge)
    return read.shape == meant.shape and np.array_equal(read[rows], meant[rows])


def all_same(info: MediaInfo, wanted: list[np.ndarray], first: int = 0) -> bool:
    read = list(decoded_rgb(info, first, first + len(wanted) - 1))
    pairs = zip(read, wanted, strict=True)
    return all(same(info, a, b, number) for number, (a, b) in enumerate(pairs, first))


@pytest.mark.parametrize("kind", KINDS)
def test_equals_ffmpegs_bwdif_however_it_is_reached(tmp_path: Path, kind: str) -> None:
    info = to_read(woven(tmp_path, kind))
    assert info.interlaced
    wanted = by_ffmpeg(info)
    assert len(wanted) == info.frame_count == COUNT
    whole = [rgb_md5(pixels) for pixels in decoded_rgb(info)]
    assert all_same(info, wanted)
    wrong = "tff" if KINDS[kind][1] == "bottom" else "bff"
    assert not all_same(info, by_ffmpeg(info, f"parity={wrong}:deint=all"))
    for first, last in ((0, 0), (1, 1), (5, 5), (6, 7), (11, 13), (15, 15)):
        read = [rgb_md5(pixels) for pixels in decoded_rgb(info, first, last)]
        assert read == whole[first : last + 1], (first, last)


def test_only_interlaced_frames_of_mixed_material(tmp_path: Path) -> None:
    """Three interlaced frames, then three progressive, and again."""
    mark = "setfield=tff,select='lt(mod(n,6),3)'"
    rest = "setfield=prog,select='gte(mod(n,6),3)'"
    weave = "tinterlace=interleave_top,settb=1/25,setpts=N,split[a][b]"
    chain = f"{weave};[a]{mark}[c];[b]{rest}[d];[c][d]interleave,{TAGS}"
    clip = tmp_path / "a.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=96x64:r=50,noise=alls=20:allf=t", "-filter_complex",
           chain, "-frames:v", COUNT, "-c:v", "ffv1", "-pix_fmt", "yuv420p", clip)  # fmt: skip
    assert flags(clip) == [number % 6 < 3 for number in range(COUNT)]
    info = to_read(clip)
    wanted = by_ffmpeg(info, "parity=auto:deint=interlaced")
    assert all_same(info, wanted)
    read = [rgb_md5(pixels) for pixels in decoded_rgb(info)]
    plain = decoded_md5s(clip, "rgb24")
    assert [a == b for a, b in zip(read, plain, strict=True)] == [not f for f in flags(clip)]
    for frame in range(COUNT):
        (pixels,) = decoded_rgb(info, frame, frame)
        assert rgb_md5(pixels) == read[frame], frame
    with pytest.raises(MediaError, match=r"is interlaced \(frame 0\)"):
        next(decoded_rgb(probe_media(clip)))


def flags(path: Path) -> list[bool]:
    text = ffmpeg("-i", path, "-vf", "showinfo", "-f", "null", "-", loud=True).decode()
    return [" i:T " in line for line in text.splitlines() if " pts_time:" in line]


@pytest.mark.parametrize(("order", "parity"), [("tt", "tff"), ("bb", "bff")])
def test_a_stream_that_says_what_its_frames_do_not(tmp_path: Path, order: str, parity: str) -> None:
    """PNG has no flag for fields: only the MOV around it says that they are woven."""
    first = {"tt": "top", "bb": "bottom"}[order]
    clip = make(tmp_path / "a.mov", "-field_order", order, rate=Fraction(50), frames=6,
                pixels="rgb24", codec=("-c:v", "png"),
                filters=f"tinterlace=interleave_{first}")  # fmt: skip
    info = to_read(clip)
    assert (info.interlaced, info.stated_field) == (True, first)
    wanted = by_ffmpeg(info, f"parity={parity}:deint=all")
    assert all_same(info, wanted)
    assert all_same(info, wanted[3:4], first=3)
    assert not all_same(info, by_ffmpeg(info, "parity=auto:deint=interlaced"))


@pytest.mark.parametrize(("detail", "first"), [(1, "top"), (6, "bottom"), (9, "top")])
def test_fields_of_a_stream_whose_frames_say_progressive(
    tmp_path: Path, detail: int, first: str
) -> None:
    """ffmpeg's own ProRes encoder flags woven fields so, unless it is told otherwise."""
    clip = make(tmp_path / "a.mov", frames=4, pixels="yuv422p10le", codec=("-c:v", "prores_ks"))
    assert not probe_media(clip).interlaced
    data = clip.read_bytes()
    assert data.count(b"fiel\1\0") == 1
    clip.write_bytes(data.replace(b"fiel\1\0", b"fiel\2" + bytes([detail])))
    info = to_read(clip)
    assert (info.interlaced, info.stated_field) == (True, first)
    assert all_same(info, by_ffmpeg(info, f"parity={first[0]}ff:deint=all"))
    with pytest.raises(MediaError, match=r"is interlaced \(frame 0\)"):
        next(decoded_rgb(probe_media(clip)))


def test_one_frame_and_odd_sizes(tmp_path: Path) -> None:
    info = to_read(woven(tmp_path, "prores-tff", "102x78"))
    single = tmp_path / "one.mov"
    ffmpeg("-i", info.path, "-frames:v", 1, "-c", "copy", single)
    for clip in (info, to_read(single)):
        assert all_same(clip, by_ffmpeg(clip))


def test_progressive_clips_are_not_touched(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mp4", frames=8)
    read = [rgb_md5(pixels) for pixels in decoded_rgb(to_read(clip))]
    assert read == decoded_md5s(clip, "rgb24")


def test_what_is_too_small_is_refused(tmp_path: Path) -> None:
    info = to_read(woven(tmp_path, "rgb", "2x16"))
    with pytest.raises(MediaError, match="2x16 bgr0 cannot be deinterlaced"):
        next(decoded_rgb(info))
