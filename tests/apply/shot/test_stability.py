"""The stability figure against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nle_style.apply.shot import ChangeMeter, PairChange, Stability, shot_stability


def _flat(value: float, height: int = 64, width: int = 64) -> np.ndarray:
    return np.full((height, width, 3), value, np.float32)


def _compared(
    source: tuple[np.ndarray, np.ndarray], painted: tuple[np.ndarray, np.ndarray]
) -> PairChange:
    meter = ChangeMeter([(0, 1)])
    meter.add(0, source[0], painted[0])
    meter.add(1, source[1], painted[1])
    (pair,) = meter.take(0, 1)
    return pair


def _figures(pair: PairChange, width: int = 64, height: int = 64) -> Stability:
    (found,) = shot_stability([pair], [(0, 1)], width, height)
    return found


@pytest.mark.parametrize("channels", [1, 3])
def test_grain_is_static_and_both_figures_are_its_own(channels: int) -> None:
    """Independent grain of sigma in two frames: their difference has sigma times root 2."""
    sigma = 4 / 255
    random = np.random.default_rng(1)
    grain = [random.normal(0, sigma, (270, 480, channels)).astype(np.float32) for _ in range(2)]
    source = tuple(np.float32(0.4) + np.broadcast_to(one, (270, 480, 3)) for one in grain)
    painted = tuple(np.float32(0.5) + 3 * np.broadcast_to(one, (270, 480, 3)) for one in grain)
    found = _figures(_compared(source, painted), 480, 270)
    # In the worst case, grey grain, the 3/255 are 2.65 sigma of a mean of 25: 0.8 % lie outside.
    assert found.static_share is not None
    assert found.static_share > 0.985
    assert found.source == pytest.approx(sigma * math.sqrt(2), rel=0.01)
    assert found.painted == pytest.approx(3 * sigma * math.sqrt(2), rel=0.01)


def test_a_moving_square_is_left_out() -> None:
    """16 x 16 pixels go 8 to the right: on the grid of 32 x 32 the columns 8-11 and 16-19 of rows
    8-15 change, and no box of 5 x 5 may touch them: rows 6-17, columns 6-21 are not static."""
    source = (_flat(0.2), _flat(0.2))
    source[0][16:32, 16:32] = 0.8
    source[1][16:32, 24:40] = 0.8
    painted = (_flat(0.3), _flat(0.4))
    painted[1][12:36, 12:44] = 1.0  # exactly those rows and columns, at full size
    pair = _compared(source, painted)
    assert pair.static_pixels == 32 * 32 - 12 * 16
    assert pair.source_sum == 0
    assert pair.painted_sum == pytest.approx(832 * 3 * 0.1**2, rel=1e-5)
    found = _figures(pair)
    assert found.painted == pytest.approx(0.1, rel=1e-5)
    assert found.static_share == pytest.approx(832 / 1024)


@pytest.mark.parametrize(("change", "static"), [(2 / 255, True), (4 / 255, False)])
def test_exposure_within_3_codes_is_static(change: float, static: bool) -> None:
    found = _figures(_compared((_flat(0.4), _flat(0.4 + change)), (_flat(0.1), _flat(0.1))))
    assert found.static_share == (1.0 if static else 0.0)
    if static:
        assert found.source == pytest.approx(change, rel=1e-4)
        assert found.painted == 0
    else:
        assert (found.painted, found.source) == (None, None)
        assert "static" in found.reason


def test_moving_fine_texture_is_not_taken_for_grain() -> None:
    """A chessboard of 2-pixel fields moves by one field. The mean of 25 differences of +-0.2 is
    0.008 (2/255), as of grain; their root mean square, 0.2, is not."""
    rows, columns = np.indices((64, 64)) // 2
    fields = (rows + columns) % 2
    first = np.repeat((0.4 + 0.2 * fields)[..., None], 3, 2).astype(np.float32)
    second = np.repeat((0.6 - 0.2 * fields)[..., None], 3, 2).astype(np.float32)
    assert _compared((first, second), (first, second)).static_pixels == 0


def test_a_frame_painted_as_itself_has_the_sources_figure() -> None:
    random = np.random.default_rng(2)
    source = tuple(
        (0.5 + random.normal(0, 2 / 255, (63, 65, 3))).astype(np.float32) for _ in range(2)
    )
    pair = _compared(source, source)
    assert pair.static_pixels == 32 * 33, "every second of 63 lines and 65 columns"
    found = _figures(pair, 65, 63)
    assert found.static_share == 1
    assert found.painted == found.source
    assert found.source is not None
    assert found.source > 0


def test_values_that_are_no_numbers() -> None:
    source = (_flat(0.5), _flat(0.5))
    source[1][20, 20] = np.nan
    source[1][60, 60] = np.inf
    pair = _compared(source, (_flat(0.1), _flat(0.2)))
    # 5 x 5 boxes around sample (10, 10); around (30, 30) the grid ends after one more.
    assert pair.static_pixels == 32 * 32 - 5 * 5 - 4 * 4
    assert _figures(pair).painted == pytest.approx(0.1, rel=1e-5)
    found = _figures(_compared((_flat(0.5), _flat(0.5)), (_flat(0.1), _flat(np.nan))))
    assert found.painted is None
    assert "finite" in found.reason


def test_pairs_stay_within_blocks_and_shots() -> None:
    meter = ChangeMeter([(10, 14), (15, 29)])
    for frame in range(10, 30):
        meter.add(frame, _flat(0.5), _flat(0.5))
    expected = [*range(11, 15), 16, 17, *range(19, 26), *range(27, 30)]
    assert [pair.frame for pair in meter.take(10, 29)] == expected
    assert meter.take(10, 29) == ()
    assert [frame for frame in range(10, 30) if meter.needs_previous(frame)] == expected


def test_frames_that_are_not_consecutive_are_not_compared() -> None:
    meter = ChangeMeter([(0, 7)])
    for frame in (0, 2, 3):
        meter.add(frame, _flat(0.5), _flat(0.5))
    assert [pair.frame for pair in meter.take(0, 7)] == [3]


def test_the_frames_given_are_neither_kept_nor_changed() -> None:
    """A decoder may use its buffer again."""
    meter = ChangeMeter([(0, 1)])
    source, painted = _flat(0.5), _flat(0.2)
    meter.add(0, source, painted)
    painted += np.float32(0.25)
    meter.add(1, source, painted)
    (pair,) = meter.take(0, 1)
    assert pair.painted_sum == pytest.approx(32 * 32 * 3 * 0.25**2)
    assert float(painted.max()) == float(painted.min()) == np.float32(0.45)


def test_pooling_by_hand() -> None:
    """Frames of 8 x 6 pixels are sampled at 12; the sums over pixels and channels are pooled."""
    pairs = [
        PairChange(1, 12, 12 * 3 * 0.04, 12 * 3 * 0.01),
        PairChange(2, 6, 6 * 3 * 0.01, 0.0),
        PairChange(3, 12, 99.0, 99.0),  # from frame 2 to 3: across the cut
        PairChange(4, 0, 0.0, 0.0),
    ]
    shots = [(0, 2), (3, 4), (5, 5), (6, 9)]
    one, two, three, four = shot_stability(reversed(pairs), shots, 8, 6)
    assert one.painted == pytest.approx(math.sqrt((12 * 0.04 + 6 * 0.01) / 18))
    assert one.source == pytest.approx(math.sqrt(12 * 0.01 / 18))
    assert (one.static_share, one.pairs, one.reason) == (18 / 24, 2, "")
    assert (two.painted, two.static_share, two.pairs) == (None, 0.0, 1)
    assert "static" in two.reason
    assert "one frame" in three.reason
    assert (four.painted, four.static_share, four.pairs) == (None, None, 0)
    assert "no pair" in four.reason
