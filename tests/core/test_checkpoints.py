"""What happens at a checkpoint: held-out losses, gates before publishing, the history of runs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

import nle_style.core.held_out
import nle_style.core.training
from nle_style.core.card import training_runs, write_card
from nle_style.core.gates import Fault
from nle_style.core.held_out import centre_crop, find_held_out, held_out_losses, without
from nle_style.core.network import NetworkConfig, StyleNetwork
from nle_style.core.perceptual import STYLE_LAYERS, load_vgg16, style_targets
from nle_style.core.photos import load_image
from nle_style.core.style_pack import load_pack
from nle_style.core.training import Phase, TrainingProgress, TrainingSettings, train
from nle_style.errors import TrainingError

SPOT = Fault("stripes", "flat", "blob", 0.31, 0.2)


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
    monkeypatch.setattr(nle_style.core.held_out, "_SIDE", 32)


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Fault, ...]]:
    """What the gates will find, checkpoint by checkpoint; nothing when the list is used up."""
    found: list[tuple[Fault, ...]] = []

    def examine(*_: Any) -> tuple[Fault, ...]:
        return found.pop(0) if found else ()

    monkeypatch.setattr(nle_style.core.training, "examine", examine)
    return found


class Stop(Exception):
    """Stands for a power cut."""


def card(settings: TrainingSettings) -> dict[str, Any]:
    return dict(yaml.safe_load(settings.out.with_suffix(".yaml").read_text()))


def held_out_log(settings: TrainingSettings) -> list[dict[str, Any]]:
    lines = (settings.checkpoints / "held_out.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def weights(path: Path) -> Iterator[torch.Tensor]:
    yield from load_pack(path).network.state_dict().values()


def same_weights(one: Path, other: Path) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))


# Held-out photographs


def test_held_out_photographs_are_measured_and_change_nothing(
    settings: TrainingSettings, apart: Path, tmp_path: Path, gates: list[tuple[Fault, ...]]
) -> None:
    train(settings)
    measured = replace(
        settings,
        held_out=apart,
        out=tmp_path / "measured.safetensors",
        checkpoints=tmp_path / "measured",
    )
    train(measured)
    assert same_weights(settings.out, measured.out)
    log = "metrics.jsonl"
    assert (settings.checkpoints / log).read_text() == (measured.checkpoints / log).read_text()
    assert not (settings.checkpoints / "held_out.jsonl").exists()
    records = held_out_log(measured)
    assert [(r["step"], r["images"]) for r in records] == [(2, 4), (4, 8)]
    for record in records:
        assert list(record["styles"]) == ["stripes", "squares"]
        for losses in record["styles"].values():
            assert losses["style_loss"] > 0
            assert losses["content_loss"] > 0
    assert records[0]["styles"] != records[1]["styles"]
    # It can be asked for in a run that was begun without: the checkpoint is accepted.
    assert train(replace(settings, held_out=apart)) == settings.out


def test_the_log_is_rewound_to_the_checkpoint(
    settings: TrainingSettings, apart: Path, tmp_path: Path, gates: list[tuple[Fault, ...]]
) -> None:
    measured = replace(settings, held_out=apart, checkpoint_every=1)
    train(measured)
    whole = held_out_log(measured)
    assert [r["step"] for r in whole] == [1, 2, 3, 4]
    # Killed after the fourth measurement, before the fourth checkpoint, and within a line.
    (measured.checkpoints / "step-00000004.safetensors").unlink()
    with (measured.checkpoints / "held_out.jsonl").open("a") as file:
        file.write('{"step": 5, "im')
    train(measured)
    assert held_out_log(measured) == whole


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
    train(replace(settings, photos=folder, held_out=listed))
    assert card(settings)["training"]["photos"] == 2
    (folder / "photo-1.png").unlink()
    (folder / "photo-3.png").unlink()
    fewer = replace(
        settings, photos=folder, out=tmp_path / "f.safetensors", checkpoints=tmp_path / "f"
    )
    train(fewer)
    assert same_weights(settings.out, fewer.out)
    same = card(fewer)["training"]["fingerprint"]
    assert card(settings)["training"]["fingerprint"] == same


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
    """Ten photographs: style 0 paints 0 and 5, style 1 paints 4 and 9; of two, each paints both."""
    network = StyleNetwork(NetworkConfig(2, 4, 1)).eval().requires_grad_(False)
    vgg = load_vgg16(vgg_file)
    targets = [style_targets(vgg(load_image(path)[None])) for path in posters.values()]
    grams = {layer: torch.cat([t[layer] for t in targets]) for layer in STYLE_LAYERS}
    paths = sorted(apart.iterdir())

    def losses(some: list[Path]) -> dict[str, dict[str, float]]:
        return held_out_losses(network, vgg, grams, some, ("zero", "one"))

    every = losses(paths)
    assert every["zero"] == pytest.approx(losses([paths[0], paths[5]])["zero"], rel=1e-5)
    assert every["one"] == pytest.approx(losses([paths[4], paths[9]])["one"], rel=1e-5)
    assert every["one"] != pytest.approx(losses([paths[0], paths[5]])["one"], rel=1e-3)


# Gates


def test_a_failing_checkpoint_does_not_replace_one_that_passed(
    settings: TrainingSettings, gates: list[tuple[Fault, ...]]
) -> None:
    gates += [(), (SPOT,)]
    seen: list[TrainingProgress] = []
    train(settings, seen.append)
    assert [p.faults for p in seen] == [(), (), (), (SPOT,)]
    assert card(settings)["training"]["gates"] == "passed"
    assert card(settings)["training"]["image_steps"] == 4
    digest = hashlib.sha256(settings.out.read_bytes()).hexdigest()
    assert card(settings)["weights"]["sha256"] == digest
    # Going on from the failing checkpoint finds the same, and keeps the pack again.
    gates += [(SPOT,)]
    train(settings)
    assert hashlib.sha256(settings.out.read_bytes()).hexdigest() == digest
    # A pack that is not there is written even so: some pack is better than none.
    settings.out.unlink()
    gates += [(SPOT,)]
    train(settings)
    assert card(settings)["training"]["gates"] == ["stripes on flat: blob 0.310 > 0.200"]


def test_the_first_pack_is_written_anyway_and_its_card_says_what_failed(
    settings: TrainingSettings, gates: list[tuple[Fault, ...]]
) -> None:
    gates += [(SPOT,), (SPOT,)]

    def stop(progress: TrainingProgress) -> None:
        if progress.step == 2:
            raise Stop

    with pytest.raises(Stop):
        train(settings, stop)
    training = card(settings)["training"]
    assert training["gates"] == ["stripes on flat: blob 0.310 > 0.200"]
    assert training["image_steps"] == 4
    # Found again where the run goes on, then one that passes.
    train(settings)
    assert card(settings)["training"]["gates"] == "passed"
    assert card(settings)["training"]["image_steps"] == 8


def test_the_pack_of_another_run_is_not_kept(
    settings: TrainingSettings, tmp_path: Path, gates: list[tuple[Fault, ...]]
) -> None:
    train(settings)
    gates += [(SPOT,), (SPOT,)]
    train(replace(settings, seed=2, checkpoints=tmp_path / "other"))
    assert card(settings)["training"]["gates"] != "passed"


def test_real_gates_find_an_untaught_network(settings: TrainingSettings) -> None:
    train(replace(settings, phases=(Phase(32, 1, 1),)))
    found = card(settings)["training"]["gates"]
    assert isinstance(found, list)
    assert any("on flat: speckle" in fault for fault in found)


# The history of runs


def start_pack(settings: TrainingSettings, folder: Path) -> Path:
    """A pack with a card as the first shipped one had: one run of 8,200 image-steps."""
    torch.manual_seed(5)
    pack = folder / "start.safetensors"
    network = StyleNetwork(NetworkConfig(len(settings.posters), 4, 1))
    nle_style.core.training.save_pack(pack, network, settings.posters)
    facts = {
        "image_steps": 8200,
        "phases": ["128:2:2000", "160:2:2100"],
        "photos": 200,
        "content_weight": 1.0,
        "style_weight": 2.5,
        "width": 4,
    }
    write_card(pack, {}, facts)
    return pack


def test_image_steps_are_counted_over_runs(
    settings: TrainingSettings, tmp_path: Path, gates: list[tuple[Fault, ...]]
) -> None:
    first = start_pack(settings, tmp_path)
    slow = {next(iter(settings.posters)): 2.0}
    second = replace(
        settings, start=first, style_weight=4.0, noise_weight=0.3, motion_weights=slow, ramp=0.0
    )
    train(second)
    training = card(second)["training"]
    assert training["image_steps"] == 8208
    assert training["phases"] == ["32:2:4"]
    assert (training["motion_weights"], training["ramp"]) == (slow, 0.0)
    earlier = {
        "phases": ["128:2:2000", "160:2:2100"],
        "image_steps": 8200,
        "content_weight": 1.0,
        "style_weight": 2.5,
        "start": None,
    }
    assert training["runs"] == [
        earlier,
        {
            "phases": ["32:2:4"],
            "image_steps": 8,
            "content_weight": 1.0,
            "style_weight": 4.0,
            "noise_weight": 0.3,
            "motion_weight": 0.0,
            "tone_weight": 0.0,
            "motion_weights": slow,
            "start": hashlib.sha256(first.read_bytes()).hexdigest(),
        },
    ]
    third = replace(
        settings, start=second.out, out=tmp_path / "3.safetensors", checkpoints=tmp_path / "3"
    )
    train(third)
    training = card(third)["training"]
    assert training["image_steps"] == 8216
    assert [run["image_steps"] for run in training["runs"]] == [8200, 8, 8]
    assert training["runs"][0] == earlier
    assert training["runs"][2]["start"] == hashlib.sha256(second.out.read_bytes()).hexdigest()


def test_a_card_of_other_weights_tells_no_history(
    settings: TrainingSettings, tmp_path: Path
) -> None:
    pack = start_pack(settings, tmp_path)
    assert len(training_runs(pack, ["32:2:4"], {}, 8)) == 2
    pack.write_bytes(pack.read_bytes() + b" ")
    digest = hashlib.sha256(pack.read_bytes()).hexdigest()
    alone = [{"phases": ["32:2:4"], "image_steps": 8, "start": digest}]
    assert training_runs(pack, ["32:2:4"], {}, 8) == alone
    pack.with_suffix(".yaml").unlink()
    assert training_runs(pack, ["32:2:4"], {}, 8) == alone
