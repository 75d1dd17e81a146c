"""What `hybrid` promises: no pumping when something enters, no breaking when exposure changes."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from nle_style.apply.shot import luma_thumbnail
from nle_style.apply.shot.shot_statistics import exposure
from nle_style.core import StylePack, load_pack

ROOT = Path(__file__).resolve().parents[3]
STYLES = ["blue", "yellow", "pink", "fire"]


@pytest.fixture
def pumping(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark that makes the footage and measures what docs/looks.md tells."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks" / "figures"))
    import pumping

    return pumping


@pytest.fixture(scope="module")
def pack() -> StylePack:
    return load_pack(ROOT / "models" / "posters.safetensors")


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_an_entering_object_moves_hybrid_by_less_than_half_of_frame(
    style: str, pumping: ModuleType, pack: StylePack
) -> None:
    # The last frame without it and the first with it.
    bright, dark = pumping.entering(0.95)[2:4], pumping.entering(0.04)[2:4]
    frame = pumping.static_change(pack, bright, style, "frame")
    assert frame > 0.02, "without pumping there is nothing to compare with"
    assert pumping.static_change(pack, bright, style, "hybrid") < frame / 4
    frame = pumping.static_change(pack, dark, style, "frame")
    assert pumping.static_change(pack, dark, style, "hybrid") < frame / 2


@pytest.mark.slow
@pytest.mark.parametrize("style", ["blue", "dark"])
def test_a_ramp_of_exposure_does_not_change_hybrid(
    style: str, pumping: ModuleType, pack: StylePack
) -> None:
    ramp = [pumping.room() * np.float32(gain) for gain in (1, 0.8, 0.45, 0.3)]
    assert pumping.static_change(pack, ramp, style, "shot") > 0.05
    assert pumping.static_change(pack, ramp, style, "hybrid") < 0.002


def test_exposure_is_the_weighted_median_of_the_ratios() -> None:
    """By hand: ratios 2, 1, 5 of weights .1, .25, .25: half of .6 is reached at ratio 2."""
    reference = np.array([[0.1, 0.25, 0.25]])
    assert exposure(np.array([[0.2, 0.25, 1.25]]), reference) == pytest.approx(2)
    assert exposure(reference * 0.25, reference) == pytest.approx(0.25)
    assert exposure(reference, np.zeros((1, 3))) == 1
    assert exposure(np.zeros((1, 3)), reference) == 1 / 8


def test_of_several_exposures_it_is_the_one_next_to_one() -> None:
    """Half of the light at ratio 0 and half at 2, or at 1.5 and 2: all between are as good."""
    reference = np.array([[0.3, 0.3]])
    assert exposure(np.array([[0.0, 0.6]]), reference) == 1
    assert exposure(np.array([[0.45, 0.6]]), reference) == pytest.approx(1.5)


def test_an_exposure_that_explains_little_is_drawn_to_one() -> None:
    """By hand: g is 2; |.2 - 2 · .1| + |.1 - 2 · .08| + |9 - 2 · .05| is 8.96 of 9.76, so .082 is
    explained and nothing believed; of |.2 - .2| + |.1 - .16| + |.5 - .1| = .46 of 1.26 .635."""
    reference = np.array([[0.1, 0.08, 0.05]])
    assert exposure(np.array([[0.2, 0.1, 9.0]]), reference) == 1
    assert exposure(np.array([[0.2, 0.1, 0.5]]), reference) == pytest.approx(2)


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_what_enters_does_not_count_as_exposure(level: float, pumping: ModuleType) -> None:
    """A third of the picture is covered: the mean moves by a third, the exposure by grain."""
    before, after = (pumping.room() + pumping.grain(seed) for seed in (1, 2))
    after[:, : pumping.WIDTH // 3] = level
    a, b = luma_thumbnail(before), luma_thumbnail(after)
    assert abs(b.mean() / a.mean() - 1) > 0.25
    assert exposure(b, a) == pytest.approx(1, abs=0.02)
    assert exposure(b * 0.5, a) == pytest.approx(0.5, abs=0.01)
