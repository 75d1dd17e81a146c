"""Colour `source`: the painting's luma, the clip's chroma, no channel clipped by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from nle_style.apply import Look, Stylizer
from nle_style.apply.chroma import keep_chroma, luma
from nle_style.core import load_pack


def _pixel(*rgb: float) -> torch.Tensor:
    return torch.tensor(rgb)[None, :, None, None]


def _ycbcr(rgb: torch.Tensor) -> torch.Tensor:
    """BT.709-6, items 3.2 and 3.3, written out: Y', Cb, Cr."""
    red, green, blue = rgb.double().unbind(1)
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return torch.stack([y, (blue - y) / 1.8556, (red - y) / 1.5748], 1)


def test_luma_of_the_primaries() -> None:
    for rgb, expected in (((1, 0, 0), 0.2126), ((0, 1, 0), 0.7152), ((0, 0, 1), 0.0722)):
        assert float(luma(_pixel(*map(float, rgb)))) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("painted", "source", "expected"),
    [
        # Luma .31404, chroma (.08596, -.01404, -.11404): at luma .5 it fits as it is.
        ((0.5, 0.5, 0.5), (0.4, 0.3, 0.2), (0.58596, 0.48596, 0.38596)),
        # Luma 1 has room for no chroma, nor has luma 0.
        ((1.0, 1.0, 1.0), (0.9, 0.2, 0.1), (1.0, 1.0, 1.0)),
        ((0.0, 0.0, 0.0), (0.9, 0.2, 0.1), (0.0, 0.0, 0.0)),
        # Pure green has chroma (-.7152, .2848, -.7152): at luma .3576 only half of it fits.
        ((0.3576, 0.3576, 0.3576), (0.0, 1.0, 0.0), (0.0, 0.5, 0.0)),
        # A grey source has no chroma: the painting's light alone.
        ((0.0, 0.5, 1.0), (0.3, 0.3, 0.3), (0.4298, 0.4298, 0.4298)),
    ],
)
def test_by_hand(
    painted: tuple[float, ...], source: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    result = keep_chroma(_pixel(*painted), _pixel(*source))
    torch.testing.assert_close(result, _pixel(*expected), atol=1e-6, rtol=0)


def test_luma_is_the_paintings_and_hue_is_the_sources_everywhere() -> None:
    generator = torch.Generator().manual_seed(3)
    painted, source = torch.rand(2, 3, 64, 64, generator=generator).split(1)
    result = keep_chroma(painted, source)
    assert float(result.min()) >= 0
    assert float(result.max()) <= 1
    y, chroma = _ycbcr(result)[:, :1], _ycbcr(result)[:, 1:]
    wanted = _ycbcr(source)[:, 1:]
    torch.testing.assert_close(y, _ycbcr(painted)[:, :1], atol=1e-6, rtol=0)
    # The same direction: no cross product, and none is turned round.
    cross = chroma[:, 0] * wanted[:, 1] - chroma[:, 1] * wanted[:, 0]
    assert float(cross.abs().max()) < 1e-6
    assert float((chroma * wanted).sum(1).min()) > -1e-7
    inside = (luma(painted)[:, 0] - 0.5).abs() < 0.1
    inside &= (source - luma(source)).abs().amax(1) < 0.4
    assert int(inside.sum()) > 20, "the sample has pixels whose chroma fits"
    kept = (chroma - wanted).abs().amax(1)
    assert float(kept[inside].max()) < 1e-6


def test_a_stylizers_frame_has_the_clips_cb_and_cr(tiny_pack: Path) -> None:
    """Muted colours fit at every luma the tiny network paints, so none is drawn to grey."""
    rgb = 0.5 + 0.1 * np.random.default_rng(2).random((60, 80, 3), np.float32)
    pack = load_pack(tiny_pack)
    look = Look({"red": 1}, statistics="frame", colour="source")
    result = Stylizer(pack, look, torch.device("cpu")).frame(rgb)
    plain = Look({"red": 1}, statistics="frame")
    poster = Stylizer(pack, plain, torch.device("cpu")).frame(rgb)
    ours, theirs, clip = (
        _ycbcr(torch.from_numpy(picture).permute(2, 0, 1)[None])
        for picture in (result, poster, rgb)
    )
    fits = (ours[:, 0] > 0.1) & (ours[:, 0] < 0.9)
    assert float(fits.double().mean()) > 0.5
    difference = (ours - clip).abs().amax(0)[1:]
    assert float(difference[:, fits[0]].max()) < 1e-6
    assert float((ours - theirs)[:, 0].abs().max()) < 1e-6
    assert float((theirs - clip).abs()[:, 1:].mean()) > 0.01, "the poster has colours of its own"


def test_strength_blends_the_source_with_the_recoloured_painting(tiny_pack: Path) -> None:
    rgb = np.random.default_rng(4).random((40, 64, 3), np.float32)
    pack = load_pack(tiny_pack)

    def frame(strength: float) -> np.ndarray:
        look = Look({"red": 1}, strength, "frame", 1.0, "source")
        return Stylizer(pack, look, torch.device("cpu")).frame(rgb)

    assert frame(0.0) is rgb
    np.testing.assert_allclose(frame(0.25), 0.75 * rgb + 0.25 * frame(1.0), atol=1e-6)
