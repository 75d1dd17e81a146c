"""PQ, HLG, sRGB and primaries against published numbers and OpenColorIO."""

from __future__ import annotations

import numpy as np
import PyOpenColorIO as ocio  # noqa: N813
import pytest

from nle_style.errors import MediaError
from nle_style.media.colour.primaries import H273_PRIMARIES, REC709, matrix_to_rec709
from nle_style.media.colour.transfer import (
    hlg_to_linear,
    linear_to_hlg,
    linear_to_pq,
    linear_to_srgb,
    pq_to_linear,
    srgb_to_linear,
)

AP0 = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)
AP1 = (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767)


def _array(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("nits", "code"),
    # ITU-R BT.2408-7, table 1: 203 cd/m2 is 58% PQ. ST 2084 itself: its peak is 1. The other two
    # are its formula in decimal arithmetic: Y = 0.01: Y^m1 = 0.4799; (c1 + c2 Y')/(1 + c3 Y')...
    [(0, 0.0), (100, 0.5081), (203, 0.5807), (1000, 0.7518), (10000, 1.0)],
)
def test_pq(nits: float, code: float) -> None:
    np.testing.assert_allclose(linear_to_pq(_array(nits / 203)), code, atol=5e-5)
    np.testing.assert_allclose(pq_to_linear(_array(code)), nits / 203, rtol=2e-3, atol=1e-6)


def test_pq_is_opencolorios() -> None:
    transform = ocio.BuiltinTransform("CURVE - ST-2084_to_LINEAR")  # to units of 100 cd/m2
    processor = ocio.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor()
    codes = np.linspace(0, 1, 3 * 333, dtype=np.float32)
    theirs = codes.copy().reshape(-1, 3)
    processor.applyRGB(theirs)
    np.testing.assert_allclose(pq_to_linear(codes) * 2.03, theirs.ravel(), rtol=2e-3, atol=1e-6)


def test_pq_comes_back_and_stops_at_its_ends() -> None:
    codes = np.linspace(0, 1, 65536, dtype=np.float32)
    # float32's rounding times the exponent 78.84 of the formula: a fiftieth of a 10-bit code
    np.testing.assert_allclose(linear_to_pq(pq_to_linear(codes)), codes, atol=2e-5)
    assert np.array_equal(linear_to_pq(_array(-1, 1e6)), linear_to_pq(_array(0, 10000 / 203)))
    assert pq_to_linear(_array(-0.5))[0] == 0


@pytest.mark.parametrize(
    ("signal", "light"),
    # BT.2100: E = 0.5^2 / 3 = 1/12, and 1 at a signal of 1. Reference white, 75%, is
    # (e^((0.75 - 0.55991)/0.17883) + 0.28467)/12 = 0.26496. So 0.31451 and 3.7741;
    # BT.2408: a grey card of 18% is 38% HLG (0.1817).
    [(0, 0), (0.38, 0.1817), (0.5, 0.31451), (0.75, 1), (1, 3.7741), (-0.05, -0.003145)],
)
def test_hlg(signal: float, light: float) -> None:
    np.testing.assert_allclose(hlg_to_linear(_array(signal)), light, rtol=3e-4)
    np.testing.assert_allclose(linear_to_hlg(_array(light)), signal, rtol=3e-4)


def test_hlg_comes_back() -> None:
    signal = np.linspace(-0.1, 1.09, 20000, dtype=np.float32)
    np.testing.assert_allclose(linear_to_hlg(hlg_to_linear(signal)), signal, atol=4e-7)


def test_srgb() -> None:
    # 128/255: ((0.50196 + 0.055)/1.055)^2.4 = 0.21586
    np.testing.assert_allclose(srgb_to_linear(_array(0, 0.03, 128 / 255, 1)),
                               [0, 0.03 / 12.92, 0.21586, 1], rtol=2e-5)  # fmt: skip
    codes = np.linspace(0, 1, 20000, dtype=np.float32)
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(codes)), codes, atol=3e-7)


def test_rec709_needs_no_matrix() -> None:
    assert matrix_to_rec709(REC709, "x") is None
    assert matrix_to_rec709([0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.31271, 0.32902], "x") is None


def test_rec2020() -> None:
    # ITU-R BT.2087-0, 2.4: the matrix M2 from BT.2020 to BT.709.
    expected = [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
    np.testing.assert_allclose(matrix_to_rec709(H273_PRIMARIES[9], "x"), expected, atol=6e-5)


def test_a_permutation_of_the_primaries_by_hand() -> None:
    swapped = (*REC709[2:4], *REC709[0:2], *REC709[4:])
    expected = [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    np.testing.assert_allclose(matrix_to_rec709(swapped, "x"), expected, atol=1e-12)


@pytest.mark.parametrize(("primaries", "name"), [(AP1, "ACEScg"), (AP0, "ACES2065-1")])
def test_aces_white_becomes_rec709_white_as_in_opencolorio(
    primaries: tuple[float, ...], name: str
) -> None:
    config = ocio.Config.CreateFromBuiltinConfig("cg-config-v1.0.0_aces-v1.3_ocio-v2.1")
    processor = config.getProcessor(name, "lin_rec709").getDefaultCPUProcessor()
    unit = np.eye(3, dtype=np.float32)
    processor.applyRGB(unit)
    matrix = matrix_to_rec709(primaries, "x")
    assert matrix is not None
    np.testing.assert_allclose(matrix, unit.T, atol=2e-5)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-9)


@pytest.mark.parametrize("bad", [(0,) * 8, (0.3, 0.3) * 4, (0.64, 0.33), (np.nan,) * 8])
def test_primaries_that_span_nothing(bad: tuple[float, ...]) -> None:
    with pytest.raises(MediaError, match=r"clip\.exr.*--input-colour"):
        matrix_to_rec709(bad, "clip.exr")
