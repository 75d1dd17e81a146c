"""Training: schedule by hand, and stop and resume against an uninterrupted run."""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from PIL import Image

from nle_style.core.style_pack import load_pack
from nle_style.core.training import Phase, TrainingProgress, TrainingSettings, train
from nle_style.core.training_files import line_colours
from nle_style.errors import TrainingError


@dataclass(frozen=True)
class Finished:
    """An uninterrupted run and what it reported; tests that change its files copy them first."""

    settings: TrainingSettings
    progress: list[TrainingProgress]


@pytest.fixture(scope="session")
def finished(
    tmp_path_factory: pytest.TempPathFactory,
    posters: dict[str, Path],
    photos: Path,
    vgg_file: Path,
) -> Finished:
    """Six steps in two phases: 32 px in pairs, then 40 px one by one."""
    folder = tmp_path_factory.mktemp("finished")
    settings = TrainingSettings(
        posters=posters,
        photos=photos,
        out=folder / "out" / "posters.safetensors",
        checkpoints=folder / "checkpoints",
        phases=(Phase(32, 2, 4), Phase(40, 1, 2)),
        vgg=vgg_file,
        width=4,
        residual_blocks=1,
        poster_size=64,
        checkpoint_every=3,
    )
    progress: list[TrainingProgress] = []
    assert train(settings, progress.append) == settings.out
    return Finished(settings, progress)


@pytest.fixture
def settings(finished: Finished, tmp_path: Path) -> TrainingSettings:
    """The settings of the finished run, with folders of its own: not begun yet."""
    return replace(
        finished.settings,
        out=tmp_path / "out" / "posters.safetensors",
        checkpoints=tmp_path / "checkpoints",
    )


@pytest.fixture
def done(finished: Finished, settings: TrainingSettings) -> TrainingSettings:
    """A copy of the finished run, to change."""
    shutil.copytree(finished.settings.checkpoints, settings.checkpoints)
    settings.out.parent.mkdir()
    shutil.copy(finished.settings.out, settings.out)
    return settings


def metrics(settings: TrainingSettings) -> list[dict[str, Any]]:
    lines = (settings.checkpoints / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


class Stop(Exception):
    """Stands for a power cut."""


def stop_after(step: int) -> Any:
    def stop(progress: TrainingProgress) -> None:
        if progress.step == step:
            raise Stop

    return stop


def assert_same_pack(one: Path, other: Path) -> None:
    # Not byte by byte: safetensors writes the entries of its header in any order.
    first, second = load_pack(one), load_pack(other)
    assert first.styles == second.styles
    mine, theirs = first.network.state_dict(), second.network.state_dict()
    for name, tensor in mine.items():
        assert torch.equal(tensor, theirs[name]), name


def assert_same_run(one: TrainingSettings, other: TrainingSettings) -> None:
    log = "metrics.jsonl"
    assert (one.checkpoints / log).read_text() == (other.checkpoints / log).read_text()
    last = f"step-{one.steps:08d}.safetensors"
    first = safetensors.torch.load_file(one.checkpoints / last)
    second = safetensors.torch.load_file(other.checkpoints / last)
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name
    assert_same_pack(one.out, other.out)


def test_a_run_leaves_its_files_and_reports_every_step(finished: Finished) -> None:
    seen, settings = finished.progress, finished.settings
    assert [p.step for p in seen] == [1, 2, 3, 4, 5, 6]
    assert [p.images for p in seen] == [2, 4, 6, 8, 9, 10]
    assert {p.steps for p in seen} == {6}
    sheets = [settings.checkpoints / f"sheet-{step:08d}.png" for step in (3, 6)]
    assert [p.sheet for p in seen] == [None, None, sheets[0], None, None, sheets[1]]
    assert sorted(p.name for p in settings.checkpoints.iterdir()) == [
        "loss.png",
        "metrics.jsonl",
        "sheet-00000003.png",
        "sheet-00000006.png",
        "step-00000003.safetensors",
        "step-00000006.safetensors",
    ]
    for record, progress in zip(metrics(settings), seen, strict=True):
        assert (record["step"], record["images"]) == (progress.step, progress.images)
        assert sum(record["style"]) / len(record["style"]) == pytest.approx(progress.style)
        assert sum(record["content"]) / len(record["content"]) == pytest.approx(progress.content)
    # Three columns (the source and two posters) of 240 pixels, 6 apart, for three photographs.
    with Image.open(sheets[1]) as sheet:
        assert sheet.size[0] == 3 * 246 + 6


def test_the_pack_holds_the_average_of_the_weights(finished: Finished) -> None:
    settings = finished.settings
    pack = load_pack(settings.out)
    assert pack.styles == ("stripes", "squares")
    assert (pack.network.config.width, pack.network.config.residual_blocks) == (4, 1)
    state = safetensors.torch.load_file(settings.checkpoints / "step-00000006.safetensors")
    for name, tensor in pack.network.state_dict().items():
        assert torch.equal(tensor, state[f"average.{name}"])
    weight = "convolutions.0.weight"
    assert not torch.equal(state[f"average.{weight}"], state[f"network.{weight}"])


def test_the_two_latest_checkpoints_are_kept(settings: TrainingSettings) -> None:
    train(replace(settings, phases=(Phase(32, 1, 3),), checkpoint_every=1))
    names = sorted(p.name for p in settings.checkpoints.glob("step-*"))
    assert names == ["step-00000002.safetensors", "step-00000003.safetensors"]


def test_resumed_run_equals_the_uninterrupted_one(
    finished: Finished, settings: TrainingSettings
) -> None:
    with pytest.raises(Stop):
        train(settings, stop_after(5))
    # Killed two steps after the checkpoint and in the middle of writing a line.
    log = settings.checkpoints / "metrics.jsonl"
    assert [r["step"] for r in metrics(settings)] == [1, 2, 3, 4, 5]
    log.write_text(log.read_text() + '{"step": 6, "ima')
    seen: list[int] = []
    train(settings, lambda progress: seen.append(progress.step))
    assert seen == [4, 5, 6]
    assert_same_run(finished.settings, settings)


def test_run_stopped_before_its_first_checkpoint_begins_again(
    finished: Finished, settings: TrainingSettings
) -> None:
    with pytest.raises(Stop):
        train(settings, stop_after(2))
    train(settings)
    assert_same_run(finished.settings, settings)


@pytest.mark.slow
def test_resumed_run_remembers_that_a_step_was_left_out(
    settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An infinite gradient cannot be had on demand; the second step of each run reports one.
    clip, calls = torch.nn.utils.clip_grad_norm_, [0]

    def infinite_at_the_second(*arguments: Any, **options: Any) -> torch.Tensor:
        calls[0] += 1
        return torch.tensor(math.inf) if calls[0] == 2 else clip(*arguments, **options)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", infinite_at_the_second)
    whole = replace(settings, out=tmp_path / "p.safetensors", checkpoints=tmp_path / "whole")
    train(whole)
    calls[0] = 0
    with pytest.raises(Stop):
        train(settings, stop_after(3))
    train(settings)
    assert_same_run(whole, settings)
    state = safetensors.torch.load_file(whole.checkpoints / "step-00000006.safetensors")
    assert state["adam.step"].item() == 5


def test_finished_run_writes_a_missing_pack_again(
    finished: Finished, done: TrainingSettings
) -> None:
    done.out.unlink()
    seen: list[TrainingProgress] = []
    assert_same_pack(train(done, seen.append), finished.settings.out)
    assert seen == []
    assert metrics(done) == metrics(finished.settings)


def test_checkpoint_of_other_settings_is_refused(
    done: TrainingSettings, posters: dict[str, Path], tmp_path: Path
) -> None:
    swapped = {"stripes": posters["squares"], "squares": posters["stripes"]}
    others = [
        replace(done, seed=2),
        replace(done, width=5),
        replace(done, style_weight=4.0),
        replace(done, phases=(Phase(32, 2, 6),)),
        replace(done, posters={"stripes": posters["stripes"]}),
        replace(done, posters=swapped),
        # The same posters in another order would be the other rows of the weights.
        replace(done, posters=dict(reversed(posters.items()))),
    ]
    for other in others:
        with pytest.raises(TrainingError, match="other posters, photos or settings") as caught:
            train(other)
        assert "--checkpoints" in caught.value.remedy
    # Where the files go and how often decides nothing.
    assert train(replace(done, out=tmp_path / "copy.safetensors", checkpoint_every=2)).exists()


def test_checkpoint_of_other_photographs_is_refused(done: TrainingSettings, tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    Image.new("RGB", (50, 50)).save(folder / "one.png")
    with pytest.raises(TrainingError, match="other posters, photos or settings"):
        train(replace(done, photos=folder))


def test_damaged_checkpoint_is_refused_and_the_one_before_serves(
    finished: Finished, done: TrainingSettings
) -> None:
    last = done.checkpoints / "step-00000006.safetensors"
    last.write_bytes(last.read_bytes()[:1000])
    with pytest.raises(TrainingError, match="the checkpoint is damaged") as caught:
        train(done)
    assert caught.value.where == str(last)
    last.unlink()
    seen: list[int] = []
    train(done, lambda progress: seen.append(progress.step))
    assert seen == [4, 5, 6]
    assert_same_run(finished.settings, done)


def test_styles_are_used_evenly(settings: TrainingSettings, posters: dict[str, Path]) -> None:
    three = posters | {"again": posters["stripes"]}
    train(replace(settings, posters=three, phases=(Phase(32, 2, 3), Phase(32, 1, 3))))
    rows = [row for record in metrics(settings) for row in record["rows"]]
    assert Counter(rows) == {0: 3, 1: 3, 2: 3}
    # Each is used once before any is used again, across steps and phases.
    assert all(sorted(rows[i : i + 3]) == [0, 1, 2] for i in (0, 3, 6))


def test_learning_rate_by_hand(settings: TrainingSettings) -> None:
    # 201 steps from 2e-3 to 2e-4: the cosine is at 0.5 (1 + cos 45°) after 50 of 200 steps.
    run = replace(settings, phases=(Phase(32, 1, 101), Phase(32, 1, 100)))
    assert run.rate(0) == pytest.approx(2e-3 / 50)
    assert run.rate(50) == pytest.approx(2e-4 + 1.8e-3 * 0.853553, rel=1e-5)
    assert run.rate(100) == pytest.approx(1.1e-3)
    assert run.rate(200) == pytest.approx(2e-4)
    # In the linear start the cosine has begun too: half of its value at step 24.
    quarter = 2e-4 + 0.9e-3 * (1 + math.cos(math.pi * 24 / 200))
    assert run.rate(24) == pytest.approx(quarter / 2)
    assert run.rate(49) > run.rate(48)
    assert run.rate(50) < run.rate(49)


def test_phases_by_hand(settings: TrainingSettings) -> None:
    first, second = settings.phases
    assert settings.steps == 6
    at = [settings.at(step) for step in range(6)]
    assert at == [(first, 0), (first, 2), (first, 4), (first, 6), (second, 8), (second, 9)]
    with pytest.raises(IndexError):
        settings.at(6)


@pytest.mark.parametrize("phase", [(31, 1, 1), (32, 0, 1), (32, 1, 0)])
def test_impossible_phases_are_refused(phase: tuple[int, int, int]) -> None:
    with pytest.raises(TrainingError, match="SIZE:BATCH:STEPS"):
        Phase(*phase)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"posters": {}}, "no posters"),
        ({"phases": ()}, "no phases"),
        ({"out": Path("posters.pth")}, r"ends in \.safetensors"),
        ({"checkpoint_every": 0}, "a checkpoint every 0 steps"),
    ],
)
def test_impossible_settings_are_refused(
    settings: TrainingSettings, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        replace(settings, **change)


@pytest.mark.parametrize("missing", ["posters", "photos", "vgg"])
def test_missing_material_is_refused_before_anything_is_written(
    settings: TrainingSettings, missing: str, tmp_path: Path
) -> None:
    path = tmp_path / "none.png"
    change: dict[str, Any] = {missing: {"none": path} if missing == "posters" else path}
    with pytest.raises(TrainingError) as caught:
        train(replace(settings, **change))
    assert caught.value.where == str(path)
    assert not settings.out.exists()
    assert not (settings.checkpoints / "metrics.jsonl").exists()


@pytest.mark.slow
def test_the_loss_falls(settings: TrainingSettings) -> None:
    train(
        replace(
            settings,
            phases=(Phase(48, 2, 60),),
            width=8,
            learning_rate=2e-2,
            checkpoint_every=60,
        )
    )
    style = [sum(record["style"]) / 2 for record in metrics(settings)]
    first, last = sum(style[:10]) / 10, sum(style[-10:]) / 10
    assert last < 0.6 * first


def test_temporal_terms_take_turns_and_resume_exactly(
    settings: TrainingSettings, tmp_path: Path
) -> None:
    """Two runs of one length, one of them stopped behind its checkpoint."""
    steady = replace(settings, noise_weight=0.3, motion_weight=0.2)
    train(steady)
    other = replace(
        steady, out=tmp_path / "other.safetensors", checkpoints=tmp_path / "other checkpoints"
    )
    with pytest.raises(Stop):
        train(other, stop_after(5))
    train(other)
    assert_same_run(steady, other)
    for record in metrics(steady):
        term, none = ("noise", "motion") if record["step"] % 2 == 1 else ("motion", "noise")
        assert len(record[term]) == len(record["rows"])
        assert none not in record
    assert all(value > 0 for value in metrics(steady)[0]["noise"])


def test_terms_that_are_off_leave_a_run_what_it_was(settings: TrainingSettings) -> None:
    photos = (settings.posters["fire"],) if "fire" in settings.posters else ()
    plain = settings.fingerprint(photos)
    assert replace(settings, noise_weight=0.0, motion_weight=0.0).fingerprint(photos) == plain
    assert replace(settings, noise_weight=0.1).fingerprint(photos) != plain
    assert replace(settings, motion_weight=0.1).fingerprint(photos) != plain


def test_a_run_starts_from_a_pack(settings: TrainingSettings, finished: Finished) -> None:
    begun = replace(settings, start=finished.settings.out, learning_rate=0.0, final_rate=0.0)
    train(begun)
    assert_same_pack(begun.out, finished.settings.out)


def test_a_pack_of_other_styles_cannot_be_started_from(
    settings: TrainingSettings, finished: Finished
) -> None:
    name, poster = next(iter(settings.posters.items()))
    begun = replace(settings, start=finished.settings.out, posters={name: poster})
    with pytest.raises(TrainingError, match="in the order of its styles"):
        train(begun)


def test_a_line_of_the_plot_has_the_colour_that_its_style_is_named_after() -> None:
    assert line_colours(["fire", "red", "blue", "snow"]) == [
        *("tab:orange", "tab:red", "tab:blue", "tab:green"),
    ]
    # More styles than colours are left: they begin again.
    assert line_colours([f"style {i}" for i in range(11)])[10] == "tab:blue"
