"""Dither: codes stay, means come out right, gradients do not band, nothing moves with time."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from nle_style.media import resolve_format
from nle_style.media.source import probe_media, read_frames
from nle_style.media.write.dither import MASK_SIZE, dithered, threshold_mask
from nle_style.media.write.quantising import quantise
from tests.helpers.media_factory import rendered, write_pixels


@pytest.mark.parametrize("top", [255, 1023])
def test_every_code_stays_everywhere(top: int) -> None:
    codes = np.arange(top + 1)
    values = codes.astype(np.float32) / np.float32(top)
    picture = np.tile(values[:, None, None], (1, MASK_SIZE + 3, 3))
    shifted = np.concatenate((picture[37:], picture[:37]))  # on other rows of the mask too
    for rows, given in ((codes, picture), (np.roll(codes, -37), shifted)):
        assert np.array_equal(
            dithered(given, top), np.broadcast_to(rows[:, None, None], given.shape)
        )


def test_10_bit_codes_spread_over_16_bits_stay() -> None:
    """As OpenImageIO gives those of a DPX: the high bits repeated below the low ones."""
    codes = np.arange(1024)
    spread = (codes << 6 | codes >> 4).astype(np.float32) / np.float32(65535)
    picture = np.tile(spread[:, None, None], (1, MASK_SIZE, 3))
    assert np.array_equal(
        dithered(picture, 1023), np.broadcast_to(codes[:, None, None], picture.shape)
    )


@pytest.mark.parametrize("part", [0.1, 0.25, 0.5, 0.73, 0.9])
def test_the_mean_is_kept_and_the_error_is_below_a_code(part: float) -> None:
    flat = np.full((MASK_SIZE, MASK_SIZE, 3), (100 + part) / 255, np.float32)
    codes = dithered(flat, 255)
    assert set(np.unique(codes)) == {100, 101}
    assert np.abs(codes.mean(axis=(0, 1)) - (100 + part)).max() < 1 / 32
    assert np.abs(np.rint(flat * 255).mean() - (100 + part)) >= min(part, 1 - part) - 1e-3


def test_a_gradient_has_no_bands() -> None:
    """Two codes over 512 columns: the error's local mean, which is what an eye sees of it."""
    ramp = np.tile(np.linspace(100, 102, 512, dtype=np.float32)[None, :, None] / 255, (64, 1, 3))
    for codes, low, high in (
        (dithered(ramp, 255), 0, 0.06),
        (np.rint(ramp * 255), 0.4, 1),  # rounding alone: half a code at the edge of each band
    ):
        error = (codes - ramp * 255).reshape(64, 32, 16, 3).mean(axis=(0, 2))
        assert low <= np.abs(error).max() < high


def test_the_mask_is_blue_noise() -> None:
    """Every rank once, and hardly any energy at low frequencies."""
    mask = threshold_mask()
    assert np.array_equal(np.sort(mask, axis=None), np.arange(MASK_SIZE**2))
    power = np.abs(np.fft.fftshift(np.fft.fft2(mask - mask.mean()))) ** 2
    y, x = np.mgrid[:MASK_SIZE, :MASK_SIZE] - MASK_SIZE // 2
    radius = np.hypot(y, x)
    assert power[radius < 12].mean() < 0.02 * power.mean()


def test_frames_are_alike_and_channels_are_not() -> None:
    flat = np.full((70, 90, 3), 0.5017, np.float32)
    first = dithered(flat, 255)
    assert np.array_equal(first, dithered(flat.copy(), 255))
    assert not np.array_equal(first[..., 0], first[..., 1])
    assert not np.array_equal(first[..., 1], first[..., 2])
    assert np.array_equal(first[64:], first[:6])


def test_only_8_and_10_bit_colours_are_dithered(tmp_path: Path) -> None:
    info = probe_media(write_pixels(tmp_path / "a.png", np.zeros((64, 64, 4), "u1"), "uint8",
                                    oiio__UnassociatedAlpha=1))  # fmt: skip
    flat = np.full((64, 64, 4), 100.4 / 255, np.float32)
    for format, depth, counts in (("png-mov", "8", [2, 2, 2, 1]), ("png-mov", "16", [1] * 4),
                                  ("exr", "half", [1] * 4), ("prores4444", "10", [2, 2, 2, 1]),
                                  ("dnxhr444", "10", [2, 2, 2])):  # fmt: skip
        spec = resolve_format(format, depth, dataclasses.replace(info, width=256, height=120))
        codes = quantise(flat[..., : len(counts)], spec)
        assert [len(np.unique(codes[..., c])) for c in range(len(counts))] == counts, format


def test_a_deeper_source_is_dithered_down(tmp_path: Path) -> None:
    """16 to 8 bits at strength 0: 257 16-bit steps between two codes become a mean."""
    pixels = np.tile((np.arange(64) * 40 + 25700).astype(np.uint16)[None, :, None], (64, 1, 3))
    path = write_pixels(tmp_path / "a.png", pixels, "uint16")
    (read,) = read_frames(probe_media(rendered(path, tmp_path, "png-mov", "8").path))
    codes = np.rint(read * 255)
    assert np.abs(codes - pixels / 257).max() < 1
    assert np.abs((codes - pixels / 257).mean()) < 0.02
