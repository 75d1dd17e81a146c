"""The temporal losses on paintings whose steadiness is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from nle_style.core.training.losses.temporal import motion_loss, noise_loss, smooth_flow, warp


def _image() -> Tensor:
    return torch.rand(3, 3, 96, 80, generator=torch.Generator().manual_seed(1)) * 0.6 + 0.2


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_noise_loss_of_a_scaling_is_its_square(factor: float) -> None:
    image = _image()
    chance = np.random.default_rng(3)
    loss = noise_loss(lambda x: factor * x, image, factor * image, chance)
    torch.testing.assert_close(loss, torch.full((3,), factor**2), rtol=1e-4, atol=0)


def test_noise_loss_of_a_constant_is_0() -> None:
    image = _image()
    flat = torch.zeros_like(image)
    assert float(noise_loss(lambda x: flat, image, flat, np.random.default_rng(3)).max()) == 0


def test_motion_loss_of_what_moves_along_is_0() -> None:
    """1 - x commutes with every motion; the pan is exact, the warp interpolates both alike."""
    image = _image()
    for seed in range(12):
        chance = np.random.default_rng(seed)
        loss = motion_loss(lambda x: 1 - x, image, 1 - image, chance)
        # A bicubic warp may leave 0-1 by a little, where the image is clipped and the painting not.
        assert float(loss.max()) < 1e-2, seed


def test_motion_loss_of_what_sticks_to_the_screen_by_hand() -> None:
    """A painting that is a ramp of 0.01 a pixel on the screen: a pan by d changes it by 0.01 d."""

    def paint(x: Tensor) -> Tensor:
        ramp = 0.01 * torch.arange(x.shape[-1], dtype=torch.float32)
        return ramp.expand(x.shape).contiguous()

    image = _image()
    found = set()
    for seed in range(30):
        loss = motion_loss(paint, image, paint(image), np.random.default_rng(seed))
        right = float(loss[0].sqrt()) * 0.05 / 0.01
        if abs(right - round(right)) < 1e-3:
            found.add(round(right))
    assert len(found) > 5
    assert max(found) <= 10


def test_warp_by_whole_pixels_is_a_shift() -> None:
    image = _image()
    flow = torch.zeros(96, 80, 2)
    flow[..., 0], flow[..., 1] = 3, -2
    moved = warp(image, flow)
    torch.testing.assert_close(
        moved[..., 10:-10, 10:-10], image[..., 8:-12, 13:-7], atol=1e-5, rtol=0
    )


def test_smooth_flow_is_bounded_and_smooth() -> None:
    for seed in range(20):
        flow = smooth_flow(60, 90, np.random.default_rng(seed))
        assert flow.shape == (60, 90, 2)
        assert float(flow.abs().max()) <= 10
        assert float((flow[1:] - flow[:-1]).abs().max()) < 1.5
