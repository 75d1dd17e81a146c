"""Stroke scale: the working size, and that a master and its proxy are painted alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nle_style.apply import Look, Stylizer, painted_at, resample, stroke_scale
from nle_style.apply.engine import FrameEngine, arrange
from nle_style.apply.stroke_scale import working_size
from nle_style.core import StylePack, denoised, load_pack
from nle_style.media.source import probe_media, read_frames

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")

# Stated in docs/looks.md: how far a master painted and made small is from its proxy painted.
BOUND = 0.03


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longer side that the sizes below were worked out for."""
    monkeypatch.setattr(stroke_scale, "REFERENCE_SIDE", 1280)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("plugins/client/jobs.py", "at most {}"),
        ("plugins/nuke/nle_style_nuke/node/knobs.py", "at most {} pixels"),
        ("docs/looks.md", "but {} pixels at most, / stroke scale"),
        ("docs/job.md", "at most {} pixels"),
        ("docs/hosts/nuke.md", "at most {} pixels"),
        ("docs/measured/speed.md", "painted {} pixels wide"),
        ("README.md", "painted at {} pixels"),
    ],
)
def test_whoever_names_the_longer_side_names_this_one(file: str, words: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert words.format(stroke_scale.REFERENCE_SIDE) in text


@pytest.mark.usefixtures("by_hand")
@pytest.mark.parametrize(
    ("width", "height", "scale", "expected"),
    [
        (1920, 1080, 1, (1280, 720)),
        (3840, 2160, 1, (1280, 720)),
        (2160, 3840, 1, (720, 1280)),
        (4096, 2160, 1, (1280, 675)),
        (3840, 2160, 0.5, (2560, 1440)),
        (3840, 2160, 1 / 3, (3840, 2160)),
        (1920, 1080, 2, (640, 360)),
        # A frame with fewer pixels is not enlarged,
        (1280, 720, 1, (1280, 720)),
        (640, 480, 1, (640, 480)),
        (480, 640, 1, (480, 640)),
        (64, 48, 1, (64, 48)),
        # and its strokes are twice as large at 2, in it as in a large one,
        (1280, 720, 2, (640, 360)),
        (640, 480, 2, (320, 240)),
        # but below 1 it is, and so painted as its master is at 1.
        (640, 360, 0.5, (1280, 720)),
        (640, 480, 0.25, (2560, 1920)),
        (1920, 1080, 0.67, (1920, 1080)),  # 1280 / 1920 / 0.67 = 0.995, native
        (1376, 1000, 1, (1376, 1000)),  # 1280 / 1376 = 0.930, native
        (1377, 1000, 1, (1280, 930)),  # 0.9296, not
        (640, 480, 0.94, (640, 480)),  # 1 / 0.94 = 1.064, native
        (640, 480, 0.93, (688, 516)),  # 1.075, not
        (3840, 10, 1, (1280, 8)),  # never below what the network takes
        (64, 48, 0.1, (512, 384)),  # eightfold at most
    ],
)
def test_working_size(width: int, height: int, scale: float, expected: tuple[int, int]) -> None:
    assert working_size(height, width, scale) == expected[::-1]


@pytest.mark.parametrize("scale", [1, 1.5, 4])
def test_nothing_is_painted_at_more_pixels_than_it_has(scale: float) -> None:
    for side in (8, 9, 63, 240, 640, 1279, 1280, 1281, 1376, 1377, 1920, 2048, 4096, 8192):
        for other in (8, side):
            rows, columns = working_size(other, side, scale)
            assert rows <= other
            assert columns <= side


@pytest.mark.usefixtures("by_hand")
def test_what_people_are_told() -> None:
    assert painted_at(1920, 1080, 1.0, 1.0) == (1280, 720)
    assert painted_at(640, 480, 0.5, 0.5) == (1280, 960)
    assert painted_at(640, 480, 0.0, 0.5) is None


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
    """Bit for bit what the network gives of its denoised pixels with overscan, here at 500 pixels
    for 481."""
    pack = load_pack(tiny_pack)
    rgb = np.random.default_rng(1).random((40, 500, 3), np.float32)
    painted = Stylizer(pack, Look({"red": 1}, 1, "frame", 1.04), CPU).frame(rgb)
    engine = FrameEngine(arrange(pack.network({"red": 1})))
    clean = denoised(torch.from_numpy(rgb).permute(2, 0, 1)[None]).numpy()
    wide = np.pad(clean, ((0, 0), (0, 0), (16, 16), (16, 16)), "reflect")
    expected = engine(torch.from_numpy(wide))[0].permute(1, 2, 0)
    np.testing.assert_array_equal(painted, expected.numpy()[16:-16, 16:-16])


@pytest.mark.parametrize(("height", "width"), [(41, 67), (67, 41), (300, 1101)])
def test_every_frame_keeps_its_size(tiny_pack: Path, height: int, width: int) -> None:
    rgb = np.random.default_rng(1).random((height, width, 3), np.float32)
    painted = Stylizer(load_pack(tiny_pack), Look({"red": 1}, 1, "frame", 2), CPU).frame(rgb)
    assert painted.shape == rgb.shape
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_statistics_are_measured_on_what_is_painted(tiny_pack: Path) -> None:
    """A shot of one frame: its frozen statistics are the frame's own, at the working size too."""
    pack = load_pack(tiny_pack)
    rgb = np.random.default_rng(6).random((300, 1100, 3), np.float32)
    alone = Stylizer(pack, Look({"red": 1}, 1, "frame", 2), CPU).frame(rgb)
    for statistics in ("shot", "hybrid"):
        stylizer = Stylizer(pack, Look({"red": 1}, 1, statistics, 2), CPU)
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
    """960x540 at scale 2 is painted at its proxy's size, as a master at 1 is; natively they are
    several times further apart."""
    pack = load_pack(ROOT / "models" / "posters.safetensors")
    master = _master()
    proxy = _resized(master, 480, 270)
    expected = _paint(pack, style, proxy, 1)

    def distance(scale: float) -> float:
        small = _resized(_paint(pack, style, master, scale), 480, 270)
        return float(np.sqrt(np.mean((small - expected) ** 2)))

    assert distance(2) < BOUND
    assert distance(1) > 3 * distance(2), "the control: natively they do not agree"


@pytest.mark.slow
@pytest.mark.parametrize("style", ["blue", "yellow", "dark"])
def test_a_small_proxy_is_painted_as_its_master_where_that_is_asked_for(style: str) -> None:
    """240x135 at scale 0.5 is painted at 480x270, as its master at 2 is; natively, at 1, and at
    0.25 its strokes are of another size."""
    pack = load_pack(ROOT / "models" / "posters.safetensors")
    master = _master()
    proxy = _resized(master, 240, 135)
    expected = _resized(_paint(pack, style, master, 2), 240, 135)

    def distance(scale: float) -> float:
        return float(np.sqrt(np.mean((_paint(pack, style, proxy, scale) - expected) ** 2)))

    assert distance(0.5) < BOUND
    assert min(distance(1), distance(0.25)) > 3 * distance(0.5)
