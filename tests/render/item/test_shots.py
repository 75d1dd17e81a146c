"""Statistics by shot: each as if rendered alone, wherever the units and the interruptions fall."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nle_style.errors import Cancelled
from nle_style.render import Item, LookJob, Output, RenderJob, events
from nle_style.render.item import run_job
from tests.helpers.clips import frame_md5s, make_two_scenes

CUT, FRAMES = 13, 40  # inside the second unit of eight frames


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "edit.mp4"
    return make_two_scenes(path, CUT, FRAMES, size="96x64")


def _job(
    pack: Path,
    folder: Path,
    clip: Path,
    frames: tuple[int, int] | None = None,
    statistics: str = "hybrid",
) -> RenderJob:
    look = LookJob.model_validate({"styles": {"red": 1.0}, "statistics": statistics})
    item = Item(source=clip, frames=frames, look=look)
    return RenderJob(items=(item,), output=Output(directory=folder), pack=str(pack))


def _painted(job: RenderJob) -> list[str]:
    result = run_job(job)
    assert result.exit_code == 0
    assert result.items[0].plan is not None
    return frame_md5s(result.items[0].plan.destination)


def _noted(folder: Path, kind: str) -> list[dict]:
    lines = (folder / "edit.red.manifest.jsonl").read_text().splitlines()
    return [entry for entry in map(json.loads, lines) if entry["type"] == kind]


@pytest.fixture(scope="module")
def whole(clip: Path, tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The movie of a render that was left alone."""
    result = run_job(_job(tiny_pack, tmp_path_factory.mktemp("whole"), clip))
    assert result.exit_code == 0
    assert result.items[0].plan is not None
    return result.items[0].plan.destination


@pytest.mark.parametrize("statistics", ["hybrid", "shot"])
def test_each_shot_is_painted_as_if_it_were_alone(
    statistics: str, tiny_pack: Path, clip: Path, tmp_path: Path
) -> None:
    both = _painted(_job(tiny_pack, tmp_path, clip, statistics=statistics))
    one = _painted(_job(tiny_pack, tmp_path / "1", clip, (0, CUT - 1), statistics))
    two = _painted(_job(tiny_pack, tmp_path / "2", clip, (CUT, FRAMES - 1), statistics))
    assert both == one + two
    shots = [[0, CUT - 1], [CUT, FRAMES - 1]]
    assert [entry["shots"] for entry in _noted(tmp_path, "shots")] == [shots]
    assert _noted(tmp_path, "published")[0]["shots"] == shots


def test_statistics_of_a_frame_need_no_search(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    told: list[events.Event] = []
    run_job(_job(tiny_pack, tmp_path, clip, statistics="frame"), told.append)
    assert not any(isinstance(event, events.Scanning) for event in told)
    assert not _noted(tmp_path, "shots")
    assert _noted(tmp_path, "published")[0]["shots"] == [[0, FRAMES - 1]]


@pytest.mark.parametrize("at", [9, 20])
@pytest.mark.parametrize("noted", [True, False])
def test_resumed_in_the_middle_of_a_shot(
    at: int, noted: bool, tiny_pack: Path, clip: Path, whole: Path, tmp_path: Path
) -> None:
    """With the shots noted by the first run, and found again when that line was lost."""
    job = _job(tiny_pack, tmp_path / "out", clip)

    def cancel(event: events.Event) -> None:
        if isinstance(event, events.FramePainted) and event.frame == at:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run_job(job, cancel)
    manifest = tmp_path / "out" / "edit.red.manifest.jsonl"
    if not noted:
        lines = manifest.read_text().splitlines(keepends=True)
        manifest.write_text("".join(line for line in lines if '"shots"' not in line))
    told: list[events.Event] = []
    run_job(job, told.append)
    progress = [event.frame for event in told if isinstance(event, events.FramePainted)]
    assert 0 < progress[0] <= at, "what was finished is not painted again"
    assert any(isinstance(event, events.Scanning) for event in told) is not noted
    assert (tmp_path / "out" / "edit.red.mov").read_bytes() == whole.read_bytes()


def test_the_search_tells_where_it_is_and_can_be_cancelled(
    tiny_pack: Path, clip: Path, tmp_path: Path
) -> None:
    flag = tmp_path / "cancel"
    job = _job(tiny_pack, tmp_path / "out", clip)
    job = job.model_copy(update={"control": job.control.model_copy(update={"cancel_file": flag})})
    told: list[events.Event] = []

    def cancel(event: events.Event) -> None:
        told.append(event)
        if isinstance(event, events.Scanning):
            flag.touch()

    with pytest.raises(Cancelled):
        run_job(job, cancel)
    assert told[-1] == events.Scanning(0, "edit.red.mov", 23, 24, FRAMES)
