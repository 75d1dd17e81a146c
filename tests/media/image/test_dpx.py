"""DPX: 10 and 12 bits, and a header that is kept, read at the offsets of SMPTE ST 268-1."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest

from nle_style.errors import MediaError
from nle_style.media.colour import ColourSettings
from nle_style.media.colour.source_space import source_colour
from nle_style.media.source import decoded_rgb, probe_media
from tests.helpers.media_factory import decoded_md5s, ffmpeg, rendered, rgb_md5, write_pixels

CODES = np.arange(16 * 33 * 3).reshape(16, 33, 3) * 53  # an odd width: rows are padded


@pytest.mark.parametrize("bits", [10, 12])
def test_reading_is_as_the_other_program_does(tmp_path: Path, bits: int) -> None:
    codes = (CODES % 2**bits).astype(np.uint16)
    spread = codes << 16 - bits | codes >> 2 * bits - 16
    path = write_pixels(tmp_path / "a.dpx", spread, "uint16", oiio__BitsPerSample=bits)
    info = probe_media(path)
    assert info.bit_depth == bits
    (read,) = decoded_rgb(info)
    assert np.array_equal(read, spread)
    raw = ffmpeg("-i", path, "-pix_fmt", f"gbrp{bits}le", "-f", "rawvideo", "-")
    green, blue, red = np.frombuffer(raw, "<u2").reshape(3, 16, 33)
    assert np.array_equal(np.dstack((red, green, blue)), codes)


def with_samples(path: Path, descriptor: int, bits: int, packing: int, data: bytes) -> Path:
    """A DPX of 33x16 by hand. Source: SMPTE ST 268-1, tables 1 to 3."""
    header = bytearray(2048)
    header[:16] = b"SDPX" + struct.pack(">I8s", 2048, b"V1.0")
    struct.pack_into(">HHII", header, 768, 0, 1, 33, 16)
    struct.pack_into(">BBBBHH", header, 800, descriptor, 0, 0, bits, packing, 0)
    struct.pack_into(">I", header, 808, 2048)
    struct.pack_into(">II", header, 1628, 1, 1)
    path.write_bytes(header + data)
    return path


@pytest.mark.parametrize("method", [1, 2])
def test_white_of_12_bits_is_white(tmp_path: Path, method: int) -> None:
    """In words of 16 bits, filled up at the lower end (method A) or at the upper one (B)."""
    codes = (CODES % 4096).astype(np.uint16)
    codes[0, 0] = 4095
    words = (codes << 4 if method == 1 else codes).astype(">u2")
    path = with_samples(tmp_path / "a.dpx", 50, 12, method, words.tobytes())
    (read,) = decoded_rgb(probe_media(path))
    assert read[0, 0].tolist() == [65535] * 3
    raw = ffmpeg("-i", path, "-pix_fmt", "rgb48le", "-f", "rawvideo", "-")
    assert np.array_equal(read, np.frombuffer(raw, "<u2").reshape(16, 33, 3))


def test_grey_of_10_bits_in_a_row_that_ends_within_a_word(tmp_path: Path) -> None:
    """33 columns are 11 whole words; the last of 32 would be another's."""
    codes = np.arange(16 * 33).reshape(16, 11, 3) * 53 % 1024
    words = (codes << np.array((2, 12, 22))).sum(axis=2).astype(">u4")
    path = with_samples(tmp_path / "a.dpx", 6, 10, 1, words.tobytes())
    (read,) = decoded_rgb(probe_media(path))
    assert np.array_equal(read[:, :, 1] >> 6, codes.reshape(16, 33))
    data = bytearray(path.read_bytes())
    data[775] = 32
    path.write_bytes(data)
    with pytest.raises(MediaError, match="1 channels of 10 bits and 32 columns"):
        probe_media(path)


@pytest.mark.parametrize(
    ("width", "pixels", "row"),
    [(34, "rgb24", 102), (33, "gray", 33), (33, "rgb48be", 198), (33, "gray16be", 66)],
)
def test_rows_that_are_filled_up(tmp_path: Path, width: int, pixels: str, row: int) -> None:
    """Each row would begin with the fill of the one before: the picture slants."""
    shape = (16, width, 3) if "rgb" in pixels else (16, width, 1)
    kind = ">u2" if pixels.endswith("be") else "u1"
    codes = np.random.default_rng(1).integers(0, 256, shape).astype(kind)
    (tmp_path / "raw").write_bytes(codes.tobytes())
    path = tmp_path / "a.dpx"
    ffmpeg("-f", "rawvideo", "-video_size", f"{width}x16", "-pix_fmt", pixels, "-i",
           tmp_path / "raw", path)  # fmt: skip
    filled = (row + 3) // 4 * 4
    with pytest.raises(MediaError, match=f"its rows of {row} bytes are filled up to {filled}"):
        probe_media(path)
    data = bytearray(path.read_bytes())
    order = ">I" if data[:4] == b"SDPX" else "<I"
    struct.pack_into(order, data, 812, filled - row)  # said in the header, it is read right
    path.write_bytes(data)
    (read,) = decoded_rgb(probe_media(path))
    assert np.array_equal(read, np.broadcast_to(codes, (16, width, 3)))


def test_rows_that_are_not_filled_up(tmp_path: Path) -> None:
    """As GraphicsMagick and OpenImageIO write them."""
    pixels = (CODES * 11 % 65536).astype(np.uint16)
    path = with_samples(tmp_path / "a.dpx", 50, 16, 0, pixels.astype(">u2").tobytes())
    (read,) = decoded_rgb(probe_media(path))
    assert np.array_equal(read, pixels)


def test_differences_of_colour_and_columns_for_rows(tmp_path: Path) -> None:
    path = with_samples(tmp_path / "a.dpx", 102, 8, 0, bytes(16 * 33 * 3))
    with pytest.raises(MediaError, match="its colours are Y'CbCr"):
        probe_media(path)
    path = with_samples(tmp_path / "b.dpx", 50, 16, 0, bytes(16 * 33 * 6))
    data = bytearray(path.read_bytes())
    data[769] = 4  # from the top down, columns from left to right
    path.write_bytes(data)
    with pytest.raises(MediaError, match="its rows are stored as columns"):
        probe_media(path)


@pytest.mark.parametrize(
    ("transfer", "creator", "linear", "note"),
    [
        (2, b"Lavc59.37.100", False, "says linear, as older ffmpegs' always does"),
        (2, b"scanner", True, "says that its codes are linear light, as which they are read"),
        (3, b"scanner", False, "says film density (log); its codes are painted as they are"),
        (1, b"scanner", False, "says film density (log); its codes are painted as they are"),
        (6, b"scanner", False, ""),
    ],
)
def test_a_transfer_is_named(
    tmp_path: Path, transfer: int, creator: bytes, linear: bool, note: str
) -> None:
    path = with_samples(tmp_path / "a.dpx", 50, 16, 0, bytes(16 * 33 * 6))
    data = bytearray(path.read_bytes())
    data[801] = transfer
    data[160 : 160 + len(creator)] = creator
    path.write_bytes(data)
    info = probe_media(path)
    assert (source_colour(info, ColourSettings()) is not None) == linear
    assert [note in said for said in info.notes] == [True] * bool(note)


def test_writing_10_bits_by_the_other_program(tmp_path: Path) -> None:
    codes = (CODES % 1024).astype(np.uint16)
    path = write_pixels(tmp_path / "a.dpx", codes << 6 | codes >> 4, "uint16",
                        oiio__BitsPerSample=10)  # fmt: skip
    file = rendered(path, tmp_path, "dpx").path
    assert file.read_bytes()[803] == 10
    raw = ffmpeg("-i", file, "-pix_fmt", "gbrp10le", "-f", "rawvideo", "-")
    green, blue, red = np.frombuffer(raw, "<u2").reshape(3, 16, 33)
    assert np.array_equal(np.dstack((red, green, blue)), codes)


def test_alpha_by_the_other_program(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 65536, (8, 12, 4)).astype(np.uint16)
    path = write_pixels(tmp_path / "a.dpx", pixels, "uint16")
    file = rendered(path, tmp_path, "dpx").path
    assert decoded_md5s(file, "rgba64le") == [rgb_md5(pixels)]


def scanned(path: Path) -> Path:
    spec = oiio.ImageSpec(33, 16, 3, "uint16")
    for name, value in {
        "oiio:BitsPerSample": 10, "oiio:Endian": "big", "dpx:Transfer": "Printing density",
        "dpx:Colorimetric": "Printing density", "dpx:FrameRate": 23.976, "DateTime":
        "2020:01:02 03:04:05", "dpx:InputDevice": "scanner", "dpx:InputDeviceSerialNumber": "X1",
        "dpx:FrameId": "frame", "dpx:SlateInfo": "slate 3", "dpx:FramePosition": 7,
        "dpx:SequenceLength": 100, "dpx:ShutterAngle": 172.8, "dpx:LowData": 95, "dpx:HighData":
        685, "DocumentName": "project", "Copyright": "(c) me", "PixelAspectRatio": 2.0,
        "dpx:SourceImageFileName": "orig.dpx", "dpx:TemporalFrameRate": 23.976,
    }.items():  # fmt: skip
        spec.attribute(name, value)
    spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, (0x01020304, 0x12345678))
    spec.attribute("smpte:KeyCode", oiio.TypeDesc("keycode"), (1, 2, 3, 4, 5, 4, 64))
    codes = (CODES % 1024).astype(np.uint16)
    writer = oiio.ImageOutput.create(str(path))
    assert writer.open(str(path), spec)
    assert writer.write_image(codes << 6 | codes >> 4)
    assert writer.close()
    return path


def test_the_header_is_kept(tmp_path: Path) -> None:
    """Byte for byte, but for the names of file and creator, in fields 6 and 8."""
    source = scanned(tmp_path / "a.dpx").read_bytes()
    file = rendered(tmp_path / "a.dpx", tmp_path, "dpx").path
    copy = file.read_bytes()
    assert copy[36:136].rstrip(b"\0") == b"a.copy.dpx"
    assert copy[160:260].rstrip(b"\0") == b"nle_style"
    changed = {i for i in range(len(source)) if source[i] != copy[i]}
    assert changed <= {*range(36, 136), *range(160, 260)}
    assert len(copy) == len(source)
    assert struct.unpack(">I", copy[1920:1924])[0] == 0x01020304  # timecode
    assert copy[801:803] == b"\x01\x01"  # printing density


def test_another_depth_drops_the_reference_levels(tmp_path: Path) -> None:
    file = rendered(scanned(tmp_path / "a.dpx"), tmp_path, "dpx", "16").path
    spec = oiio.ImageInput.open(str(file)).spec()
    assert spec.get_int_attribute("oiio:BitsPerSample") == 16
    assert spec.getattribute("dpx:LowData") != 95
    assert spec.getattribute("dpx:HighData") != 685
    assert spec.getattribute("dpx:SlateInfo") == "slate 3"
    assert spec.getattribute("dpx:Transfer") == "Printing density"
