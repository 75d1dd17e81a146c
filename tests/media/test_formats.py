"""Choosing formats and depths, and quantising."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from nle_style.errors import InputError
from nle_style.media import INTERMEDIATES, resolve_format
from nle_style.media.base import MediaInfo
from nle_style.media.write.quantising import quantise
from tests.helpers.media_infos import EIGHT_BITS as EIGHT

TEN = dataclasses.replace(EIGHT, pixel_format="yuv422p10le", bit_depth=10)
TEN_BIT_IMAGE = dataclasses.replace(EIGHT, kind="still", pixel_format="uint16", bit_depth=10)
HALF = dataclasses.replace(EIGHT, pixel_format="half", bit_depth=16, is_float=True)
FLOAT = dataclasses.replace(HALF, pixel_format="float", bit_depth=32)


@pytest.mark.parametrize(
    ("format", "source", "chosen"),
    [
        ("auto", EIGHT, ("png-mov", "8")),
        ("auto", TEN, ("png-mov", "16")),
        ("auto", HALF, ("exr", "half")),
        ("auto", FLOAT, ("exr", "float")),
        ("exr", EIGHT, ("exr", "half")),
        ("exr", TEN, ("exr", "float")),  # 65536 codes do not fit into half's 11 bits
        ("ffv1", TEN, ("ffv1", "16")),
        ("dpx", EIGHT, ("dpx", "16")),
        ("dpx", TEN, ("dpx", "16")),  # YUV: its RGB has no 10-bit codes
        ("dpx", TEN_BIT_IMAGE, ("dpx", "10")),
        ("dpx", dataclasses.replace(TEN_BIT_IMAGE, alpha="straight"), ("dpx", "16")),
        ("prores4444", TEN, ("prores4444", "10")),
    ],
)
def test_auto(format: str, source: MediaInfo, chosen: tuple[str, str]) -> None:
    spec = resolve_format(format, "auto", source)
    assert (spec.format, spec.depth) == chosen


def test_only_exact_formats_are_called_exact() -> None:
    lossy = {name for name, entry in INTERMEDIATES.items() if not entry.exact}
    assert lossy == {"prores4444", "dnxhr444"}


@pytest.mark.parametrize(
    ("format", "depth", "source", "message"),
    [
        ("png-mvo", "auto", EIGHT, "Did you mean png-mov"),
        ("tape", "auto", EIGHT, "There are auto, png-mov"),
        ("dpx", "8", EIGHT, "dpx stores: 10, 16"),
        ("exr", "16", EIGHT, "exr stores: half, float"),
        ("png-mov", "float", EIGHT, "Float sources stay exact as --format exr"),
        ("png-mov", "auto", FLOAT, "--format exr keeps it exactly; --depth 16 clips it"),
        ("dpx", "auto", HALF, "stores integers, which would clip this half source"),
        ("prores4444", "auto", HALF, "--depth 10 clips it"),
        ("dnxhr444", "auto", dataclasses.replace(EIGHT, width=128), "at least 256x120"),
    ],
)
def test_refusals(format: str, depth: str, source: MediaInfo, message: str) -> None:
    with pytest.raises(InputError, match=message):
        resolve_format(format, depth, source)


@pytest.mark.parametrize(
    ("format", "depth", "pixel_format", "options"),
    [
        ("png-mov", "8", "rgba", ()),
        ("png-mov", "16", "rgba64be", ()),
        ("ffv1", "8", "bgra", ()),
        ("ffv1", "16", "gbrap16le", ()),
        ("exr", "half", "half", ()),
        ("dpx", "16", "uint16", ()),
        ("prores4444", "10", "yuva444p10le", (("alpha_bits", "16"),)),
    ],
)
def test_alpha_is_carried_where_it_can_be(
    format: str, depth: str, pixel_format: str, options: tuple[tuple[str, str], ...]
) -> None:
    spec = resolve_format(format, depth, dataclasses.replace(EIGHT, alpha="straight"))
    assert (spec.alpha, spec.pixel_format, spec.warnings) == (True, pixel_format, ())
    assert spec.options[len(spec.options) - len(options) :] == options
    assert spec.premultiplied == (format == "exr")
    assert not resolve_format(format, depth, EIGHT).alpha


@pytest.mark.parametrize(("format", "depth"), [("dnxhr444", "10"), ("dpx", "10")])
def test_alpha_that_is_left_out_is_told(format: str, depth: str) -> None:
    spec = resolve_format(format, depth, dataclasses.replace(EIGHT, alpha="straight"))
    assert not spec.alpha
    assert spec.warnings == (f"a.mov: {format} of 10 bits has no alpha; it was left out",)


def test_quantise_rounds_and_clips() -> None:
    frame = np.array([[[-0.2, 0.5, 1.3], [0.0, 1 / 255, np.nan]]], np.float32)
    eight = quantise(frame, resolve_format("png-mov", "8", EIGHT))
    assert eight.dtype == np.uint8
    assert eight[0, 0, 1] in (127, 128)  # dithered, and nothing else is
    eight[0, 0, 1] = 127
    assert eight.tolist() == [[[0, 127, 255], [0, 1, 0]]]
    sixteen = quantise(frame, resolve_format("png-mov", "16", EIGHT))
    assert sixteen.tolist() == [[[0, 32768, 65535], [0, 257, 0]]]  # rint(32767.5) is even
    floats = quantise(frame, resolve_format("exr", "float", EIGHT))
    assert np.array_equal(floats, frame, equal_nan=True)  # unclamped


def test_half_keeps_infinities_and_makes_none() -> None:
    frame = np.array([[[70000, -70000, np.inf], [65504, -np.inf, np.nan]]], np.float32)
    half = quantise(frame, resolve_format("exr", "half", HALF))
    assert half.dtype == np.float16
    expected = [[[65504, -65504, np.inf], [65504, -np.inf, np.nan]]]
    assert np.array_equal(half, np.array(expected, np.float16), equal_nan=True)


def test_half_holds_every_8_bit_code() -> None:
    codes = np.arange(256, dtype=np.float32) / np.float32(255)
    half = quantise(codes.reshape(1, -1, 1), resolve_format("exr", "half", EIGHT))
    assert half.dtype == np.float16
    assert np.array_equal(np.rint(half.astype(np.float32).ravel() * 255), np.arange(256))
