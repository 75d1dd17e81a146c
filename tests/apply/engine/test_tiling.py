"""A picture in strips is the picture in one piece."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.nn import functional as F

from nle_style.apply.engine import (
    FoldedEngine,
    FrameEngine,
    OpenVinoEngine,
    TiledEngine,
    arrange,
    one_slice,
    openvino_version,
    paint_in_tiles,
)
from nle_style.apply.engine.kernels import HALO
from nle_style.apply.engine.openvino_graph import slices
from nle_style.apply.engine.tiling import HEAD_HALO, TAIL_HALO, fitting_tile, strips
from nle_style.apply.engine.torch_engine import Moments, moments
from nle_style.core import StyleNetwork
from nle_style.core.network import NetworkConfig

BOUND = 2e-5


def _network(blocks: int = 5) -> StyleNetwork:
    torch.manual_seed(3)
    network = StyleNetwork(NetworkConfig(8, blocks)).eval()
    with torch.no_grad():
        for norm in network.norms:
            norm.gamma.normal_(1.0, 0.2)
            norm.beta.normal_(0.0, 0.3)
    return network


def _picture(height: int, width: int) -> torch.Tensor:
    """Dark above and bright below, so that a strip's own statistics would not do."""
    torch.manual_seed(5)
    ramp = torch.linspace(0.1, 0.9, height)[None, None, :, None]
    return (ramp + 0.2 * (torch.rand(1, 3, height, width) - 0.5)).clamp(0, 1)


def test_strips_by_hand() -> None:
    """64 rows by at most 36 with 8 on either side: three of 32, which overlap by 16."""
    cut = strips(64, 36, 8)
    assert [(s.top, s.bottom, s.begin, s.end) for s in cut] == [
        (0, 24, 0, 32),
        (24, 40, 16, 48),
        (40, 64, 32, 64),
    ]
    assert [(s.begin, s.end) for s in strips(16, 64, 56)] == [(0, 16)]
    with pytest.raises(ValueError, match="all halo"):
        strips(64, 16, 8)


@pytest.mark.parametrize("height", [60, 64, 68, 1080, 2160])
@pytest.mark.parametrize("rows", [20, 36, 400])
def test_strips_cover_every_row_with_its_halo(height: int, rows: int) -> None:
    cut = strips(height, rows, 8)
    assert [s.top for s in cut] == [0, *(s.bottom for s in cut[:-1])]
    assert cut[-1].bottom == height
    for strip in cut:
        assert strip.end - strip.begin <= max(rows, height if rows >= height else rows)
        assert strip.begin <= max(strip.top - 8, 0)
        assert strip.end >= min(strip.bottom + 8, height)
        assert strip.bottom > strip.top


@pytest.mark.parametrize("rows", [28, 36, 64, 200])
@pytest.mark.parametrize("size", [(24, 16), (90, 77), (161, 96)])
def test_norms_that_follow_the_picture(rows: int, size: tuple[int, int]) -> None:
    network = _network()
    image = _picture(*size)
    with torch.no_grad():
        expected_norms: list = []
        expected = network.double()(image.double(), seen=expected_norms)
    engine = FrameEngine(arrange(network.float()))
    seen: list = []
    painted = TiledEngine(engine, rows)(image, seen)
    measured: list = []
    TiledEngine(engine, rows).measure(image, measured)
    assert torch.equal(torch.cat(sum(measured, ()), 1), torch.cat(sum(seen, ()), 1))
    whole = engine(image)
    assert painted.shape == expected.shape
    assert float((painted - whole).abs().max()) <= BOUND
    # Against the definition in double precision the small frames' few values count as well.
    assert float((painted - expected).abs().max()) <= 5e-5
    for got, wanted in zip(seen, expected_norms, strict=True):
        torch.testing.assert_close(got[0], wanted[0].float(), atol=2e-5, rtol=1e-4)
        torch.testing.assert_close(got[1], wanted[1].float(), atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("halos", [(HEAD_HALO - 4, TAIL_HALO), (HEAD_HALO, TAIL_HALO - 4)])
def test_less_halo_is_another_picture(halos: tuple[int, int]) -> None:
    engine = FrameEngine(arrange(_network()))
    image = _picture(160, 64)
    painted = TiledEngine(engine, 48, halos)(image)
    assert float((painted - engine(image)).abs().max()) > 10 * BOUND


def _frozen(network: StyleNetwork) -> FoldedEngine:
    layers = arrange(network)
    seen: list = []
    FrameEngine(layers)(_picture(128, 128), seen=seen)
    return FoldedEngine(layers, seen)


WHOLE = (4096, 4096)


@pytest.mark.parametrize("tile", [(124, 4096), (4096, 124), (140, 124), (240, 200)])
@pytest.mark.parametrize("size", [(301, 64), (64, 190), (170, 131)])
def test_frozen_norms_in_one_pass(tile: tuple[int, int], size: tuple[int, int]) -> None:
    engine = _frozen(_network())
    image = _picture(*size)
    whole = paint_in_tiles(engine, image, WHOLE)
    painted = paint_in_tiles(engine, image, tile)
    assert painted.shape == image.shape
    assert float((painted - whole).abs().max()) <= BOUND


def test_tiles_and_slices_by_openvino() -> None:
    """Tiles in one piece each, tiles in slices, and the picture in slices: all the picture."""
    if openvino_version() is None:
        pytest.skip("OpenVINO (the extra [fast]) is not installed, or has no CPU plugin here")
    layers = arrange(_network())
    seen: list = []
    FrameEngine(layers)(_picture(128, 128), seen=seen)
    image = _picture(240, 300)
    whole = paint_in_tiles(FoldedEngine(layers, seen), image, WHOLE)

    def cut(height: int, width: int) -> list[tuple[int, int]]:
        return slices(height, width, 64 * width)

    for tile in (WHOLE, (240, 200), (176, 300)):
        for each in (one_slice, cut):
            painted = paint_in_tiles(OpenVinoEngine(layers, seen, cut=each), image, tile)
            assert float((painted - whole).abs().max()) <= BOUND


@pytest.mark.parametrize("tile", [(124, 4096), (140, 124), WHOLE])
@pytest.mark.parametrize("size", [(170, 131), (8, 190)])
def test_overscan_is_painted_and_cut_off(tile: tuple[int, int], size: tuple[int, int]) -> None:
    engine = _frozen(_network())
    image = _picture(*size)
    down, right = (min(16, side - 1) for side in size)
    wide = F.pad(image, (right, right, down, down), "reflect")
    whole = paint_in_tiles(engine, wide, WHOLE)[..., down:-down, right:-right]
    painted = paint_in_tiles(engine, image, tile, overscan=(down, right))
    assert painted.shape == image.shape
    assert float((painted - whole).abs().max()) <= BOUND


def test_tiles_in_two_threads() -> None:
    engine = _frozen(_network())
    image = _picture(170, 131)
    with ThreadPoolExecutor(2) as pool:
        painted = paint_in_tiles(engine, image, (140, 124), map_tiles=pool.map)
    assert torch.equal(painted, paint_in_tiles(engine, image, (140, 124)))


def test_what_a_tile_raises_is_raised() -> None:
    def fail(image: torch.Tensor) -> torch.Tensor:
        raise MemoryError

    with ThreadPoolExecutor(2) as pool, pytest.raises(MemoryError):
        paint_in_tiles(fail, _picture(170, 131), (140, 124), map_tiles=pool.map)


@pytest.mark.parametrize("size", [(300, 64), (64, 300)])
def test_frozen_norms_with_less_halo_have_seams(size: tuple[int, int]) -> None:
    engine = _frozen(_network())
    image = _picture(*size)
    whole = paint_in_tiles(engine, image, WHOLE)
    assert float((paint_in_tiles(engine, image, (180, 180)) - whole).abs().max()) <= BOUND
    seamed = paint_in_tiles(engine, image, (156, 156), halo=HALO - 12)
    assert float((seamed - whole).abs().max()) > BOUND


def test_fitting_tiles_by_hand() -> None:
    """UHD and 1.3 million pixels: 2 x 4 tiles of 1140 x 1052; 2 x 3 would be of 1140 x 1360."""
    assert fitting_tile(2160, 3840, 1_300_000) == (1140, 1052)
    assert fitting_tile(2160, 3840, 1_600_000) == (1140, 1360)
    assert fitting_tile(2160, 3840, 1_180_000) == (800, 1360), "3 x 3"
    assert fitting_tile(2160, 3840, 1_180_000, at_once=2) == (1140, 864), "2 x 5, not 9 as 10"
    assert fitting_tile(64, 64, 64 * 64) == (64, 64)
    assert fitting_tile(2160, 3840, 120 * 120) is None


def test_gain_is_the_exposure_that_is_taken_out() -> None:
    engine = _frozen(_network())
    image = _picture(64, 64)
    torch.testing.assert_close(
        paint_in_tiles(engine, image * 0.5, WHOLE, gain=0.5),
        paint_in_tiles(engine, image, WHOLE),
        atol=BOUND,
        rtol=0,
    )


def test_moments_by_hand() -> None:
    """Channels 1, 2, 3, 4 and 10, 10, 10, 10: means 2.5 and 10, variances 1.25 and 0."""
    maps = torch.tensor([[[[1.0, 2.0, 3.0, 4.0]], [[10.0] * 4]]])
    first = moments(maps[..., :1].contiguous(memory_format=torch.channels_last))
    rest = moments(maps[..., 1:].contiguous(memory_format=torch.channels_last))
    mean, variance = Moments().joined(first).joined(rest).statistics(1)
    assert mean.tolist() == [[2.5, 10]]
    assert variance.tolist() == [[1.25, 0]]
    # In blocks of two phases the two channels are one: 1-4 and four times 10.
    mean, variance = first.joined(rest).statistics(2)
    assert mean.tolist() == [[6.25]]
    assert variance.tolist() == [[1.25 / 2 + 3.75**2]]
