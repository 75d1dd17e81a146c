"""Choosing formats and depths, and quantising."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from nle_style.errors import InputError
from nle_style.media.formats import INTERMEDIATES, resolve_format
from nle_style.media.probe import ColourTags, MediaInfo
from nle_style.media.quantise import quantise

EIGHT = MediaInfo(
    path=Path("a.mov"), kind="movie", width=1920, height=1080, rate=Fraction(25), frame_count=9,
    first_frame_number=0, pixel_format="yuv420p", bit_depth=8, is_float=False, alpha="none",
    pixel_aspect=Fraction(1), rotation=0, colour=ColourTags(), interlaced=False,
    variable_rate=False, timecode=None, reel=None, audio=(),
)  # fmt: skip
TEN = dataclasses.replace(EIGHT, pixel_format="yuv422p10le", bit_depth=10)
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
        ("dpx", "8", EIGHT, "dpx stores: 16"),
        ("exr", "16", EIGHT, "exr stores: half, float"),
        ("png-mov", "auto", FLOAT, "stay exact as --format exr"),
        ("dnxhr444", "auto", dataclasses.replace(EIGHT, width=128), "at least 256x120"),
    ],
)
def test_refusals(format: str, depth: str, source: MediaInfo, message: str) -> None:
    with pytest.raises(InputError, match=message):
        resolve_format(format, depth, source)


def test_quantise_rounds_and_clips() -> None:
    frame = np.array([[[-0.2, 0.5, 1.3], [0.0, 1 / 255, 1.4999 / 255]]], np.float32)
    eight = quantise(frame, resolve_format("png-mov", "8", EIGHT))
    assert eight.dtype == np.uint8
    assert eight.tolist() == [[[0, 128, 255], [0, 1, 1]]]  # rint(127.5) is even: 128
    sixteen = quantise(frame, resolve_format("png-mov", "16", EIGHT))
    assert sixteen.tolist() == [[[0, 32768, 65535], [0, 257, 385]]]
    floats = quantise(frame, resolve_format("exr", "float", EIGHT))
    assert floats.tolist() == frame.tolist()  # unclamped


def test_half_holds_every_8_bit_code() -> None:
    codes = np.arange(256, dtype=np.float32) / np.float32(255)
    half = quantise(codes.reshape(1, -1, 1), resolve_format("exr", "half", EIGHT))
    assert half.dtype == np.float16
    assert np.array_equal(np.rint(half.astype(np.float32).ravel() * 255), np.arange(256))
