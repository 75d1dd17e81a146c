"""Every way to run the network against its definition in double precision."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nle_style.apply.engine import (
    FoldedEngine,
    FrameEngine,
    OpenVinoEngine,
    OpenVinoMeasure,
    arrange,
    one_slice,
    openvino_version,
)
from nle_style.apply.engine.kernels import Layer
from nle_style.apply.engine.openvino_graph import measured_parts, slices
from nle_style.core import NormStatistics, StyleNetwork, completed, contrast
from nle_style.core.network import NetworkConfig

BOUND = 5e-5
"""On 0-1: an eightieth of an 8-bit code, and a third of one of 12 bits."""

HALF_BOUND = 0.02
"""Of half precision, 11 bits through 16 layers, where a weight or a map needs them."""


@pytest.fixture(scope="module")
def network() -> StyleNetwork:
    torch.manual_seed(3)
    network = StyleNetwork(NetworkConfig(8, 2)).eval()
    with torch.no_grad():
        for norm in network.norms:
            norm.gamma.normal_(1.0, 0.2)
            norm.beta.normal_(0.0, 0.3)
    return network


@pytest.fixture(scope="module")
def norms(network: StyleNetwork) -> list[NormStatistics]:
    seen: list[NormStatistics] = []
    with torch.no_grad():
        network(torch.rand(1, 3, 96, 128), seen=seen)
    return seen


def _frame(layers: tuple[Layer, ...], norms: list[NormStatistics]) -> Callable[[Tensor], Tensor]:
    engine = FrameEngine(layers)
    return lambda image: engine(image, norms)


def _devices() -> list[str]:
    mps = torch.backends.mps.is_available()
    return [*(["cuda"] if torch.cuda.is_available() else []), *(["mps"] if mps else [])]


def _check(
    paint: Callable[[Tensor], Tensor],
    network: StyleNetwork,
    norms: list[NormStatistics],
    size: tuple[int, int],
    bound: float,
) -> None:
    image = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(size[1]))
    double = StyleNetwork(network.config).double().eval()
    double.load_state_dict(network.state_dict())
    with torch.no_grad():
        wide = [(mean.double(), variance.double()) for mean, variance in norms]
        expected = double(image.double(), wide)
    painted = paint(image).double().cpu()
    assert painted.shape == expected.shape
    assert float((painted - expected).abs().max()) < bound


SIZES = [(8, 8), (12, 16), (16, 24), (20, 8), (64, 100), (132, 96)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("engine", [_frame, FoldedEngine, OpenVinoEngine])
def test_frozen(
    engine: Callable, network: StyleNetwork, norms: list[NormStatistics], size: tuple[int, int]
) -> None:
    if engine is OpenVinoEngine and openvino_version() is None:
        pytest.skip("OpenVINO (the extra [fast]) is not installed, or has no CPU plugin here")
    _check(engine(arrange(network), norms), network, norms, size, BOUND)


def _cut(*rows: int) -> Callable[[int, int], list[tuple[int, int]]]:
    """Slices of so many rows, one behind the other."""
    ends = list(itertools.accumulate(rows))
    return lambda height, width: list(zip([0, *ends[:-1]], ends, strict=True))


@pytest.mark.parametrize("rows", [(64, 68), (16, 20, 24, 72), (44, 16, 16, 16, 16, 24)])
def test_openvino_paints_slices_as_one_piece(
    network: StyleNetwork, norms: list[NormStatistics], rows: tuple[int, ...]
) -> None:
    if openvino_version() is None:
        pytest.skip("OpenVINO (the extra [fast]) is not installed, or has no CPU plugin here")
    layers = arrange(network)
    sliced = OpenVinoEngine(layers, norms, cut=_cut(*rows))
    _check(sliced, network, norms, (132, 96), BOUND)
    image = torch.rand(1, 3, 132, 96, generator=torch.Generator().manual_seed(1))
    whole = OpenVinoEngine(layers, norms, cut=one_slice)(image).clone()
    assert float((sliced(image) - whole).abs().max()) < 1e-6


@pytest.mark.parametrize(("size", "count"), [((8, 8), 1), ((1080, 1920), 5), ((2160, 3840), 21)])
def test_slices_by_hand(size: tuple[int, int], count: int) -> None:
    """Of 393,216 pixels: 2.07 million and 8.29 million are 5 and 21 of a few more."""
    cut = slices(*size)
    assert len(cut) == count
    assert [begin for begin, _ in cut] == [0, *(end for _, end in cut[:-1])]
    assert cut[-1][1] == size[0]
    assert all(begin % 4 == 0 for begin, _ in cut)
    # A picture that is hardly high has no more slices than rows for them.
    assert slices(32, 2**20) == [(0, 16), (16, 32)]


def test_measured_parts_by_hand() -> None:
    """The maps of residual layers, of 16 layers those behind the third and before the last three,
    are measured in as few parts of several slices as four."""
    cut = [(0, 8), (8, 16), (16, 24), (24, 32), (32, 40), (40, 52)]
    assert measured_parts(2, 16, cut) == cut
    assert measured_parts(3, 16, cut) == [(0, 16), (16, 32), (32, 52)]
    assert measured_parts(12, 16, cut) == [(0, 16), (16, 32), (32, 52)]
    assert measured_parts(13, 16, cut) == cut
    assert measured_parts(3, 16, cut[:4]) == cut[:4]


@pytest.mark.skipif(not _devices(), reason="no GPU that torch can use")
@pytest.mark.parametrize("device", _devices())
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_frozen_on_a_gpu(
    device: str, dtype: torch.dtype, network: StyleNetwork, norms: list[NormStatistics]
) -> None:
    engine = FoldedEngine(arrange(network), norms, torch.device(device), dtype)
    bound = HALF_BOUND if dtype == torch.float16 else 1e-3
    _check(engine, network, norms, (132, 96), bound)


def test_half_precision(network: StyleNetwork, norms: list[NormStatistics]) -> None:
    """What a GPU computes, on the CPU, where half precision is slow but works."""
    engine = FoldedEngine(arrange(network), norms, dtype=torch.float16)
    _check(engine, network, norms, (64, 100), HALF_BOUND)


def test_openvino_again_at_another_size(network: StyleNetwork, norms: list[NormStatistics]) -> None:
    if openvino_version() is None:
        pytest.skip("OpenVINO (the extra [fast]) is not installed, or has no CPU plugin here")
    engine = OpenVinoEngine(arrange(network), norms)
    for size in ((16, 24), (64, 100), (16, 24)):
        _check(engine, network, norms, size, BOUND)


@pytest.mark.parametrize(
    ("size", "cut"),
    [
        ((24, 16), slices),
        ((20, 33), slices),
        ((64, 100), slices),
        ((64, 100), _cut(16, 48)),
        ((131, 70), _cut(16, 20, 24, 72)),
        ((131, 70), _cut(16, 20, 16, 16, 16, 16, 32)),
    ],
)
def test_openvino_measures(
    network: StyleNetwork, size: tuple[int, int], cut: Callable[[int, int], list[tuple[int, int]]]
) -> None:
    if openvino_version() is None:
        pytest.skip("OpenVINO (the extra [fast]) is not installed, or has no CPU plugin here")
    # Of a pale picture the means are large beside the deviations, which must cost no precision.
    for depth in (1, 0.1):
        # Dark above and bright below: a slice's own statistics would not do.
        ramp = torch.linspace(0.5, 1, size[0])[:, None]
        _check_measured(network, 1 - depth * ramp * torch.rand(1, 3, *size), cut)


@pytest.mark.parametrize("cut", [slices, _cut(16, 48)])
@pytest.mark.parametrize(("level", "depth"), [(0, 0), (0.5, 0), (0.5, 1 / 255), (0.5, 0.05)])
def test_openvino_measures_with_little_contrast(
    network: StyleNetwork,
    level: float,
    depth: float,
    cut: Callable[[int, int], list[tuple[int, int]]],
) -> None:
    if openvino_version() is None:
        pytest.skip("OpenVINO (the extra [fast]) is not installed, or has no CPU plugin here")
    known = copy.deepcopy(network)
    typical: list[NormStatistics] = []
    with torch.no_grad():
        network(torch.rand(1, 3, 64, 64), seen=typical)
    for norm, (mean, variance) in zip(known.norms, typical, strict=True):
        norm.typical_mean.copy_(mean[0])
        norm.typical_variance.copy_(variance[0])
    ramp = torch.linspace(0, 1, 64)[:, None]
    # A sum of values that are all the same rounds the same way each time.
    bound = 2 * BOUND if depth else 6 * BOUND
    _check_measured(known, level + depth * ramp * torch.rand(1, 3, 64, 100), cut, bound)


def _check_measured(
    network: StyleNetwork,
    image: Tensor,
    cut: Callable[[int, int], list[tuple[int, int]]],
    bound: float = 2 * BOUND,
) -> None:
    """OpenVINO meets at every norm what the network in float64 does."""
    double = copy.deepcopy(network).double()
    seen: list[NormStatistics] = []
    expected: list[NormStatistics] = []
    OpenVinoMeasure(arrange(network), cut=cut)(image, seen)
    with torch.no_grad():
        double(image.double(), seen=expected)
    share = contrast(expected[0], double.norms[0].typical)
    for norm, own, met in zip(double.norms, seen, expected, strict=True):
        scale = completed(met, norm.typical, share)[1] + 1e-5  # the norm divides by its root
        assert float(((own[0] - met[0]) / scale.sqrt()).abs().max()) < bound
        assert float(((own[1] - met[1]) / scale).abs().max()) < bound
