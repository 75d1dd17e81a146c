"""Overscan: what is painted beyond the edges, and that it takes the seam."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nle_style.apply import Look, Stylizer
from nle_style.core import cut_overscan, load_pack, overscan_of
from nle_style.core.overscan import with_overscan
from nle_style.shipped import find_pack


def test_a_picture_is_continued_by_its_reflection() -> None:
    """Along each axis, corners included, as NumPy reflects."""
    image = torch.rand(1, 3, 20, 33, generator=torch.Generator().manual_seed(1))
    wide = with_overscan(image)
    expected = np.pad(image.numpy(), ((0, 0), (0, 0), (16, 16), (16, 16)), "reflect")
    np.testing.assert_array_equal(wide.numpy(), expected)
    torch.testing.assert_close(cut_overscan(wide, 20, 33), image, rtol=0, atol=0)


def test_a_small_picture_is_reflected_as_far_as_it_goes() -> None:
    """Of 4 values there are 3 to reflect."""
    row = torch.tensor([1.0, 2, 3, 4]).expand(1, 1, 17, 4)
    wide = with_overscan(row)
    assert wide.shape == (1, 1, 49, 10)
    assert wide[0, 0, 0].tolist() == [4, 3, 2, 1, 2, 3, 4, 3, 2, 1]
    assert cut_overscan(wide, 17, 4)[0, 0, 0].tolist() == [1, 2, 3, 4]
    assert [overscan_of(side) for side in (1, 8, 16, 17, 1080)] == [0, 7, 15, 16, 16]


@pytest.mark.parametrize("statistics", ["frame", "hybrid"])
def test_no_seam_at_the_edges(statistics: str) -> None:
    """Two of the shipped styles with fine strokes, on a slanted grating: its outermost 8 pixels
    are painted about as where its reflection goes on for 64 pixels, farther than the network
    reaches."""
    pack = load_pack(find_pack(None))
    y, x = np.mgrid[:136, :480].astype(np.float32)
    small = np.stack([0.5 + 0.3 * np.sin((x * k + y) / 9) for k in (0.5, 0.6, 0.7)], axis=-1)
    large = np.pad(small, ((64, 64), (64, 64), (0, 0)), "reflect")
    for style in ("blue", "fire"):
        look = Look({style: 1}, 1, statistics)  # type: ignore[arg-type]
        # Both are painted as large as they are.
        painted, expected = (
            _painted(Stylizer(pack, look, torch.device("cpu")), rgb) for rgb in (small, large)
        )
        change = painted - expected[64:-64, 64:-64]
        at_the_edges = np.ones(change.shape[:2], bool)
        at_the_edges[8:-8, 8:-8] = False
        # 0.110 at most; 0.2 and more without overscan.
        assert np.sqrt(np.mean(change[at_the_edges] ** 2)) < 0.12


def _painted(stylizer: Stylizer, rgb: np.ndarray) -> np.ndarray:
    if stylizer.needs_measuring:
        stylizer.measure_shot([rgb])
    return stylizer.frame(rgb)
