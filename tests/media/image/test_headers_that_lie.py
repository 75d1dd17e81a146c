"""Image files that hold less than their headers, or their readers, say."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nle_style.errors import MediaError
from nle_style.media.image import read_header
from nle_style.media.image.jpeg import is_damaged_jpeg
from nle_style.media.source import check_frames, decoded_rgb, probe_media
from tests.helpers.media_factory import decoded_md5s, ffmpeg, rendered, rgb_md5, write_pixels


def _short_dpx(folder: Path) -> Path:
    """ffmpeg's DPX: the picture begins at byte 1664, where others have the film header."""
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=96x64:r=25", "-frames:v", 2, "-pix_fmt", "gbrp10be",
           folder / "f.%04d.dpx")  # fmt: skip
    return folder / "f.%04d.dpx"


def test_a_dpx_without_film_and_television_headers(tmp_path: Path) -> None:
    pattern = _short_dpx(tmp_path)
    info = probe_media(pattern)
    assert (info.timecode, info.notes) == (None, ())
    spec = read_header(tmp_path / "f.0001.dpx").spec
    said = {entry.name for entry in spec.extra_attribs}
    assert not said & {"smpte:TimeCode", "smpte:KeyCode", "dpx:FrameRate", "dpx:SlateInfo"}
    made = rendered(pattern, tmp_path, "png-mov")
    assert probe_media(made.path).timecode is None


def test_its_header_is_kept_without_them(tmp_path: Path) -> None:
    made = rendered(_short_dpx(tmp_path), tmp_path, "dpx")
    files = sorted((tmp_path / "f.copy").iterdir())
    assert len(files) == made.frame_count == 2
    for file, frame in zip(files, (1, 2), strict=True):
        before = tmp_path / f"f.{frame:04d}.dpx"
        assert decoded_md5s(file, "gbrp10be") == decoded_md5s(before, "gbrp10be")


def test_a_whole_dpx_header_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.dpx"
    write_pixels(path, np.zeros((4, 4, 3), np.uint16), "uint16", dpx__FrameRate=25.0)
    assert read_header(path).spec.get_float_attribute("dpx:FrameRate") == 25


def _jpeg(**options: object) -> bytes:
    data = BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (64, 96, 3), np.uint8)
    Image.fromarray(noise).save(data, "JPEG", **options)
    return data.getvalue()


def _with_thumbnail() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = _jpeg(quality=20).decode("latin-1")
    return _jpeg(exif=exif)


@pytest.mark.parametrize(
    "whole",
    [_jpeg(), _jpeg(progressive=True), _jpeg(restart_marker_rows=1), _jpeg(comment=b"\xff\xd9")],
    ids=["baseline", "progressive", "restarts", "comment"],
)
def test_a_jpeg_that_is_cut_off_is_refused(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "a.jpg"
    for more in (b"", b"\xff\xd8 another picture", bytes(100)):
        path.write_bytes(whole + more)
        assert (probe_media(path).width, probe_media(path).height) == (96, 64)
    for share in (0.3, 0.6, 0.95):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(MediaError, match=r"cut off|cannot be read|can read"):
            probe_media(path)
    path.write_bytes(whole[:-2])
    with pytest.raises(MediaError, match="no end marker"):
        probe_media(path)


def test_an_image_under_another_name_is_no_broken_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("RGB", (8, 4)).save(path, "PNG")
    assert probe_media(path).width == 8


@pytest.mark.parametrize("flip", [1, 2, 3, 5, 6])
def test_jpegs_of_a_camera_in_a_mov(tmp_path: Path, flip: int) -> None:
    """Their Exif comes with every frame, and its orientation as a display matrix."""
    exif = Image.Exif()
    exif[0x0112] = flip
    exif[0x010F] = "a camera"
    for number in range(3):
        (tmp_path / f"i{number}.jpg").write_bytes(_jpeg(exif=exif, quality=80 + number))
    path = tmp_path / "tl.mov"
    ffmpeg("-framerate", 25, "-i", tmp_path / "i%d.jpg", "-c", "copy", path)
    info = probe_media(path)
    assert (info.frame_count, info.width) == (3, 64 if flip >= 5 else 96)
    from nle_style.media.source import decoded_rgb

    read = [rgb_md5(pixels) for pixels in decoded_rgb(info)]
    assert read == decoded_md5s(path, "rgb24")


def test_a_library_that_quotes_a_damaged_header(tmp_path: Path) -> None:
    """OpenImageIO's message then is no UTF-8, which its Python module raises an error for."""
    path = tmp_path / "a.exr"
    write_pixels(path, np.zeros((4, 4, 3), np.float32), "half")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"chlist", b"ch\x87ist"))
    with pytest.raises(MediaError, match="can read"):
        probe_media(path)


def test_a_jpeg_with_other_bytes_in_its_picture(tmp_path: Path) -> None:
    """libjpeg fills up the rest and only tells of it."""
    path = tmp_path / "a.jpg"
    noise = np.random.default_rng(3).integers(0, 256, (48, 64, 3), np.uint8)
    Image.fromarray(noise).save(path, quality=90)
    data = bytearray(path.read_bytes())
    assert [pixels.shape for pixels in decoded_rgb(probe_media(path))] == [(48, 64, 3)]
    data[2000:2002] = b"\xff\xd9"  # an end marker within the picture
    path.write_bytes(data)
    with pytest.raises(MediaError, match=r"cannot be decoded.*premature end"):
        list(decoded_rgb(probe_media(path)))
    Image.fromarray(noise).save(path, quality=90)
    whole = path.read_bytes()
    end = whole.rindex(b"\xff\xd9")
    path.write_bytes(whole[:end] + b"\0\0" + whole[end:])  # too many, behind the picture
    assert len(list(decoded_rgb(probe_media(path)))) == 1


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_with_an_overwritten_piece(tmp_path: Path, progressive: bool) -> None:
    """libjpeg reads on through it, and tells nothing."""
    path = tmp_path / "a.jpg"
    data = bytearray(_jpeg(progressive=progressive))
    path.write_bytes(data)
    assert len(list(decoded_rgb(probe_media(path)))) == 1
    data[2000:2064] = b"\xfe" * 64
    path.write_bytes(data)
    with pytest.raises(MediaError, match=r"cannot be decoded.*not its own") as caught:
        list(decoded_rgb(probe_media(path)))
    assert caught.value.outcome == "damaged"


def test_jpegs_of_all_kinds_are_whole(tmp_path: Path) -> None:
    """Also where ffmpeg decodes none: a flat progressive one is taken for too small by it."""
    noise = Image.fromarray(np.random.default_rng(2).integers(0, 255, (49, 67, 3), np.uint8))
    pictures = [noise, Image.new("RGB", (4096, 2160)), noise.convert("L"), noise.convert("CMYK")]
    kinds: list[dict[str, object]] = [
        {"progressive": True, "optimize": True},
        {"subsampling": 0},
        {"subsampling": 2, "restart_marker_blocks": 3},
        {"quality": 3},
    ]
    for number, picture in enumerate(pictures):
        for place, kind in enumerate(kinds):
            path = tmp_path / f"{number}{place}.jpg"
            picture.save(path, **kind)
            assert not is_damaged_jpeg(path), path


def test_signed_numbers(tmp_path: Path) -> None:
    """A DPX that says that its data are signed (SMPTE ST 268, data sign of the image element)."""
    path = write_pixels(tmp_path / "a.dpx", np.full((18, 32, 3), 200, "u1"), "uint8")
    data = bytearray(path.read_bytes())
    data[780:784] = (1).to_bytes(4, "big" if data[:4] == b"SDPX" else "little")
    path.write_bytes(data)
    with pytest.raises(MediaError, match="its numbers are signed"):
        probe_media(path)


def test_colours_that_are_no_rgb(tmp_path: Path) -> None:
    picture = Image.new("RGB", (8, 4), (200, 100, 50))
    picture.convert("LAB").save(tmp_path / "lab.tif")
    with pytest.raises(MediaError, match=r"L\*a\*b\*"):
        probe_media(tmp_path / "lab.tif")


def _tiff(path: Path, samples: np.ndarray, photometric: int, *tags: tuple[int, int, int]) -> Path:
    """A TIFF of one strip, or of one tile where `tags` say so. Source: TIFF 6.0, section 2.

    Args:
        samples: height x width x channels.
        tags: further ones: number, type (3 short, 4 long) and value.
    """
    height, width, count = samples.shape
    kind = {"u": 1, "f": 3}[samples.dtype.kind]
    bits = samples.dtype.itemsize * 8
    data = samples.astype(samples.dtype.newbyteorder("<")).tobytes()
    place, length = (324, 325) if any(tag[0] == 322 for tag in tags) else (273, 279)
    each = 8 + len(data)  # where the bits of each channel stand
    entries = sorted([
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, count, bits if count < 3 else each),
        (259, 3, 1, 1), (262, 3, 1, photometric), (place, 4, 1, 8), (277, 3, 1, count),
        (length, 4, 1, len(data)), (339, 3, 1, kind), *((a, b, 1, c) for a, b, c in tags),
    ])  # fmt: skip
    path.write_bytes(
        struct.pack("<2sHI", b"II", 42, each + 2 * count)
        + data
        + struct.pack(f"<{count}H", *[bits] * count)
        + struct.pack("<H", len(entries))
        + b"".join(struct.pack("<HHII", *entry) for entry in entries)
        + bytes(4)
    )
    return path


GREY = np.arange(16 * 16).reshape(16, 16, 1)


def test_grey_that_counts_from_white_to_black(tmp_path: Path) -> None:
    eight = _tiff(tmp_path / "8.tif", GREY.astype("u1"), 0)
    (read,) = decoded_rgb(probe_media(eight))
    assert np.array_equal(read[:, :, :1], 255 - GREY)
    for kind in ("u2", "f4"):
        with pytest.raises(MediaError, match="count from white to black"):
            probe_media(_tiff(tmp_path / "a.tif", GREY.astype(kind), 0))


def test_tiles_of_64_bits(tmp_path: Path) -> None:
    values = GREY / 255
    (read,) = decoded_rgb(probe_media(_tiff(tmp_path / "strip.tif", values, 1)))
    assert np.array_equal(read[:, :, :1], values.astype("f4"))
    tiled = _tiff(tmp_path / "a.tif", values, 1, (322, 3, 16), (323, 3, 16))
    with pytest.raises(MediaError, match="tiles of 64-bit numbers"):
        probe_media(tiled)


@pytest.mark.parametrize(("name", "kind", "tag", "what"), [
    ("a.tif", 32803, None, "a camera's raw file"),  # a mosaic of red, green and blue (TIFF/EP)
    ("a.tif", 34892, None, "a camera's raw file"),
    ("a.%04d.dng", 1, None, "a camera's raw file"),  # of which the first picture is a preview
    ("a.tif", 1, (254, 4, 1), "a small copy of another"),
])  # fmt: skip
def test_raw_files(
    tmp_path: Path, name: str, kind: int, tag: tuple[int, int, int] | None, what: str
) -> None:
    file = tmp_path / name.replace("%04d", "0001")
    _tiff(file, GREY.astype("u1"), kind, *([tag] if tag else []))
    with pytest.raises(MediaError, match=what):
        probe_media(tmp_path / name)


def test_a_gif_under_another_name(tmp_path: Path) -> None:
    picture = Image.new("RGB", (8, 4), (200, 100, 50))
    picture.save(tmp_path / "a.gif")
    (tmp_path / "a.gif").rename(tmp_path / "a.png")
    (read,) = decoded_rgb(probe_media(tmp_path / "a.png"))
    assert read[0, 0].tolist() == [200, 100, 50]


def test_inks_are_no_colours(tmp_path: Path) -> None:
    inks = np.repeat(GREY.astype("u1"), 5, 2)
    path = _tiff(tmp_path / "a.tif", inks, 5, (332, 3, 2))  # InkSet: not CMYK
    with pytest.raises(MediaError, match="ink0, ink1, ink2, ink3, ink4, which is neither RGB nor"):
        probe_media(path)


def test_a_channel_that_nobody_calls_alpha(tmp_path: Path) -> None:
    rgbx = np.repeat(GREY.astype("u1"), 4, 2)
    info = probe_media(_tiff(tmp_path / "a.tif", rgbx, 2, (338, 3, 0)))  # ExtraSamples
    assert info.alpha == "none"
    (note,) = info.notes
    assert "neither colour nor said to be alpha; left out" in note


@pytest.mark.parametrize("kind", ["still", "sequence"])
def test_a_compression_that_is_not_known(tmp_path: Path, kind: str) -> None:
    """Found when the first picture is read, before anything is painted."""
    path = tmp_path / "a.0001.tif"
    Image.new("RGB", (8, 8)).save(path, compression="tiff_adobe_deflate")
    data = path.read_bytes()
    tag = struct.pack("<HHI", 259, 3, 1)
    place = data.index(tag) + len(tag)
    path.write_bytes(data[:place] + struct.pack("<H", 50002) + data[place + 2 :])  # JPEG XL
    named = path if kind == "still" else tmp_path / "a.%04d.tif"
    with pytest.raises(MediaError, match="the image cannot be decoded"):
        probe_media(named)


def test_a_first_file_that_cannot_be_decoded_is_one_of_many(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        write_pixels(tmp_path / f"a.{number}.png", np.zeros((64, 64, 3), np.uint8), "uint8")
    whole = (tmp_path / "a.1.png").read_bytes()
    (tmp_path / "a.1.png").write_bytes(whole[: len(whole) // 2])
    info = probe_media(tmp_path / "a.%d.png")
    assert [frame for frame, _ in info.unlike] == [0]
    check_frames(info, 1, 2)
