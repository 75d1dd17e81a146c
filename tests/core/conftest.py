"""Small stand-ins for what training needs: VGG-16 weights, photographs and posters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image
from torch import nn
from torchvision.models.vgg import cfgs, make_layers

import nle_style.core.training.pack_in_training
from nle_style.core.style_pack import save_pack
from nle_style.core.training import Phase, TrainingProgress, TrainingSettings, train
from nle_style.core.training.gates import Fault
from tests.core.made_packs import CONFIG, PARENT, make_styles
from tests.helpers.training import Finished


@pytest.fixture(autouse=True)
def same_random_numbers() -> None:
    """Every test starts from the same seed, alone or among others."""
    torch.manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def float32_everywhere() -> Iterator[None]:
    """Runs of training end alike on every CPU, those with fast bfloat16 too: which checkpoint of
    so small a network passes its gates hangs on the last bits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cpu, "get_capabilities", dict, raising=False)
        yield


@pytest.fixture
def pack_file(tmp_path: Path) -> Path:
    """A pack of three styles."""
    path = tmp_path / "packs" / "posters.safetensors"
    save_pack(path, CONFIG, make_styles(), PARENT)
    return path


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
    """A parent of two steps, then four of each style, two 32-pixel crops a step and a checkpoint
    after every other one."""
    return TrainingSettings(
        posters=posters,
        photos=photos,
        out=tmp_path / "posters.safetensors",
        checkpoints=tmp_path / "checkpoints",
        parent_phases=(Phase(32, 2, 2),),
        phases=(Phase(32, 2, 4),),
        vgg=vgg_file,
        width=4,
        residual_blocks=1,
        poster_size=64,
        checkpoint_every=2,
    )


@pytest.fixture(scope="session")
def finished(
    tmp_path_factory: pytest.TempPathFactory,
    posters: dict[str, Path],
    photos: Path,
    vgg_file: Path,
) -> Finished:
    """A parent of five steps, then six of each style: four with 32 px in pairs, two with 40 px one
    by one; the terms for video in the last three. A checkpoint after every third step."""
    folder = tmp_path_factory.mktemp("finished")
    settings = TrainingSettings(
        posters=posters,
        photos=photos,
        out=folder / "out" / "posters.safetensors",
        checkpoints=folder / "checkpoints",
        parent_phases=(Phase(32, 2, 5),),
        phases=(Phase(32, 2, 4), Phase(40, 1, 2)),
        vgg=vgg_file,
        width=4,
        residual_blocks=1,
        poster_size=64,
        noise_weight=0.3,
        motion_weight=0.2,
        finish=0.5,
        checkpoint_every=3,
    )
    progress: list[TrainingProgress] = []
    assert train(settings, progress.append) == settings.out
    return Finished(settings, progress)


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Fault, ...]]:
    """What the gates will find in networks that they have not seen yet, one after the other, and
    nothing when it is used up; in a network that they have seen they find the same again."""
    found: list[tuple[Fault, ...]] = []
    seen: dict[bytes, tuple[Fault, ...]] = {}

    def examine(style: str, network: nn.Module, *_: Any) -> tuple[Fault, ...]:
        weights = b"".join(value.numpy().tobytes() for value in network.state_dict().values())
        if weights not in seen:
            seen[weights] = found.pop(0) if found else ()
        return seen[weights]

    monkeypatch.setattr(nle_style.core.training.pack_in_training, "examine", examine)
    return found
