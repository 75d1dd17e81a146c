"""One machine, several workers: the steps of a farm's job in sessions of Open Job Description.

The pieces are cut into tasks, and a worker that is free takes the next. A task that dies is run
once more; what is undone then is rendered here: a worker that dies costs time, no frame.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from nle_style.errors import Cancelled, InputError
from nle_style.media.base import write_text
from nle_style.render.events import OnEvent, Progress, Started, Warned
from nle_style.render.farm.bundle import make_farm_job
from nle_style.render.farm.farm_job import FarmItem, FarmJob
from nle_style.render.farm.preloaded import ADDRESS, Preloaded, start_preloaded, with_package
from nle_style.render.farm.steps import FarmRun
from nle_style.render.farm.template import ITEMS_PER_TASK
from nle_style.render.item import JobResult, check_cancelled, make_folder
from nle_style.render.job import RenderJob

if TYPE_CHECKING:
    from nle_style.render.farm.farm_sessions import SessionWorker

__all__ = ["run_in_workers", "session_workers"]

PIECES_PER_TASK = 6
"""Of eight frames, at least, if there are enough. Two and a half seconds of a task are not painting
(`benchmarks/scale.py`); of 48 frames at a second each that is a twentieth."""

_LOOK_SECONDS = 0.2  # how often a wish to cancel is looked for
_EXPLAINED = (0, InputError.exit_code, Cancelled.exit_code)  # how a task ends that did not die

Span = tuple[int, int]


def session_workers() -> type[SessionWorker]:
    """What runs tasks; it needs an extra.

    Raises: InputError if that is not installed.
    """
    try:
        from nle_style.render.farm.farm_sessions import SessionWorker
    except ImportError as error:
        raise InputError(
            f"several workers need openjd-sessions ({error})",
            where="--workers",
            remedy="pip install 'nle_style[farm]', or leave out --workers.",
        ) from error
    return SessionWorker


def run_in_workers(
    job: RenderJob,
    on_event: OnEvent = lambda event: None,
    stop: threading.Event | None = None,
    *,
    workers: int,
) -> JobResult:
    """As `runner.run_job`, by several processes at once; the pictures are the same bits.

    Each has its share of the cores, or a GPU of its own where there are several, and takes the
    memory that the job gives to one.

    Args:
        job, on_event, stop: as of `run_job`.
        workers: processes at a time, 1 or more.

    Raises:
        InputError: the extra `[farm]` is not installed, or the job asks to start over, which is
            for one process.
        Cancelled, PackError, OutputError: as `run_job`.
    """
    session_workers()
    if not job.control.resume:
        raise InputError(
            "several workers go on from what is there",
            where="--workers",
            remedy="Leave out --no-resume, or remove the results first.",
        )
    stop = stop or threading.Event()
    make_folder(job.output.directory)
    farm = make_farm_job(job)
    frames = sum(map(_painted, farm.items))
    on_event(Started(len(farm.items), frames))
    with _Crew(farm, workers, on_event, stop, job.control.cancel_file) as crew:
        if farm.to_measure:
            crew.work("measure", "--items", _tasks(len(farm.items), workers, ITEMS_PER_TASK))
        if farm.pieces:
            crew.work("render", "--pieces", _tasks(farm.pieces, workers, PIECES_PER_TASK))
    control = farm.job.control.model_copy(update={"cancel_file": job.control.cancel_file})
    here = farm.model_copy(update={"job": farm.job.model_copy(update={"control": control})})
    return FarmRun(
        here, lambda event: None if isinstance(event, Started) else on_event(event), stop
    ).complete(frames)


def _painted(item: FarmItem) -> int:
    """How many frames of an item are painted."""
    ranges = item.facts.get("paint") or [item.facts.get("frames", (0, -1))]
    return sum(last - first + 1 for first, last in ranges)


def _tasks(count: int, workers: int, least: int) -> list[Span]:
    """0..count - 1 in ranges to be handed out in turn: large ones first, since each is the start of
    a process, and smaller ones later, so that all workers end at about the same time.

    Args:
        least: numbers in a range, unless there are fewer for each worker.
    """
    ends = [0]
    while (left := count - ends[-1]) > 2 * workers * least:
        ends.append(ends[-1] + left // (2 * workers))
    shares, begin = max(min(workers, left), left // least), ends[-1]
    ends += [begin + left * share // shares for share in range(1, shares + 1)]
    return [(first, end - 1) for first, end in itertools.pairwise(ends)]


class _Told(NamedTuple):
    """What a worker has to tell: a line of a task, or, if `died`, why the task ended before it
    was done."""

    worker: int
    task: Span
    line: str
    died: bool = False


class _Step:
    """The tasks of one step, of which a free worker takes the next.

    Args:
        step, option: as of `SessionWorker.run`.
    """

    def __init__(self, step: str, option: str, tasks: Sequence[Span]) -> None:
        self._step, self._option = step, option
        self._waiting, self._again = deque(tasks), set[Span]()
        self._told: queue.SimpleQueue[_Told | None] = queue.SimpleQueue()

    def serve(self, number: int, worker: SessionWorker) -> None:
        """Do what waits, until nothing does or the worker is cancelled; in a thread of its own."""
        try:
            while (task := self._next()) is not None and self._do(number, worker, task):
                pass
        finally:
            self._told.put(None)

    def _next(self) -> Span | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _do(self, number: int, worker: SessionWorker, task: Span) -> bool:
        """Run a task; False if this worker is to run no other."""

        def tell(line: str) -> None:
            self._told.put(_Told(number, task, line))

        try:
            code = worker.run(self._step, self._option, task, tell)
        except RuntimeError as error:  # no session, or none that can start a process
            self._told.put(_Told(number, task, str(error), died=True))
            return False
        if code is not None and code not in _EXPLAINED:
            self._told.put(_Told(number, task, f"ended with exit code {code}", died=True))
            if task not in self._again:
                self._again.add(task)
                self._waiting.append(task)
        return code is not None

    def told(self, workers: int) -> Iterator[_Told | None]:
        """What that many workers say, until all are done; None where nothing is said for a
        moment."""
        while workers:
            try:
                each = self._told.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                yield None
                continue
            workers -= each is None
            yield each


class _Crew:
    """The workers of one job, in new sessions for each step, and the process that the tasks of all
    are forked from."""

    def __init__(
        self,
        farm: FarmJob,
        workers: int,
        on_event: OnEvent,
        stop: threading.Event,
        cancel_file: Path | None,
    ) -> None:
        self._farm, self._workers = farm, workers
        self._on_event, self._stop, self._cancel_file = on_event, stop, cancel_file
        self._frames = sum(map(_painted, farm.items))
        self._done: dict[Span, int] = {}
        self._begun = time.monotonic()
        self._preloaded: Preloaded | None = None

    def __enter__(self) -> _Crew:
        self._preloaded = start_preloaded({**os.environ, **self._own(0)})
        return self

    def __exit__(self, *error: object) -> None:
        if self._preloaded is not None:
            self._preloaded.end()

    def work(self, name: str, option: str, tasks: Sequence[Span]) -> None:
        """Have every task of a step done, and wait for it.

        Raises: Cancelled.
        """
        sessions, step = session_workers(), _Step(name, option, tasks)
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nle_style_")))
            farm_file = folder / "farm.json"
            write_text(farm_file, self._farm.model_dump_json())
            stack.enter_context(sessions.speaking())
            workers = [
                stack.enter_context(sessions(farm_file, folder, self._environment(number)))
                for number in range(min(self._workers, len(tasks)))
            ]
            threads = [
                threading.Thread(target=step.serve, args=each, name="nle_style worker")
                for each in enumerate(workers)
            ]
            try:
                for thread in threads:
                    thread.start()
                for told in step.told(len(threads)):
                    check_cancelled(self._stop, self._cancel_file)
                    if told is not None:
                        self._pass_on(told)
            finally:
                for worker in workers:
                    worker.cancel()
                for thread in threads:
                    if thread.ident is not None:
                        thread.join()

    def _pass_on(self, told: _Told) -> None:
        """Tell what a worker says as something of the whole job."""
        who = f"worker {told.worker + 1} of {self._workers}"
        if told.died:
            self._on_event(Warned(f"{who}: {told.line}; what it left is rendered again"))
            return
        try:
            event: dict[str, Any] = json.loads(told.line)
            kind = event.pop("event")
        except (ValueError, TypeError, KeyError, AttributeError):  # a traceback, a library's note
            print(told.line, file=sys.stderr)
            return
        if kind == "error":
            self._on_event(Warned(f"{who}: {event['message']}"))
        if kind != "progress":
            return
        self._done[told.task] = max(event["done"], self._done.get(told.task, 0))
        done = sum(self._done.values())
        frames = max(self._frames, done)
        rate = done / (time.monotonic() - self._begun)
        left = (frames - done) / rate
        event |= {"done": done, "frames": frames, "frames_per_second": round(rate, 3)}
        self._on_event(Progress(**{**event, "seconds_left": round(left, 1)}))

    def _environment(self, number: int) -> dict[str, str]:
        """Of a worker's tasks, beside this process's own."""
        environment = with_package({"PYTHONPATH": os.environ.get("PYTHONPATH", "")})
        if self._preloaded is not None:
            environment[ADDRESS] = self._preloaded.address
        return {**environment, **self._own(number)}

    def _own(self, number: int) -> dict[str, str]:
        """What a worker has of its own: a GPU, or a share of the cores."""
        gpus = torch.cuda.device_count() if self._farm.job.control.device == "cuda" else 0
        if gpus > 1:
            return {"CUDA_VISIBLE_DEVICES": str(number % gpus)}
        if gpus:
            return {}
        return {"OMP_NUM_THREADS": str(max(1, torch.get_num_threads() // self._workers))}
