"""One job on one machine by several processes.

The job is planned here. Each worker loads once and takes one task after the other: an item whose
shots are to be measured, then some of its pieces. Here all is assembled. A worker that dies is
replaced, and its task given to another.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import threading
import time
from collections import Counter, deque
from contextlib import nullcontext, suppress
from dataclasses import replace
from multiprocessing.connection import wait

import torch

from nle_style.apply import WORKERS_ON_GPU, choose_device
from nle_style.durable import folder_for_results
from nle_style.errors import InputError, NleStyleError, OutputError
from nle_style.render.events import Event, FramePainted, OnEvent, Started, Warned
from nle_style.render.farm.bundle import make_farm_job
from nle_style.render.farm.planned_items import frames_of
from nle_style.render.farm.steps import FarmRun
from nle_style.render.farm.worker_process import Task, serve
from nle_style.render.item import JobResult, check_cancelled
from nle_style.render.job import RenderJob
from nle_style.render.record import Sources

__all__ = ["run_in_workers"]

PIECES_PER_TASK = 6
"""Of eight frames, at most. A task begins with a seek in the source and the compiling of the
network, 0.3 s of a small clip; what a dead worker leaves undone is less than a task."""

_DEATHS = 3
"""So many workers may die over one task before its item is given up."""

_LOOK_SECONDS = 0.2  # how often a wish to cancel is looked for
_STOP_SECONDS = 120  # from a cancel to a kill: a frame is finished and noted in that time


def run_in_workers(
    job: RenderJob,
    on_event: OnEvent = lambda event: None,
    stop: threading.Event | None = None,
    sources: Sources | None = None,
    *,
    workers: int,
) -> JobResult:
    """Render a job's items by several processes at once; the pictures are `run_job`'s, bit for bit.

    Each has its share of the cores and takes the memory that the job gives to one. With the device
    `cuda` the workers take turns on all GPUs, with `cuda:N` all are on that one.

    Args:
        job, on_event, stop, sources: as of `run_job`.
        workers: processes at a time, 1 or more.

    Raises:
        InputError: the job asks to start over, which is for one process; or its device is not
            there.
        Cancelled, PackError, OutputError: as `run_job`.
    """
    if not job.control.resume:
        raise InputError(
            "several workers go on from what is there",
            where="--workers",
            remedy="Leave out --no-resume, or remove the results first.",
        )
    choose_device(job.control.device)  # refused once, not by every worker
    sources = sources or Sources()
    farm = make_farm_job(job, sources=sources)
    control = farm.job.control.model_copy(update={"cancel_file": job.control.cancel_file})
    farm = farm.model_copy(update={"job": farm.job.model_copy(update={"control": control})})

    def tell(event: Event) -> None:
        if not isinstance(event, Started):  # sent once, by the crew
            on_event(event)

    run = FarmRun(farm, tell, stop or threading.Event(), sources=sources)
    crew = _Crew(run, workers, on_event)
    # Where all is refused nothing is to be left.
    with folder_for_results(job.output.directory) if farm.pieces else nullcontext():
        on_event(Started(len(farm.items), crew.frames))
        return run.deliver(crew.work())


class _Worker:
    """One process, and the task that it has.

    Args:
        number: from 0; the lowest that no other worker has.
        farm: the job, as JSON.
        environment: variables for the process, beside this one's.
    """

    def __init__(self, number: int, farm: str, environment: dict[str, str]) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy torch's locks
        self.number = number
        self.task: Task | None = None
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, environment), daemon=True)
        self.process.start()
        theirs.close()  # held open here, it would hide that the worker is gone
        self.send(farm)

    def send(self, message: Task | str | None) -> None:
        """To the worker; if it is dead, its connection says so."""
        if isinstance(message, Task):
            self.task = message
        with suppress(OSError):
            self.connection.send(message)

    def end(self) -> None:
        """At once, and wait for that: after it the worker holds no lock."""
        self.process.kill()
        self.process.join()
        self.connection.close()


class _Crew:
    """The workers of one job.

    Args:
        run: the job here; its `stop` and its cancel file stop the workers.
        most: how many workers at a time.
        on_event: called with their events, counted over the whole job.

    Attributes:
        frames: to be painted, over all items, those that are delivered included.
    """

    def __init__(self, run: FarmRun, most: int, on_event: OnEvent) -> None:
        self._run, self._most, self._on_event = run, most, on_event
        self._farm = run.farm.model_dump_json()
        self._workers: list[_Worker] = []
        self._waiting: deque[Task] = deque()
        self._left: dict[int, int] = {}  # tasks that paint, by item
        self._failed: dict[int, NleStyleError] = {}
        self._deaths: Counter[Task] = Counter()
        self._begun, self._painted = time.monotonic(), 0
        self._present, self._done = 0, dict[Task | None, int]()  # frames: delivered before; by task
        self.frames = 0
        for index, item in enumerate(run.farm.items):
            with suppress(NleStyleError):  # refused: reported when the items are delivered
                plan = run.plan(index)
                if not item.pieces:  # another item's result is the same
                    continue
                frames = plan.painted_count(plan.first, plan.last)
                self.frames += frames
                if plan.is_present():
                    self._present += frames
                    continue
                tasks = self._paint_tasks(index)
                self._left[index] = len(tasks)
                self._waiting += [Task(index)] if item.measure else tasks

    def work(self) -> dict[int, NleStyleError]:
        """Have all tasks done; what refused an item, by its index.

        Raises: Cancelled.
        """
        try:
            for _ in range(min(self._most, sum(self._left.values()))):
                self._hire()
            while self._left:
                self._hand_out()
                ready = wait([worker.connection for worker in self._workers], _LOOK_SECONDS)
                # First: workers that have seen the cancel file end too, which is no accident.
                check_cancelled(self._run.stop, self._run.farm.job.control.cancel_file)
                for worker in [each for each in self._workers if each.connection in ready]:
                    self._hear(worker)
        except KeyboardInterrupt:  # asked twice
            for worker in self._workers:
                worker.process.kill()
            raise
        finally:
            self._dismiss()
        return self._failed

    def _dismiss(self) -> None:
        """End all workers, after the frame that they paint."""
        until = time.monotonic() + _STOP_SECONDS
        try:
            for worker in self._workers:
                worker.send(None)
            for worker in self._workers:
                worker.process.join(max(0.0, until - time.monotonic()))
        finally:
            for worker in self._workers:
                worker.end()

    def _paint_tasks(self, index: int) -> list[Task]:
        """What an item is painted in."""
        pieces = self._run.farm.pieces
        size = min(PIECES_PER_TASK, max(1, math.ceil(pieces / self._most)))
        item = self._run.farm.items[index]
        end = item.first_piece + item.pieces
        firsts = range(item.first_piece, end, size)
        return [Task(index, (first, min(first + size, end) - 1)) for first in firsts]

    def _hire(self) -> _Worker:
        taken = {worker.number for worker in self._workers}
        number = next(number for number in range(self._most) if number not in taken)
        self._workers.append(_Worker(number, self._farm, self._environment(number)))
        return self._workers[-1]

    def _environment(self, number: int) -> dict[str, str]:
        """What a worker has of its own: a share of the cores; with CUDA one of the GPUs, or of the
        one that the job names, and a share of its memory."""
        own = {"OMP_NUM_THREADS": str(max(1, torch.get_num_threads() // self._most))}
        device = self._run.farm.job.control.device
        if not device.startswith("cuda"):
            return own
        gpus = 1
        if device == "cuda":
            gpus = max(1, torch.cuda.device_count())
            every = ",".join(map(str, range(gpus)))
            names = os.environ.get("CUDA_VISIBLE_DEVICES", every).split(",")
            own["CUDA_VISIBLE_DEVICES"] = names[number % gpus]
        return own | {WORKERS_ON_GPU: str(math.ceil(self._most / gpus))}

    def _hand_out(self) -> None:
        idle = [worker for worker in self._workers if worker.task is None]
        while self._waiting and (idle or len(self._workers) < self._most):
            (idle.pop() if idle else self._hire()).send(self._waiting.popleft())

    def _hear(self, worker: _Worker) -> None:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            self._replace(worker)
            return
        task = worker.task
        if isinstance(message, FramePainted):
            self._on_event(self._overall(task, message))
        elif isinstance(message, Event):
            self._on_event(message)
        elif task is not None:
            worker.task = None
            if isinstance(message, NleStyleError):
                self._give_up(task, message)
            else:
                self._end(task, message)

    def _overall(self, task: Task | None, event: FramePainted) -> FramePainted:
        """A task's progress as that of the job."""
        self._painted += 1
        self._done[task] = max(event.done, self._done.get(task, 0))
        done = self._present + sum(self._done.values())
        rate = self._painted / (time.monotonic() - self._begun)
        return replace(
            event,
            done=done,
            frames=self.frames,
            frames_per_second=round(rate, 3),
            seconds_left=round((self.frames - done) / rate, 1),
        )

    def _end(self, task: Task, done: int) -> None:
        """Note that a task is done, and what follows from it."""
        if task.item not in self._left:  # its item was given up
            return
        if task.pieces is None:
            self._waiting += self._paint_tasks(task.item)
            return
        self._done[task] = done
        self._left[task.item] -= 1
        if not self._left[task.item]:
            del self._left[task.item]

    def _replace(self, worker: _Worker) -> None:
        """Have another worker do what a dead one left."""
        worker.end()
        self._workers.remove(worker)
        task = worker.task
        if task is None or task.item not in self._left:
            return
        self._deaths[task] += 1
        code = worker.process.exitcode
        if self._deaths[task] < _DEATHS:
            self._warn(worker, f"ended with exit code {code}; what it left is rendered again")
            self._waiting.appendleft(task)
            return
        plan = self._run.plan(task.item)
        first, last = plan.first, plan.last
        if task.pieces is not None:
            _, *units = next(self._run.farm.shares(*task.pieces))
            first, last = frames_of(plan, *units)
        error = NleStyleError(
            f"{_DEATHS} workers ended over frames {first}-{last}, the last with exit code {code}",
            where=str(plan.info.path),
            remedy="If memory is short, give fewer --workers, or less to each with --memory."
            " What is finished is kept: the same command goes on from there.",
        )
        self._give_up(task, error)

    def _give_up(self, task: Task, error: NleStyleError) -> None:
        """Do nothing more for the item of a task; nor for any other, if the disk refuses. Why is
        said once, when the items are delivered."""
        for item in list(self._left) if isinstance(error, OutputError) else [task.item]:
            if self._left.pop(item, None) is not None:
                # What is not painted of it is not waited for.
                plan = self._run.plan(item)
                done = sum(n for task, n in self._done.items() if task and task.item == item)
                self.frames -= plan.painted_count(plan.first, plan.last) - done
            self._failed.setdefault(item, error)
        self._waiting = deque(each for each in self._waiting if each.item in self._left)

    def _warn(self, worker: _Worker, message: str) -> None:
        self._on_event(Warned(f"worker {worker.number + 1} of {self._most}: {message}"))
