"""The tone loss by hand: what it is 0 for, what it asks of flat sources, and its gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from nle_style.core.training.losses.tone import PosterTones, poster_tones, tone_loss


def blocks(seed: int, cells: int = 8, low: float = 0.2, high: float = 0.8) -> Tensor:
    """A grey picture whose cells of 8 x 8 pixels are each of one value."""
    chance = torch.Generator().manual_seed(seed)
    values = torch.rand(1, 1, cells, cells, generator=chance) * (high - low) + low
    return values.repeat_interleave(8, 2).repeat_interleave(8, 3).expand(1, 3, -1, -1).clone()


def tones(mean: float, spread: float, like: Tensor) -> PosterTones:
    """A poster's luminance, with the palette of `like`."""
    own = poster_tones(like)
    return PosterTones(torch.tensor([[mean, spread]]), own.mean, own.covariance)


def test_poster_tones_by_numpy() -> None:
    chance = np.random.default_rng(2)
    pixels = chance.random((16, 24, 3)) @ np.array([[1, 0.3, 0], [0, 0.7, 0.2], [0, 0, 0.8]])
    pixels = (pixels / pixels.max()).astype(np.float32)
    found = poster_tones(torch.from_numpy(pixels).permute(2, 0, 1)[None])
    flat = pixels.reshape(-1, 3)
    np.testing.assert_allclose(found.mean[0], flat.mean(0), rtol=1e-5)
    np.testing.assert_allclose(found.covariance[0], np.cov(flat.T, bias=True), rtol=1e-4)
    luminance = pixels @ np.array([0.2126, 0.7152, 0.0722])
    cells = luminance.reshape(2, 8, 3, 8).mean(axis=(1, 3))
    expected = [cells.mean(), cells.std(ddof=1)]
    np.testing.assert_allclose(found.luminance[0], expected, rtol=1e-4)


def test_source_moved_and_scaled_to_the_poster_is_perfect() -> None:
    """0.1 + 0.5 x source has mean 0.1 + 0.5 m and half the spread; so has the poster: 0 in all."""
    source = blocks(1)
    output = 0.1 + 0.5 * source
    assert float(tone_loss(output, source, poster_tones(output))) == pytest.approx(0, abs=1e-6)


def test_guide_of_an_offset_by_hand() -> None:
    """An output 0.05 too bright everywhere: guide is 0.05² / spread², the palette's shift 0.05²
    x 3 over the sum of its three equal variances, halved."""
    source = blocks(1)
    poster = poster_tones(source)
    guide = 0.05**2 / float(poster.luminance[0, 1]) ** 2
    shift = 3 * 0.05**2 / (3 * float(poster.covariance[0, 0, 0]))
    found = float(tone_loss(source + 0.05, source, poster))
    assert found == pytest.approx(guide + shift / 2, rel=1e-4)


def test_targets_are_kept_within_the_display_range() -> None:
    """A poster of mean 0.9 asks what is above 1 to be 1, not more."""
    source = blocks(3)
    luminance = source[:, 0]
    target = 0.9 + (luminance - luminance.mean()) * 0.2 / luminance[:, ::8, ::8].std()
    assert float(target.max()) > 1
    output = target.clamp(0, 1)[:, None].expand(-1, 3, -1, -1)
    found = float(tone_loss(output, source, tones(0.9, 0.2, output)))
    assert found == pytest.approx(0, abs=1e-6)


def test_flat_source_asks_for_no_palette() -> None:
    """Flat source, flat output of the poster's mean luminance: no loss, whatever the colours."""
    source = torch.full((1, 3, 64, 64), 0.4)
    colourful = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    output = torch.full((1, 3, 64, 64), 0.5)
    assert float(tone_loss(output, source, tones(0.5, 0.2, colourful))) < 1e-6
    # With the contrast of a picture the same palette is asked for, and flat grey does not have it.
    assert float(tone_loss(output, blocks(1), tones(0.5, 0.2, colourful))) > 0.5


def test_a_source_of_little_contrast_is_not_stretched() -> None:
    """Contrast 0.012 is a tenth of 0.12: its guide has a tenth of the poster's spread, and the
    palette a tenth of its weight."""
    source = blocks(1)
    own = float(source[:, 0, ::8, ::8].std())
    faint = 0.5 + (source - source.mean()) * 0.012 / own
    painted = 0.5 + (source - source.mean()) * 0.02 / own
    poster = tones(0.5, 0.2, painted)
    assert float(tone_loss(painted, faint, poster)) == pytest.approx(0, abs=1e-6)
    shifted = PosterTones(poster.luminance, poster.mean + 0.1, poster.covariance)
    shift = 3 * 0.1**2 / (3 * float(poster.covariance[0, 0, 0]))
    found = float(tone_loss(painted, faint, shifted))
    assert found == pytest.approx(0.1 * shift / 2, rel=1e-3)


def test_rows_belong_to_their_images() -> None:
    one, other = blocks(1), 0.1 + 0.8 * blocks(2)
    posters = [poster_tones(one), poster_tones(other)]
    pictures = torch.cat([other, one])
    assert float(tone_loss(pictures, pictures, PosterTones.of(posters[::-1])).max()) < 1e-6
    assert float(tone_loss(pictures, pictures, PosterTones.of(posters)).min()) > 0.05


def test_gradient_flows_and_points_to_the_poster() -> None:
    """One step down the gradient of a random output lowers the loss, in every channel."""
    source, poster = blocks(1), poster_tones(blocks(4, low=0.4, high=0.9))
    output = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(3)).requires_grad_()
    loss = tone_loss(output, source, poster).sum()
    (gradient,) = torch.autograd.grad(loss, [output])
    assert torch.isfinite(gradient).all()
    assert float(gradient.abs().amax(dim=(0, 2, 3)).min()) > 0
    with torch.no_grad():
        lower = tone_loss(output - 10 * gradient, source, poster).sum()
    assert float(lower) < float(loss.detach())


def test_gradient_on_a_flat_source_is_finite() -> None:
    """std has no gradient at 0, but nothing is asked of the source."""
    source = torch.full((1, 3, 64, 64), 0.4)
    output = torch.full((1, 3, 64, 64), 0.5, requires_grad=True)
    loss = tone_loss(output, source, poster_tones(blocks(1))).sum()
    (gradient,) = torch.autograd.grad(loss, [output])
    assert torch.isfinite(gradient).all()
