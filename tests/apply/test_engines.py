"""Every way to run the network against its definition in double precision."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nle_style.apply.engine import FoldedEngine, FrameEngine
from nle_style.apply.kernels import Layer, arrange
from nle_style.apply.openvino_engine import OpenVinoEngine, OpenVinoMeasure, openvino_version
from nle_style.core.network import NetworkConfig, NormStatistics, StyleNetwork

BOUND = 5e-5
"""On 0-1: an eightieth of an 8-bit code, and a third of one of 12 bits."""

HALF_BOUND = 0.02
"""Of half precision, 11 bits through 16 layers, where a weight or a map needs them."""

MIX = torch.tensor([[0.5, 0.3, 0.2]])


@pytest.fixture(scope="module")
def network() -> StyleNetwork:
    torch.manual_seed(3)
    network = StyleNetwork(NetworkConfig(3, 8, 2)).eval()
    with torch.no_grad():
        for norm in network.norms:
            norm.gamma.normal_(1.0, 0.2)
            norm.beta.normal_(0.0, 0.3)
    return network


@pytest.fixture(scope="module")
def norms(network: StyleNetwork) -> list[NormStatistics]:
    seen: list[NormStatistics] = []
    with torch.no_grad():
        network(torch.rand(1, 3, 96, 128), MIX, seen=seen)
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
        expected = double(image.double(), MIX.double(), wide)
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
    _check(engine(arrange(network, MIX), norms), network, norms, size, BOUND)


@pytest.mark.skipif(not _devices(), reason="no GPU that torch can use")
@pytest.mark.parametrize("device", _devices())
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_frozen_on_a_gpu(
    device: str, dtype: torch.dtype, network: StyleNetwork, norms: list[NormStatistics]
) -> None:
    engine = FoldedEngine(arrange(network, MIX), norms, torch.device(device), dtype)
    bound = HALF_BOUND if dtype == torch.float16 else 1e-3
    _check(engine, network, norms, (132, 96), bound)


def test_half_precision(network: StyleNetwork, norms: list[NormStatistics]) -> None:
    """What a GPU computes, on the CPU, where half precision is slow but works."""
    engine = FoldedEngine(arrange(network, MIX), norms, dtype=torch.float16)
    _check(engine, network, norms, (64, 100), HALF_BOUND)


def test_openvino_again_at_another_size(network: StyleNetwork, norms: list[NormStatistics]) -> None:
    if openvino_version() is None:
        pytest.skip("OpenVINO (the extra [fast]) is not installed, or has no CPU plugin here")
    engine = OpenVinoEngine(arrange(network, MIX), norms)
    for size in ((16, 24), (64, 100), (16, 24)):
        _check(engine, network, norms, size, BOUND)


@pytest.mark.parametrize("size", [(24, 16), (20, 33), (64, 100)])
def test_openvino_measures(network: StyleNetwork, size: tuple[int, int]) -> None:
    if openvino_version() is None:
        pytest.skip("OpenVINO (the extra [fast]) is not installed, or has no CPU plugin here")
    measure = OpenVinoMeasure(arrange(network, MIX))
    double = StyleNetwork(network.config).double().eval()
    double.load_state_dict(network.state_dict())
    # Of a pale picture the means are large beside the deviations, which must cost no precision.
    for contrast in (1, 0.1):
        image = 1 - contrast * torch.rand(1, 3, *size)
        seen: list[NormStatistics] = []
        expected: list[NormStatistics] = []
        measure(image, seen)
        with torch.no_grad():
            double(image.double(), MIX.double(), seen=expected)
        for (mean, variance), (means, variances) in zip(seen, expected, strict=True):
            spread = (variances + 1e-5).sqrt()  # what the norm divides by
            assert float(((mean - means) / spread).abs().max()) < 2 * BOUND
            assert float(((variance + 1e-5) / (variances + 1e-5) - 1).abs().max()) < 2 * BOUND
