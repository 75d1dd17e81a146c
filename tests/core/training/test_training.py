"""Training: a parent, then styles in turns; what a run leaves, and what it starts from."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from nle_style.core import StyleNetwork, load_pack
from nle_style.core.network import NetworkConfig
from nle_style.core.training import Phase, TrainingSettings, train
from nle_style.core.training.plot import line_colours
from nle_style.errors import PackError, TrainingError
from tests.helpers.training import Finished, metrics, part_of, same_tensors


def half(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value.half() for name, value in tensors.items()}


def test_the_parent_first_then_styles_in_turns_and_every_step_is_reported(
    finished: Finished,
) -> None:
    seen, settings = finished.progress, finished.settings
    turns = [("parent", range(1, 6))]
    for steps in (range(1, 4), range(4, 7)):
        turns += [("stripes", steps), ("squares", steps)]
    assert [(p.name, p.step) for p in seen] == [(name, n) for name, steps in turns for n in steps]
    assert {(p.name, p.steps) for p in seen} == {("parent", 5), ("stripes", 6), ("squares", 6)}
    assert [p.total for p in seen] == list(range(1, 18))
    assert {p.totals for p in seen} == {17}
    for name, images in {"parent": [2, 4, 6, 8, 10], "squares": [2, 4, 6, 8, 9, 10]}.items():
        assert [p.images for p in seen if p.name == name] == images
    sheets = {(p.name, p.step): p.sheet for p in seen if p.sheet is not None}
    assert sheets == {
        (name, step): settings.checkpoints / name / f"sheet-0000000{step}.png"
        for name in ("stripes", "squares")
        for step in (3, 6)
    }
    assert all(p.seconds > 0 for p in seen)


def test_every_style_has_a_folder_of_files(finished: Finished) -> None:
    folder = finished.settings.checkpoints
    assert sorted(p.name for p in folder.iterdir()) == ["loss.png", "parent", "squares", "stripes"]
    steps = {"parent": (3, 5), "stripes": (3, 6), "squares": (3, 6)}
    for name, at in steps.items():
        files = {f"step-0000000{step}.safetensors" for step in at} | {"metrics.jsonl"}
        files |= {f"sheet-0000000{step}.png" for step in at if name != "parent"}
        assert {p.name for p in (folder / name).iterdir()} == files
        seen = [p for p in finished.progress if p.name == name]
        for record, progress in zip(metrics(finished.settings, name), seen, strict=True):
            assert (record["step"], record["images"]) == (progress.step, progress.images)
            count = len(record["styles"])
            assert sum(record["style"]) / count == pytest.approx(progress.style)
            assert sum(record["content"]) / count == pytest.approx(progress.content)
    # Two columns (the source and its painting) of 240 pixels, 6 apart.
    with Image.open(folder / "stripes" / "sheet-00000006.png") as sheet:
        assert sheet.size[0] == 2 * 246 + 6


def test_the_pack_holds_the_averages_of_the_weights_and_the_parents(finished: Finished) -> None:
    settings = finished.settings
    pack = load_pack(settings.out)
    assert pack.styles == ("stripes", "squares")
    assert pack.config == NetworkConfig(4, 1)
    runs = {"parent": ("parent/", 5), "stripes": ("styles/stripes/", 6)}
    runs["squares"] = ("styles/squares/", 6)
    for name, (prefix, step) in runs.items():
        state = settings.checkpoints / name / f"step-{step:08d}.safetensors"
        average = half(part_of(state, "average."))
        assert same_tensors(part_of(settings.out, prefix), average), name
        assert not same_tensors(average, half(part_of(state, "network."))), name


def test_styles_begin_with_the_average_of_the_parent(settings: TrainingSettings) -> None:
    """At a rate of 0 nothing moves: both styles stay the parent, and that the random start."""
    train(replace(settings, learning_rate=0.0, final_rate=0.0))
    parent = part_of(settings.out, "parent/")
    for style in ("stripes", "squares"):
        assert same_tensors(part_of(settings.out, f"styles/{style}/"), parent)
    torch.manual_seed(settings.seed_of("parent"))
    start = StyleNetwork(NetworkConfig(4, 1)).state_dict()
    assert same_tensors(parent, half(dict(start)))


def test_the_average_by_hand(settings: TrainingSettings) -> None:
    """The first step leaves 1/10 of the start in it; the parent's start is known by its seed."""
    train(replace(settings, parent_phases=(Phase(32, 1, 1),), phases=(Phase(32, 1, 1),)))
    state = settings.checkpoints / "parent" / "step-00000001.safetensors"
    torch.manual_seed(settings.seed_of("parent"))
    start = StyleNetwork(NetworkConfig(4, 1)).state_dict()
    after, average = part_of(state, "network."), part_of(state, "average.")
    for name, value in start.items():
        torch.testing.assert_close(average[name], 0.1 * value + 0.9 * after[name])


def test_the_two_latest_checkpoints_are_kept(settings: TrainingSettings) -> None:
    train(replace(settings, phases=(Phase(32, 1, 3),), checkpoint_every=1))
    names = sorted(p.name for p in settings.checkpoints.glob("stripes/step-*"))
    assert names == ["step-00000002.safetensors", "step-00000003.safetensors"]


def test_the_parent_uses_posters_evenly_and_a_style_its_own(
    settings: TrainingSettings, posters: dict[str, Path]
) -> None:
    three = posters | {"again": posters["stripes"]}
    phases = (Phase(32, 2, 3), Phase(32, 1, 3))
    train(replace(settings, posters=three, parent_phases=phases, phases=(Phase(32, 2, 1),)))
    used = [style for record in metrics(settings, "parent") for style in record["styles"]]
    assert Counter(used) == {"stripes": 3, "squares": 3, "again": 3}
    # Each is used once before any is used again, across steps and phases.
    assert all(set(used[i : i + 3]) == set(three) for i in (0, 3, 6))
    for name in three:
        assert [record["styles"] for record in metrics(settings, name)] == [[name, name]]


def test_terms_for_video_take_turns_in_the_finish_of_styles(finished: Finished) -> None:
    for record in metrics(finished.settings, "parent"):
        assert not {"noise", "motion"} & record.keys()
    for name in ("stripes", "squares"):
        records = metrics(finished.settings, name)
        terms = [sorted({"noise", "motion"} & record.keys()) for record in records]
        assert terms == [[], [], [], ["motion"], ["noise"], ["motion"]]
        assert all(value > 0 for value in records[4]["noise"])


@pytest.mark.slow
def test_the_loss_falls(settings: TrainingSettings) -> None:
    phases = (Phase(48, 2, 80),)
    train(
        replace(
            settings,
            parent_phases=phases,
            phases=(Phase(48, 2, 5),),
            width=8,
            learning_rate=2e-2,
            checkpoint_every=80,
        )
    )
    records = metrics(settings, "parent")
    style = [sum(record["style"]) / 2 for record in records]
    first, last = sum(style[:10]) / 10, sum(style[-10:]) / 10
    assert last < 0.6 * first
    for name in settings.posters:
        # Every poster once in each of the first ten steps; its style begins where the parent ended.
        begun = [r["style"][r["styles"].index(name)] for r in records[:10]]
        own = [sum(record["style"]) / 2 for record in metrics(settings, name)]
        assert sum(own) / 5 < 0.8 * sum(begun) / 10, name


# What a run starts from


def started(settings: TrainingSettings, pack: Path, **change: Any) -> TrainingSettings:
    """The run, from a pack; two steps of a style are enough to move its weights."""
    phases = (Phase(32, 1, 2),)
    return replace(settings, parent_phases=(), phases=phases, start=pack, **change)


def test_a_run_starts_from_a_pack(
    settings: TrainingSettings, finished: Finished, posters: dict[str, Path]
) -> None:
    more = {"new": posters["stripes"], "squares": posters["squares"]}
    pack = finished.settings.out
    run = started(settings, pack, posters=more)
    train(replace(run, learning_rate=0.0, final_rate=0.0))
    assert load_pack(run.out).styles == ("new", "squares")
    begun = {name: part_of(run.out, f"styles/{name}/") for name in more}
    assert same_tensors(begun["squares"], part_of(pack, "styles/squares/"))
    assert same_tensors(begun["new"], part_of(pack, "parent/"))
    assert not (run.checkpoints / "parent").exists()
    # With a rate they leave where they began, and the parent stays.
    shutil.rmtree(run.checkpoints)
    train(run)
    assert same_tensors(part_of(run.out, "parent/"), part_of(pack, "parent/"))
    for name, before in begun.items():
        assert not same_tensors(part_of(run.out, f"styles/{name}/"), before)


def test_a_style_does_not_depend_on_the_others(
    settings: TrainingSettings, finished: Finished, posters: dict[str, Path], tmp_path: Path
) -> None:
    """From one pack: the same weights and records alone, and between others in another order."""
    pack = finished.settings.out
    steady: dict[str, Any] = {"noise_weight": 0.3, "motion_weight": 0.2, "finish": 1.0}
    alone = started(settings, pack, posters={"squares": posters["squares"]}, **steady)
    train(alone)
    more = {"a": posters["stripes"], "squares": posters["squares"], "b": posters["stripes"]}
    among = replace(
        alone,
        posters=more,
        out=tmp_path / "among.safetensors",
        checkpoints=tmp_path / "among",
        checkpoint_every=1,
    )
    train(among)
    ours, theirs = (part_of(run.out, "styles/squares/") for run in (alone, among))
    assert same_tensors(ours, theirs)
    assert metrics(alone, "squares") == metrics(among, "squares")
    # Two styles with one poster have draws of their own.
    assert metrics(among, "a") != metrics(among, "b")


def test_a_pack_of_another_shape_cannot_be_started_from(
    settings: TrainingSettings, finished: Finished
) -> None:
    begun = started(settings, finished.settings.out, width=5)
    with pytest.raises(TrainingError, match="width=4") as caught:
        train(begun)
    assert "its width" in caught.value.remedy
    with pytest.raises(PackError, match="no such style pack"):
        train(replace(begun, start=begun.photos / "none.safetensors"))
    assert not begun.checkpoints.exists()


@pytest.mark.parametrize("missing", ["posters", "photos", "vgg", "preview", "held_out"])
def test_missing_material_is_refused_before_anything_is_written(
    settings: TrainingSettings, missing: str, tmp_path: Path
) -> None:
    path = tmp_path / "none.png"
    shapes: dict[str, Any] = {"posters": {"none": path}, "preview": (path,)}
    with pytest.raises(TrainingError) as caught:
        train(replace(settings, **{missing: shapes.get(missing, path)}))
    assert caught.value.where == str(path)
    assert not settings.out.exists()
    assert not settings.checkpoints.exists()


def test_a_line_of_the_plot_has_the_colour_that_its_style_is_named_after() -> None:
    assert line_colours(["fire", "red", "blue", "snow"]) == [
        *("tab:orange", "tab:red", "tab:blue", "tab:green"),
    ]
    # More styles than colours are left: they begin again.
    assert line_colours([f"style {i}" for i in range(11)])[10] == "tab:blue"
