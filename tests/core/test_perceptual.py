"""The perceptual loss by hand, and VGG-16 against torchvision's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch
import torchvision.models
from torch import Tensor, nn

from nle_style.core.perceptual import (
    CONTENT_LAYER,
    STYLE_LAYERS,
    Vgg16Features,
    _Gram,
    content_loss,
    gram_matrix,
    load_vgg16,
    style_loss,
    style_targets,
)
from nle_style.errors import TrainingError


def random_maps(batch: int = 1) -> dict[int, Tensor]:
    return {4: torch.rand(batch, 3, 4, 5), 9: torch.rand(batch, 6, 2, 3) * 10}


def test_gram_of_ones_by_hand() -> None:
    # Every entry is a sum of H·W ones over C·H·W, 1/C, whatever the size.
    assert torch.equal(gram_matrix(torch.ones(1, 4, 3, 7)), torch.full((1, 4, 4), 0.25))


def test_gram_of_two_channels_by_hand() -> None:
    features = torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, -1.0]]).view(1, 2, 2, 2)
    # 1+4+9+16 = 30, 2-4 = -2, 1+1 = 2, over 2·2·2 = 8
    assert gram_matrix(features).tolist() == [[[3.75, -0.25], [-0.25, 0.25]]]


def test_gram_does_not_know_places() -> None:
    maps = torch.rand(1, 3, 4, 4)
    assert torch.allclose(gram_matrix(maps), gram_matrix(maps.flip(2).transpose(2, 3)), atol=1e-6)


def test_gradient_of_gram_by_finite_differences() -> None:
    """Also for weights that are not symmetric, which no loss of this project has."""
    weights = torch.rand(2, 3, 3, dtype=torch.float64)
    maps = torch.rand(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    flat = maps.permute(0, 2, 3, 1).reshape(2, 20, 3)
    assert torch.autograd.gradcheck(lambda flat: (_Gram.apply(flat) * weights).sum(), flat)
    gradient = torch.autograd.grad(gram_matrix(maps.float()).sum(), maps)[0]
    # The sum of all entries is the sum over pixels of (sum of channels) squared, over C·H·W.
    by_hand = (2 * maps.sum(1, keepdim=True) / 60).expand_as(maps)
    assert torch.allclose(gradient, by_hand, atol=1e-6)


@pytest.mark.parametrize("weighting", ["paper", "normalised"])
def test_equal_features_have_no_loss(weighting: str) -> None:
    maps = random_maps(2)
    assert content_loss(maps[9], maps[9].clone(), weighting).tolist() == [0, 0]  # type: ignore[arg-type]
    assert style_loss(maps, style_targets(maps), weighting).tolist() == [0, 0]  # type: ignore[arg-type]


def test_content_loss_by_hand() -> None:
    output = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, 1, 2, 2)
    target = torch.tensor([1.0, 0.0, 0.0, 2.0]).view(1, 1, 2, 2)
    # squares 0 4 9 4 over 4 values; the target's own mean square is (1+0+0+4)/4
    assert content_loss(output, target).tolist() == [17 / 4]
    assert content_loss(output, target, "normalised").tolist() == pytest.approx([17 / 5])


@pytest.mark.parametrize("k", [0.0, 0.5, 3.0])
def test_content_loss_of_scaled_features(k: float) -> None:
    target = random_maps()[9]
    expected = (k - 1) ** 2 * target.square().mean().item()
    assert content_loss(k * target, target).item() == pytest.approx(expected, rel=1e-5)
    normalised = content_loss(k * target, target, "normalised").item()
    assert normalised == pytest.approx((k - 1) ** 2, rel=1e-5)


def test_style_loss_by_hand() -> None:
    # One channel: the Gram matrix is the mean square. 2² against 1² at layer 4, 1 against 3² at 9.
    output = {4: torch.full((1, 1, 2, 2), 2.0), 9: torch.ones(1, 1, 3, 1)}
    poster = {4: torch.ones(1, 1, 5, 5), 9: torch.full((1, 1, 1, 1), 3.0)}
    targets = style_targets(poster)
    assert style_loss(output, targets).tolist() == [(4 - 1) ** 2 + (1 - 9) ** 2]
    assert style_loss(output, targets, "normalised").tolist() == pytest.approx([9 / 1 + 64 / 81])


def test_layers_count_what_their_weights_say() -> None:
    # As above: 9 at layer 4 and 64 at layer 9, there over 9² where the target's energy divides.
    output = {4: torch.full((1, 1, 2, 2), 2.0), 9: torch.ones(1, 1, 3, 1)}
    targets = style_targets({4: torch.ones(1, 1, 5, 5), 9: torch.full((1, 1, 1, 1), 3.0)})
    weights = {4: 2.0, 9: 0.5}
    assert style_loss(output, targets, "paper", weights).tolist() == [2 * 9 + 0.5 * 64]
    normalised = style_loss(output, targets, "normalised", weights).tolist()
    assert normalised == pytest.approx([2 * 9 + 0.5 * 64 / 81])
    assert style_loss(output, targets, "paper", {4: 0.0, 9: 1.0}).tolist() == [64]


@pytest.mark.parametrize("k", [0.0, 0.5, 3.0])
def test_style_loss_of_scaled_features(k: float) -> None:
    maps = random_maps()
    targets = style_targets(maps)
    scaled = {layer: k * maps[layer] for layer in maps}
    energy = sum(gram.square().sum().item() for gram in targets.values())
    paper = style_loss(scaled, targets).item()
    assert paper == pytest.approx((k**2 - 1) ** 2 * energy, rel=1e-5)
    # Each of the two layers counts the same, the one with ten times the values too.
    normalised = style_loss(scaled, targets, "normalised").item()
    assert normalised == pytest.approx(2 * (k**2 - 1) ** 2, rel=1e-5)


@pytest.mark.parametrize("weighting", ["paper", "normalised"])
def test_losses_of_a_batch_are_the_losses_one_by_one(weighting: str) -> None:
    output, wanted, posters = random_maps(3), random_maps(3), random_maps(3)
    targets = style_targets(posters)
    style = style_loss(output, targets, weighting)  # type: ignore[arg-type]
    content = content_loss(output[9], wanted[9], weighting)  # type: ignore[arg-type]
    assert style.shape == content.shape == (3,)
    for i in range(3):
        one = {layer: maps[i : i + 1] for layer, maps in output.items()}
        target = {layer: grams[i : i + 1] for layer, grams in targets.items()}
        alone = style_loss(one, target, weighting)  # type: ignore[arg-type]
        assert style[i].item() == pytest.approx(alone.item(), rel=1e-5)
        alone = content_loss(one[9], wanted[9][i : i + 1], weighting)  # type: ignore[arg-type]
        assert content[i].item() == pytest.approx(alone.item(), rel=1e-5)


def test_one_poster_serves_a_whole_batch() -> None:
    output, targets = random_maps(2), style_targets(random_maps(1))
    repeated = {layer: gram.repeat(2, 1, 1) for layer, gram in targets.items()}
    assert torch.allclose(style_loss(output, targets), style_loss(output, repeated))


def test_layers_are_the_named_ones_of_torchvision(torchvision_vgg: nn.Sequential) -> None:
    # relu{block}_{n} by counting torchvision's modules: a pool ends a block.
    names, block, place = {}, 1, 0
    for index, module in enumerate(torchvision_vgg):
        if isinstance(module, nn.MaxPool2d):
            block, place = block + 1, 0
        elif isinstance(module, nn.ReLU):
            place += 1
            names[f"relu{block}_{place}"] = index
    wanted = [names[name] for name in ("relu1_2", "relu2_2", "relu3_3", "relu4_3")]
    assert wanted == [3, 8, 15, 22]
    mine = Vgg16Features().features
    assert len(mine) == wanted[-1] + 1
    for module, theirs in zip(mine, torchvision_vgg, strict=False):
        assert type(module) is type(theirs)
        shapes = [p.shape for p in module.parameters()]
        assert shapes == [p.shape for p in theirs.parameters()]
    assert STYLE_LAYERS == (4, 9, 16, 22)
    assert CONTENT_LAYER == 9


def test_feature_maps_are_those_of_torchvision(
    torchvision_vgg: nn.Sequential, vgg_file: Path
) -> None:
    image = torch.rand(2, 3, 40, 56)
    # The Oxford model's mean, RGB: its authors give it as BGR 103.939, 116.779, 123.68.
    expected, x = {}, image * 255 - torch.tensor([123.68, 116.779, 103.939]).view(1, 3, 1, 1)
    for index, module in enumerate(torchvision_vgg[:23]):
        x = module(x)
        expected[index] = x.clone()  # the next rectifier works in place
    found = load_vgg16(vgg_file)(image)
    for label, index in {4: 3, 9: 8, 16: 15, 22: 22}.items():
        assert expected[index].std() > 1
        assert torch.allclose(found[label], expected[index], atol=1e-2, rtol=1e-4)
    assert {label: tuple(maps.shape) for label, maps in found.items()} == {
        4: (2, 64, 40, 56),
        9: (2, 128, 20, 28),
        16: (2, 256, 10, 14),
        22: (2, 512, 5, 7),
    }


def test_torchvision_documents_the_same_order_and_scale() -> None:
    # Its mean for these weights is Oxford's in whole code values: 123, 117, 104.
    transform = torchvision.models.VGG16_Weights.IMAGENET1K_FEATURES.transforms()
    theirs = [value * 255 for value in transform.mean]
    assert Vgg16Features().mean.flatten().tolist() == pytest.approx(theirs, abs=0.7)
    assert transform.std == pytest.approx([1 / 255] * 3)


def test_no_module_beyond_the_deepest_layer_runs(vgg_file: Path) -> None:
    vgg, ran = load_vgg16(vgg_file), []
    for index, module in enumerate(vgg.features):
        module.register_forward_hook(lambda *_, index=index: ran.append(index))
    maps = vgg(torch.rand(1, 3, 16, 16), (CONTENT_LAYER,))
    assert list(maps) == [9]
    assert ran == list(range(9))


@pytest.mark.parametrize("layers", [(), (5,), (4, 23)])
def test_unknown_layers_are_refused(layers: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="are not among"):
        Vgg16Features()(torch.rand(1, 3, 16, 16), layers)


def test_weights_are_frozen_and_the_gradient_reaches_the_image(vgg_file: Path) -> None:
    vgg = load_vgg16(vgg_file)
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    vgg(image)[22].sum().backward()
    assert not any(p.requires_grad for p in vgg.parameters())
    assert image.grad is not None
    assert image.grad.abs().max() > 0


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("prefix", ["", "features."])
def test_weights_are_read_under_both_names(
    torchvision_vgg: nn.Sequential, tmp_path: Path, suffix: str, prefix: str
) -> None:
    path = tmp_path / f"vgg{suffix}"
    state = {f"{prefix}{name}": value for name, value in torchvision_vgg.state_dict().items()}
    if suffix == ".pth":
        torch.save(state | {"epoch": 3}, path)  # what is no tensor is passed over
    else:
        safetensors.torch.save_file(state, path)
    vgg = load_vgg16(path)
    for name, value in vgg.features.state_dict().items():
        assert torch.equal(value, torchvision_vgg.state_dict()[name])


def test_half_precision_weights_become_float32(vgg_file: Path, tmp_path: Path) -> None:
    half = {k: v.half() for k, v in safetensors.torch.load_file(vgg_file).items()}
    safetensors.torch.save_file(half, tmp_path / "half.safetensors")
    vgg = load_vgg16(tmp_path / "half.safetensors")
    assert {p.dtype for p in vgg.parameters()} == {torch.float32}


def test_weights_of_another_network_are_refused(vgg_file: Path, tmp_path: Path) -> None:
    state = safetensors.torch.load_file(vgg_file)
    missing = {name: value for name, value in state.items() if name != "21.weight"}
    safetensors.torch.save_file(missing, tmp_path / "shallow.safetensors")
    with pytest.raises(TrainingError, match=r"21\.weight should have shape .* found nothing"):
        load_vgg16(tmp_path / "shallow.safetensors")
    safetensors.torch.save_file(state | {"0.bias": torch.zeros(32)}, tmp_path / "thin.safetensors")
    with pytest.raises(TrainingError, match=r"0\.bias should have shape \(64,\), found \(32,\)"):
        load_vgg16(tmp_path / "thin.safetensors")


@pytest.mark.parametrize("name", ["vgg.safetensors", "vgg.pth"])
def test_files_that_hold_no_weights_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(TrainingError, match="are not there") as caught:
        load_vgg16(path)
    assert caught.value.where == str(path)
    path.write_bytes(b"<html>404</html>")
    with pytest.raises(TrainingError, match="cannot be read"):
        load_vgg16(path)


@pytest.mark.parametrize("content", [[torch.zeros(3)], torch.zeros(3), {"model": nn.ReLU()}])
def test_pth_of_anything_but_tensors_by_name_is_refused(tmp_path: Path, content: object) -> None:
    path = tmp_path / "vgg.pth"
    torch.save(content, path)  # the last one is code to run, which weights_only keeps out
    with pytest.raises(TrainingError, match="cannot be read"):
        load_vgg16(path)


def test_what_is_no_tensor_under_a_tensors_name_is_refused(tmp_path: Path) -> None:
    torch.save({"0.weight": 3}, tmp_path / "vgg.pth")
    with pytest.raises(TrainingError, match=r"0\.weight should have shape .* found nothing"):
        load_vgg16(tmp_path / "vgg.pth")


def test_failed_download_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing listens on port 9 of this machine, so the download fails as it does offline.
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(TrainingError, match="cannot download the VGG-16 weights") as caught:
        load_vgg16()
    assert "IMAGENET1K_FEATURES" in caught.value.remedy
    assert "--vgg" in caught.value.remedy
