"""One machine, several workers: the steps of a farm's job in processes of our own.

Every worker takes a share of the pieces in a row, so that it starts only once. What a worker leaves
undone, whatever became of it, is rendered here afterwards: a worker that dies costs time, no frame.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from nle_style.errors import InputError
from nle_style.render.events import OnEvent, Progress, Started, Warned
from nle_style.render.farm import make_farm_job
from nle_style.render.farm_job import FarmItem, FarmJob
from nle_style.render.farm_steps import FarmRun
from nle_style.render.item_run import check_cancelled
from nle_style.render.job import RenderJob
from nle_style.render.runner import JobResult, make_folder

__all__ = ["run_in_workers"]

_LOOK_SECONDS = 0.2  # how often a wish to cancel is looked for
_PATIENCE_SECONDS = 120  # for a worker that was asked to stop: it finishes a frame first


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
        workers: processes, 1 or more.

    Raises:
        InputError: the job asks to start over, which is for one process.
        Cancelled, PackError, OutputError: as `run_job`.
    """
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
    with tempfile.TemporaryDirectory(prefix="nle_style_") as folder:
        path = Path(folder) / "farm.json"
        path.write_text(farm.model_dump_json(), encoding="utf-8")
        crew = _Crew(farm, path, workers, on_event, stop, job.control.cancel_file)
        if farm.to_measure:
            crew.work("measure", "--items", _shares(len(farm.items), workers))
        if farm.pieces:
            crew.work("render", "--pieces", _shares(farm.pieces, workers))
    control = farm.job.control.model_copy(update={"cancel_file": job.control.cancel_file})
    here = farm.model_copy(update={"job": farm.job.model_copy(update={"control": control})})
    return FarmRun(
        here, lambda event: None if isinstance(event, Started) else on_event(event), stop
    ).complete(frames)


def _painted(item: FarmItem) -> int:
    """How many frames of an item are painted."""
    ranges = item.facts.get("paint") or [item.facts.get("frames", (0, -1))]
    return sum(last - first + 1 for first, last in ranges)


def _shares(count: int, workers: int) -> list[tuple[int, int]]:
    """0..count - 1 in as many ranges as there are workers, or as there are numbers."""
    workers = min(workers, count)
    ends = [count * worker // workers for worker in range(workers + 1)]
    return [(first, end - 1) for first, end in itertools.pairwise(ends)]


class _Crew:
    """The workers of one job, started anew for each step."""

    def __init__(
        self,
        farm: FarmJob,
        path: Path,
        workers: int,
        on_event: OnEvent,
        stop: threading.Event,
        cancel_file: Path | None,
    ) -> None:
        self._farm, self._path, self._workers = farm, path, workers
        self._on_event, self._stop, self._cancel_file = on_event, stop, cancel_file
        self._begun = time.monotonic()

    def work(self, step: str, option: str, shares: Sequence[tuple[int, int]]) -> None:
        """Have every share done, and wait for it.

        Raises: Cancelled.
        """
        lines: queue.SimpleQueue[tuple[int, str | None]] = queue.SimpleQueue()
        processes = [
            self._start(number, [step, option, f"{first}-{last}"])
            for number, (first, last) in enumerate(shares)
        ]
        readers = [
            threading.Thread(target=_read, args=(number, process, lines), daemon=True)
            for number, process in enumerate(processes)
        ]
        try:
            for reader in readers:
                reader.start()
            for number, line in self._told(lines, len(processes)):
                self._pass_on(number, json.loads(line), len(processes))
        finally:
            for process in processes:
                _end(process)
            for reader in readers:
                reader.join()

    def _told(
        self, lines: queue.SimpleQueue[tuple[int, str | None]], running: int
    ) -> Iterator[tuple[int, str]]:
        self._done = [0] * running
        while running:
            check_cancelled(self._stop, self._cancel_file)
            try:
                number, line = lines.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if line is None:
                running -= 1
            else:
                yield number, line

    def _pass_on(self, number: int, event: dict[str, Any], workers: int) -> None:
        """Tell an event of a worker as one of the whole job."""
        kind = event.pop("event")
        if kind == "error":
            self._on_event(Warned(f"worker {number + 1} of {workers}: {event['message']}"))
        if kind != "progress":
            return
        self._done[number] = event["done"]
        done = sum(self._done)
        frames = max(sum(map(_painted, self._farm.items)), done)
        rate = done / (time.monotonic() - self._begun)
        left = (frames - done) / rate
        event |= {"done": done, "frames": frames, "frames_per_second": round(rate, 3)}
        self._on_event(Progress(**{**event, "seconds_left": round(left, 1)}))

    def _start(self, number: int, task: Sequence[str]) -> subprocess.Popen[str]:
        step, *more = task
        words = [sys.executable, "-m", "nle_style", "run", str(self._path), "--events"]
        environment = dict(os.environ)
        gpus = torch.cuda.device_count() if self._farm.job.control.device == "cuda" else 0
        if gpus > 1:
            environment["CUDA_VISIBLE_DEVICES"] = str(number % gpus)
        elif not gpus:
            threads = max(1, torch.get_num_threads() // self._workers)
            environment["OMP_NUM_THREADS"] = str(threads)
        return subprocess.Popen(
            [*words, "--step", step, *more],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
        )


def _read(
    number: int, process: subprocess.Popen[str], lines: queue.SimpleQueue[tuple[int, str | None]]
) -> None:
    if process.stdout is not None:
        for line in process.stdout:
            if line.startswith("{") and line.endswith("}\n"):  # a kill may tear the last one
                lines.put((number, line))
    lines.put((number, None))


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
