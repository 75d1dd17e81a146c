"""The perceptual loss: what a frame shows and how it is painted, as VGG-16 sees them.

Johnson et al. 2016, section 3.2. A layer is named by a number:

    layer   feature map   modules of torchvision's `features` applied
    4       relu1_2       features[:4]
    9       relu2_2       features[:9]
    16      relu3_3       features[:16]
    22      relu4_3       features[:23]   (22 is the index of the rectifier itself)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from nle_style.errors import TrainingError

__all__ = [
    "CONTENT_LAYER",
    "STYLE_LAYERS",
    "Vgg16Features",
    "Weighting",
    "content_loss",
    "gram_matrix",
    "load_vgg16",
    "style_loss",
    "style_targets",
]

CONTENT_LAYER = 9
STYLE_LAYERS = (4, 9, 16, 22)
Weighting = Literal["paper", "normalised"]
"""`paper`: the formulas as printed. `normalised`: each term divided by its target's own energy,
so that one weight serves every poster and every layer."""

_MODULES = {4: 4, 9: 9, 16: 16, 22: 23}
# Convolution widths to relu4_3; 0 is a 2×2 maximum pool (Simonyan & Zisserman 2015, table 1, D).
_PLAN = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512)
# The weights are Oxford's: RGB in 0-255 less this mean.
_MEAN_RGB = (123.68, 116.779, 103.939)


class Vgg16Features(nn.Module):
    """VGG-16 up to relu4_3, frozen, under torchvision's parameter names (`features.0.weight` …)."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width in _PLAN:
            if width:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            else:
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.register_buffer("mean", torch.tensor(_MEAN_RGB).view(1, 3, 1, 1), persistent=False)
        self.requires_grad_(False).eval()

    def forward(self, image: Tensor, layers: Iterable[int] = STYLE_LAYERS) -> dict[int, Tensor]:
        """Feature maps of a batch.

        Args:
            image: (N, 3, H, W), RGB, 0-1, at least 8 pixels a side.
            layers: labels out of 4, 9, 16, 22; no module beyond the deepest is run.

        Returns:
            label -> (N, C, H', W') with C = 64, 128, 256, 512 and H' = H, H/2, H/4, H/8.

        Raises: ValueError for an unknown label.
        """
        wanted = set(layers)
        if not wanted or not wanted <= set(_MODULES):
            raise ValueError(f"layers {sorted(wanted)} are not among {sorted(_MODULES)}")
        after = {_MODULES[label]: label for label in wanted}
        found: dict[int, Tensor] = {}
        x = image * 255.0 - self.mean
        for count, module in enumerate(self.features[: max(after)], start=1):
            x = module(x)
            if count in after:
                found[after[count]] = x
        return found


def load_vgg16(path: Path | None = None) -> Vgg16Features:
    """VGG-16 with its weights.

    Args:
        path: a .safetensors or .pth file under torchvision's names, holding the
            `IMAGENET1K_FEATURES` (Oxford) weights; None takes torchvision's own download.

    Raises:
        TrainingError: the file is missing, unreadable or of another network; or there is no file
            and torchvision cannot download one.
    """
    state = _download_weights() if path is None else _read_weights(path)
    network = Vgg16Features()
    # A file of `vgg16().features` alone has no "features." before its names.
    state = {name.removeprefix("features."): tensor for name, tensor in state.items()}
    expected = network.features.state_dict()
    for name, tensor in expected.items():
        if name not in state or state[name].shape != tensor.shape:
            got = tuple(state[name].shape) if name in state else "nothing"
            raise TrainingError(
                f"{name} should have shape {tuple(tensor.shape)}, found {got}",
                where=str(path or "torchvision's VGG-16"),
                remedy="Give VGG-16 weights under torchvision's names.",
            )
    network.features.load_state_dict({name: state[name].float() for name in expected})
    return network.requires_grad_(False).eval()


def _read_weights(path: Path) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise TrainingError(
            "the VGG-16 weights are not there", where=str(path), remedy="Check --vgg."
        )
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
        return {name: value for name, value in state.items() if isinstance(value, Tensor)}
    except Exception as error:  # safetensors and torch raise a dozen kinds for one fault
        raise TrainingError(
            f"the VGG-16 weights cannot be read ({error})",
            where=str(path),
            remedy="Give a .safetensors or a .pth file of plain tensors.",
        ) from error


def _download_weights() -> Mapping[str, Tensor]:
    try:
        from torchvision.models import VGG16_Weights

        weights = VGG16_Weights.IMAGENET1K_FEATURES
        state: Mapping[str, Tensor] = weights.get_state_dict(progress=True, check_hash=True)
        return state
    except Exception as error:  # no torchvision, no network, no disk: one remedy for all
        raise TrainingError(
            f"torchvision cannot download the VGG-16 weights ({error})",
            remedy="Download VGG16_Weights.IMAGENET1K_FEATURES elsewhere and give it by --vgg.",
        ) from error


class _Gram(torch.autograd.Function):
    """FᵀF of maps F, (N, pixels, C) -> (N, C, C), whose gradient is one product, not the two that
    autograd takes and adds: a tenth of a training step on a CPU."""

    @staticmethod
    def forward(ctx: Any, flat: Tensor) -> Tensor:
        ctx.save_for_backward(flat)
        return torch.bmm(flat.transpose(1, 2), flat)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (flat,) = ctx.saved_tensors
        (gradient,) = gradients
        return torch.bmm(flat, gradient + gradient.transpose(1, 2))


def gram_matrix(features: Tensor) -> Tensor:
    """G = F Fᵀ / (C·H·W), Johnson et al. 2016, equation 3: (N, C, H, W) -> (N, C, C), float32.

    The products are of the maps' own precision, their sums of float32.
    """
    n, channels, height, width = features.shape
    # No copy of maps in channels_last, and none of their gradients.
    flat = features.permute(0, 2, 3, 1).reshape(n, height * width, channels)
    gram: Tensor = _Gram.apply(flat)
    return gram.float() / (channels * height * width)


def content_loss(output: Tensor, target: Tensor, weighting: Weighting = "paper") -> Tensor:
    """‖F(output) − F(target)‖² / (C·H·W) for every image, equation 2.

    Args:
        output, target: feature maps of layer `CONTENT_LAYER`, (N, C, H, W) each.
        weighting: `normalised` divides by the target's mean square.

    Returns:
        (N,), 0 where the maps are equal.
    """
    # In the maps' order in memory: a gradient that came in another would be added slowly.
    difference = (output - target).permute(0, 2, 3, 1)
    loss = difference.square().mean(dim=(1, 2, 3))
    if weighting == "normalised":
        loss = loss / target.square().mean(dim=(1, 2, 3)).clamp_min(1e-12)
    return loss


def style_targets(features: Mapping[int, Tensor]) -> dict[int, Tensor]:
    """The Gram matrices of a poster's (or a batch of posters') feature maps, layer by layer."""
    return {layer: gram_matrix(maps) for layer, maps in features.items()}


def style_loss(
    features: Mapping[int, Tensor],
    targets: Mapping[int, Tensor],
    weighting: Weighting = "paper",
    layer_weights: Mapping[int, float] | None = None,
) -> Tensor:
    """Σ over the layers of ‖G(output) − G(poster)‖²_F for every image, equation 4.

    Args:
        features: label -> (N, C, H, W) of the output, at every layer of `targets`.
        targets: label -> (N or 1, C, C), from `style_targets`.
        weighting: `normalised` divides each layer by ‖G(poster)‖²_F.
        layer_weights: label -> what its term counts; None is 1 for each.

    Returns:
        (N,), 0 where all Gram matrices are equal.
    """
    total = torch.zeros(())
    for layer, target in targets.items():
        gram = gram_matrix(features[layer])
        difference = (gram - target).square().sum(dim=(1, 2))
        if weighting == "normalised":
            difference = difference / target.square().sum(dim=(1, 2)).clamp_min(1e-12)
        if layer_weights is not None:
            difference = difference * layer_weights[layer]
        total = total.to(difference) + difference
    return total
