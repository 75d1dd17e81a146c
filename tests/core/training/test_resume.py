"""A run that was stopped, wherever, ends as one that was not; what is not its own is refused."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from nle_style.core.training import Phase, TrainingProgress, TrainingSettings, train
from nle_style.core.training.gates import Fault
from nle_style.core.training.pack_in_training import PackInTraining
from nle_style.core.training.run_files import RunFiles
from nle_style.errors import TrainingError
from tests.helpers.training import Finished, Stop, assert_same_run, card, metrics, part_of, stop_at

PARENT_STEPS = [("parent", n) for n in range(1, 6)]
TURNS = [
    *[(name, n) for name in ("stripes", "squares") for n in (1, 2, 3)],
    *[(name, n) for name in ("stripes", "squares") for n in (4, 5, 6)],
]
SPOT = Fault("stripes", "flat", "blob", 0.31, 0.2)


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
    shutil.copytree(finished.settings.out.parent, settings.out.parent)
    return settings


def steps_of(settings: TrainingSettings) -> list[tuple[str, int]]:
    """Run it, or go on with it; the steps that it reports."""
    seen: list[tuple[str, int]] = []
    train(settings, lambda progress: seen.append((progress.name, progress.step)))
    return seen


@pytest.mark.parametrize(
    ("stop", "left"),
    [
        (("parent", 2), [*PARENT_STEPS, *TURNS]),  # before its first checkpoint
        (("parent", 4), [*PARENT_STEPS[3:], *TURNS]),  # behind one
        (("parent", 5), [*PARENT_STEPS[3:], *TURNS]),  # after its last step, before its checkpoint
        (("stripes", 2), TURNS),
        (("stripes", 3), TURNS[3:]),  # at its checkpoint
        (("stripes", 5), TURNS[6:]),
        (("squares", 5), TURNS[9:]),
    ],
)
def test_a_resumed_run_equals_the_uninterrupted_one(
    finished: Finished,
    settings: TrainingSettings,
    stop: tuple[str, int],
    left: list[tuple[str, int]],
) -> None:
    with pytest.raises(Stop):
        train(settings, stop_at(*stop))
    # Killed within a line, too.
    assert len(metrics(settings, stop[0])) == stop[1]
    with (settings.checkpoints / stop[0] / "metrics.jsonl").open("a") as log:
        log.write('{"step": 6, "ima')
    assert steps_of(settings) == left
    assert_same_run(finished.settings, settings)


@pytest.mark.parametrize(
    ("owner", "method", "call"),
    [
        (RunFiles, "save", 4),
        (RunFiles, "draw_sheet", 2),
        (PackInTraining, "write", 1),
        (PackInTraining, "write", 3),
    ],
)
def test_a_run_killed_around_a_checkpoint_equals_the_uninterrupted_one(
    finished: Finished,
    settings: TrainingSettings,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    method: str,
    call: int,
) -> None:
    """Before the checkpoint is there, after it, and before the pack of it is written."""
    calls = [0]
    original = getattr(owner, method)

    def killed(*arguments: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            raise Stop
        return original(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(owner, method, killed)
        with pytest.raises(Stop):
            train(settings)
    train(settings)
    assert_same_run(finished.settings, settings)


def test_a_resumed_run_judges_by_its_gates_as_the_uninterrupted_one(
    settings: TrainingSettings, gates: list[tuple[Fault, ...]], tmp_path: Path
) -> None:
    """Stripes pass and fail later, squares pass after they failed."""
    judged = [(), (SPOT,), (SPOT,), ()]
    gates += judged
    whole = replace(settings, out=tmp_path / "p.safetensors", checkpoints=tmp_path / "whole")
    train(whole)
    assert gates == []
    average = part_of(whole.checkpoints / "stripes" / "step-00000003.safetensors", "average.")
    kept = part_of(whole.out, "styles/stripes/")
    trained = {name: value for name, value in average.items() if ".typical_" not in name}
    assert all(torch.equal(kept[name], value.half()) for name, value in trained.items())
    for number, stop in enumerate([("squares", 2), ("stripes", 6)]):
        run = replace(settings, out=tmp_path / f"{number}.safetensors")
        run = replace(run, checkpoints=tmp_path / str(number))
        with pytest.raises(Stop):
            train(run, stop_at(*stop))
        train(run)
        assert_same_run(whole, run)
    assert card(whole)["styles"]["stripes"]["image_steps"] == 6


def test_a_checkpoint_may_come_at_another_number_of_steps(
    finished: Finished, settings: TrainingSettings
) -> None:
    """Turns are shorter then, and nothing else: the style that is furthest behind goes on."""
    with pytest.raises(Stop):
        train(settings, stop_at("stripes", 3))
    left = steps_of(replace(settings, checkpoint_every=2))
    assert left == [
        *[("squares", n) for n in (1, 2, 3, 4)],
        *[("stripes", n) for n in (4, 5)],
        *[("squares", n) for n in (5, 6)],
        ("stripes", 6),
    ]
    assert settings.out.read_bytes() == finished.settings.out.read_bytes()


@pytest.mark.slow
def test_a_resumed_run_remembers_that_a_step_was_left_out(
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
        train(settings, stop_at("parent", 4))
    train(settings)
    assert_same_run(whole, settings)
    state = part_of(whole.checkpoints / "parent" / "step-00000005.safetensors", "adam.")
    assert state["step"].item() == 4


def test_a_loss_that_is_no_number_ends_the_run(
    settings: TrainingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = "nle_style.core.training.losses.objective.content_loss"
    monkeypatch.setattr(broken, lambda maps, *_: maps.sum() * math.nan)
    with pytest.raises(TrainingError, match="the loss became nan at step 1 of parent"):
        train(settings)


def test_a_finished_run_writes_a_missing_pack_again(
    finished: Finished, done: TrainingSettings
) -> None:
    done.out.unlink()
    seen: list[TrainingProgress] = []
    train(done, seen.append)
    assert seen == []
    assert_same_run(finished.settings, done)


def test_a_checkpoint_of_other_settings_is_refused(
    done: TrainingSettings, posters: dict[str, Path], tmp_path: Path
) -> None:
    swapped = {"stripes": posters["squares"], "squares": posters["stripes"]}
    one = tmp_path / "one"
    one.mkdir()
    Image.new("RGB", (50, 50)).save(one / "one.png")
    others = [
        replace(done, seed=2),
        replace(done, width=5),
        replace(done, style_weight=4.0),
        replace(done, phases=(Phase(32, 2, 6),)),
        replace(done, parent_phases=(Phase(32, 2, 6),)),
        replace(done, posters={"stripes": posters["stripes"]}),
        replace(done, posters={"third": posters["stripes"], **posters}),
        replace(done, posters=swapped),
        # The same posters in another order would be for other crops of the parent's.
        replace(done, posters=dict(reversed(posters.items()))),
        replace(done, photos=one),
    ]
    before = {path: path.read_bytes() for path in done.checkpoints.glob("*/*")}
    for other in others:
        with pytest.raises(TrainingError, match="other posters, photos or settings") as caught:
            train(other)
        assert "--checkpoints" in caught.value.remedy
    assert {path: path.read_bytes() for path in done.checkpoints.glob("*/*")} == before
    # Where the files go and how often decides nothing.
    assert train(replace(done, out=tmp_path / "copy.safetensors", checkpoint_every=2)).exists()


def test_a_damaged_checkpoint_is_refused_and_the_one_before_serves(
    finished: Finished, done: TrainingSettings
) -> None:
    last = done.checkpoints / "squares" / "step-00000006.safetensors"
    last.write_bytes(last.read_bytes()[:1000])
    with pytest.raises(TrainingError, match="the checkpoint is damaged") as caught:
        train(done)
    assert caught.value.where == str(last)
    last.unlink()
    assert steps_of(done) == TURNS[9:]
    assert_same_run(finished.settings, done)
