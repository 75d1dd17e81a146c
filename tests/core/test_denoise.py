"""Noise reduction: the guided filter of the paper, the same in parts as in the whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nle_style.core.denoise import denoised, denoised_in_tiles


def _windows(values: np.ndarray) -> np.ndarray:
    """The mean over 17×17 pixels around each one, as far as they lie in the picture, one by one:
    (H, W, C) -> the same."""
    height, width = values.shape[:2]
    made = np.empty_like(values)
    for y in range(height):
        for x in range(width):
            part = values[max(0, y - 8) : y + 9, max(0, x - 8) : x + 9]
            made[y, x] = part.mean((0, 1))
    return made


@pytest.mark.parametrize("size", [(30, 41), (9, 60), (1, 1), (8, 3)])
def test_it_is_the_guided_filter_of_the_paper(size: tuple[int, int]) -> None:
    """He, Sun, Tang 2013, equations 5, 6 and 8, in float64 and window by window."""
    picture = np.random.default_rng(1).random((*size, 3)) * 0.2 + 0.3
    mean = _windows(picture)
    variance = (_windows(picture**2) - mean**2).mean(2, keepdims=True)
    a = variance / (variance + 0.04**2)
    expected = _windows(a) * picture + _windows((1 - a) * mean)
    found = denoised(torch.from_numpy(picture).float().permute(2, 0, 1)[None])
    np.testing.assert_allclose(found[0].permute(1, 2, 0), expected, rtol=0, atol=2e-6)


def test_grain_goes_and_an_edge_stays() -> None:
    """Variances: of the grain (2 codes of 255) 6e-5, which keeps 4%; in windows that lie half on an
    edge of a third of the range 0.028, which keeps 95%."""
    chance = np.random.default_rng(2)
    clean = np.full((1, 1, 96, 96), 0.3, np.float32)
    clean[..., 48:] = 0.3 + 1 / 3
    grain = chance.normal(0, 2 / 255, clean.shape).astype(np.float32)
    found = denoised(torch.from_numpy(clean + grain)).numpy() - clean
    far = np.s_[..., 17:-17, 17:31]
    assert found[far].std() < 0.08 * grain[far].std()
    steps = found[..., 17:-17, 47:49].mean(2)
    assert np.abs(steps).max() < 0.02


@pytest.mark.parametrize("size", [(400, 700), (256, 640), (257, 641), (8, 1300)])
@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_parts_have_the_values_of_the_whole(
    size: tuple[int, int], memory: torch.memory_format
) -> None:
    picture = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(3))
    picture = picture.contiguous(memory_format=memory)
    assert torch.equal(denoised_in_tiles(picture, 0.07), denoised(picture, 0.07))
    assert not torch.allclose(denoised(picture, 0.07), denoised(picture))
