"""Stroke scale: the working size, and that a master and its proxy are painted alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nle_style.apply.engine import FrameEngine
from nle_style.apply.kernels import arrange
from nle_style.apply.look import Look
from nle_style.apply.stroke_scale import resample, working_size
from nle_style.apply.stylizer import Stylizer
from nle_style.core.style_pack import StylePack, load_pack
from nle_style.media.probe import probe_media
from nle_style.media.read import read_frames

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")

# Stated in docs/looks.md: how far a master painted and made small is from its proxy painted.
BOUND = 0.03


@pytest.mark.parametrize(
    ("width", "height", "scale", "expected"),
    [
        (1920, 1080, 1, (1920, 1080)),
        (3840, 2160, 1, (1920, 1080)),
        (3840, 2160, 0.5, (3840, 2160)),
        (2160, 3840, 1, (1080, 1920)),
        (1280, 720, 1, (1920, 1080)),
        (1280, 720, 1.5, (1280, 720)),
        (1280, 720, 4, (480, 270)),
        (2048, 1080, 1, (2048, 1080)),
        (1998, 1080, 1, (1998, 1080)),
        (1800, 1000, 1, (1800, 1000)),  # 1920 / 1800 = 1.067, native
        (1790, 1000, 1, (1920, 1073)),  # 1.073, not
        (4096, 2160, 1, (1920, 1012)),
        (3840, 10, 1, (1920, 8)),  # never below what the network takes
        (64, 48, 1, (512, 384)),  # eightfold at most
    ],
)
def test_working_size(width: int, height: int, scale: float, expected: tuple[int, int]) -> None:
    assert working_size(height, width, scale) == expected[::-1]


def test_resampling_keeps_flat_pictures_and_their_size() -> None:
    flat = torch.full((1, 3, 40, 60), 0.25)
    assert resample(flat, (40, 60)) is flat
    for size in ((20, 30), (90, 61), (9, 13)):
        torch.testing.assert_close(resample(flat, size), torch.full((1, 3, *size), 0.25))


def test_resampling_does_not_alias_and_clips_its_overshoot() -> None:
    """Every third column is 1: at a quarter of the size that is a third everywhere, whatever pixels
    the smaller ones lie on (a kernel that is not widened gives -0.19 to 0.59)."""
    stripes = (torch.arange(96) % 3 == 0).float().expand(1, 1, 32, 96)
    small = resample(stripes, (8, 24))[..., 2:-2]
    torch.testing.assert_close(small, torch.full((1, 1, 8, 20), 1 / 3), atol=0.03, rtol=0)
    step = (torch.arange(40) >= 20).float().expand(1, 1, 20, 40)
    large = resample(step, (60, 120))
    assert float(large.min()) == 0
    assert float(large.max()) == 1


def test_near_the_working_size_a_frame_is_painted_as_it_is(tiny_pack: Path) -> None:
    """Bit for bit what the network gives with overscan, here at 500 pixels for 480."""
    pack = load_pack(tiny_pack)
    rgb = np.random.default_rng(1).random((40, 500, 3), np.float32)
    painted = Stylizer(pack, Look({"red": 1}, 1, "frame", 4), CPU).frame(rgb)
    engine = FrameEngine(arrange(pack.network, pack.mix({"red": 1})))
    wide = np.pad(rgb, ((16, 16), (16, 16), (0, 0)), "reflect")
    expected = engine(torch.from_numpy(wide).permute(2, 0, 1)[None])[0].permute(1, 2, 0)
    np.testing.assert_array_equal(painted, expected.numpy()[16:-16, 16:-16])


@pytest.mark.parametrize(("height", "width"), [(41, 67), (67, 41), (300, 1101)])
def test_every_frame_keeps_its_size(tiny_pack: Path, height: int, width: int) -> None:
    rgb = np.random.default_rng(1).random((height, width, 3), np.float32)
    painted = Stylizer(load_pack(tiny_pack), Look({"red": 1}, 1, "frame", 4), CPU).frame(rgb)
    assert painted.shape == rgb.shape
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_statistics_are_measured_on_what_is_painted(tiny_pack: Path) -> None:
    """A shot of one frame: its frozen statistics are the frame's own, at the working size too."""
    pack = load_pack(tiny_pack)
    rgb = np.random.default_rng(6).random((300, 1100, 3), np.float32)
    alone = Stylizer(pack, Look({"red": 1}, 1, "frame", 4), CPU).frame(rgb)
    for statistics in ("shot", "hybrid"):
        stylizer = Stylizer(pack, Look({"red": 1}, 1, statistics, 4), CPU)
        stylizer.measure_shot([rgb])
        np.testing.assert_allclose(stylizer.frame(rgb), alone, atol=2e-5)


def _resized(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    planes = [
        np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.LANCZOS))
        for plane in np.moveaxis(rgb, 2, 0)
    ]
    return np.clip(np.stack(planes, 2), 0, 1)


def _master() -> np.ndarray:
    """A frame of the bundled footage, 960x540, with grain of its own pixels."""
    info = probe_media(ROOT / "examples" / "bigbuckbunny.mp4")
    (rgb,) = read_frames(info, 60, 60)
    rgb = _resized(rgb, 960, 540)
    grain = np.random.default_rng(1).normal(0, 0.02, (540, 960, 1)).astype(np.float32)
    return np.clip(rgb + grain, 0, 1)


def _paint(pack: StylePack, style: str, rgb: np.ndarray, scale: float) -> np.ndarray:
    look = Look({style: 1}, statistics="frame", stroke_scale=scale)
    return Stylizer(pack, look, CPU).frame(rgb)


@pytest.mark.slow
@pytest.mark.parametrize("style", ["blue", "yellow", "dark"])
def test_a_master_and_its_proxy_at_half_its_size_agree(style: str) -> None:
    """960x540 and 480x270 at scale 4 are 3840x2160 and 1920x1080 at 1: painted at the proxy's size,
    and natively, at half the scale, several times further apart."""
    pack = load_pack(ROOT / "models" / "posters.safetensors")
    master = _master()
    proxy = _resized(master, 480, 270)
    expected = _paint(pack, style, proxy, 4)

    def distance(scale: float) -> float:
        small = _resized(_paint(pack, style, master, scale), 480, 270)
        return float(np.sqrt(np.mean((small - expected) ** 2)))

    assert distance(4) < BOUND
    assert distance(2) > 3 * distance(4), "the control: natively they do not agree"
