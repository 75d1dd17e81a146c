"""Small stand-ins for what training needs: VGG-16 weights, photographs and posters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image
from torch import nn
from torchvision.models.vgg import cfgs, make_layers

from nle_style.core.training import Phase, TrainingSettings


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    """Every test starts from the same seed, alone or among others."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def torchvision_vgg() -> nn.Sequential:
    """torchvision's own `vgg16().features`, with random weights that keep the signal's size."""
    chance = torch.Generator().manual_seed(16)
    features: nn.Sequential = make_layers(cfgs["D"], batch_norm=False)
    for parameter in features.parameters():
        if parameter.dim() == 4:
            nn.init.kaiming_normal_(parameter, nonlinearity="relu", generator=chance)
        else:
            nn.init.normal_(parameter, std=0.1, generator=chance)
    return features.requires_grad_(False).eval()


@pytest.fixture(scope="session")
def vgg_file(torchvision_vgg: nn.Sequential, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same weights to relu4_3 in a file, as `vgg16().features.state_dict()` names them."""
    path = tmp_path_factory.mktemp("vgg") / "vgg16_features.safetensors"
    safetensors.torch.save_file(torchvision_vgg[:23].state_dict(), path)
    return path


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four photographs: coloured noise in blocks, from 80x70 to 83x70 pixels."""
    folder = tmp_path_factory.mktemp("photos")
    chance = np.random.default_rng(4)
    for index in range(4):
        blocks = chance.integers(0, 256, (7, 8, 3), np.uint8)
        image = Image.fromarray(blocks).resize((80 + index, 70), Image.Resampling.BICUBIC)
        image.save(folder / f"photo-{index}.png")
    return folder


@pytest.fixture(scope="session")
def posters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two posters of 64x64 pixels: red and black stripes, and blue and white squares."""
    folder = tmp_path_factory.mktemp("posters")
    y, x = np.mgrid[0:64, 0:64]
    stripes = np.where(((x + y) // 4 % 2)[..., None], (220, 30, 20), (10, 10, 10))
    squares = np.where(((x // 8 + y // 8) % 2)[..., None], (20, 60, 200), (250, 250, 250))
    paths = {}
    for name, pixels in {"stripes": stripes, "squares": squares}.items():
        paths[name] = folder / f"{name}.png"
        Image.fromarray(pixels.astype(np.uint8)).save(paths[name])
    return paths


@pytest.fixture
def settings(
    tmp_path: Path, posters: dict[str, Path], photos: Path, vgg_file: Path
) -> TrainingSettings:
    """Four steps of two 32-pixel crops, a checkpoint after two and after four."""
    return TrainingSettings(
        posters=posters,
        photos=photos,
        out=tmp_path / "posters.safetensors",
        checkpoints=tmp_path / "checkpoints",
        phases=(Phase(32, 2, 4),),
        vgg=vgg_file,
        width=4,
        residual_blocks=1,
        poster_size=64,
        checkpoint_every=2,
    )
