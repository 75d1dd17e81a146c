"""The way of scene-linear, log and HDR values through the network's sRGB and back.

Expected values are worked out by hand in the comments, published, or OpenColorIO's.
"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from nle_style.media.colour import SceneColour
from nle_style.media.colour.ocio import built_in_space
from nle_style.media.colour.source_space import SourceColour
from nle_style.media.colour.transfer import linear_to_srgb, srgb_to_linear

RANDOM = np.random.default_rng(3)
LOGS = (
    "ACEScc", "ACEScct", "ADX10", "ADX16", "Apple Log", "Apple Log 2", "ARRI LogC3 (EI800)",
    "ARRI LogC4", "BMDFilm WideGamut Gen5", "CanonLog2 CinemaGamut D55",
    "CanonLog3 CinemaGamut D55", "D-Log D-Gamut", "DaVinci Intermediate WideGamut",
    "Log3G10 REDWideGamutRGB", "S-Log3 S-Gamut3", "S-Log3 S-Gamut3.Cine",
    "S-Log3 Venice S-Gamut3", "S-Log3 Venice S-Gamut3.Cine", "V-Log V-Gamut",
)  # fmt: skip


def _same(rgb: np.ndarray) -> np.ndarray:
    return rgb


LINEAR = SceneColour(SourceColour("linear", _same, _same))


def _named(name: str) -> SceneColour:
    space = built_in_space(name)
    assert space is not None
    return SceneColour(SourceColour(space.label, space.to_linear, space.from_linear))


def _pixel(*rgb: float) -> np.ndarray:
    return np.array([[rgb]], np.float32)


def _painted(scene: SceneColour, rgb: np.ndarray, linear_paint: np.ndarray) -> np.ndarray:
    """What becomes of `rgb` when the network paints this linear light."""
    return scene.decode(scene.encode(rgb), linear_to_srgb(linear_paint), rgb)


def _wide() -> np.ndarray:
    """Values from 1e-6 to 1000 of both signs, mixed and grey, and zeros; 1 x n x 3."""
    size = 10 ** RANDOM.uniform(-6, 3, (9000, 3))
    sign = RANDOM.choice([-1.0, 1.0], (3000, 3))
    grey = np.repeat(10 ** RANDOM.uniform(-6, 3, (500, 1)), 3, axis=1)
    parts = (size[:3000], -size[3000:6000], size[6000:] * sign, grey, np.zeros((9, 3)))
    return np.concatenate(parts).astype(np.float32)[None]


@pytest.mark.parametrize(
    ("light", "seen"),
    [(0.18, 0.18), (0.5, 0.5), (1, 0.75), (4, 0.9375), (40, 0.99375), (1000, 0.99975)],
)
def test_the_knee(light: float, seen: float) -> None:
    # 1 - 1/(4Y): 1 - 0.25, 1 - 0.0625, 1 - 0.00625
    display = LINEAR.encode(_pixel(light, light, light))
    np.testing.assert_allclose(srgb_to_linear(display), seen, rtol=2e-6)


def test_the_network_sees_srgb() -> None:
    # IEC 61966-2-1: 0.18 -> 1.055 * 0.18^(1/2.4) - 0.055 = 0.46136; 0.002 -> 0.02584
    np.testing.assert_allclose(LINEAR.encode(_pixel(0.18, 0.002, 0))[0, 0], [0.46136, 0.02584, 0],
                               atol=1e-5)  # fmt: skip


def test_hue_is_kept_above_the_knee() -> None:
    # Y = 0.2126*2 + 0.7152*1 + 0.0722*0.5 = 1.1765, K = 0.78751: factor 1.49396
    # M = 2, H = 1 - 1/24 = 0.958333: factor 2.08696, the larger
    seen = srgb_to_linear(LINEAR.encode(_pixel(2, 1, 0.5)))
    np.testing.assert_allclose(seen, _pixel(0.958333, 0.479167, 0.239583), rtol=1e-5)
    # Y = 0.2126 + 0.7152*0.9 + 0.0722*0.8 = 0.91404, K = 0.72649: factor 1.25816, the larger
    # M = 1, H = 0.875: factor 1.142857
    seen = srgb_to_linear(LINEAR.encode(_pixel(1, 0.9, 0.8)))
    np.testing.assert_allclose(seen, _pixel(1, 0.9, 0.8) / 1.25816, rtol=1e-5)


def test_what_the_network_sees_rises_with_the_light() -> None:
    light = np.geomspace(1e-4, 1e6, 4000, dtype=np.float32)
    for colour in ((1, 1, 1), (1, 0.2, 0.05), (0, 0, 1)):
        shown = LINEAR.encode((light[:, None] * np.array(colour, np.float32))[None])
        assert (np.diff(shown, axis=1) > -2e-7).all()  # float32 stands still at the top
        stops = shown[0, ::100].max(axis=1)[:28]  # 1e-4 to 550
        assert (np.diff(stops) > 0).all()
        assert shown.max() <= 1


def test_an_identity_network_returns_the_source() -> None:
    rgb = _wide()
    display = LINEAR.encode(rgb)
    assert np.array_equal(LINEAR.decode(display, display.copy(), rgb), rgb)


@pytest.mark.parametrize("direction", [-2.0, 2.0])
def test_an_identity_network_with_rounding_returns_nearly_the_source(direction: float) -> None:
    # One step of float32 in every value: no pixel can be taken over as it is.
    rgb = _wide()
    display = LINEAR.encode(rgb)
    result = LINEAR.decode(display, np.nextafter(display, np.float32(direction)), rgb)
    relative = np.abs(result - rgb) / np.maximum(np.abs(rgb), 1e-9)
    assert relative.max() < 2e-6
    assert not np.array_equal(result, rgb)


def test_a_small_change_is_not_amplified() -> None:
    # 1% more linear light in the painting, by the formula 1% in the result at any value.
    rgb = np.geomspace(1e-3, 1000, 300, dtype=np.float32)[None, :, None].repeat(3, axis=2)
    seen = srgb_to_linear(LINEAR.encode(rgb))
    result = _painted(LINEAR, rgb, seen * np.float32(0.99))
    # Just under: w(0.99) = 0.9997, so that 1000^-0.0003 = 0.998 comes on top.
    np.testing.assert_allclose(result / rgb, 0.99, atol=3e-3)


def test_paint_on_darkness_is_the_paint() -> None:
    paint = _pixel(0.8, 0.4, 0.1)
    for source in (_pixel(0, 0, 0), _pixel(0.18, 0.02, 1e-6), _pixel(np.nan, 0, 0)):
        np.testing.assert_allclose(_painted(LINEAR, source, paint), paint, rtol=1e-5)


def test_light_keeps_its_energy_in_the_paints_colour() -> None:
    # D = 0.9375, s = 4/0.9375 = 4.26667; the paint's largest channel is D: w = 1.
    result = _painted(LINEAR, _pixel(4, 4, 4), _pixel(0.9375, 0.5, 0))
    np.testing.assert_allclose(result, _pixel(4, 2.13333, 0), rtol=1e-5)


def test_dark_paint_on_a_light_is_dark() -> None:
    # x = 0.5, w = 0.25 * 2 = 0.5: 0.46875 * sqrt(4.26667) = 0.968246
    result = _painted(LINEAR, _pixel(4, 4, 4), _pixel(0.46875, 0.46875, 0.46875))
    np.testing.assert_allclose(result, 0.968246, rtol=1e-5)
    assert _painted(LINEAR, _pixel(40, 40, 40), _pixel(0.03, 0.03, 0.03)).max() < 0.031


def test_a_brighter_stroke_gives_a_brighter_result() -> None:
    paint = np.linspace(0, 1, 2000, dtype=np.float32)[None, :, None].repeat(3, axis=2)
    for source in (0.1, 1.0, 40.0, 1000.0):
        rgb = np.full_like(paint, source)
        assert (np.diff(_painted(LINEAR, rgb, paint), axis=1) > 0).all()


def test_a_negative_stays_until_something_is_painted_there() -> None:
    rgb = _pixel(-0.1, 0.2, 0.3)
    for paint, expected in ((0.0, -0.1), (0.05, 0.05 - 0.1 * (1 - 0.05 / 0.1)), (0.1, 0.1)):
        result = _painted(LINEAR, rgb, _pixel(paint, 0.5, 0.5))
        np.testing.assert_allclose(result[0, 0], [expected, 0.5, 0.5], atol=1e-6)
    # A large one gives way as soon as middle grey is painted.
    np.testing.assert_allclose(_painted(LINEAR, _pixel(-50, 0, 0), _pixel(0.18, 0, 0))[0, 0, 0],
                               0.18, atol=2e-5)  # fmt: skip


def test_what_is_not_a_finite_number() -> None:
    rgb = np.array([[[np.nan, 0.2, 0.2], [np.inf] * 3, [-np.inf] * 3]], np.float32)
    display = LINEAR.encode(rgb)
    # The largest half, 65504, is shown at 1 - 1/262016.
    np.testing.assert_allclose(srgb_to_linear(display)[0, 1], 1 - 1 / 262016, rtol=1e-6)
    assert np.array_equal(display[0, 2], [0, 0, 0])
    assert display[0, 0, 0] == 0
    painted = LINEAR.decode(display, np.full_like(display, 0.5), rgb)
    assert np.isfinite(painted).all()
    assert np.array_equal(LINEAR.decode(display, display, rgb), rgb, equal_nan=True)


@pytest.mark.parametrize("name", LOGS)
def test_every_built_in_log_space_comes_back(name: str) -> None:
    # Saturated, but no more than a camera's own colours: float32's rounding of the brightest
    # channel lands in the darkest through the matrix, where a log curve is steepest.
    scene = _named(name)
    top = 0.4 if name == "ADX16" else 0.95  # half its range: more light than float32 can hold
    rgb = np.linspace(0, top, 2000, dtype=np.float32).reshape(40, 50, 1)
    rgb = rgb + RANDOM.random((40, 50, 3), np.float32) * np.float32(0.05)
    display = scene.encode(rgb)
    assert display.min() >= 0
    assert display.max() <= 1
    result = scene.decode(display, np.nextafter(display, np.float32(2)), rgb)
    assert np.abs(result - rgb).max() < 2e-6  # an eighth of a 16-bit code
    assert scene.name.startswith("ocio://studio-config-v5.0.0_aces-v2.1_ocio-v2.6: ")


def test_middle_grey_of_logc3_is_middle_grey() -> None:
    # ARRI's LogC3 white paper: 18% grey is the 10-bit code 400 at every EI.
    display = _named("ARRI LogC3 (EI800)").encode(np.full((1, 1, 3), 400 / 1023, np.float32))
    np.testing.assert_allclose(srgb_to_linear(display), 0.18, atol=1e-3)


def test_bands_and_large_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = (10 ** RANDOM.uniform(-3, 2, (37, 23, 3))).astype(np.float32)
    painted = RANDOM.random((37, 23, 3), np.float32)
    whole = LINEAR.decode(LINEAR.encode(rgb), painted, rgb)
    monkeypatch.setattr("nle_style.media.colour.display._BAND_PIXELS", 50)
    assert np.array_equal(LINEAR.decode(LINEAR.encode(rgb), painted, rgb), whole)


def test_memory_does_not_grow_with_the_frame() -> None:
    rgb = np.full((1080, 1920, 3), 2.0, np.float32)
    display = LINEAR.encode(rgb)
    tracemalloc.start()
    try:
        LINEAR.decode(display, display, rgb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < rgb.nbytes + 16 * 2**20
