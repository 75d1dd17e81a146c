"""What lies beyond a picture's edges, made part by part."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch

from nle_style.apply.engine import blank, reflect_margins
from nle_style.apply.engine.reflected import Reflected
from nle_style.core import pad_to_stride
from nle_style.core.overscan import with_overscan


def _picture(height: int, width: int) -> tuple[np.ndarray, torch.Tensor]:
    rgb = np.random.default_rng(5).random((height, width, 3), np.float32)
    return rgb, torch.from_numpy(rgb).permute(2, 0, 1)[None]


def _whole(picture: torch.Tensor, overscan: tuple[int, int]) -> torch.Tensor:
    reflected = Reflected(picture, overscan)
    rows, columns = reflected.size
    return reflected.part((0, rows), (0, columns))


def _in_place(picture: torch.Tensor, overscan: tuple[int, int]) -> torch.Tensor:
    (down, right), (height, width) = overscan, picture.shape[-2:]
    made = blank(3, height + 2 * down, width + 2 * right, picture.device)
    made[..., down : down + height, right : right + width] = picture
    reflect_margins(made, overscan)
    return made


@pytest.mark.parametrize("way", [_whole, _in_place])
@pytest.mark.parametrize(("height", "width"), [(40, 67), (8, 40), (40, 9), (1, 20)])
def test_overscan_is_a_reflection_with_channels_together(
    height: int, width: int, way: Callable[[torch.Tensor, tuple[int, int]], torch.Tensor]
) -> None:
    """As NumPy reflects, corners included, and as training does."""
    rgb, picture = _picture(height, width)
    down, right = min(16, height - 1), min(16, width - 1)
    wide = way(picture, (down, right))
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
    _whole(picture, (0, 0)).mul_(2)
    np.testing.assert_array_equal(rgb, before)
