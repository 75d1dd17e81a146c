"""Held-out photographs: found, left out of the training, measured, and without any effect."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import nle_style.core.training.held_out
from nle_style.core import StyleNetwork
from nle_style.core.network import NetworkConfig
from nle_style.core.perceptual import load_vgg16, style_targets
from nle_style.core.training import TrainingSettings, train
from nle_style.core.training.gates import Fault
from nle_style.core.training.held_out import centre_crop, find_held_out, held_out_losses, without
from nle_style.core.training.photos import load_image
from nle_style.core.training.run_files import read_records
from nle_style.errors import TrainingError
from tests.helpers.training import assert_same_run, card, part_of


@pytest.fixture(scope="session")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten photographs in a folder of their own, 60 x 40 pixels."""
    folder = tmp_path_factory.mktemp("apart")
    chance = np.random.default_rng(9)
    for index in range(10):
        blocks = chance.integers(0, 256, (4, 6, 3), np.uint8)
        image = Image.fromarray(blocks).resize((60, 40), Image.Resampling.BICUBIC)
        image.save(folder / f"{index}.png")
    return folder


@pytest.fixture(autouse=True)
def small_crops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Crops of 32 pixels instead of 256: the losses' meaning is the same, at 1/64 of the time."""
    monkeypatch.setattr(nle_style.core.training.held_out, "_SIDE", 32)


def held_out_log(settings: TrainingSettings, style: str) -> list[dict[str, Any]]:
    return read_records(settings.checkpoints / style / "held_out.jsonl")


def test_held_out_photographs_are_measured_and_change_nothing(
    settings: TrainingSettings,
    apart: Path,
    vgg_file: Path,
    tmp_path: Path,
    gates: list[tuple[Fault, ...]],
) -> None:
    train(settings)
    assert not list(settings.checkpoints.glob("*/held_out.jsonl"))
    measured = replace(settings, held_out=apart)
    measured = replace(measured, out=tmp_path / "m.safetensors", checkpoints=tmp_path / "m")
    train(measured)
    assert_same_run(settings, measured)
    assert not (measured.checkpoints / "parent" / "held_out.jsonl").exists()
    vgg = load_vgg16(vgg_file)
    for style, poster in settings.posters.items():
        records = held_out_log(measured, style)
        assert [(r["step"], r["images"]) for r in records] == [(2, 4), (4, 8)]
        assert records[0]["style_loss"] != records[1]["style_loss"]
        # Of the running average, as the checkpoint has it.
        network = StyleNetwork(NetworkConfig(4, 1)).eval()
        state = measured.checkpoints / style / "step-00000004.safetensors"
        network.load_state_dict(part_of(state, "average."))
        grams = {style: style_targets(vgg(load_image(poster)[None]))}
        found = held_out_losses({style: network}, vgg, grams, sorted(apart.iterdir()))
        last = {key: records[1][key] for key in ("style_loss", "content_loss")}
        assert last == pytest.approx(found[style], rel=1e-4)
    # It can be asked for in a run that was begun without: the checkpoint is accepted.
    assert train(replace(settings, held_out=apart)) == settings.out


def test_the_log_is_rewound_to_the_checkpoint(
    settings: TrainingSettings, apart: Path, gates: list[tuple[Fault, ...]]
) -> None:
    measured = replace(settings, held_out=apart, checkpoint_every=1)
    train(measured)
    whole = held_out_log(measured, "squares")
    assert [r["step"] for r in whole] == [1, 2, 3, 4]
    # Killed after the fourth measurement, before the fourth checkpoint, and within a line.
    folder = measured.checkpoints / "squares"
    (folder / "step-00000004.safetensors").unlink()
    with (folder / "held_out.jsonl").open("a") as file:
        file.write('{"step": 5, "im')
    train(measured)
    assert held_out_log(measured, "squares") == whole


def test_held_out_photographs_of_the_training_folder_are_not_trained_on(
    settings: TrainingSettings, tmp_path: Path, gates: list[tuple[Fault, ...]]
) -> None:
    """Named in a list and met through a link; as if they were not in the folder."""
    folder = tmp_path / "links"
    folder.mkdir()
    for photo in settings.photos.iterdir():
        os.symlink(photo, folder / photo.name)
    listed = tmp_path / "held_out.txt"
    listed.write_text(f"photo-1.png\n\n{settings.photos / 'photo-3.png'}\n")
    some = replace(settings, photos=folder, held_out=listed)
    train(some)
    assert card(some)["training"]["photos"] == 2
    (folder / "photo-1.png").unlink()
    (folder / "photo-3.png").unlink()
    fewer = replace(some, held_out=None, out=tmp_path / "f.safetensors")
    fewer = replace(fewer, checkpoints=tmp_path / "f")
    train(fewer)
    for log in some.checkpoints.glob("*/held_out.jsonl"):
        log.unlink()
    assert_same_run(some, fewer)


def test_names_are_looked_up_in_the_photographs_then_beside_the_list(
    photos: Path, apart: Path, tmp_path: Path
) -> None:
    listed = tmp_path / "list.txt"
    shutil.copy(apart / "0.png", tmp_path / "beside.png")
    shutil.copy(apart / "0.png", tmp_path / "photo-1.png")
    listed.write_text(f"photo-1.png\nbeside.png\n{apart / '3.png'}\n")
    found = find_held_out(listed, photos)
    assert found == (photos / "photo-1.png", tmp_path / "beside.png", apart / "3.png")
    assert find_held_out(apart, photos) == tuple(apart / f"{n}.png" for n in range(10))


def test_what_cannot_be_held_out_is_refused(photos: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    with pytest.raises(TrainingError, match="cannot be read"):
        find_held_out(listed, photos)
    listed.write_text("\n")
    with pytest.raises(TrainingError, match="is empty"):
        find_held_out(listed, photos)
    listed.write_text("photo-1.png\nmissing.png\n")
    with pytest.raises(TrainingError, match=r"'missing\.png' is not there") as caught:
        find_held_out(listed, photos)
    assert str(photos) in caught.value.remedy
    every = tuple(photos.iterdir())
    with pytest.raises(TrainingError, match="every photograph is held out"):
        without(every, every)


def test_centre_crop_of_a_wide_photograph(tmp_path: Path) -> None:
    """60 x 40: the middle 40 columns, 10 to 49, twice as large; red outside them."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :10], pixels[:, 50:] = (255, 0, 0), (255, 0, 0)
    pixels[:, 10:30] = (0, 255, 0)
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    crop = centre_crop(tmp_path / "wide.png", 80)
    assert crop.shape == (3, 80, 80)
    # The filter reaches three pixels across the cut.
    assert float(crop[0, :, 7:-7].max()) == 0
    assert float(crop[1, :, 7:33].min()) == 1
    assert float(crop[1, :, 47:].max()) == 0


def test_every_style_has_its_own_photographs(
    posters: dict[str, Path], vgg_file: Path, apart: Path
) -> None:
    """Of eight, style 0 paints 0, 2, 4 and 6, style 1 the others; of two, each paints both."""
    network = StyleNetwork(NetworkConfig(4, 1)).eval().requires_grad_(False)
    vgg = load_vgg16(vgg_file)
    grams = {name: style_targets(vgg(load_image(path)[None])) for name, path in posters.items()}
    paths = sorted(apart.iterdir())[:8]
    networks = dict.fromkeys(posters, network)

    def losses(some: list[Path]) -> dict[str, dict[str, float]]:
        return held_out_losses(networks, vgg, grams, some)

    def mean(some: list[Path], name: str) -> dict[str, float]:
        """Of single photographs, which every style paints."""
        each = [losses([path])[name] for path in some]
        return {key: sum(of[key] for of in each) / len(each) for key in each[0]}

    every = losses(paths)
    assert every["stripes"] == pytest.approx(mean(paths[::2], "stripes"), rel=1e-5)
    assert every["squares"] == pytest.approx(mean(paths[1::2], "squares"), rel=1e-5)
    assert every["squares"] != pytest.approx(mean(paths[::2], "squares"), rel=1e-3)
    assert losses(paths[:2])["squares"] == pytest.approx(mean(paths[:2], "squares"), rel=1e-5)
