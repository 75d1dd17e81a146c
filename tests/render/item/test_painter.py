"""FramePainter on arrays: alpha, association, colour and mattes, with values worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import torch

from nle_style.apply import Look, Stylizer
from nle_style.apply.shot import ShotStatistics
from nle_style.core import load_pack
from nle_style.errors import VerificationError
from nle_style.render.item import FramePainter
from nle_style.render.item.painter import over


class Fake:
    """A painting that is a function of the display values, and remembers what it was shown."""

    def __init__(
        self, paint: Callable[[np.ndarray], np.ndarray], *, measures: bool = False
    ) -> None:
        self.paint, self.needs_measuring = paint, measures
        self.look = Look({"red": 1.0})
        self.measured: list[list[np.ndarray]] = []
        self.shown: list[np.ndarray] = []

    def measure(self, frames: Iterable[np.ndarray]) -> ShotStatistics:
        self.measured.append(list(frames))
        return ShotStatistics([], None)

    def freeze(self, statistics: ShotStatistics) -> None:
        assert statistics == ShotStatistics([], None)

    def frame(self, rgb: np.ndarray, number: int) -> np.ndarray:
        self.shown.append(rgb)
        return self.paint(rgb)


class Squares:
    """A "linear" source whose display value is its root; what lies above 1 is carried over."""

    def encode(self, rgb: np.ndarray) -> np.ndarray:
        return np.sqrt(np.clip(rgb, 0, 1))

    def decode(self, display: np.ndarray, painted: np.ndarray, rgb: np.ndarray) -> np.ndarray:
        return painted**2 + (rgb - display**2)


def inverted(rgb: np.ndarray) -> np.ndarray:
    return np.float32(1) - rgb


def unpainted(rgb: np.ndarray) -> np.ndarray:
    return rgb


def row(*pixels: tuple[float, ...]) -> np.ndarray:
    """One line of pixels."""
    return np.array([pixels], np.float32)


def grey(*values: tuple[float, float]) -> np.ndarray:
    """One line of (grey, alpha)."""
    return row(*((value, value, value, alpha) for value, alpha in values))


def greys(pixels: np.ndarray) -> list[float]:
    assert np.array_equal(pixels[..., 0], pixels[..., 2])
    return [pytest.approx(float(value), abs=1e-6) for value in pixels[0, :, 0]]


AWKWARD = row((0.1, 7e4, -3, 0.3), (np.nan, np.inf, 1e-30, 0), (0.7, 0.7, 0.7, 1), (1, 1, 1, 1e-12))


@pytest.mark.parametrize("alpha", ["straight", "premultiplied"])
def test_at_strength_0_the_very_array_comes_back(tiny_pack: Path, alpha: str) -> None:
    look = Look({"red": 1.0}, strength=0)
    stylizer = Stylizer(load_pack(tiny_pack), look, torch.device("cpu"))
    painter = FramePainter(
        [stylizer], alpha=alpha, is_float=True, premultiplied=alpha == "premultiplied"
    )
    assert painter.frame(AWKWARD).pixels is AWKWARD
    assert not painter.needs_measuring
    rgb = AWKWARD[..., :3]
    assert FramePainter([stylizer], is_float=True).frame(rgb).pixels is rgb


def test_straight_colours_are_painted_as_they_are_and_alpha_is_kept() -> None:
    source = grey((0.2, 0), (0.2, 0.25), (0.2, 1 / 3), (0.2, 1))
    painter = FramePainter([Fake(inverted)], alpha="straight")
    painted = painter.frame(source)
    assert greys(painted.pixels) == [0.2, 0.8, 0.8, 0.8], "under alpha 0 the file's own"
    assert painted.pixels[..., 3].tobytes() == source[..., 3].tobytes()
    assert greys(painted.source_view) == [0, 0.2, 0.2, 0.2]
    assert greys(painted.view) == [0, 0.8, 0.8, 0.8]


def test_premultiplied_colours_are_painted_divided() -> None:
    # Divided: .4, .4, .7 and 2, of which the network sees 1; it paints .6, .6, .3 and 0, and the
    # light beyond 1 comes back on top of it: 0 + (2 - 1).
    source = grey((0.2, 0.5), (0.1, 0.25), (0.7, 1), (0.5, 0.25), (0.9, 0))
    fake = Fake(inverted)
    painted = FramePainter([fake], alpha="premultiplied", premultiplied=True).frame(source)
    assert greys(fake.shown[0]) == [0.4, 0.4, 0.7, 1, 0]
    assert greys(painted.pixels) == [0.3, 0.15, 0.3, 0.25, 0.9]
    assert painted.pixels[..., 3].tobytes() == source[..., 3].tobytes()
    assert greys(painted.view) == [0.6, 0.6, 0.3, 1, 0]


def test_the_network_sees_finite_values_within_0_to_1() -> None:
    for alpha in ("straight", "premultiplied"):
        seen = FramePainter([Fake(inverted)], alpha=alpha, is_float=True).view(AWKWARD)
        assert np.isfinite(seen).all()
        assert (seen.min(), seen.max()) == (0, 1)
        assert not seen[0, 1].any(), "what lies under alpha 0 is black"
        assert not seen[0, 3].any(), "an alpha too small to divide by counts as 0"
    assert FramePainter([Fake(inverted)], is_float=True).view(AWKWARD[..., :3])[0, 1].tolist() == [
        *(0, 1),
        pytest.approx(1e-30),
    ]


@pytest.mark.parametrize("colour", [None, Squares()])
@pytest.mark.parametrize("alpha", ["none", "straight", "premultiplied"])
def test_an_identity_network_returns_the_source(alpha: str, colour: Squares | None) -> None:
    rng = np.random.default_rng(1)
    source = rng.uniform(-1, 2, (16, 16, 4)).astype(np.float32)
    source[:4, :, :3] *= 500
    source[..., 3] = rng.choice([0, 1 / 255, 0.5, 0.75, 1], (16, 16))
    painter = FramePainter(
        [Fake(np.copy)],
        alpha=alpha,
        is_float=True,
        premultiplied=alpha == "premultiplied",
        colour=colour,
    )
    if alpha == "none":
        painted = painter.frame(source[..., :3]).pixels
        np.testing.assert_allclose(painted, source[..., :3], rtol=1e-5, atol=1e-6)
        return
    painted = painter.frame(source).pixels
    np.testing.assert_allclose(painted[..., :3], source[..., :3], rtol=1e-5, atol=1e-6)
    hidden = source[..., 3] == 0
    assert hidden.any()
    assert np.array_equal(painted[hidden], source[hidden])
    assert np.array_equal(painted[..., 3], source[..., 3])


def test_colour_goes_around_the_network_within_the_alpha() -> None:
    # .125 at alpha .5 is .25, which is displayed as .5; painted .25, back .0625, by alpha .03125.
    # 2 at alpha .5 is 4, of which 1 is displayed; painted .5, back .25 + (4 - 1), by alpha 1.625.
    source = grey((0.125, 0.5), (2, 0.5), (0.04, 1))
    fake = Fake(lambda rgb: rgb / 2)
    painter = FramePainter(
        [fake], alpha="premultiplied", is_float=True, premultiplied=True, colour=Squares()
    )
    painted = painter.frame(source)
    assert greys(fake.shown[0]) == [0.5, 1, 0.2]
    assert greys(painted.pixels) == [0.03125, 1.625, 0.01]
    assert greys(painted.view) == [0.25, 1, 0.1], "the result as it is displayed"


@pytest.mark.parametrize("paint", [unpainted, np.copy])
def test_the_output_may_carry_its_alpha_otherwise(paint: Callable) -> None:
    premultiplied = grey((0.2, 0.5), (0.3, 0), (0.5, 1), (0.5, 0.25))
    painter = FramePainter([Fake(paint)], alpha="premultiplied", is_float=True)
    straight = painter.frame(premultiplied).pixels
    assert greys(straight) == [0.4, 0.3, 0.5, 2], "under alpha 0 nothing can be divided"
    painter = FramePainter([Fake(paint)], alpha="straight", is_float=True, premultiplied=True)
    back = painter.frame(straight).pixels
    assert greys(back) == [0.2, 0, 0.5, 0.5], "hidden colours would glow"
    for pixels in (straight, back):
        assert pixels[..., 3].tobytes() == premultiplied[..., 3].tobytes()


def test_a_matte_is_bit_exact_at_both_ends() -> None:
    rng = np.random.default_rng(2)
    source = rng.random((1, 5, 3), np.float32)
    painted = FramePainter([Fake(lambda rgb: rgb / 3)]).frame(source).pixels
    weight = np.array([[0, 1, 0.5, 0.25, 1]], np.float32)
    painter = FramePainter([Fake(lambda rgb: rgb / 3)])
    matted = painter.frame(source, [weight])
    for place, expected in ((0, source), (1, painted), (4, painted)):
        assert matted.pixels[0, place].tobytes() == expected[0, place].tobytes()
    # A third of the source at weight w is source · (1 - 2/3 w).
    np.testing.assert_allclose(matted.pixels[0, 2], source[0, 2] * 2 / 3, rtol=1e-6)
    np.testing.assert_allclose(matted.pixels[0, 3], source[0, 3] * 5 / 6, rtol=1e-6)
    assert np.array_equal(matted.view, matted.pixels)
    assert np.array_equal(matted.source_view, source)


def test_a_matte_mixes_stored_values() -> None:
    """Of linear values .04 and .01 the middle is .025, which is displayed as .158, not .15."""
    source = grey((0.04, 1), (0.5, 0.5))
    painter = FramePainter(
        [Fake(lambda rgb: rgb / 2)],
        alpha="premultiplied",
        is_float=True,
        premultiplied=True,
        colour=Squares(),
    )
    matted = painter.frame(source, [np.array([[0.5, 0]], np.float32)])
    assert greys(matted.pixels) == [0.025, 0.5]
    assert matted.pixels[0, 1].tobytes() == source[0, 1].tobytes()
    assert greys(matted.view) == [0.025**0.5, 1]


@pytest.mark.parametrize("alpha", ["none", "straight", "premultiplied"])
def test_a_large_frame_is_painted_as_its_lines_are(alpha: str) -> None:
    """It goes through in bands of some lines: none is left out, none depends on another."""
    rng = np.random.default_rng(4)
    source = rng.random((9, 9000, 3 if alpha == "none" else 4), np.float32)
    weight = rng.random((9, 9000), np.float32)

    def painted(lines: slice) -> tuple[np.ndarray, ...]:
        painter = FramePainter([Fake(inverted)], alpha=alpha, colour=Squares())
        return painter.frame(source[lines], [weight[lines]])

    for part in range(3):
        alone = np.concatenate([painted(slice(y, y + 1))[part] for y in range(9)])
        assert np.array_equal(painted(slice(None))[part], alone)


def test_infinities_outside_a_matte_stay() -> None:
    below = row((np.inf, np.nan, 1), (0.5, 0.5, 0.5))
    kept = over(below, np.zeros_like(below), np.array([[0, 0.5]], np.float32))
    assert kept[0, 0].tobytes() == below[0, 0].tobytes()
    assert kept[0, 1].tolist() == [0.25] * 3


def test_later_looks_lie_over_earlier_ones_and_are_painted_from_the_source() -> None:
    source = row(*[(0.2, 0.2, 0.2)] * 4)
    half, inverse, holdout = Fake(lambda rgb: rgb / 2), Fake(inverted), Fake(unpainted)
    weights = [
        np.array([[1, 1, 1, 0]], np.float32),
        np.array([[0, 1, 0.5, 0]], np.float32),
        np.array([[0, 0, 0.5, 1]], np.float32),
    ]
    painted = FramePainter([half, inverse, holdout]).frame(source, weights).pixels
    # The third: .1, half way to .8 is .45, half way back to the source's .2 is .325.
    assert greys(painted) == [0.1, 0.8, 0.325, 0.2]
    assert all(np.array_equal(fake.shown[0], source) for fake in (half, inverse, holdout))


def test_a_look_of_strength_0_over_others_brings_the_source_back() -> None:
    """A holdout: bit for bit, though the colours around it are divided and multiplied."""
    source = np.random.default_rng(5).random((64, 64, 4), np.float32)
    painter = FramePainter(
        [Fake(inverted), Fake(unpainted)], alpha="premultiplied", premultiplied=True
    )
    holdout = np.eye(64, dtype=np.float32)
    painted = painter.frame(source, [None, holdout]).pixels
    assert painted[holdout == 1].tobytes() == source[holdout == 1].tobytes()
    assert (painted[holdout == 0][:, :3] != source[holdout == 0][:, :3]).any(axis=1).all()


def test_a_look_whose_matte_is_black_is_neither_painted_nor_measured() -> None:
    base, layer = Fake(np.copy), Fake(inverted, measures=True)
    painter = FramePainter([base, layer])
    assert painter.needs_measuring
    source = row((0.2, 0.4, 0.6))
    asked = []

    def samples() -> Iterable[np.ndarray]:
        asked.append(len(asked))
        return [source, source]

    painter.begin_shot(samples)
    nothing, something = np.zeros((1, 1), np.float32), np.ones((1, 1), np.float32)
    painter.frame(source, [None, nothing])
    assert (len(base.shown), len(layer.shown), asked) == (1, 0, [])
    painter.frame(source, [None, something])
    painter.frame(source, [None, something])
    assert (len(layer.shown), len(layer.measured), len(layer.measured[0])) == (2, 1, 2)
    assert base.measured == []
    painter.begin_shot(samples)
    painter.frame(source, [None, something])
    assert len(layer.measured) == 2, "each shot anew"


def test_a_shot_is_measured_as_it_is_painted() -> None:
    fake = Fake(inverted, measures=True)
    painter = FramePainter([fake], alpha="premultiplied", premultiplied=True)
    painter.begin_shot(lambda: [grey((0.2, 0.5))])
    painter.frame(grey((0.1, 0.5)))
    assert greys(fake.measured[0][0]) == [0.4]
    assert greys(fake.shown[0]) == [0.2]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_painting_that_is_not_finite_is_refused_by_its_frame(value: float) -> None:
    """One value of one pixel; integer formats would store it as 0 and find it verified."""

    def faulty(rgb: np.ndarray) -> np.ndarray:
        painted = rgb.copy()
        painted[0, 1, 2] = value
        return painted

    painter = FramePainter([Fake(faulty)])  # type: ignore[list-item]
    with pytest.raises(VerificationError, match="not a picture") as caught:
        painter.frame(row((0.5,) * 3, (0.25,) * 3), name="a.mov, frame 7")
    assert caught.value.where == "a.mov, frame 7"
