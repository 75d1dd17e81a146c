"""PNG frames, read by Pillow, OpenImageIO and ffmpeg, and against ffmpeg's own encoder."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from PIL import Image

from nle_style.media.base import resolve_format
from nle_style.media.source import as_floats, decoded_rgb, probe_media
from nle_style.media.write.encode import encode_chunk
from nle_style.media.write.png import png_of
from nle_style.media.write.quantising import quantise
from tests.helpers.media_factory import ffmpeg, make

TAGS = "setparams=color_primaries=smpte170m:color_trc=smpte170m:colorspace=smpte170m:range=tv"


def picture(channels: int, dtype: type, size: tuple[int, int] = (13, 37)) -> np.ndarray:
    """Grain above, one flat value below."""
    pixels = np.random.default_rng(3).integers(0, np.iinfo(dtype).max + 1, (*size, channels), dtype)
    pixels[7:] = 200
    return pixels


@pytest.mark.parametrize("channels", [3, 4])
def test_pillow_reads_8_bits(channels: int) -> None:
    pixels = picture(channels, np.uint8)
    read = Image.open(io.BytesIO(png_of(pixels, b"")))
    assert read.mode == ("RGB" if channels == 3 else "RGBA")
    assert np.array_equal(np.asarray(read), pixels)


@pytest.mark.parametrize("channels", [3, 4])
def test_openimageio_reads_16_bits(channels: int, tmp_path: Path) -> None:
    pixels = picture(channels, np.uint16)
    (tmp_path / "a.png").write_bytes(png_of(pixels, b""))
    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)
    reader = oiio.ImageInput.open(str(tmp_path / "a.png"), config)
    assert np.array_equal(reader.read_image(0, 0, 0, channels, oiio.UINT16), pixels)
    reader.close()


def test_the_bytes_of_one_pixel() -> None:
    """By hand: signature, header of 1x1 RGB of 8 bits, filter 1 and the three values, end."""
    file = png_of(np.array([[[1, 2, 3]]], np.uint8), b"")
    header = struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 1, 1, 8, 2, 0, 0, 0, 0x907753DE)
    assert file[:33] == b"\x89PNG\r\n\x1a\n" + header
    (length,) = struct.unpack_from(">I", file, 33)
    assert file[37:41] == b"IDAT"
    assert zlib.decompress(file[41 : 41 + length]) == b"\x01\x01\x02\x03"
    assert file[45 + length :] == b"\0\0\0\0IEND\xaeB`\x82"


def test_equal_frames_give_equal_bytes_in_every_thread() -> None:
    """ISA-L alone begins with the address of the thread's stack: with one or two others in 300."""
    black, written = np.zeros((2, 8, 3), np.uint8), []
    begin = threading.Barrier(300)  # all have a stack at the same time

    def write() -> None:
        begin.wait()
        written.append(png_of(black, b""))

    threads = [threading.Thread(target=write) for _ in range(300)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(written) == 300
    assert len(set(written)) == 1


def test_black_is_small() -> None:
    """1920x1080 in fewer bytes than there are rows in thirty of them."""
    assert len(png_of(np.zeros((1080, 1920, 3), np.uint8), b"")) < 32 * 1080


def _chunks(data: bytes) -> dict[bytes, bytes]:
    found, place = {}, 8
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        found[data[place + 4 : place + 8]] = data[place + 8 : place + 8 + length]
        place += 12 + length
    return found


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv420p10le", "yuva444p10le"])
def test_a_chunk_says_what_ffmpeg_would_say_and_does_not_depend_on_threads(
    tmp_path: Path, pixels: str
) -> None:
    """Colours, the shape of the pixels, depth: all but the compressed data."""
    clip = make(tmp_path / "a.mkv", frames=3, pixels=pixels, codec=("-c:v", "ffv1"),
                filters=f"{TAGS},setsar=8/9")  # fmt: skip
    info = probe_media(clip)
    assert info.pixel_aspect == Fraction(8, 9)
    spec = resolve_format("png-mov", "auto", info)
    frames = [quantise(as_floats(each), spec) for each in decoded_rgb(info, alpha=spec.alpha)]
    written = []
    for threads in (1, 2, 5):
        encode_chunk(tmp_path / f"{threads}.mov", iter(frames), spec, info, threads)
        written.append((tmp_path / f"{threads}.mov").read_bytes())
    assert written[0] == written[1] == written[2]
    ffmpeg("-i", clip, "-vf", "setparams=range=pc:colorspace=gbr", "-c:v", "png", "-pix_fmt",
           spec.pixel_format, tmp_path / "other.mov")  # fmt: skip
    said = []
    for name in ("1.mov", "other.mov"):
        with av.open(str(tmp_path / name)) as movie:
            data = [_chunks(bytes(packet)) for packet in movie.demux(video=0) if packet.size]
        assert len(data) == 3
        for each in data:
            each.pop(b"IDAT")
        said.append(data)
    assert {b"IHDR", b"pHYs", b"IEND"} <= set(said[0][0])
    assert [each[b"IHDR"] for each in said[0]] == [each[b"IHDR"] for each in said[1]]
    assert said[0][0] == said[0][2]
    assert said[0][0][b"pHYs"] == said[1][0][b"pHYs"]
    assert said[0][0][b"cICP"] == bytes((6, 6, 0, 1))
