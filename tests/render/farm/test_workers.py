"""A job shared by several processes on one machine: what befalls the workers, and what they tell.

That the result is one process's, bit for bit, is in tests/cli/test_farm.py too.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from nle_style.apply import WORKERS_ON_GPU
from nle_style.errors import Cancelled, InputError, MediaError, NleStyleError, OutputError
from nle_style.render import Event, RenderJob
from nle_style.render.events import Done, FramePainted, ItemEnded, Started, Warned
from nle_style.render.farm import FarmRun, make_farm_job, run_in_workers
from nle_style.render.farm.workers import _Crew
from nle_style.render.item import run_job
from tests.helpers.clips import make_two_scenes

ROOT = Path(__file__).resolve().parents[3]
FRAMES = 28  # four units, the last of four frames


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_two_scenes(tmp_path_factory.mktemp("clip") / "edit.mp4", 13, FRAMES)


def _job(pack: Path, out: Path, *items: dict[str, Any], **control: Any) -> RenderJob:
    """Of small strokes: painting takes a while."""
    look = {"styles": {"red": 1.0}, "statistics": "frame", "stroke_scale": 0.25}
    return RenderJob.model_validate(
        {
            "items": [{"look": look, **item} for item in items],
            "output": {"directory": out, "format": "ffv1"},
            "control": {"device": "cpu", **control},
            "pack": str(pack),
        }
    )


def _movies(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.mkv")}


def _killing(times: int, told: list[Event]) -> Callable[[Event], None]:
    """Hears all events, and kills so many workers in turn, each when it has painted more of the
    first item than its first unit and the frames of the second that may come before that is noted.
    """
    killed: set[int | None] = set()

    def hear(event: Event) -> None:
        told.append(event)
        if isinstance(event, FramePainted) and event.item == 0 and event.frame >= 12:
            for worker in multiprocessing.active_children():
                if worker.pid not in killed and len(killed) < times:
                    killed.add(worker.pid)
                    worker.kill()

    return hear


def _painted(told: list[Event], item: int = 0) -> list[int]:
    """The frames of an item that were painted, in their order."""
    return [each.frame for each in told if isinstance(each, FramePainted) and each.item == item]


@pytest.mark.slow
def test_what_a_killed_worker_left_is_done_by_another(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """SIGKILL in the middle of a task, twice: what was whole is not painted again."""
    hybrid = {"styles": {"red": 1.0}, "statistics": "hybrid", "stroke_scale": 0.25}
    items = ({"source": clip, "look": hybrid}, {"source": clip, "frames": (0, 7)})
    assert run_job(_job(tiny_pack, tmp_path / "plain", *items)).exit_code == 0
    told: list[Event] = []
    job = _job(tiny_pack, tmp_path / "out", *items)
    assert run_in_workers(job, _killing(2, told), workers=1).exit_code == 0
    assert _movies(tmp_path / "out") == _movies(tmp_path / "plain")
    assert not list((tmp_path / "out").glob(".*")), "no work folder is left"
    warned = [each.message for each in told if isinstance(each, Warned)]
    again = "worker 1 of 1: ended with exit code -9; what it left is rendered again"
    assert warned == [again, again]
    frames = _painted(told)
    assert frames[:8] == list(range(8))
    assert sorted(set(frames)) == list(range(FRAMES))
    assert min(frames[8:]) == 8 < max(frames)
    assert len(frames) > FRAMES
    progress = [each for each in told if isinstance(each, FramePainted)]
    assert max(each.done for each in progress) == progress[-1].frames == FRAMES + 8
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_an_item_that_kills_three_workers_is_refused(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """By name and frames; the other item comes, and the same job goes on from what is whole."""
    items = ({"source": clip}, {"source": clip, "frames": (0, 7)})
    assert run_job(_job(tiny_pack, tmp_path / "plain", *items)).exit_code == 0
    told: list[Event] = []
    job = _job(tiny_pack, tmp_path / "out", *items)
    result = run_in_workers(job, _killing(3, told), workers=1)
    assert result.exit_code == 3
    refused, delivered = result.items
    assert delivered.error is None
    assert type(refused.error) is NleStyleError
    assert refused.error.where == str(clip)
    assert "3 workers ended over frames 0-27, the last with exit code -9" in refused.error.what
    ends = [each.status for each in told if isinstance(each, ItemEnded)]
    assert ends == ["refused", "delivered"]
    warned = [each.message for each in told if isinstance(each, Warned)]
    assert len(warned) == 2, "the third is the item's refusal"
    assert _painted(told, 1) == list(range(8))
    whole = len(_units(tmp_path / "out"))
    assert 1 <= whole < 4
    told.clear()
    assert run_in_workers(job, told.append, workers=1).exit_code == 0
    assert _painted(told) == list(range(8 * whole, FRAMES))
    assert _movies(tmp_path / "out") == _movies(tmp_path / "plain")


def _units(folder: Path) -> list[str]:
    """The units of the first item that are whole."""
    units = (folder / ".edit.red.mkv.work").glob("unit-*")
    return sorted(path.name for path in units if ".part" not in path.name)


@pytest.mark.slow
def test_an_error_in_a_worker_is_that_of_its_item(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """Here a source that is replaced when all is planned: its class, message and code arrive."""
    source = tmp_path / "replaced.mp4"
    source.write_bytes(clip.read_bytes())
    told: list[Event] = []

    def hear(event: Event) -> None:
        told.append(event)
        if isinstance(event, Started):
            source.write_bytes(clip.read_bytes()[:-1] + b"!")

    job = _job(tiny_pack, tmp_path / "out", {"source": source}, {"source": clip})
    result = run_in_workers(job, hear, workers=2)
    refused, delivered = result.items
    assert delivered.error is None
    assert type(refused.error) is MediaError
    assert refused.error.where == str(source)
    assert "is not the file that it was" in refused.error.what
    assert refused.error.remedy
    assert result.exit_code == 3
    assert isinstance(told[-1], Done)
    assert sum(isinstance(each, Started) for each in told) == 1


@pytest.mark.slow
def test_a_disk_that_refuses_one_item_refuses_all(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """As `run_job`: nothing further is painted, and every item is refused by the same words."""
    out = tmp_path / "out"
    told: list[Event] = []

    def hear(event: Event) -> None:
        told.append(event)
        if isinstance(event, Started):
            for work in out.glob(".edit.red.mkv.work"):
                shutil.rmtree(work)
            (out / ".edit.red.mkv.work" / "unit-000000.mkv").mkdir(parents=True)  # no such file

    items = [{"source": clip}, *({"source": clip, "frames": (n, 27)} for n in range(1, 5))]
    result = run_in_workers(_job(tiny_pack, out, *items), hear, workers=1)
    assert result.exit_code == 2
    assert {type(item.error) for item in result.items} == {OutputError}
    assert len({str(item.error) for item in result.items}) == 1
    assert not [each for each in told if isinstance(each, Warned)], "it is said by the items alone"
    painted = [each for each in told if isinstance(each, FramePainted)]
    assert {each.item for each in painted} <= {0}, "the disk refused its first unit"


@pytest.mark.slow
def test_a_cancel_file_ends_the_workers(clip: Path, tiny_pack: Path, tmp_path: Path) -> None:
    cancel = tmp_path / "cancel"
    told: list[Event] = []

    def hear(event: Event) -> None:
        told.append(event)
        if isinstance(event, FramePainted) and event.frame == 10:
            cancel.touch()

    job = _job(tiny_pack, tmp_path / "out", {"source": clip}, cancel_file=cancel)
    with pytest.raises(Cancelled):
        run_in_workers(job, hear, workers=1)
    assert not [each for each in told if isinstance(each, Warned)]
    assert multiprocessing.active_children() == []
    assert 1 <= len(_units(tmp_path / "out")) < 4
    left = [path.name for path in (tmp_path / "out" / ".edit.red.mkv.work").iterdir()]
    assert not [name for name in left if ".part" in name or ".lock" in name], "none was killed"


def _program(clip: Path, pack: Path, out: Path) -> subprocess.Popen[str]:
    """The program with two workers, in a process group of its own."""
    words = ("render", clip, "-o", out, "--style", "red", "--pack", pack, "--workers", 2)
    more = ("--stroke-scale", 0.25, "--statistics", "frame", "--events")
    return subprocess.Popen(
        [sys.executable, "-m", "nle_style", *map(str, (*words, *more))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )


@pytest.mark.slow
def test_ctrl_c_reaches_all_processes_and_is_one_cancel(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    with _program(clip, tiny_pack, tmp_path / "out") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        told = []
        for line in process.stdout:
            told.append(json.loads(line))
            if told[-1]["event"] == "progress":
                os.killpg(process.pid, signal.SIGINT)
                break
        told += map(json.loads, process.stdout)
        assert process.stderr.read() == ""
        assert process.wait() == 130
    assert [each["event"] for each in told if each["event"] == "warning"] == []
    assert told[-1]["event"] == "cancelled"


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")
@pytest.mark.parametrize("after", ["started", "progress"])
def test_workers_end_with_their_parent(
    after: str, clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """SIGKILL of the program while they load, and while they paint: nobody paints on unseen."""
    with _program(clip, tiny_pack, tmp_path / "out") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if f'"{after}"' in line:
                break
        deadline = time.monotonic() + 30
        while len(workers := _children(process.pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        deadline = time.monotonic() + 20
        while any(map(_runs, workers)) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert len(workers) == 2
    assert not [each for each in workers if _runs(each)]
    assert not list((tmp_path / "out").glob("*.mov"))


def _children(process: int) -> list[int]:
    threads = Path(f"/proc/{process}/task").glob("*/children")
    children = [each for thread in threads for each in thread.read_text().split()]
    mark = b"--multiprocessing-fork"
    return [int(n) for n in children if mark in Path(f"/proc/{n}/cmdline").read_bytes()]


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_tasks_are_all_pieces_once(clip: Path, tiny_pack: Path, tmp_path: Path) -> None:
    """Six pieces or fewer, fewer still where each worker would not have a task; one item each."""
    hybrid = {"styles": {"red": 1.0}, "statistics": "hybrid"}
    items = ({"source": clip}, {"source": clip, "frames": (3, 3)}, {"source": clip, "look": hybrid})
    farm = make_farm_job(_job(tiny_pack, tmp_path / "out", *items))
    assert farm.pieces == 4 + 1 + 4
    for workers, counts in ((1, [1, 1, 1]), (2, [1, 1, 1]), (4, [2, 1, 2]), (99, [4, 1, 4])):
        crew = _Crew(FarmRun(farm), workers, lambda event: None)
        tasks = [crew._paint_tasks(index) for index in range(3)]
        assert [len(each) for each in tasks] == counts
        spans = [task.pieces for each in tasks for task in each]
        assert [n for first, last in spans for n in range(first, last + 1)] == list(range(9))
        assert all(task.item == index for index, each in enumerate(tasks) for task in each)
        measured = [task.item for task in crew._waiting if task.pieces is None]
        assert measured == [2], "which is painted only when it is measured"
        assert len(crew._waiting) == counts[0] + counts[1] + 1


def test_what_a_worker_has_of_its_own(
    clip: Path, tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = make_farm_job(_job(tiny_pack, tmp_path / "out", {"source": clip}))
    crew = _Crew(FarmRun(farm), 2, lambda event: None)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 5)
    assert [crew._environment(n) for n in range(2)] == [{"OMP_NUM_THREADS": "2"}] * 2

    def crew_on(device: str, most: int) -> _Crew:
        control = farm.job.control.model_copy(update={"device": device})
        job = farm.job.model_copy(update={"control": control})
        return _Crew(FarmRun(farm.model_copy(update={"job": job})), most, lambda event: None)

    on_gpus = crew_on("cuda", 4)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    def gpus() -> str:
        return "".join(on_gpus._environment(n)["CUDA_VISIBLE_DEVICES"] for n in range(4))

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert gpus() == "0101"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,7")
    assert gpus() == "3737", "of those that the program may use"
    assert on_gpus._environment(0) == {
        "CUDA_VISIBLE_DEVICES": "3",
        "OMP_NUM_THREADS": "1",
        WORKERS_ON_GPU: "2",
    }
    uneven = crew_on("cuda", 5)
    assert uneven._environment(1)[WORKERS_ON_GPU] == "3", "three on one of the two, at most"
    # A number counts the GPUs that this process sees, so the workers must see the same.
    on_one = crew_on("cuda:1", 3)
    alone = {"OMP_NUM_THREADS": "1", WORKERS_ON_GPU: "3"}
    assert [on_one._environment(n) for n in range(3)] == [alone] * 3


@pytest.mark.parametrize("device", ["cpu", "cuda", "cuda:1", "mps"])
def test_a_farm_has_the_device_that_was_asked_for(
    device: str, clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """Whether it is here or not; a number must not be lost."""
    job = _job(tiny_pack, tmp_path / "out", {"source": clip}, device=device)
    assert make_farm_job(job).job.control.device == device


@pytest.mark.parametrize("device", ["cuda:99", "gpu"])
def test_a_device_that_is_not_there_is_refused_once(
    device: str, clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    job = _job(tiny_pack, tmp_path / "out", {"source": clip}, device=device)
    with pytest.raises(InputError, match="cuda"):
        run_in_workers(job, workers=2)
    assert not (tmp_path / "out").exists()


def test_a_death_over_an_item_that_was_given_up_is_no_matter(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    told: list[Event] = []
    farm = make_farm_job(_job(tiny_pack, tmp_path / "out", {"source": clip}))
    crew = _Crew(FarmRun(farm), 2, told.append)
    worker: Any = SimpleNamespace(number=0, task=crew._waiting.popleft(), end=lambda: None)
    crew._workers.append(worker)
    crew._give_up(worker.task, MediaError("the other worker's"))
    told.clear()
    crew._replace(worker)
    assert (told, list(crew._waiting), crew._workers) == ([], [], [])


def test_a_worker_sets_its_environment_before_torch_is_loaded() -> None:
    code = "import sys, nle_style.render.farm.worker_process; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == "False\n"


def test_workers_need_no_extra() -> None:
    """Open Job Description is for bundles; the package itself imports nothing of it."""
    pattern = re.compile(r"^\s*(import|from)\s+openjd", re.MULTILINE)
    sources = (ROOT / "nle_style").rglob("*.py")
    assert [path for path in sources if pattern.search(path.read_text(encoding="utf-8"))] == []
