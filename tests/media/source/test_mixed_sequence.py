"""Sequences whose files differ: none of them stands for the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest

from nle_style.errors import MediaError
from nle_style.media.source import check_frames, decoded_rgb, probe_media, read_frames
from tests.helpers.media_factory import rendered, write_pixels


def _files(
    folder: Path, *kinds: tuple[str, int, float], suffix: str = "png", first: int = 1
) -> Path:
    """Files of these types, channels and values."""
    for number, (kind, channels, value) in enumerate(kinds, first):
        pixels = np.full((4, 6, channels), value, np.float32)
        write_pixels(folder / f"m.{number:04d}.{suffix}", pixels, kind)
    return folder / f"m.%04d.{suffix}"


def test_as_deep_as_the_deepest(tmp_path: Path) -> None:
    value = 1000 / 65535
    pattern = _files(tmp_path, ("uint8", 3, 100 / 255), ("uint16", 3, value), ("uint8", 3, 1))
    info = probe_media(pattern)
    assert (info.bit_depth, info.pixel_format) == (16, "uint16")
    (note,) = info.notes
    assert "8 and 16 bits" in note
    check_frames(info, 0, 2)
    made = rendered(pattern, tmp_path, "png-mov")
    read = [int(frame[0, 0, 0]) for frame in decoded_rgb(probe_media(made.path))]
    assert read == [100 * 257, 1000, 65535]


def test_floats_that_do_not_fit_half_are_kept(tmp_path: Path) -> None:
    pattern = _files(tmp_path, ("half", 3, 0.5), ("float", 3, 70000), suffix="exr")
    assert probe_media(pattern).bit_depth == 32
    rendered(pattern, tmp_path, "exr")
    last = sorted((tmp_path / "m.copy").iterdir())[-1]
    assert oiio.ImageBuf(str(last)).getpixel(0, 0)[0] == 70000


def test_a_link_to_nothing_is_one_file_that_cannot_be_read(tmp_path: Path) -> None:
    pattern = _files(tmp_path, *[("uint8", 3, 0.5)] * 2)
    (tmp_path / "m.0003.png").symlink_to(tmp_path / "gone.png")
    info = probe_media(pattern)
    check_frames(info, 0, 1)
    with pytest.raises(MediaError, match=r"m.0003.png: cannot be read \(No such file"):
        check_frames(info, 0, 2)


@pytest.mark.parametrize(
    ("kinds", "suffix", "said"),
    [
        ([("uint8", 3, 0.5), ("uint8", 4, 0.5)], "png", "has straight alpha, the first file"),
        ([("uint8", 4, 0.5), ("uint8", 3, 0.5)], "png", "has no alpha, the first file"),
        ([("uint8", 3, 0.5), ("float", 3, 0.5)], "tif", "holds float, the first file"),
    ],
)
def test_other_differences_are_refused_before_painting(
    tmp_path: Path, kinds: list[tuple[str, int, float]], suffix: str, said: str
) -> None:
    pattern = _files(tmp_path, *kinds, suffix=suffix)
    info = probe_media(pattern)
    check_frames(info, 0, 0)
    with pytest.raises(MediaError, match=said) as caught:
        check_frames(info, 0, 1)
    assert f"m.0002.{suffix}" in str(caught.value)


def test_another_size_and_a_broken_file_are_refused_before_painting(tmp_path: Path) -> None:
    pattern = _files(tmp_path, *[("uint8", 3, 0.5)] * 4)
    write_pixels(tmp_path / "m.0002.png", np.zeros((4, 8, 3), np.float32), "uint8")
    (tmp_path / "m.0004.png").write_bytes(b"\x89PNG broken")
    info = probe_media(pattern)
    with pytest.raises(MediaError, match=r"m.0002.png: is 8x4, the first file of the sequence 6x4"):
        check_frames(info, 0, 3)
    check_frames(info, 2, 2)
    with pytest.raises(MediaError, match=r"m.0004.png"):
        check_frames(info, 2, 3)


def test_a_hole_counts_where_it_is_used(tmp_path: Path) -> None:
    pattern = _files(tmp_path, *[("uint8", 3, k / 255) for k in range(1, 9)])
    for number in (3, 6, 7):
        (tmp_path / f"m.{number:04d}.png").unlink()
    info = probe_media(pattern)
    assert (info.frame_count, info.first_frame_number) == (8, 1)
    check_frames(info, 0, 1)
    check_frames(info, 3, 4)
    with pytest.raises(MediaError, match="holes: 3 missing"):
        check_frames(info, 0, 4)
    with pytest.raises(MediaError, match="holes: 3, 6-7 missing"):
        check_frames(info, 0, 7)
    read = [round(float(frame[0, 0, 0]) * 255) for frame in read_frames(info, 3, 4)]
    assert read == [4, 5]


def test_negative_numbers_are_numbers(tmp_path: Path) -> None:
    for number in range(-3, 3):
        pixels = np.full((4, 4, 3), (number + 3) / 8, np.float32)
        write_pixels(tmp_path / f"shot.{number:04d}.exr", pixels, "half")
    assert (tmp_path / "shot.-003.exr").exists()
    info = probe_media(tmp_path / "shot.%04d.exr")
    assert (info.frame_count, info.first_frame_number) == (6, -3)
    assert [float(frame[0, 0, 0]) for frame in read_frames(info)] == [k / 8 for k in range(6)]
    made = rendered(tmp_path / "shot.%04d.exr", tmp_path, "exr")
    assert (made.first_frame_number, made.frame_count) == (-3, 6)
    copy = probe_media(made.path)
    assert (copy.frame_count, copy.first_frame_number) == (6, -3)
    (tmp_path / "shot.-002.exr").unlink()
    info = probe_media(tmp_path / "shot.%04d.exr")
    with pytest.raises(MediaError, match="holes: -2 missing"):
        check_frames(info, 0, 5)


def test_a_sign_beside_the_number(tmp_path: Path) -> None:
    for number in (1, 2):
        write_pixels(tmp_path / f"take#2.{number:04d}.exr", np.zeros((4, 4, 3)), "half")
    for name in ("take#2.%04d.exr", "take#2.####.exr"):
        assert probe_media(tmp_path / name).frame_count == 2


def test_numbers_that_belong_to_other_files(tmp_path: Path) -> None:
    _files(tmp_path, ("uint8", 3, 0.5))
    (tmp_path / "m.99999999.png").write_bytes(b"")
    with pytest.raises(MediaError, match="reach from 1 to 99999999"):
        probe_media(tmp_path / "m.%04d.png")
