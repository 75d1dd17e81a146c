"""The fast engine against the definition it rewrites."""

from __future__ import annotations

import pytest
import torch

from nle_style.apply.engine import FrameEngine, arrange
from nle_style.apply.engine.kernels import phase_kernel, upsample_kernel
from nle_style.core import StyleNetwork
from nle_style.core.network import NetworkConfig


def _network(width: int = 8, blocks: int = 2) -> StyleNetwork:
    torch.manual_seed(3)
    network = StyleNetwork(NetworkConfig(width, blocks)).eval()
    with torch.no_grad():
        for norm in network.norms:
            norm.gamma.normal_(1.0, 0.2)
            norm.beta.normal_(0.0, 0.3)
    return network


@pytest.mark.parametrize("size", [(64, 64), (8, 8), (9, 9), (12, 16), (101, 77), (90, 160)])
def test_equals_the_definition(size: tuple[int, int]) -> None:
    network = _network()
    image = torch.rand(1, 3, *size)
    with torch.no_grad():
        expected = network(image)
    got = FrameEngine(arrange(network))(image)
    assert got.shape == expected.shape
    # 5e-5 on 0-1 is an eightieth of an 8-bit code; small frames have few values to average.
    assert float((got - expected).abs().max()) < 5e-5


def test_statistics_are_those_of_the_definition_and_can_be_frozen() -> None:
    network = _network()
    one, other = torch.rand(1, 3, 40, 56), torch.rand(1, 3, 40, 56) * 0.5
    engine = FrameEngine(arrange(network))
    expected: list = []
    seen: list = []
    with torch.no_grad():
        network(one, seen=expected)
        engine(one, seen=seen)
        for (mean, variance), (mean_, variance_) in zip(expected, seen, strict=True):
            torch.testing.assert_close(mean, mean_, atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(variance, variance_, atol=1e-5, rtol=1e-4)
        frozen = network(other, seen)
        free = network(other)
    torch.testing.assert_close(engine(other, seen), frozen, atol=5e-5, rtol=0)
    assert float((frozen - free).abs().max()) > 0.01, "freezing must matter for this test to"


def test_engine_leaves_the_network_alone() -> None:
    network = _network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    image = torch.rand(1, 3, 32, 32)
    kept = image.clone()
    FrameEngine(arrange(network))(image)
    assert torch.equal(image, kept)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_phase_kernel_by_hand() -> None:
    # out(y, x) = in(y, x) + 2 in(y, x + 1), two columns at once.
    kernel = phase_kernel(torch.tensor([[[[1.0, 2.0], [0.0, 0.0]]]]), (1, 2))
    assert kernel[0].tolist() == [[[1, 2, 0], [0, 0, 0]]]
    assert kernel[1].tolist() == [[[0, 1, 2], [0, 0, 0]]]


def test_upsample_kernel_by_hand() -> None:
    # Rows 1, 10, 100 and columns 1, 1, 1: along y the kernel is, in quarters, w2, w1 + 3 w2,
    # w0 + 3 w1 + 3 w2, 3 w0 + 3 w1 + w2, 3 w0 + w1, w0.
    weight = torch.tensor([[[[1.0] * 3, [10.0] * 3, [100.0] * 3]]])
    columns = torch.tensor([1.0, 4.0, 7.0, 7.0, 4.0, 1.0]) / 4
    rows = torch.tensor([100.0, 310.0, 331.0, 133.0, 13.0, 1.0]) / 4
    assert torch.equal(upsample_kernel(weight)[0, 0], torch.outer(rows, columns))
