"""A farm's job in steps and pieces gives what a plain render gives, bit for bit."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
import torch

from nle_style.apply.shot import ShotStatistics
from nle_style.errors import Cancelled, InputError, JobError, MediaError
from nle_style.render import Event, RenderJob
from nle_style.render.events import FramePainted
from nle_style.render.farm import (
    FarmRun,
    PathRules,
    make_farm_job,
    mapped_job,
    planned_items,
    read_farm_job,
)
from nle_style.render.farm.farm_job import FarmItem, FarmJob
from nle_style.render.farm.path_rules import PathRule
from nle_style.render.farm.statistics_file import load_statistics, save_statistics
from nle_style.render.item import JobResult, run_job
from tests.helpers.clips import make_two_scenes
from tests.helpers.manifests import frame_hashes
from tests.helpers.media_factory import write_pixels

CUT, FRAMES = 13, 28  # the cut lies inside the second unit of eight frames; the last has four
FIRST = 1001


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "edit.mp4"
    return make_two_scenes(path, CUT, FRAMES)


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """20 EXR frames from 1001, of two scenes that meet between 1013 and 1014."""
    folder = tmp_path / "plate"
    folder.mkdir()
    for frame in range(20):
        scene = int(frame >= CUT)
        own = np.random.default_rng(scene)
        blocks = own.uniform(0.02, (0.2, 0.9)[scene], (4, 6, 3))
        grain = np.random.default_rng(100 + frame).normal(0, 0.002, (32, 48, 3))
        pixels = np.clip(np.kron(blocks, np.ones((8, 8, 1))) + grain, 0, None).astype(np.float32)
        write_pixels(folder / f"plate.{FIRST + frame:04d}.exr", pixels, "half")
    return folder / "plate.%04d.exr"


def _job(pack: Path, out: Path, *items: dict[str, Any], **output: Any) -> RenderJob:
    look = {"styles": {"red": 1.0}}
    job = {
        "items": [{**item, "look": {**look, **item.get("look", {})}} for item in items],
        "output": {"directory": out, **output},
        "control": {"device": "cpu"},
        "pack": str(pack),
    }
    return RenderJob.model_validate(job)


def _plain(job: RenderJob, folder: Path) -> dict[str, bytes]:
    output = job.output.model_copy(update={"directory": folder})
    assert run_job(job.model_copy(update={"output": output})).exit_code == 0
    return _files(folder)


def _files(folder: Path) -> dict[str, bytes]:
    """Every result by its path within the folder, but for manifests and reports."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files
        if path.suffix not in (".json", ".jsonl")
    }


def _chunks(farm: FarmJob, size: int) -> Iterator[tuple[int, int]]:
    for first in range(0, farm.pieces, size):
        yield first, min(first + size, farm.pieces) - 1


def _farmed(farm: FarmJob, size: int) -> int:
    """All steps, each task as if in a process of its own; how many frames were painted."""
    for index in range(len(farm.items)):
        FarmRun(farm).measure(index, index)
    painted = sum(FarmRun(farm).render(*chunk).rendered for chunk in _chunks(farm, size))
    result = FarmRun(farm).assemble()
    assert result.exit_code == 0
    return painted


@pytest.mark.slow
@pytest.mark.parametrize("statistics", ["hybrid", "shot", "frame"])
@pytest.mark.parametrize(("format_", "size"), [("ffv1", 1), ("exr", 2)])
def test_in_chunks_as_in_one_go(
    statistics: str, format_: str, size: int, clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    item = {"source": clip, "look": {"statistics": statistics}}
    job = _job(tiny_pack, tmp_path / "farm", item, format=format_)
    plain = _plain(job, tmp_path / "plain")
    farm = make_farm_job(job)
    assert farm.to_measure == ([] if statistics == "frame" else [0])
    assert farm.pieces == 4
    assert _farmed(farm, size) == FRAMES
    assert _files(tmp_path / "farm") == plain
    assert frame_hashes(tmp_path / "farm") == frame_hashes(tmp_path / "plain")
    (hashes,) = frame_hashes(tmp_path / "farm").values()
    assert len(hashes) == FRAMES
    assert _report(tmp_path / "farm") == _report(tmp_path / "plain")
    assert FarmRun(farm).render(0, 3).rendered == 0, "what is delivered is not rendered again"


def _report(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("*.report.json")
    report: dict[str, Any] = json.loads(path.read_text())
    del report["finished"], report["seconds_per_frame"]
    return report


def test_several_items_in_one_task(
    clip: Path, plate: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """A task that begins in one item, takes all of the next, and ends in a third."""
    job = _job(
        tiny_pack,
        tmp_path / "farm",
        {"source": clip, "frames": (2, 20)},
        {"source": clip, "frames": (20, 23), "look": {"statistics": "frame"}},
        {"source": plate, "format": "exr"},
        {"source": clip, "paint": [(0, 3), (26, 27)], "look": {"styles": {"blue": 1}}},
        format="ffv1",
    )
    plain = _plain(job, tmp_path / "plain")
    farm = make_farm_job(job)
    assert [(item.first_piece, item.pieces) for item in farm.items] == [
        (0, 3),  # 8, 8 and 3 frames
        (3, 1),
        (4, 3),  # 8, 8 and 4 of 20 files
        (7, 2),  # of four units, two have a painted frame
    ]
    assert list(farm.shares(8, 11)) == [(3, 1, 1)], "the last chunk may be filled up"
    assert list(farm.shares(2, 4)) == [(0, 2, 2), (1, 0, 0), (2, 0, 7)]
    assert _farmed(farm, 4) == 19 + 4 + 20 + 6
    assert _files(tmp_path / "farm") == plain


def test_a_cancelled_task_is_finished_by_another_of_another_size(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    job = _job(tiny_pack, tmp_path / "farm", {"source": clip}, format="ffv1")
    plain = _plain(job, tmp_path / "plain")
    farm = make_farm_job(job)
    FarmRun(farm).measure(0, 0)
    stop = threading.Event()

    def stop_at_20(event: Event) -> None:
        if isinstance(event, FramePainted) and event.frame == 20:
            stop.set()

    with pytest.raises(Cancelled):
        FarmRun(farm, stop_at_20, stop).render(0, 3)
    assert not list((tmp_path / "farm").glob("*.mkv"))
    painted = [FarmRun(farm).render(*chunk).rendered for chunk in _chunks(farm, 1)]
    assert painted == [0, 0, 8, 4], "two units were whole when the stop came"
    assert FarmRun(farm).assemble().exit_code == 0
    assert _files(tmp_path / "farm") == plain


def test_a_damaged_unit_is_refused_and_made_again(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    out = tmp_path / "farm"
    job = _job(tiny_pack, out, {"source": clip}, {"source": clip, "frames": (0, 3)}, format="ffv1")
    plain = _plain(job, tmp_path / "plain")
    farm = make_farm_job(job)
    FarmRun(farm).measure(0, 1)
    FarmRun(farm).render(0, 4)
    unit = out / f".{farm.items[0].name}.mkv.work" / "unit-000001.mkv"
    unit.write_bytes(unit.read_bytes()[:-1] + b"!")
    run = FarmRun(farm)
    result = run.assemble()
    assert isinstance(result, JobResult)
    (refused,) = (each.error for each in result.items if each.error is not None)
    assert run.exit_code_now(result) == 3
    assert "1 of its 4 units are not there, the first of them frames 8-15" in str(refused)
    assert result.exit_code == 3, "the other one is delivered"
    assert FarmRun(farm).render(0, 4).rendered == 8
    assert FarmRun(farm).assemble().exit_code == 0
    assert _files(out) == plain


def test_memory_is_that_of_the_bundle(clip: Path, tiny_pack: Path, tmp_path: Path) -> None:
    """Where it cuts a picture may show: a worker with more or less of it takes the same."""
    farm = make_farm_job(_job(tiny_pack, tmp_path / "farm", {"source": clip}))
    item = farm.items[0].model_copy(update={"memory": 1_234_567_890})
    plan = FarmRun(farm.model_copy(update={"items": (item,)})).plan(0)
    assert plan.budget.total == 1_234_567_890
    assert plan.manifest.key == FarmRun(farm).plan(0).manifest.key


def test_shots_that_nobody_measured(clip: Path, tiny_pack: Path, tmp_path: Path) -> None:
    farm = make_farm_job(_job(tiny_pack, tmp_path / "farm", {"source": clip}))
    with pytest.raises(InputError, match="Run the measure step"):
        FarmRun(farm).render(0, 0)


def test_only_one_version_of_the_engine(
    clip: Path, tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = {"source": clip, "look": {"statistics": "frame"}}
    farm = make_farm_job(_job(tiny_pack, tmp_path / "farm", item, format="ffv1"))
    FarmRun(farm).render(0, 1)
    ours = planned_items.engine_of(torch.device("cpu"))
    monkeypatch.setattr(planned_items, "engine_of", lambda device: [ours[0], "1.2.3", "cuda"])
    FarmRun(farm).render(2, 3)
    run = FarmRun(farm)
    result = run.assemble()
    assert isinstance(result, JobResult)
    (refused,) = (each.error for each in result.items)
    assert run.exit_code_now(result) == 2
    assert "several versions" in str(refused)
    assert "1.2.3 cuda" in str(refused)
    shutil.rmtree(tmp_path / "farm")
    FarmRun(farm).render(0, 3)
    monkeypatch.undo()
    assert FarmRun(farm).assemble().exit_code == 0, "by the engine that rendered all of it"
    assert "1.2.3" in next((tmp_path / "farm").glob("*.report.json")).read_text()


def test_statistics_of_another_engine(
    clip: Path, tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = make_farm_job(_job(tiny_pack, tmp_path / "farm", {"source": clip}))
    FarmRun(farm).measure(0, 0)
    monkeypatch.setattr(planned_items, "engine_of", lambda device: [4, "1.2.3", "cuda"])
    with pytest.raises(InputError, match="another version or kind of device"):
        FarmRun(farm).render(0, 0)


def test_a_replaced_source_is_refused(plate: Path, tiny_pack: Path, tmp_path: Path) -> None:
    farm = make_farm_job(_job(tiny_pack, tmp_path / "farm", {"source": plate}, format="exr"))
    other = plate.with_name(f"plate.{FIRST + 12}.exr")
    FarmRun(farm).measure(0, 0)
    shutil.copy(plate.with_name(f"plate.{FIRST + 3}.exr"), other)
    assert FarmRun(farm).render(0, 0).rendered == 8, "frame 12 is not this task's"
    with pytest.raises(MediaError, match="not the file that it was"):
        FarmRun(farm).render(1, 1)


def test_after_a_change_only_what_changed(plate: Path, tiny_pack: Path, tmp_path: Path) -> None:
    """The second bundle keeps what a plain second render keeps, and says so in its report."""
    item = {"source": plate, "look": {"statistics": "frame"}}
    job = _job(tiny_pack, tmp_path / "farm", item, format="exr")
    _farmed(make_farm_job(job), 2)
    _plain(job, tmp_path / "plain")
    shutil.copy(
        plate.with_name(f"plate.{FIRST + 3}.exr"), plate.with_name(f"plate.{FIRST + 8}.exr")
    )
    plain = _plain(job, tmp_path / "plain")
    assert _farmed(make_farm_job(job), 1) == 1
    assert _files(tmp_path / "farm") == plain
    assert _report(tmp_path / "farm") == _report(tmp_path / "plain")


def test_an_item_that_cannot_be_rendered(clip: Path, tiny_pack: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.mov"
    job = _job(tiny_pack, tmp_path / "farm", {"source": missing}, {"source": clip}, format="ffv1")
    farm = make_farm_job(job)
    assert "missing.mov" in farm.items[0].refused
    assert [(item.first_piece, item.pieces) for item in farm.items] == [(0, 0), (0, 4)]
    FarmRun(farm).measure(0, 1)
    FarmRun(farm).render(0, 3)
    run = FarmRun(farm)
    result = run.assemble()
    assert isinstance(result, JobResult)
    assert [item.error is None for item in result.items] == [False, True]
    assert result.items[0].outcome == "missing"
    assert run.exit_code_now(result) == 0, "it was refused when the bundle was made"


def test_on_a_machine_with_other_paths(clip: Path, tiny_pack: Path, tmp_path: Path) -> None:
    """The worker sees the files elsewhere; the key and the pictures are those of home."""
    home, here = tmp_path / "home", tmp_path / "here"
    (home / "media").mkdir(parents=True)
    shutil.copy(clip, home / "media" / "edit.mp4")
    shutil.copy(tiny_pack, home / "media" / "tiny.safetensors")
    job = _job(
        home / "media" / "tiny.safetensors",
        home / "out",
        {"source": home / "media" / "edit.mp4"},
        format="ffv1",
    )
    plain = _plain(job, tmp_path / "plain")
    farm = make_farm_job(job)
    home.rename(here)
    rules = PathRules((PathRule(PurePosixPath(str(home)), here),))
    assert _farmed(mapped_job(farm, rules, here / "out"), 2) == FRAMES
    assert _files(here / "out") == plain
    assert not home.exists()


def test_statistics_are_exact(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(3)
    norms = [
        (torch.randn(1, n, generator=generator), torch.rand(1, n, generator=generator) * 1e-30)
        for n in (4, 8)
    ]
    reference = np.random.default_rng(1).random((5, 7), np.float32)
    given = {
        (0, 12): {
            0: ShotStatistics(norms, reference),
            2: ShotStatistics([(norms[0][0].clone(), norms[0][1].clone())], None),
        }
    }
    path = tmp_path / "statistics.safetensors"
    save_statistics(path, given, "key")
    found = load_statistics(path, "key")
    assert found.keys() == given.keys()
    for look, shot in given[0, 12].items():
        again = found[0, 12][look]
        assert len(again.norms) == len(shot.norms)
        for (mean, variance), (mean_, variance_) in zip(shot.norms, again.norms, strict=True):
            assert torch.equal(mean, mean_)
            assert torch.equal(variance, variance_)
    assert found[0, 12][0].reference is not None
    assert np.array_equal(found[0, 12][0].reference, reference)
    assert found[0, 12][2].reference is None
    with pytest.raises(InputError, match="another render"):
        load_statistics(path, "other")


@pytest.mark.parametrize(
    ("pieces", "units"),
    [
        ((0, 9), None),
        ((10, 10), (0, 7)),
        ((0, 11), (0, 15)),
        ((12, 30), (16, 19)),
        ((13, 14), None),
    ],
)
def test_units_of_pieces(pieces: tuple[int, int], units: tuple[int, int] | None) -> None:
    """20 files in three pieces, 10 to 12."""
    item = FarmItem(units=20, first_piece=10, pieces=3, units_a_piece=8)
    assert item.units_of(*pieces) == units


def test_the_job_as_a_file(clip: Path, tiny_pack: Path, tmp_path: Path) -> None:
    farm = make_farm_job(_job(tiny_pack, tmp_path / "farm", {"source": clip}))
    path = tmp_path / "farm.json"
    path.write_text(farm.model_dump_json())
    assert read_farm_job(path) == farm
    path.write_text(farm.model_dump_json().replace('"pieces"', '"peices"'))
    with pytest.raises(JobError, match="peices"):
        read_farm_job(path)
