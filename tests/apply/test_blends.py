"""Mixes of the shipped styles lie between them: distances move one way with the weights."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from nle_style.apply import Look, Stylizer
from nle_style.core import StylePack, load_pack
from nle_style.core.perceptual import load_vgg16, style_loss, style_targets
from nle_style.core.training.photos import load_image

ROOT = Path(__file__).parents[2]
PAIRS = (("blue", "fire"), ("yellow", "dark"), ("green", "pink"))
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)


@pytest.fixture(scope="module")
def pack() -> StylePack:
    return load_pack(ROOT / "models" / "posters.safetensors")


@pytest.fixture(scope="module")
def frame() -> np.ndarray:
    """A made scene, 320x180: sky, ground, a disc and some texture, so that no file is needed."""
    y, x = np.mgrid[0:180, 0:320].astype(np.float32)
    rgb = np.stack([0.3 + y / 400, 0.5 + x / 800, 0.9 - y / 300], axis=2)
    rgb[y > 110] = (0.35, 0.45, 0.2)
    rgb[(x - 90) ** 2 + (y - 80) ** 2 < 45**2] = (0.85, 0.65, 0.5)
    rgb[80:150, 200:280] = (0.25, 0.15, 0.15)
    texture = 0.12 * np.sin(x / 3) * np.cos(y / 4)
    return np.clip(rgb + texture[..., None], 0, 1).astype(np.float32)


def _blend(pack: StylePack, frame: np.ndarray, one: str, other: str, weight: float) -> np.ndarray:
    look = Look({one: 1 - weight, other: weight}, statistics="frame", stroke_scale=2 / 3)
    return Stylizer(pack, look, torch.device("cpu")).frame(frame)


def _colour_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Of the pictures' colours as normal distributions: the 2-Wasserstein (Fréchet) distance,
    sqrt(|m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^(1/2)))."""
    a, b = (picture.reshape(-1, 3).astype(np.float64) for picture in (one, other))
    first, second = np.cov(a.T), np.cov(b.T)
    # The square roots of the eigenvalues of C1·C2, which are real and not negative.
    roots = np.sqrt(np.clip(np.linalg.eigvals(first @ second).real, 0, None)).sum()
    squared = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(first + second) - 2 * roots
    return float(np.sqrt(max(squared, 0)))


def _assert_from_one_to_the_other(to_one: list[float], to_other: list[float]) -> None:
    assert all(before < after for before, after in pairwise(to_one)), to_one
    assert all(before > after for before, after in pairwise(to_other)), to_other


def test_the_colour_distance_of_known_pictures() -> None:
    """Moved by (.3, .4, 0): .5. Twice the contrast: the root of the variances' sum."""
    picture = np.random.default_rng(1).random((60, 60, 3))
    assert _colour_distance(picture, picture) == pytest.approx(0, abs=1e-6)
    assert _colour_distance(picture, picture + np.array([0.3, 0.4, 0])) == pytest.approx(0.5)
    spread = np.sqrt(np.trace(np.cov(picture.reshape(-1, 3).T)))
    mean = picture.mean((0, 1))
    assert _colour_distance(picture, mean + 2 * (picture - mean)) == pytest.approx(spread)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_colours_go_from_one_style_to_the_other(
    pack: StylePack, frame: np.ndarray, one: str, other: str
) -> None:
    blends = [_blend(pack, frame, one, other, weight) for weight in WEIGHTS]
    _assert_from_one_to_the_other(
        [_colour_distance(blend, blends[0]) for blend in blends],
        [_colour_distance(blend, blends[-1]) for blend in blends],
    )


@pytest.mark.slow
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_the_style_loss_goes_from_one_poster_to_the_other(
    pack: StylePack, frame: np.ndarray, shared: Path, one: str, other: str
) -> None:
    weights = shared / "weights" / "vgg16_features.safetensors"
    if not weights.is_file():
        pytest.skip(f"no VGG-16 weights: {weights}")
    vgg = load_vgg16(weights)
    distances: dict[str, list[float]] = {one: [], other: []}
    with torch.inference_mode():
        posters = {
            name: style_targets(
                vgg(load_image(shared / "posters" / "colour" / f"{name}.png", longest=320)[None])
            )
            for name in distances
        }
        for weight in WEIGHTS:
            blend = _blend(pack, frame, one, other, weight)
            maps = vgg(torch.from_numpy(blend).permute(2, 0, 1)[None])
            for name, found in distances.items():
                found.append(float(style_loss(maps, posters[name], "normalised")))
    # As far as the other style is from a poster a blend may be before its end, and farther: from
    # there on nothing is left of the one.
    far = distances[one][-1]
    assert all(a < b or a >= far for a, b in pairwise(distances[one])), distances[one]
    assert all(a > b for a, b in pairwise(distances[other])), distances[other]
