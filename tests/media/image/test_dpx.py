"""DPX: 10 and 12 bits, and a header that is kept, read at the offsets of SMPTE ST 268-1."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest

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
