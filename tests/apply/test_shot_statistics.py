"""What `hybrid` promises: no pumping when something enters, no breaking when exposure changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from nle_style.apply.look import Look, Statistics
from nle_style.apply.shot_statistics import exposure, luma_thumbnail, sample_frames
from nle_style.apply.stylizer import Stylizer
from nle_style.core.style_pack import load_pack

PACK = Path(__file__).resolve().parents[2] / "models" / "posters.safetensors"
H, W = 136, 240
# Clear of the object's edge by more than the 60 pixels that the network reaches.
STATIC = (slice(8, 128), slice(146, 236))
STYLES = ["blue", "yellow", "pink", "fire"]


def _room() -> np.ndarray:
    """A grey room with floor, door and window, as black-and-white film shows it."""
    y, x = np.mgrid[0:H, 0:W].astype(np.float32)
    grey = 0.55 + 0.12 * x / W - 0.08 * y / H
    grey[85:] *= 0.75
    grey[15:60, 150:200] = 0.75
    grey[17:58, 174:177] = 0.45
    grey[45:115, 22:52] = 0.38
    return np.repeat(grey[..., None], 3, axis=2)


def _grain(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2 / 255, (H, W, 1)).astype(np.float32)


def _entering(level: float) -> list[np.ndarray]:
    """Three frames of the room; then an object of `level` covers a quarter of it for three more."""
    frames = []
    for k in range(6):
        frame = _room()
        if k >= 3:
            frame[20:130, :80] = level
        frames.append(np.clip(frame + _grain(k), 0, 1))
    return frames


def _static_change(frames: list[np.ndarray], style: str, statistics: Statistics) -> float:
    """By how much the painted static region's mean colour differs between the halves, 0-1.

    A mean over three frames a half, because grain alone moves the painted mean a little.
    """
    stylizer = Stylizer(load_pack(PACK), Look({style: 1}, 1.0, statistics, 4), torch.device("cpu"))
    if stylizer.needs_measuring:
        stylizer.measure_shot([frames[k] for k in sample_frames(0, len(frames) - 1)])
    means = np.array([stylizer.frame(frame)[STATIC].mean((0, 1)) for frame in frames])
    half = len(frames) // 2
    return float(np.abs(means[half:].mean(0) - means[:half].mean(0)).mean())


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_an_entering_object_moves_hybrid_by_less_than_half_of_frame(style: str) -> None:
    bright = _entering(0.95)
    frame = _static_change(bright, style, "frame")
    assert frame > 0.02, "without pumping there is nothing to compare with"
    assert _static_change(bright, style, "hybrid") < frame / 4
    dark = _entering(0.04)
    assert _static_change(dark, style, "hybrid") < _static_change(dark, style, "frame") / 2


@pytest.mark.slow
@pytest.mark.parametrize("style", ["blue", "dark"])
def test_a_ramp_of_exposure_does_not_change_hybrid(style: str) -> None:
    ramp = [_room() * np.float32(gain) for gain in (1, 0.8, 0.45, 0.3)]
    assert _static_change(ramp, style, "shot") > 0.05
    assert _static_change(ramp, style, "hybrid") < 0.002


def test_exposure_is_the_weighted_median_of_the_ratios() -> None:
    """By hand: ratios 2, 1, 5 of weights .1, .3, .2: half of .6 is reached at ratio 2."""
    reference = np.array([[0.1, 0.3, 0.2]])
    assert exposure(np.array([[0.2, 0.3, 1.0]]), reference) == pytest.approx(2)
    assert exposure(reference * 0.25, reference) == pytest.approx(0.25)
    assert exposure(reference, np.zeros((1, 3))) == 1
    assert exposure(np.zeros((1, 3)), reference) == 1 / 32


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_what_enters_does_not_count_as_exposure(level: float) -> None:
    """A third of the picture is covered: the mean moves by a third, the exposure by grain."""
    before, after = _room() + _grain(1), _room() + _grain(2)
    after[:, : W // 3] = level
    a, b = luma_thumbnail(before), luma_thumbnail(after)
    assert abs(b.mean() / a.mean() - 1) > 0.25
    assert exposure(b, a) == pytest.approx(1, abs=0.02)
    assert exposure(b * 0.5, a) == pytest.approx(0.5, abs=0.01)
