"""PNG and TIFF out, judged by Pillow and ffmpeg; what the source says of its colours is kept."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from nle_style.media import resolve_format
from nle_style.media.source import probe_media
from tests.helpers.media_factory import decoded_md5s, ffmpeg, make, rendered, rgb_md5, write_pixels

NOISE = np.random.default_rng(5).integers(0, 65536, (18, 32, 4)).astype(np.uint16)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and data of a PNG's chunks, their checksums tested (PNG, third edition, 5.3)."""
    place = 8
    while place < len(file):
        (length,) = struct.unpack_from(">I", file, place)
        name, data = file[place + 4 : place + 8], file[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", file, place + 8 + length)[0] == zlib.crc32(name + data)
        yield name, data
        place += 12 + length


@pytest.mark.parametrize("format", ["png", "tiff"])
@pytest.mark.parametrize(("depth", "channels"), [("8", 3), ("8", 4), ("16", 3), ("16", 4)])
def test_another_program_reads_the_same(
    tmp_path: Path, format: str, depth: str, channels: int
) -> None:
    kind = {"8": "uint8", "16": "uint16"}[depth]
    pixels = (NOISE >> (8 if depth == "8" else 0)).astype(kind)[..., :channels]
    pixels = np.ascontiguousarray(pixels)
    source = write_pixels(tmp_path / "a.png", pixels, kind, oiio__UnassociatedAlpha=1)
    made = rendered(source, tmp_path / "out", format)
    assert made.path.name == f"a.copy{'.png' if format == 'png' else '.tif'}"
    layout = {3: "rgb", 4: "rgba"}[channels]
    pixel_format = {"8": {"rgb": "rgb24", "rgba": "rgba"}[layout],
                    "16": {"rgb": "rgb48le", "rgba": "rgba64le"}[layout]}[depth]  # fmt: skip
    assert decoded_md5s(made.path, pixel_format) == [rgb_md5(pixels)]


def test_a_premultiplied_tiff_stays_one(tmp_path: Path) -> None:
    source = write_pixels(tmp_path / "a.tif", NOISE, "uint16")  # associated alpha
    made = probe_media(rendered(source, tmp_path / "out", "tiff").path)
    assert made.alpha == "premultiplied"
    with Image.open(tmp_path / "out" / "a.copy.tif") as image:
        assert image.tag_v2[338] == (1,)  # ExtraSamples: associated


def test_what_a_picture_says_of_itself_is_kept(tmp_path: Path) -> None:
    source = tmp_path / "photo.jpg"
    Image.fromarray(NOISE[..., :3].astype(np.uint8)).save(
        source, icc_profile=PROFILE, dpi=(300, 300)
    )
    for format in ("png", "tiff"):
        made = rendered(source, tmp_path / "out", format, nle_style_look="blue")
        with Image.open(made.path) as image:
            assert image.info["icc_profile"] == PROFILE
            assert np.allclose([float(value) for value in image.info["dpi"]], 300, atol=0.1)
            assert format == "tiff" or image.info["nle_style_look"] == "blue"


@pytest.mark.parametrize("late", [False, True])
def test_a_turned_photograph_comes_out_upright(tmp_path: Path, late: bool) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned by a quarter
    source = tmp_path / "photo.png"
    Image.fromarray(NOISE[..., :3].astype(np.uint8)).save(source, exif=exif)
    if late:  # behind the picture, where ImageMagick has it and OpenImageIO does not look
        data = source.read_bytes()
        begin = data.index(b"eXIf") - 4
        end = begin + 12 + int.from_bytes(data[begin : begin + 4], "big")
        assert end < data.index(b"IDAT")
        source.write_bytes(data[:begin] + data[end:-12] + data[begin:end] + data[-12:])
    with Image.open(rendered(source, tmp_path / "out", "png").path) as image:
        assert image.size == (18, 32)
        assert image.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize(("more", "code", "name"), [
    (b"", 9, "bt2020"), (b"\0\0\0\1sRGB\0\xae\xce\x1c\xe9", 1, "bt709"),
])  # fmt: skip
def test_the_chromaticities_of_a_png(tmp_path: Path, more: bytes, code: int, name: str) -> None:
    """BT.2020's, and gamma 1/2.2: it was tagged as Rec.709. sRGB goes before them."""
    source = tmp_path / "a.png"
    Image.fromarray(NOISE[..., :3].astype(np.uint8)).save(source)
    points = (31270, 32900, 70800, 29200, 17000, 79700, 13100, 4600)
    said = _chunk(b"cHRM", struct.pack(">8I", *points)) + _chunk(b"gAMA", struct.pack(">I", 45455))
    data = source.read_bytes()
    source.write_bytes(data[:33] + said + more + data[33:])
    assert f"gbr/{name}/" in ffmpeg("-i", source, "-f", "null", "-", loud=True).decode()
    assert probe_media(source).colour.primaries == code
    for format in ("png", "png-mov"):
        made = rendered(source, tmp_path / format, format).path
        assert probe_media(made).colour.primaries == code


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data).to_bytes(4, "big")
    return len(data).to_bytes(4, "big") + kind + data + check


def test_a_movies_frames_say_their_colours(tmp_path: Path) -> None:
    made = rendered(make(tmp_path / "a.mov", frames=2, size="32x18"), tmp_path / "out", "png")
    assert made.path.name == "a.copy.%06d.png"
    first = (made.path.parent / "a.copy.000000.png").read_bytes()
    # H.273: primaries and transfer of BT.709, RGB, the full range.
    assert dict(chunks(first))[b"cICP"] == bytes([1, 1, 0, 1])


def test_equal_frames_are_equal_files(tmp_path: Path) -> None:
    source = write_pixels(tmp_path / "a.png", NOISE, "uint16", oiio__UnassociatedAlpha=1)
    for format in ("png", "tiff"):
        one, two = (rendered(source, tmp_path / name, format).path for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("name", "kind", "format"),
    [
        ("a.png", "uint8", "png"),
        ("a.png", "uint16", "png"),
        ("a.jpg", "uint8", "png"),
        ("a.tga", "uint8", "png"),
        ("a.tif", "uint16", "tiff"),
        ("a.tif", "float", "exr"),
        ("a.dpx", "uint16", "dpx"),
        ("a.exr", "half", "exr"),
    ],
)
def test_images_give_images_of_their_kind(
    tmp_path: Path, name: str, kind: str, format: str
) -> None:
    pixels = np.zeros((4, 6, 3), oiio_type(kind))
    path = write_pixels(tmp_path / name, pixels, kind)
    assert resolve_format("auto", "auto", probe_media(path)).format == format
    write_pixels(tmp_path / f"s.0001{path.suffix}", pixels, kind)
    sequence = probe_media(tmp_path / f"s.%04d{path.suffix}")
    spec = resolve_format("auto", "auto", sequence)
    assert (spec.format, spec.sequence) == (format, True)


def oiio_type(kind: str) -> str:
    return {"uint8": "u1", "uint16": "u2", "half": "f2", "float": "f4"}[kind]


def test_a_movie_gives_a_movie(tmp_path: Path) -> None:
    info = probe_media(make(tmp_path / "a.mov", frames=1, size="32x18"))
    assert resolve_format("auto", "auto", info).format == "png-mov"
