"""Formulas that stand in the exported network are those of the offline renderer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nle_style.apply.stroke_scale import REFERENCE_SIDE
from nle_style.apply.stroke_scale import working_size as offline_size
from nle_style.core import completed, instance_statistics
from nle_style.core import contrast as offline_contrast
from nle_style.core.export.live_colour import (
    knee_factor,
    recombine,
    srgb_from_linear,
    srgb_to_linear,
)
from nle_style.core.export.live_network import contrast, normalised, working_size
from nle_style.media.colour import SceneColour
from nle_style.media.colour.source_space import SourceColour

pytestmark = pytest.mark.filterwarnings(r"ignore:`torch\.jit")

LINEAR = SceneColour(SourceColour("linear", lambda rgb: rgb, lambda rgb: rgb))


def test_it_is_painted_at_the_renderers_size() -> None:
    """As Python and as what is in the file, beyond the knob's range too, and on both sides of every
    size at which the formula changes its mind."""
    compiled = torch.jit.script(working_size)
    scales = (0.01, 0.125, 0.25, 0.5, 0.934, 0.935, 1.0, 1.075, 1.076, 1.3, 2.0, 2.5, 4.0)
    turns = [round(REFERENCE_SIDE * part) for part in (1 / 8, 1 / 4, 1, 1 / 0.93, 1 / 1.07, 2, 6.4)]
    sides = {1, 2, 7, 8, 9, 17, 63, 64, 121, 240, 333, 854, 1080, 1920, 2048, 3840, 4321, 8192}
    sides |= {turn + step for turn in turns for step in (-2, -1, 0, 1, 2)}
    sizes = {(side, other) for side in sides for other in (1, 8, 33, 817, 1080, 4320)}
    for height, width in sizes | {(width, height) for height, width in sizes}:
        for scale in scales:
            wanted = offline_size(height, width, scale)
            assert working_size(height, width, scale) == wanted
            assert compiled(height, width, scale) == wanted


@pytest.mark.parametrize("scale", [0.25, 0.5, 1.0, 1.3, 4.0])
@pytest.mark.parametrize(
    ("height", "width"), [(540, 960), (1080, 1920), (2160, 4096), (900, 300), (64, 64)]
)
def test_the_working_size_is_the_formula(height: int, width: int, scale: float) -> None:
    """The longer side is min(frame, reference) / scale, the shape is the frame's, and at scale 1
    nothing is enlarged."""
    rows, columns = working_size(height, width, scale)
    wanted = min(max(height, width), REFERENCE_SIDE) / scale
    assert max(rows, columns) == pytest.approx(wanted, abs=0.5)
    assert rows / columns == pytest.approx(height / width, rel=0.5 / min(rows, columns) + 0.001)
    if scale == 1:
        assert (rows, columns) <= (height, width)


def test_the_colour_formulas_are_those_of_scene_colour() -> None:
    """Over half float's range: `encode` against the knee, `decode` against the recombine."""
    random = np.random.default_rng(5)
    powers = np.exp2(random.uniform(-20, 15.9, (64, 64, 3))).astype(np.float32)
    frame = powers * random.choice(np.array([1, 1, 1, -1], np.float32), powers.shape)
    paint = random.random(frame.shape, np.float32)
    linear, code = (torch.from_numpy(a).permute(2, 0, 1)[None] for a in (frame, paint))
    display = srgb_from_linear(torch.clamp(linear / knee_factor(linear), 0, 1))
    wanted = LINEAR.encode(frame)
    np.testing.assert_allclose(display[0].permute(1, 2, 0).numpy(), wanted, rtol=0, atol=1e-6)
    result = recombine(linear, srgb_to_linear(code))[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(result, LINEAR.decode(wanted, paint, frame), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.004, 1.0])
def test_flat_pictures_are_completed_as_in_the_network(level: float) -> None:
    torch.manual_seed(1)
    x, gamma, beta = torch.rand(1, 3, 8, 8) * level, torch.rand(3), torch.rand(3)
    mean, variance = torch.rand(3), torch.rand(3)
    own, typical = instance_statistics(x), (mean[None], variance[None])
    share = offline_contrast(own, typical)
    assert torch.allclose(contrast(x, variance), share[0, 0])
    of_mean, of_variance = completed(own, typical, share)
    scale = gamma * torch.rsqrt(of_variance + 1e-5)
    wanted = x * scale[..., None, None] + (beta - of_mean * scale)[..., None, None]
    got = torch.jit.script(normalised)(x, gamma, beta, mean, variance, share[0, 0])
    assert torch.allclose(got, wanted, atol=1e-5)
    assert torch.allclose(torch.jit.script(contrast)(x, variance), share[0, 0])
