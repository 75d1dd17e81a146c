"""What lies beyond a picture's edges, made part by part."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from nle_style.apply.engine import Reflected
from nle_style.core import pad_to_stride
from nle_style.core.overscan import with_overscan


def _picture(height: int, width: int) -> tuple[np.ndarray, torch.Tensor]:
    rgb = np.random.default_rng(5).random((height, width, 3), np.float32)
    return rgb, torch.from_numpy(rgb).permute(2, 0, 1)[None]


@pytest.mark.parametrize(("height", "width"), [(40, 67), (8, 40), (40, 9)])
def test_overscan_is_a_reflection_with_channels_together(height: int, width: int) -> None:
    """As NumPy reflects, corners included, and as training does."""
    rgb, picture = _picture(height, width)
    down, right = min(16, height - 1), min(16, width - 1)
    wide = Reflected(picture, (down, right)).whole()
    expected = np.pad(rgb, ((down, down), (right, right), (0, 0)), "reflect")
    assert wide.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_array_equal(wide[0].permute(1, 2, 0).numpy(), expected)
    assert torch.equal(wide, with_overscan(picture))


@pytest.mark.parametrize("overscan", [(0, 0), (3, 5)])
def test_every_part_is_that_of_the_whole(overscan: tuple[int, int]) -> None:
    """Parts that end in the overscan, in what fills the last stride, or between."""
    rgb, picture = _picture(9, 10)
    (down, right) = overscan
    wide = np.pad(rgb, ((down, down), (right, right), (0, 0)), "reflect")
    expected = pad_to_stride(torch.from_numpy(wide).permute(2, 0, 1)[None])
    reflected = Reflected(picture, overscan, 4)
    assert reflected.size == expected.shape[-2:]
    rows, columns = (list(itertools.combinations(range(n + 1), 2)) for n in reflected.size)
    for down_to, across in itertools.product(rows, columns):
        part = reflected.part(down_to, across)
        assert part.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(part, expected[..., slice(*down_to), slice(*across)])


def test_a_part_is_its_own() -> None:
    """The exposure is divided out of it in place."""
    rgb, picture = _picture(12, 12)
    before = rgb.copy()
    Reflected(picture).whole().mul_(2)
    np.testing.assert_array_equal(rgb, before)
