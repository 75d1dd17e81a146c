"""Flat frames, titles that fade, lights on black: painted as what they are, in every mode.

The pack is the shipped one: what its norms meet in photographs is what these are about. What is
expected needs no network: black is no brighter than grey and grey than white; the black that a
title comes from is the black around the title.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from nle_style.apply import LUMA_WEIGHTS, Look, Stylizer
from nle_style.apply.look import Statistics
from nle_style.apply.shot import sample_frames
from nle_style.core import StylePack, load_pack

ROOT = Path(__file__).resolve().parents[3]
HEIGHT, WIDTH = 96, 160
COUNT = 24
MODES: tuple[Statistics, ...] = ("frame", "shot", "hybrid")
Painter = Callable[[list[np.ndarray], Statistics], Stylizer]


@pytest.fixture(scope="module")
def pack() -> StylePack:
    return load_pack(ROOT / "models" / "posters.safetensors")


@pytest.fixture(params=["torch", "OpenVINO"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both of the ways that a frozen network runs on a CPU."""
    if request.param == "torch":
        monkeypatch.setattr(Stylizer, "_by_openvino", False)
    else:
        pytest.importorskip("openvino")
    return str(request.param)


def stylizer(
    pack: StylePack, frames: list[np.ndarray], mode: Statistics, **styles: float
) -> Stylizer:
    made = Stylizer(pack, Look(styles or {"blue": 1.0}, statistics=mode), torch.device("cpu"))
    if mode != "frame":
        made.measure_shot([frames[i] for i in sample_frames(0, len(frames) - 1)])
    return made


def flat(level: float | tuple[float, float, float], noise: float = 0) -> np.ndarray:
    """One colour, with noise of a standard deviation of so many codes of 255."""
    grain = np.random.default_rng(1).normal(0, noise / 255, (HEIGHT, WIDTH, 3))
    return np.clip(np.float32(level) + grain, 0, 1).astype(np.float32)


def title(level: float) -> np.ndarray:
    """White letters on black, at a stage of their fade."""
    image = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(image).text((50, 34), "TITLE", fill=255, font_size=24)
    return np.repeat(np.float32(image)[..., None] / 255 * np.float32(level), 3, axis=2)


def fading_title() -> list[np.ndarray]:
    """From black, up within six frames, and down to black again."""
    return [title(min(1, i / 6, (COUNT - 1 - i) / 6)) for i in range(COUNT)]


def light_at(x: float) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    spot = np.exp(-(((columns - x) / 6) ** 2) - ((rows - HEIGHT / 2) / 6) ** 2)
    return np.repeat(spot.astype(np.float32)[..., None], 3, axis=2)


def corner(painted: np.ndarray) -> np.ndarray:
    """The mean colour of a corner that nothing comes near."""
    colour: np.ndarray = painted[:12, :24].mean((0, 1))
    return colour


@pytest.mark.parametrize("style", ["dark", "fire"])
def test_a_card_of_one_colour_is_one_colour_in_every_mode(
    style: str, engine: str, pack: StylePack
) -> None:
    light = []
    for level in (0.0, 0.5, 1.0):
        card = flat(level)
        painted = [stylizer(pack, [card] * 4, mode, **{style: 1.0}).frame(card) for mode in MODES]
        for each in painted:
            assert np.isfinite(each).all()
            assert each.std((0, 1)).max() < 0.02
            assert np.abs(each - painted[0]).max() < 0.02
        light.append(float(painted[0].mean((0, 1)) @ np.float32(LUMA_WEIGHTS)))
    assert light[0] < light[1] - 0.05 < light[2] - 0.1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("level", [0.5, (0.8, 0.1, 0.1)])
def test_noise_of_half_a_code_is_no_picture(
    level: float | tuple[float, float, float], mode: Statistics, pack: StylePack
) -> None:
    card, noisy = flat(level), flat(level, 0.5)
    clean = stylizer(pack, [card] * 4, mode).frame(card)
    painted = stylizer(pack, [noisy] * 4, mode).frame(noisy)
    assert np.abs(painted - clean).mean() < 0.02


@pytest.mark.parametrize("mode", ["shot", "hybrid"])
def test_a_title_comes_from_the_black_that_is_around_it(
    mode: Statistics, engine: str, pack: StylePack
) -> None:
    frames = fading_title()
    made = stylizer(pack, frames, mode)
    shown = made.frame(frames[COUNT // 2])
    for end in (0, -1):
        black = made.frame(frames[end])
        assert black.std((0, 1)).max() < 0.02
        assert np.abs(corner(black) - corner(shown)).max() < 0.05


def test_a_black_frame_between_pictures_is_dark_in_frame(pack: StylePack) -> None:
    made = stylizer(pack, [], "frame")
    black, white = (made.frame(flat(level)) for level in (0.0, 1.0))
    assert black.mean() < 0.25 < white.mean() - 0.25


@pytest.mark.parametrize("mode", ["shot", "hybrid"])
def test_a_light_that_moves_over_black_leaves_the_black_as_it_is(
    mode: Statistics, engine: str, pack: StylePack
) -> None:
    frames = [light_at(90 + 2 * i) for i in range(COUNT)]  # the network sees 56 pixels far
    made = stylizer(pack, frames, mode)
    blacks = np.stack([corner(made.frame(frames[i])) for i in (0, 5, 12, COUNT - 1)])
    assert np.ptp(blacks, axis=0).max() < 0.02
    assert blacks.max() < 0.8


@pytest.mark.parametrize("mode", MODES)
def test_the_bars_of_a_letterbox_are_one_dark_tone_before_and_after_a_fade(
    mode: Statistics, pack: StylePack
) -> None:
    """Half of the frame is bars, which no fade touches: away from the picture, 56 pixels, they look
    the same while it is black and while it is there."""
    rows = np.arange(HEIGHT * 2)
    bars = (rows < HEIGHT * 3 // 4) | (rows >= HEIGHT * 5 // 4)
    grain = np.random.default_rng(2).random((HEIGHT * 2, WIDTH, 3), np.float32)
    frames = [
        np.where(bars[:, None, None], np.float32(0), grain * np.float32(min(1, i / 12)))
        for i in range(COUNT)
    ]
    made = stylizer(pack, frames, mode)
    shown, black = made.frame(frames[-1]), made.frame(frames[0])
    assert shown[:12].std((0, 1)).max() < 0.05
    assert shown[:12].mean() < shown[90:102].mean() - 0.05
    if mode != "frame":  # whose black frame is normalised by photographs', for want of a picture
        assert np.abs(corner(shown) - corner(black)).max() < 0.05


@pytest.mark.parametrize("mode", ["shot", "hybrid"])
def test_black_leader_with_a_slate_is_black_with_a_slate(
    mode: Statistics, engine: str, pack: StylePack
) -> None:
    """Two frames of a slate in two seconds of black: whether or not a sample meets them."""
    for slates in ((20, 21), sample_frames(0, 47)[:2]):
        frames = [title(1) if i in slates else flat(0) for i in range(48)]
        made = stylizer(pack, frames, mode)
        black, slate = made.frame(frames[0]), made.frame(frames[slates[0]])
        assert black.std((0, 1)).max() < 0.02
        assert black.mean() < 0.5
        assert np.abs(corner(black) - corner(slate)).max() < 0.05
        assert slate.std((0, 1)).max() > 0.05


def test_two_samples_without_common_light_have_no_exposure(pack: StylePack) -> None:
    """Half of the reference's light is at 0 and half at 2 times as bright: both are as good."""
    frames = [light_at(40), light_at(120)]
    made = stylizer(pack, frames, "hybrid")
    assert made.measure(frames).gain(frames[0]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("mode", MODES)
def test_a_strobe_and_a_blend_of_styles_stay_in_range(mode: Statistics, pack: StylePack) -> None:
    frames = [title(1) if i % 4 == 0 else flat(1.0 if i % 4 == 2 else 0.0) for i in range(COUNT)]
    made = stylizer(pack, frames, mode, blue=0.5, fire=0.5)
    for frame in frames[:4]:
        painted = made.frame(frame)
        assert np.isfinite(painted).all()
        assert painted.min() >= 0
        assert painted.max() <= 1


def test_the_middles_of_equal_parts_are_measured() -> None:
    assert sample_frames(0, 23) == [3, 9, 15, 21]
    assert sample_frames(10, 12) == [10, 11, 12]
    assert sample_frames(7, 7) == [7]
    assert sample_frames(0, 999) == [62, 187, 312, 437, 562, 687, 812, 937]
