"""A style added to a pack: its row is trained, and nothing else of the pack changes by one bit."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
import yaml

from nle_style.core.style_pack import load_pack
from nle_style.core.training import Phase, TrainingProgress, TrainingSettings, train
from nle_style.errors import OutputError, TrainingError

CARD = {
    "licence": "the old pack's",
    "styles": {"red": {"artwork": "A red one", "style_loss": 1.5}, "blue": {"licence": "CC0"}},
    "training": {"image_steps": 8200, "style_weight": 2.5},
}


@pytest.fixture(scope="session")
def base(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack of three styles with a card beside it."""
    path = tmp_path_factory.mktemp("base") / "tiny.safetensors"
    shutil.copy(tiny_pack, path)
    path.with_suffix(".yaml").write_text(yaml.safe_dump(CARD))
    return path


@dataclass(frozen=True)
class Finished:
    """An uninterrupted run; tests leave its files as they are."""

    settings: TrainingSettings
    progress: list[TrainingProgress]


@pytest.fixture(scope="session")
def finished(
    tmp_path_factory: pytest.TempPathFactory,
    base: Path,
    posters: dict[str, Path],
    photos: Path,
    vgg_file: Path,
) -> Finished:
    """Forty steps on one poster; that it learns is seen on the same run."""
    folder = tmp_path_factory.mktemp("added")
    settings = TrainingSettings(
        posters={"my": posters["squares"]},
        photos=photos,
        out=folder / "tiny_my.safetensors",
        checkpoints=folder / "tiny_my.training",
        phases=(Phase(32, 2, 40),),
        vgg=vgg_file,
        width=4,
        residual_blocks=1,
        poster_size=64,
        learning_rate=0.2,
        noise_weight=0.3,
        motion_weight=0.3,
        tone_weight=2.0,
        add_to=base,
        notes={"my": {"artwork": "Squares"}},
        checkpoint_every=10,
    )
    progress: list[TrainingProgress] = []
    assert train(settings, progress.append) == settings.out
    return Finished(settings, progress)


@pytest.fixture
def settings(finished: Finished, tmp_path: Path) -> TrainingSettings:
    """The settings of the finished run, with files of its own: not begun yet."""
    return replace(
        finished.settings, out=tmp_path / "out.safetensors", checkpoints=tmp_path / "checkpoints"
    )


class Stop(Exception):
    """Stands for a power cut."""


def stop_after(step: int) -> Any:
    def stop(progress: TrainingProgress) -> None:
        if progress.step == step:
            raise Stop

    return stop


def card_of(pack: Path) -> dict[str, Any]:
    card: dict[str, Any] = yaml.safe_load(pack.with_suffix(".yaml").read_text(encoding="utf-8"))
    return card


def test_every_old_tensor_is_the_same_bit_for_bit(finished: Finished, base: Path) -> None:
    # Read by safetensors itself: bytes of the file, not what our loader makes of them.
    old = safetensors.torch.load_file(base)
    new = safetensors.torch.load_file(finished.settings.out)
    assert old.keys() == new.keys()
    for name, tensor in old.items():
        if name.startswith("norms."):
            assert new[name].shape == (4, tensor.shape[1])
            assert new[name][:3].numpy().tobytes() == tensor.numpy().tobytes(), name
        else:
            assert new[name].numpy().tobytes() == tensor.numpy().tobytes(), name


def test_an_old_style_paints_the_same_picture_and_the_new_one_another(
    finished: Finished, base: Path
) -> None:
    old, new = load_pack(base), load_pack(finished.settings.out)
    assert new.styles == ("red", "green", "blue", "my")
    image = torch.rand(1, 3, 32, 40)
    for name in old.styles:
        before = old.network(image, old.mix({name: 1.0}))
        assert torch.equal(before, new.network(image, new.mix({name: 1.0})))
        mine = new.network(image, new.mix({"my": 1.0}))
        assert (mine - before).abs().mean() > 0.01


def test_the_new_row_begins_at_the_mean_of_the_old_ones_and_moves(
    settings: TrainingSettings, base: Path
) -> None:
    # Adam's first step moves every value with a gradient by the rate, 0.2 / 50 in the linear
    # start, and the average takes 1 - 1/10 of it. One without a gradient (a dead channel) stays.
    train(replace(settings, phases=(Phase(32, 1, 1),), noise_weight=0.0, motion_weight=0.0))
    old = safetensors.torch.load_file(base)
    new = safetensors.torch.load_file(settings.out)
    moved = []
    for name, tensor in old.items():
        if name.startswith("norms."):
            mean = sum(tensor[row].double() for row in range(3)) / 3
            moved.append((new[name][3].double() - mean).abs())
    steps = torch.cat(moved)
    assert steps.max().item() == pytest.approx(0.9 * 0.2 / 50, rel=1e-2)
    assert (steps > 2e-3).float().mean() > 0.8


def test_only_the_rows_are_trained(finished: Finished, base: Path) -> None:
    path = finished.settings.checkpoints / "step-00000040.safetensors"
    state = safetensors.torch.load_file(path)
    assert all(".norms." in name for name in state if name.startswith("adam.exp_avg"))
    weight = "convolutions.0.weight"
    assert torch.equal(state[f"network.{weight}"], safetensors.torch.load_file(base)[weight])


def test_the_loss_falls(finished: Finished) -> None:
    style = [progress.style for progress in finished.progress]
    assert sum(style[-10:]) < 0.8 * sum(style[:10])


def test_a_resumed_run_gives_the_same_bytes(finished: Finished, settings: TrainingSettings) -> None:
    with pytest.raises(Stop):
        train(settings, stop_after(33))
    begun = settings.out.read_bytes()
    assert begun != finished.settings.out.read_bytes()
    seen: list[int] = []
    train(settings, lambda progress: seen.append(progress.step))
    assert seen == list(range(31, 41))
    assert settings.out.read_bytes() == finished.settings.out.read_bytes()


def test_the_card_tells_both_runs(finished: Finished, base: Path) -> None:
    card = card_of(finished.settings.out)
    assert card["styles"]["red"] == CARD["styles"]["red"]
    assert list(card["styles"]) == ["red", "green", "blue", "my"]
    assert card["styles"]["my"]["artwork"] == "Squares"
    assert card["styles"]["my"]["poster"] == "squares.png"
    assert card["styles"]["my"]["style_loss"] > 0
    training = card["training"]
    assert (training["image_steps"], training["style_weight"]) == (8200, 2.5)
    (added,) = training["added"]
    assert (added["styles"], added["image_steps"], added["style_weight"]) == (["my"], 80, 5.0)
    sha256 = hashlib.sha256(base.read_bytes()).hexdigest()
    assert added["to"] == {"file": "tiny.safetensors", "sha256": sha256}
    # The old pack's licence is not claimed for the new poster.
    assert "licence" not in card
    assert card["base"]["licence"] == "the old pack's"


def test_a_second_style_is_added_to_the_first(
    finished: Finished, settings: TrainingSettings, posters: dict[str, Path]
) -> None:
    again = replace(
        settings,
        posters={"other": posters["stripes"]},
        tone_weight=0.0,
        add_to=finished.settings.out,
        phases=(Phase(32, 1, 2),),
    )
    pack = load_pack(train(again))
    assert pack.styles == ("red", "green", "blue", "my", "other")
    before = safetensors.torch.load_file(finished.settings.out)
    for name, tensor in pack.network.state_dict().items():
        rows = tensor[:4] if name.startswith("norms.") else tensor
        assert torch.equal(rows, before[name]), name
    added = card_of(settings.out)["training"]["added"]
    assert [entry["styles"] for entry in added] == [["my"], ["other"]]
    assert card_of(settings.out)["styles"]["my"]["artwork"] == "Squares"


@pytest.mark.parametrize(
    ("name", "said"), [("blue", "has a style 'blue'"), ("a-b", "not a style's"), ("", "not a sty")]
)
def test_names_that_cannot_be_are_refused(
    settings: TrainingSettings, posters: dict[str, Path], name: str, said: str
) -> None:
    with pytest.raises(TrainingError, match=said):
        train(replace(settings, posters={name: posters["stripes"]}))
    assert not settings.checkpoints.exists()
    assert not settings.out.exists()


@pytest.mark.parametrize("content", ["text", "pack"])
def test_a_file_that_is_not_the_runs_own_is_kept(
    settings: TrainingSettings, base: Path, content: str
) -> None:
    def put() -> bytes:
        settings.out.write_bytes(b"text" if content == "text" else base.read_bytes())
        return settings.out.read_bytes()

    before = put()
    with pytest.raises(OutputError, match="not of this run"):
        train(settings)
    assert settings.out.read_bytes() == before
    # Nor is it taken for the run's own when the run has begun.
    settings.out.unlink()
    with pytest.raises(Stop):
        train(settings, stop_after(10))
    before = put()
    with pytest.raises(OutputError, match="not of this run"):
        train(settings)
    assert settings.out.read_bytes() == before


def test_the_pack_itself_is_never_written(settings: TrainingSettings, base: Path) -> None:
    before = base.read_bytes()
    with pytest.raises(OutputError, match="not of this run"):
        train(replace(settings, out=base))
    assert base.read_bytes() == before


def test_a_run_for_another_pack_is_not_gone_on_with(
    settings: TrainingSettings, finished: Finished, tmp_path: Path
) -> None:
    with pytest.raises(Stop):
        train(settings, stop_after(10))
    tensors = safetensors.torch.load_file(settings.add_to)
    with safetensors.safe_open(settings.add_to, "pt") as file:
        header = file.metadata()
    tensors["norms.0.gamma"][0, 0] += 1e-3
    other = tmp_path / "tiny.safetensors"
    safetensors.torch.save_file(tensors, other, metadata=header)
    with pytest.raises(TrainingError, match="other posters, photos or settings"):
        train(replace(settings, add_to=other))


def test_settings_that_contradict_are_refused(settings: TrainingSettings, base: Path) -> None:
    with pytest.raises(TrainingError, match="not both"):
        replace(settings, start=base)
    with pytest.raises(TrainingError, match="width"):
        train(replace(settings, width=5))


def test_a_run_without_an_addition_has_the_fingerprint_it_had(
    settings: TrainingSettings, photos: Path
) -> None:
    """Checkpoints of a run that uses neither `add_to` nor `notes` fit, whoever wrote them.

    The hash is of the settings without these, spelled out here.
    """
    plain = replace(
        settings, add_to=None, notes={}, noise_weight=0.0, motion_weight=0.0, tone_weight=0.0
    )
    files = tuple(sorted(photos.iterdir()))
    poster = settings.posters["my"]
    without = {
        "posters": {"my": hashlib.sha256(poster.read_bytes()).hexdigest()},
        "phases": [{"size": 32, "batch": 2, "steps": 40}],
        "vgg": "vgg16_features.safetensors",
        "width": 4,
        "residual_blocks": 1,
        "poster_size": 64,
        "weighting": "normalised",
        "content_weight": 1.0,
        "style_weight": 5.0,
        "learning_rate": 0.2,
        "final_rate": 2e-4,
        "average": 0.999,
        "seed": 1,
        "overscan": 16,
        "photos": [(path.name, path.stat().st_size) for path in files],
    }
    expected = hashlib.sha256(json.dumps(without, sort_keys=True).encode()).hexdigest()
    assert plain.fingerprint(files) == expected
    assert settings.fingerprint(files) != expected
    assert replace(settings, notes={}).fingerprint(files) == settings.fingerprint(files)
