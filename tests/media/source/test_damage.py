"""Pieces of a movie that were overwritten or never written: most decoders paint over them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo
from nle_style.media.movie.stream import has_hole
from nle_style.media.source import check_frames, decoded_rgb, probe_media
from tests.helpers.media_factory import decoded_md5s, make, rgb_md5

DV = ("-c:v", "dvvideo", "-s", "720x576")
MPEG2 = ("-c:v", "mpeg2video", "-g", "6", "-bf", "2", "-b:v", "4M")
X265 = ("-c:v", "libx265", "-x265-params", "log-level=none:bframes=0")


def _holed(path: Path, packet: int, piece: bytes) -> Path:
    """The file with `piece` near the middle of a packet."""
    with av.open(str(path)) as movie:
        packets = [each for each in movie.demux(video=0) if each.size]
        found = packets[packet]
        data = bytearray(path.read_bytes())
        if found.pos is not None:
            begin = data.index(bytes(found), found.pos)
            middle = begin + found.size * 2 // 5
            data[middle : middle + len(piece)] = piece
    path.write_bytes(data)
    return path


def _read(info: MediaInfo) -> tuple[list[np.ndarray], str]:
    """The frames before the first that is refused, and why it is."""
    read: list[np.ndarray] = []
    with pytest.raises(MediaError) as caught:
        read.extend(decoded_rgb(info))
    assert caught.value.outcome == "damaged"
    return read, str(caught.value)


@pytest.mark.parametrize(
    ("name", "codec", "packet", "frame"),
    [
        ("a.avi", ("-c:v", "mjpeg"), 5, 5),
        ("a.mov", ("-c:v", "mjpeg"), 5, 5),
        ("a.mov", DV, 5, 5),
        ("a.mxf", MPEG2, 5, 4),  # in the order 0 3 1 2 6 4 5 9 7 8
        ("a.mxf", MPEG2, 7, 7),  # frame 9, of which 7 and 8 are made
    ],
)
def test_a_piece_that_was_overwritten(
    tmp_path: Path, name: str, codec: tuple[str, ...], packet: int, frame: int
) -> None:
    jpeg = "mjpeg" in codec
    pixels = "yuvj420p" if jpeg else "yuv420p"
    path = make(tmp_path / name, frames=12, pixels=pixels, filters="", size="320x240", codec=codec)
    whole = list(decoded_rgb(replace(probe_media(path), deinterlace=True)))
    assert len(whole) == 12
    _holed(path, packet, bytes(300))
    read, said = _read(replace(probe_media(path), deinterlace=True))
    assert f"frame {frame} of 12 cannot be decoded" in said
    assert len(read) >= frame - 1  # which needs the next one, too, if it is interlaced
    assert all(np.array_equal(*pair) for pair in zip(read, whole, strict=False))


@pytest.mark.parametrize("codec", [X265, ("-c:v", "libx264", "-bf", "0", "-crf", "5")])
def test_a_hole_in_a_picture_is_seen_before_painting(
    tmp_path: Path, codec: tuple[str, ...]
) -> None:
    """No decoder reports it, and HEVC's marks no picture."""
    path = make(tmp_path / "a.mp4", "-crf", 5, frames=12, size="320x240", codec=codec)
    whole = decoded_md5s(path, "rgb24")
    check_frames(probe_media(path), 0, 11)
    info = probe_media(_holed(path, 5, bytes(512)))
    assert info.frame_count == 12
    with pytest.raises(MediaError, match="frame 5 of 12 cannot be decoded"):
        check_frames(info, 0, 11)
    read, _ = _read(info)
    assert [rgb_md5(pixels) for pixels in read] == whole[:5]


@pytest.mark.parametrize(
    ("unit", "is_hole"),
    [
        (b"\x65" + bytes(200) + b"\x80", True),
        (b"\x65\x80" + bytes(200), False),  # behind its end
        (b"\x65" + bytes(100) + b"\x80", False),
    ],
)
def test_zeros_behind_a_unit_are_no_hole(unit: bytes, is_hole: bool) -> None:
    record = bytes([1, 100, 0, 10, 0xFF])  # sizes of four bytes
    packet = b"\0\0\0\x02\x09\x10" + len(unit).to_bytes(4, "big") + unit
    assert has_hole("h264", record, packet) is is_hole
    assert not has_hole("h264", b"\0\0\0\1\x67", packet)
    assert not has_hole("mjpeg", record, packet)
