"""What happens at a checkpoint: gates before publishing, and the history of runs on the card."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from nle_style.core import StyleNetwork
from nle_style.core.card import write_card
from nle_style.core.network import NetworkConfig
from nle_style.core.style_pack import save_pack
from nle_style.core.training import Phase, TrainingProgress, TrainingSettings, train
from nle_style.core.training.gates import Fault
from nle_style.core.training.run_card import training_runs
from tests.helpers.training import Stop, card, part_of, same_tensors, stop_at

SPOT = Fault("stripes", "flat", "blob", 0.31, 0.2)
FAILED = ["stripes on flat: blob 0.310 > 0.200"]


def digest(settings: TrainingSettings) -> str:
    return hashlib.sha256(settings.out.read_bytes()).hexdigest()


def average(settings: TrainingSettings, style: str, step: int) -> dict[str, torch.Tensor]:
    """What a pack holds of a style's checkpoint."""
    path = settings.checkpoints / style / f"step-{step:08d}.safetensors"
    return {name: value.half() for name, value in part_of(path, "average.").items()}


def test_a_style_that_fails_does_not_replace_its_own_passed_weights(
    settings: TrainingSettings, gates: list[tuple[Fault, ...]]
) -> None:
    """Two turns each, stripes first; stripes fail in their second, squares move on."""
    gates += [(), (), (SPOT,), ()]
    seen: list[TrainingProgress] = []
    train(settings, seen.append)
    assert {(p.name, p.step): p.faults for p in seen if p.sheet is not None} == {
        ("stripes", 2): (),
        ("squares", 2): (),
        ("stripes", 4): (SPOT,),
        ("squares", 4): (),
    }
    assert same_tensors(part_of(settings.out, "styles/stripes/"), average(settings, "stripes", 2))
    assert same_tensors(part_of(settings.out, "styles/squares/"), average(settings, "squares", 4))
    styles = card(settings)["styles"]
    assert [styles[name]["gates"] for name in styles] == ["passed", "passed"]
    assert [styles[name]["image_steps"] for name in styles] == [4, 8]
    # The run has done them all, whatever became of them: 4 of the parent, 8 of each style.
    assert card(settings)["training"]["image_steps"] == 4 + 8 + 8
    assert card(settings)["weights"]["sha256"] == digest(settings)
    # Going on from the failing checkpoint finds the same, and keeps the weights again.
    before, facts = digest(settings), card(settings)
    train(settings)
    assert digest(settings) == before
    assert card(settings) == facts
    # A pack that is not there is written even so: some weights are better than none.
    settings.out.unlink()
    train(settings)
    assert same_tensors(part_of(settings.out, "styles/stripes/"), average(settings, "stripes", 4))
    assert card(settings)["styles"]["stripes"]["gates"] == FAILED


def test_the_first_pack_is_written_anyway_and_its_card_says_what_failed(
    settings: TrainingSettings, gates: list[tuple[Fault, ...]]
) -> None:
    gates += [(SPOT,)]
    with pytest.raises(Stop):
        train(settings, stop_at("stripes", 2))
    styles = card(settings)["styles"]
    assert styles["stripes"]["gates"] == FAILED
    assert styles["stripes"]["image_steps"] == 4
    # Squares have not begun: they are the parent, and nothing is said of them.
    assert styles["squares"] == {"poster": "squares.png"}
    parent = part_of(settings.out, "parent/")
    assert same_tensors(part_of(settings.out, "styles/squares/"), parent)
    assert same_tensors(part_of(settings.out, "styles/stripes/"), average(settings, "stripes", 2))
    # Found again where the run goes on, then one that passes.
    train(settings)
    styles = card(settings)["styles"]
    assert [styles[name]["gates"] for name in styles] == ["passed", "passed"]
    assert [styles[name]["image_steps"] for name in styles] == [8, 8]
    assert {"content_loss", "style_loss"} <= styles["stripes"].keys()


def test_a_failing_style_is_replaced_while_none_has_passed(
    settings: TrainingSettings, gates: list[tuple[Fault, ...]]
) -> None:
    gates += [(SPOT,), (), (SPOT,), ()]
    train(settings)
    assert same_tensors(part_of(settings.out, "styles/stripes/"), average(settings, "stripes", 4))
    assert card(settings)["styles"]["stripes"]["gates"] == FAILED


def test_the_pack_of_another_run_is_not_kept(
    settings: TrainingSettings, tmp_path: Path, gates: list[tuple[Fault, ...]]
) -> None:
    train(settings)
    gates += [(SPOT,)] * 4
    train(replace(settings, seed=2, checkpoints=tmp_path / "other"))
    styles = card(settings)["styles"]
    assert [styles[name]["gates"] for name in styles] == [FAILED, FAILED]


def test_real_gates_find_what_paints_blobs(settings: TrainingSettings, tmp_path: Path) -> None:
    """A network of random weights, of which the last are ten times as large: it knows black and
    full colours only, and a dark gradient comes out in a few large patches."""
    torch.manual_seed(5)
    config = NetworkConfig(4, 1)
    weights = StyleNetwork(config).state_dict()
    weights["convolutions.7.weight"] *= 10
    start = tmp_path / "start.safetensors"
    save_pack(start, config, {"stripes": weights}, weights)
    train(replace(settings, start=start, parent_phases=(), phases=(Phase(32, 1, 1),)))
    for name, facts in card(settings)["styles"].items():
        assert any(fault.startswith(f"{name} on dark: blob") for fault in facts["gates"])


# The history of runs


def start_pack(folder: Path) -> Path:
    """A pack with a card as the first shipped one had: one run of 8,200 image-steps."""
    torch.manual_seed(5)
    pack = folder / "start.safetensors"
    config = NetworkConfig(4, 1)
    weights = [StyleNetwork(config).state_dict() for _ in range(2)]
    save_pack(pack, config, {"stripes": weights[0]}, weights[1])
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
    first = start_pack(tmp_path)
    second = replace(
        settings,
        parent_phases=(),
        phases=(Phase(32, 2, 2),),
        start=first,
        style_weight=4.0,
        noise_weight=0.3,
        motion_weights={"stripes": 2.0},
        layer_weights=(1.0, 1.0, 1.0, 2.0),
        finish=0.5,
    )
    train(second)
    training = card(second)["training"]
    # Two steps of two images in each of the two styles.
    assert training["image_steps"] == 8200 + 8
    assert (training["phases"], training["parent_phases"]) == (["32:2:2"], [])
    assert (training["motion_weights"], training["finish"]) == ({"stripes": 2.0}, 0.5)
    assert training["layer_weights"] == [1.0, 1.0, 1.0, 2.0]
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
            "phases": ["32:2:2"],
            "image_steps": 8,
            "content_weight": 1.0,
            "style_weight": 4.0,
            "noise_weight": 0.3,
            "motion_weight": 0.0,
            "tone_weight": 0.5,
            "motion_weights": {"stripes": 2.0},
            "start": hashlib.sha256(first.read_bytes()).hexdigest(),
        },
    ]
    third = replace(second, start=second.out, out=tmp_path / "3.safetensors")
    third = replace(third, checkpoints=tmp_path / "3", noise_weights={"squares": 1.0})
    train(third)
    training = card(third)["training"]
    assert training["image_steps"] == 8216
    assert [run["image_steps"] for run in training["runs"]] == [8200, 8, 8]
    assert training["runs"][0] == earlier
    assert training["runs"][2]["start"] == digest(second)
    assert training["runs"][2]["noise_weights"] == {"squares": 1.0}


def test_a_card_of_other_weights_tells_no_history(tmp_path: Path) -> None:
    pack = start_pack(tmp_path)
    assert len(training_runs(pack, ["32:2:4"], {}, 8)) == 2
    pack.write_bytes(pack.read_bytes() + b" ")
    sha256 = hashlib.sha256(pack.read_bytes()).hexdigest()
    alone = [{"phases": ["32:2:4"], "image_steps": 8, "start": sha256}]
    assert training_runs(pack, ["32:2:4"], {}, 8) == alone
    pack.with_suffix(".yaml").unlink()
    assert training_runs(pack, ["32:2:4"], {}, 8) == alone


def test_a_copied_pack_keeps_what_passed(
    settings: TrainingSettings, tmp_path: Path, gates: list[tuple[Fault, ...]]
) -> None:
    """Moved with its card to another --out, it is still the run's own."""
    gates += [(), (), (SPOT,), ()]
    train(settings)
    moved = replace(settings, out=tmp_path / "moved" / "p.safetensors")
    moved.out.parent.mkdir()
    shutil.copy(settings.out, moved.out)
    shutil.copy(settings.out.with_suffix(".yaml"), moved.out.with_suffix(".yaml"))
    train(moved)
    assert same_tensors(part_of(moved.out, ""), part_of(settings.out, ""))
