"""The transformer net against hand calculation and against torch's stock layers."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from nle_style.core import (
    MINIMUM_SIDE,
    InstanceNorm,
    NormStatistics,
    StyleNetwork,
    completed,
    contrast,
    instance_statistics,
    pad_to_stride,
)
from nle_style.core.network import NetworkConfig, ReflectConv, UpsampleConv


def make_network(width: int = 4, blocks: int = 1, seed: int = 0) -> StyleNetwork:
    """A network with random weights, and with γ and β that differ from 1 and 0."""
    chance = torch.Generator().manual_seed(seed)
    network = StyleNetwork(NetworkConfig(width, blocks)).requires_grad_(False).eval()
    for parameter in network.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=chance) * 0.3)
    for norm in network.norms:
        assert isinstance(norm, InstanceNorm)
        norm.gamma.add_(1.0)
    return network


def picture(height: int, width: int, *, batch: int = 1, seed: int = 1) -> Tensor:
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(seed))


def test_reflected_corner_by_hand() -> None:
    conv = ReflectConv(1, 1, 3).requires_grad_(False)
    conv.weight.copy_(torch.arange(1.0, 10.0).view(1, 1, 3, 3))
    conv.bias.fill_(100.0)  # type: ignore[union-attr]
    image = torch.arange(1.0, 10.0).view(1, 1, 3, 3)
    # Around the corner pixel 1 the reflected neighbourhood is 5 4 5 / 2 1 2 / 5 4 5, and the kernel
    # is 1 2 3 / 4 5 6 / 7 8 9: 5+8+15 + 8+5+12 + 35+32+45 = 165.
    assert conv(image)[0, 0, 0, 0].item() == 265.0
    # The centre touches no border: 1² + 2² + … + 9² = 285.
    assert conv(image)[0, 0, 1, 1].item() == 385.0


def test_reflected_corner_of_a_nine_pixel_kernel() -> None:
    conv = ReflectConv(1, 1, 9).requires_grad_(False)
    conv.weight.zero_()
    conv.weight[0, 0, 0, 0] = 1.0  # takes the pixel four up and four to the left
    conv.bias.zero_()  # type: ignore[union-attr]
    image = torch.arange(100.0).view(1, 1, 10, 10)  # the value at (y, x) is 10y + x
    assert conv(image)[0, 0, 0, 0].item() == 44.0  # reflected to (4, 4)
    assert conv(image)[0, 0, 1, 6].item() == 32.0  # row -3 is row 3; column 2


def test_enlarged_corner_by_hand() -> None:
    conv = UpsampleConv(1, 1).requires_grad_(False)
    conv.weight.zero_()
    conv.weight[0, 0, 0, 0] = 1.0  # takes the pixel one up and one to the left
    conv.bias.zero_()  # type: ignore[union-attr]
    large = conv(torch.tensor([[[[0.0, 4.0], [40.0, 44.0]]]]))[0, 0]
    # Rows and columns add up: 4 a column, 40 a row. Small pixel -1 is 1, so large pixels -1 to 2
    # are at 3/4 · 1 + 1/4 · 0, then 1/4 · 1 + 3/4 · 0, 3/4 · 0 + 1/4 · 1, and 1/4 · 0 + 3/4 · 1.
    at = torch.tensor([0.75, 0.25, 0.25, 0.75])
    assert torch.equal(large, 40 * at[:, None] + 4 * at[None, :])


def test_every_convolution_pads_by_reflection_only() -> None:
    network = make_network(blocks=5)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert len(convolutions) == 3 + 2 * 5 + 3
    for index, conv in enumerate(convolutions):
        assert conv.padding == (0, 0)
        if index in (13, 14):
            assert isinstance(conv, UpsampleConv)
            continue
        assert isinstance(conv, ReflectConv)
        assert conv.kernel_size == (2 * conv.border + 1,) * 2
    kernels = [conv.kernel_size[0] for conv in convolutions]
    assert kernels == [9, 3, 3, *[3] * 10, 3, 3, 9]
    assert [conv.stride[0] for conv in convolutions] == [1, 2, 2, *[1] * 10, 1, 1, 1]


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Norms that do not amplify what rounding leaves in a flat map: an ε of 1, not 1e-5."""
    monkeypatch.setattr(InstanceNorm, "epsilon", 1.0)


def test_no_layer_sees_an_edge_in_a_flat_image(calm: None) -> None:
    network = make_network(blocks=2)
    spreads: list[float] = []
    for conv in network.convolutions:
        conv.register_forward_hook(
            lambda module, given, maps: spreads.append(
                float((maps.amax((2, 3)) - maps.amin((2, 3))).max())
            )
        )
    # Zero padding would show as a frame around every map.
    network(torch.full((1, 3, 24, 20), 0.6))
    assert len(spreads) == 3 + 4 + 3
    assert max(spreads) < 1e-3


def test_flat_image_comes_out_as_the_last_beta_by_hand(calm: None) -> None:
    # A flat map normalises to 0, so every norm gives its β; the last convolution sees relu(β).
    network = make_network()
    last_norm, last = network.norms[-1], network.convolutions[-1]
    assert isinstance(last_norm, InstanceNorm)
    assert isinstance(last, ReflectConv)
    assert last.bias is not None
    seen_by_last = last_norm.beta.clamp_min(0)
    expected = torch.sigmoid(last.weight.sum((2, 3)) @ seen_by_last + last.bias)
    painted = network(torch.full((1, 3, 16, 16), 0.25))
    assert torch.allclose(painted, expected.view(1, 3, 1, 1).expand_as(painted), atol=1e-3)


def test_norm_gives_beta_as_mean_and_gamma_as_deviation() -> None:
    norm = InstanceNorm(3).requires_grad_(False)
    norm.gamma.copy_(torch.tensor([2.0, 3.0, 0.5]))
    norm.beta.copy_(torch.tensor([-1.0, 4.0, 0.0]))
    features = picture(30, 20) * 7 + 5
    out = norm(features)
    assert torch.allclose(out.mean((2, 3)), torch.tensor([[-1.0, 4.0, 0.0]]), atol=1e-4)
    assert torch.allclose(out.std((2, 3), correction=0), torch.tensor([[2.0, 3.0, 0.5]]), atol=1e-4)


def test_norm_of_four_values_by_hand() -> None:
    norm = InstanceNorm(1).requires_grad_(False)
    norm.gamma.fill_(10.0)
    norm.beta.fill_(1.0)
    features = torch.tensor([1.0, 3.0, 5.0, 7.0]).view(1, 1, 2, 2)
    mean, variance = instance_statistics(features)
    # Mean 4; squares of -3 -1 1 3 are 9 1 1 9, a biased variance of 5 (not 20/3).
    assert mean.tolist() == [[4.0]]
    assert variance.tolist() == [[5.0]]
    expected = [1 + 10 * d / math.sqrt(5 + 1e-5) for d in (-3, -1, 1, 3)]
    assert norm(features).flatten().tolist() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("batch", [1, 2])  # torch has two ways, one of them for a batch of one
def test_norm_and_its_gradients_agree_with_torch_instance_norm(batch: int) -> None:
    norm, stock = InstanceNorm(5), nn.InstanceNorm2d(5, affine=True)
    with torch.no_grad():
        norm.gamma.copy_(torch.rand(5) + 0.5)
        norm.beta.copy_(torch.randn(5))
        stock.weight.copy_(norm.gamma)
        stock.bias.copy_(norm.beta)
    features = (torch.randn(batch, 5, 9, 11) * 3 + 1).requires_grad_()
    toward = torch.randn(batch, 5, 9, 11)
    found = []
    for module in (norm, stock):
        out = module(features)
        found.append(
            [out, *torch.autograd.grad((out * toward).sum(), [features, *module.parameters()])]
        )
    for mine, theirs in zip(*found, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-4)


def test_statistics_of_half_precision_are_summed_in_float32() -> None:
    # 512² values of 1 and 3: a float16 sum would pass 65504 and become infinite.
    features = torch.ones(1, 1, 512, 512, dtype=torch.float16)
    features[..., ::2] = 3.0
    mean, variance = instance_statistics(features)
    assert mean.dtype == torch.float32
    assert (mean.item(), variance.item()) == (2.0, 1.0)


def test_every_image_of_a_batch_is_normalised_by_its_own_statistics() -> None:
    network, images = make_network(), picture(16, 20, batch=2)
    images[1] *= torch.tensor([0.2, 1.0, 0.6]).view(3, 1, 1)
    together = network(images)
    for index in range(2):
        alone = network(images[index : index + 1])
        assert torch.allclose(together[index : index + 1], alone, atol=1e-5)
    seen: list[NormStatistics] = []
    network(images, seen=seen)
    by_the_other = network(images[:1], [(mean[1:], variance[1:]) for mean, variance in seen])
    assert (together[:1] - by_the_other).abs().max() > 0.01


def test_agrees_with_the_paper_network_built_of_stock_layers() -> None:
    """The whole net again from nn.ReflectionPad2d, nn.Conv2d, nn.InstanceNorm2d, nn.Upsample."""
    network = make_network(width=4, blocks=2)
    index = iter(range(len(network.convolutions)))

    def layer(*, norm: bool = True) -> nn.Sequential:
        at = next(index)
        source = network.convolutions[at]
        assert isinstance(source, nn.Conv2d)
        kernel, stride = source.kernel_size[0], source.stride[0]
        conv = nn.Conv2d(source.in_channels, source.out_channels, kernel, stride)
        conv.load_state_dict(source.state_dict())
        parts: list[nn.Module] = [conv]
        if isinstance(source, UpsampleConv):
            # A small pixel mirrored at every edge is two large ones, of which one is cut off.
            parts = [
                nn.ReflectionPad2d(1),
                nn.Upsample(scale_factor=2, mode="bilinear"),
                nn.ReplicationPad2d(-1),
                conv,
            ]
        else:
            parts.insert(0, nn.ReflectionPad2d(kernel // 2))
        if norm:
            ours = network.norms[at]
            assert isinstance(ours, InstanceNorm)
            stock = nn.InstanceNorm2d(source.out_channels, affine=True).requires_grad_(False)
            stock.weight.copy_(ours.gamma)
            stock.bias.copy_(ours.beta)
            parts.append(stock)
        return nn.Sequential(*parts).requires_grad_(False)

    down = nn.Sequential(layer(), nn.ReLU(), layer(), nn.ReLU(), layer(), nn.ReLU())
    blocks = [nn.Sequential(layer(), nn.ReLU(), layer()) for _ in range(2)]
    up = [nn.Sequential(layer(), nn.ReLU()) for _ in range(2)]
    end = nn.Sequential(*up, layer(norm=False), nn.Sigmoid())

    image = picture(24, 32)
    expected = down(image)
    for block in blocks:
        expected = expected + block(expected)
    expected = end(expected)
    assert expected.std() > 0.05
    assert torch.allclose(network(image), expected, atol=1e-5)


def test_seen_lists_every_norm_in_order() -> None:
    network = make_network(blocks=2, width=4)
    seen: list[NormStatistics] = []
    network(picture(16, 16), seen=seen)
    assert len(seen) == len(network.norms) == 3 + 4 + 2
    assert [mean.shape[1] for mean, _ in seen] == [4, 8, 16, 16, 16, 16, 16, 8, 4]
    first = network.convolutions[0](picture(16, 16))
    assert torch.allclose(seen[0][0], first.mean((2, 3)), atol=1e-6)
    assert torch.allclose(seen[0][1], first.var((2, 3), correction=0), atol=1e-6)


def test_frozen_statistics_replace_the_images_own() -> None:
    network = make_network()
    image, other = picture(16, 16, seed=1), picture(16, 16, seed=2) * 0.5
    seen: list[NormStatistics] = []
    own = network(image, seen=seen)
    assert torch.allclose(network(image, seen), own, atol=1e-6)
    locked, free = network(other, seen), network(other)
    assert (locked - free).abs().max() > 0.01
    again: list[NormStatistics] = []
    network(other, seen, again)
    for given, met in zip(seen, again, strict=True):
        assert torch.equal(given[0], met[0])
        assert torch.equal(given[1], met[1])


def test_frozen_statistics_make_the_norm_a_fixed_affine() -> None:
    norm = InstanceNorm(1).requires_grad_(False)
    norm.gamma.fill_(3.0)
    norm.beta.fill_(1.0)
    statistics = (torch.tensor([[10.0]]), torch.tensor([[4.0]]))
    # 3 · (x - 10) / 2 + 1, whatever else is in the map
    out = norm(torch.tensor([10.0, 12.0, 20.0]).view(1, 1, 1, 3), statistics)
    assert out.flatten().tolist() == pytest.approx([1.0, 4.0, 16.0], abs=1e-4)


def test_some_norms_frozen_and_some_free() -> None:
    network = make_network()
    seen: list[NormStatistics] = []
    network(picture(16, 16, seed=1), seen=seen)
    hybrid: list[NormStatistics | None] = [None, *seen[1:]]
    again: list[NormStatistics] = []
    network(picture(16, 16, seed=2) * 0.5, hybrid, again)
    assert not torch.allclose(again[0][0], seen[0][0], atol=1e-3)
    assert torch.equal(again[1][0], seen[1][0])


def test_exposure_and_offset_cancel_in_the_first_norm() -> None:
    # conv(a·x + b) = a·(conv(x) - bias) + constant for each channel; the norm removes both.
    network, image = make_network(), picture(24, 24)
    offset = torch.tensor([0.05, 0.2, 0.1]).view(1, 3, 1, 1)
    assert torch.allclose(network(image * 0.6 + offset), network(image), atol=1e-3)


@pytest.mark.parametrize(
    ("width", "blocks", "expected"),
    [
        # width 32, 5 blocks: 7,808 + 18,496 + 73,856 + 10 · 147,584 + 73,792 + 18,464 + 7,779
        # = 1,676,035 in convolutions, and 2 · (32 + 64 + 11 · 128 + 64 + 32) = 3,200 in norms.
        (32, 5, 1_679_235),
        # width 16: 3,904 + 4,640 + 18,496 + 10 · 36,928 + 18,464 + 4,624 + 3,891; 1,600 in norms.
        (16, 5, 423_299 + 1_600),
        # width 1, no blocks: 244 + 20 + 76 + 74 + 19 + 246; 2 · (1 + 2 + 4 + 2 + 1) = 20.
        (1, 0, 679 + 20),
    ],
)
def test_number_of_parameters_by_hand(width: int, blocks: int, expected: int) -> None:
    network = StyleNetwork(NetworkConfig(width, blocks))
    assert sum(p.numel() for p in network.parameters()) == expected


@pytest.mark.parametrize(("width", "blocks"), [(1, 0), (3, 0), (2, 7)])
def test_any_width_and_number_of_blocks_paints(width: int, blocks: int) -> None:
    painted = make_network(width=width, blocks=blocks)(picture(12, 16))
    assert painted.shape == (1, 3, 12, 16)
    assert torch.isfinite(painted).all()


@pytest.mark.parametrize("arguments", [(0, 5), (16, -1)])
def test_impossible_configurations_are_refused(arguments: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="not a network"):
        NetworkConfig(*arguments)


@pytest.mark.parametrize("size", [(8, 8), (9, 8), (17, 23), (30, 61), (25, 64)])
def test_any_size_comes_back(size: tuple[int, int]) -> None:
    painted = make_network()(picture(*size))
    assert painted.shape == (1, 3, *size)
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_odd_size_is_the_corner_of_the_reflected_image() -> None:
    network, image = make_network(), picture(17, 22)
    padded = pad_to_stride(image)
    assert padded.shape == (1, 3, 20, 24)
    # Row 17 mirrors row 15 about row 16, column 22 mirrors column 20 about column 21.
    assert torch.equal(padded[..., 17, :22], image[..., 15, :])
    assert torch.equal(padded[..., :17, 22], image[..., :, 20])
    assert torch.equal(network(image), network(padded)[..., :17, :22])


def test_minimum_side() -> None:
    network = make_network()
    network(picture(MINIMUM_SIDE, MINIMUM_SIDE))
    with pytest.raises(ValueError, match="20x7 is below 8"):
        network(picture(7, 20))
    with pytest.raises(ValueError, match="7x20 is below 8"):
        network(picture(20, 7))


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float16, 3e-3), (torch.bfloat16, 2e-2), (torch.float64, 1e-5)]
)
def test_other_precisions_are_close_to_float32(dtype: torch.dtype, tolerance: float) -> None:
    network, image = make_network(), picture(24, 32)
    expected = network(image)
    painted = network.to(dtype)(image.to(dtype))
    assert painted.dtype == dtype
    assert (painted.float() - expected).square().mean().sqrt() < tolerance


def test_contrast_is_a_share_of_a_photographs() -> None:
    """By hand: typical variances sum to 8; a sixteenth of the contrast is 1/256 of that, 1/32."""
    typical = torch.zeros(1, 2), torch.tensor([[2.0, 6.0]])
    first = torch.zeros(3, 2), torch.tensor([[0.0, 0.0], [1 / 128, 1 / 128], [1.0, 0.0]])
    assert torch.equal(contrast(first, typical), torch.tensor([[0.0], [0.5], [1.0]]))
    unknown = torch.zeros(1, 2), torch.zeros(1, 2)
    assert torch.equal(contrast(first, unknown), torch.ones(3, 1))


def test_statistics_are_completed_as_those_of_two_pictures_taken_as_one() -> None:
    """By hand: a quarter of mean 8, variance 4 and three quarters of mean 0, variance 16."""
    own, typical = (
        (torch.tensor([[8.0]]), torch.tensor([[4.0]])),
        (
            torch.tensor([[0.0]]),
            torch.tensor([[16.0]]),
        ),
    )
    mean, variance = completed(own, typical, torch.tensor([[0.25]]))
    assert (float(mean), float(variance)) == (2.0, 1 + 12 + 0.25 * 0.75 * 64)
    whole = completed(own, typical, torch.ones(1, 1))
    assert torch.equal(whole[0], own[0])
    assert torch.equal(whole[1], own[1])


def test_a_flat_picture_is_normalised_as_a_photograph_but_not_in_training() -> None:
    torch.manual_seed(3)
    network = StyleNetwork(NetworkConfig(width=4, residual_blocks=1))
    photo, card = torch.rand(1, 3, 32, 32), torch.full((1, 3, 32, 32), 0.5)
    for norm in network.norms:
        assert isinstance(norm, InstanceNorm)
    met: list[NormStatistics] = []
    network.eval()(photo, seen=met)
    for norm, (mean, variance) in zip(network.norms, met, strict=True):
        norm.typical_mean.copy_(mean[0].detach())
        norm.typical_variance.copy_(variance[0].detach())
    with torch.no_grad():
        assert torch.allclose(network(card), network(card, statistics=met), atol=1e-5)
        assert torch.allclose(network(photo), network(photo, statistics=met), atol=1e-5)
        network.train()
        assert not torch.allclose(network(card), network(card, statistics=met), atol=1e-3)
