"""run_job: the one loop that every door leads to.

Decode, network and encode overlap (`pipeline.ahead`); finished units are noted in the manifest, so
that the same job after a crash goes on where it stopped; what is published was read back first.
"""

from __future__ import annotations

import itertools
import json
import shutil
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout

from nle_style.apply.allocator import map_large_blocks
from nle_style.apply.device import choose_device
from nle_style.apply.shot_statistics import sample_frames
from nle_style.apply.shots import find_shots
from nle_style.apply.stability import ChangeMeter
from nle_style.core.style_pack import StylePack, load_pack
from nle_style.errors import Cancelled, InputError, NleStyleError, OutputError
from nle_style.media.probe import MediaInfo
from nle_style.media.write import IntermediateWriter, Unit, UnitRecord
from nle_style.render.bundle import find_pack
from nle_style.render.events import Done, ItemEnded, OnEvent, Progress, Scanning, Started, Warned
from nle_style.render.job import RenderJob
from nle_style.render.manifest import UnitMeasurement, fingerprint
from nle_style.render.painter import FramePainter, PaintedFrame, painter_of
from nle_style.render.pipeline import ahead, in_flight
from nle_style.render.plan_items import ItemPlan, plan_item
from nle_style.render.report import (
    build_report,
    is_report_of,
    remove_report,
    report_path,
    write_report,
)
from nle_style.render.supply import Weights, source_frames, supply

__all__ = ["ItemResult", "JobResult", "run_job"]

_SCANNED = 24  # frames from one `scanning` event to the next


@dataclass(frozen=True)
class ItemResult:
    """How one item ended: its plan if it got that far, and the error if it was refused."""

    source: Path
    plan: ItemPlan | None = None
    error: NleStyleError | None = None


@dataclass(frozen=True)
class JobResult:
    """How a job ended, its items in the job's order."""

    items: tuple[ItemResult, ...]

    @property
    def exit_code(self) -> int:
        """0: all delivered; 3: some; else the first refusal's own code."""
        errors = [item.error for item in self.items if item.error is not None]
        if not errors:
            return 0
        return 3 if len(errors) < len(self.items) else errors[0].exit_code


def run_job(
    job: RenderJob,
    on_event: OnEvent = lambda event: None,
    stop: threading.Event | None = None,
) -> JobResult:
    """Render a job's items one after the other.

    A refused item does not stop the others; a full or unwritable disk does, since it would refuse
    them all. What is finished stays, and the same job goes on from there.

    Args:
        job: the request.
        on_event: told what happens; see `events`.
        stop: set it to cancel after the current frame, as the job's `cancel_file` does.

    Raises:
        Cancelled: by `stop` or the cancel file.
        PackError, InputError: the pack or the device cannot be had at all.
        OutputError: the output folder cannot be made.
    """
    map_large_blocks()
    pack = load_pack(find_pack(job.pack))
    device = choose_device(job.control.device)
    _make_folder(job.output.directory)
    taken: set[str] = set()
    hashed: dict[Path, str] = {}
    results: list[ItemResult] = []
    for item in job.items:
        try:
            plan = plan_item(item, job, pack, device, taken, hashed)
            results.append(ItemResult(item.source, plan))
        except NleStyleError as error:
            results.append(ItemResult(item.source, error=error))
    frames = sum(
        result.plan.painted_count(result.plan.first, result.plan.last)
        for result in results
        if result.plan is not None
    )
    on_event(Started(len(results), frames))
    run = _Run(job, pack, device, on_event, stop or threading.Event(), frames)
    present = 0
    for index, result in enumerate(results):
        if result.plan is None or result.error is not None:
            message = str(result.error)
            on_event(ItemEnded(index, str(result.source), "refused", message=message))
            continue
        plan = result.plan
        try:
            rendered = run.item(index, plan)
        except Cancelled:
            raise
        except NleStyleError as error:
            results[index] = ItemResult(result.source, plan, error)
            on_event(ItemEnded(index, str(result.source), "refused", message=str(error)))
            if isinstance(error, OutputError):
                for later in range(index + 1, len(results)):
                    if results[later].error is None:
                        results[later] = ItemResult(results[later].source, None, error)
            continue
        present += not rendered
        on_event(
            ItemEnded(
                index,
                str(result.source),
                "delivered" if rendered else "present",
                str(plan.destination),
                plan.frames,
                report=run.report(index, plan),
            )
        )
    outcome = JobResult(tuple(results))
    refused = sum(result.error is not None for result in results)
    on_event(Done(len(results) - refused - present, present, refused, outcome.exit_code))
    return outcome


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the output folder cannot be made ({error.strerror})",
            where=str(folder),
            remedy="Choose another folder with -o.",
        ) from error


@contextmanager
def _locked(plan: ItemPlan) -> Iterator[None]:
    """Hold the lock of one output, so that two runs never write one file."""
    lock = FileLock(plan.work.with_suffix(".lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise InputError(
            "another run is rendering it right now",
            where=str(plan.destination),
            remedy="Wait for it, or choose another folder with -o.",
        ) from error
    except OSError as error:
        raise OutputError(
            f"the output folder cannot be written ({error.strerror})",
            where=str(plan.destination.parent),
            remedy="Choose another folder with -o.",
        ) from error
    try:
        yield
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


@dataclass
class _Run:
    """What the items of a job share: pack, device, the clock and the count of frames."""

    job: RenderJob
    pack: StylePack
    device: torch.device
    on_event: OnEvent
    stop: threading.Event
    frames: int
    done: int = 0
    rendered: int = 0
    started: float = field(default_factory=time.monotonic)

    def check_cancelled(self) -> None:
        file = self.job.control.cancel_file
        if self.stop.is_set() or (file is not None and file.exists()):
            raise Cancelled(
                "cancelled", remedy="What is finished is kept: the same command goes on from there."
            )

    def item(self, index: int, plan: ItemPlan) -> bool:
        """Render one item; False if it is there already, whole and unchanged."""
        self.check_cancelled()
        if self.job.control.resume and plan.is_present():
            self.done += plan.painted_count(plan.first, plan.last)
            return False
        with _locked(plan):
            if not self.job.control.resume:
                shutil.rmtree(plan.work, ignore_errors=True)
            _make_folder(plan.work)
            self._render(index, plan)
            shutil.rmtree(plan.work, ignore_errors=True)
        return True

    def report(self, index: int, plan: ItemPlan) -> str:
        """The path of a finished item's report, written if this render has none yet.

        A report that cannot be written is a warning: the intermediate is there and whole.
        """
        path = report_path(plan.manifest)
        published = plan.manifest.published()
        if published is None or is_report_of(path, plan.manifest.key):
            return str(path)
        report = build_report(
            plan.manifest.key,
            plan.facts,
            plan.info,
            published,
            plan.manifest.units(),
            plan.manifest.measurements(),
        )
        try:
            write_report(path, report)
        except OutputError as error:
            self.on_event(Warned(f"{plan.destination.name}: no report ({error})", index))
            return ""
        return str(path)

    def _render(self, index: int, plan: ItemPlan) -> None:
        writer = IntermediateWriter(
            plan.destination,
            plan.spec,
            plan.info,
            plan.first,
            plan.last,
            work=plan.work,
            metadata=_provenance(plan),
            painted=plan.painted if plan.sparse else None,
        )
        manifest = plan.manifest
        manifest.begin(plan.facts)
        known = manifest.units() if self.job.control.resume else {}
        records: dict[int, UnitRecord] = {}
        for unit in writer.units:
            record = known.get(unit.index)
            if record is not None and writer.check_unit(unit, record):
                records[unit.index] = record
                self.done += plan.painted_count(unit.first, unit.last)
        painter = painter_of(plan, self.pack, self.device)
        # Ranges painted apart are shots of their own: each looks as if it were rendered alone.
        shots = self._shots(index, plan, painter) if painter.needs_measuring else list(plan.painted)
        missing = [unit for unit in writer.units if unit.index not in records]
        if missing:
            for run in _contiguous(missing):
                meter = ChangeMeter(shots)
                painted = self._painted(
                    index, plan, painter, shots, meter, run[0].first, run[-1].last
                )
                begun = time.monotonic()
                try:
                    for unit in run:
                        count = unit.last - unit.first + 1
                        record = writer.write_unit(unit, itertools.islice(painted, count))
                        ended = time.monotonic()
                        pairs = meter.take(unit.first, unit.last)
                        manifest.add_unit(record, UnitMeasurement(ended - begun, pairs))
                        begun = ended
                        records[unit.index] = record
                finally:
                    painted.close()
        self.check_cancelled()
        # A report that described what stood here before must not be found beside the new one.
        remove_report(report_path(manifest))
        published = writer.publish([records[unit.index] for unit in writer.units])
        for warning in published.warnings:
            self.on_event(Warned(f"{plan.destination.name}: {warning}", index))
        manifest.add_published(
            {
                "path": plan.destination.name,
                "fingerprint": fingerprint(plan.output_files()),
                "frames": plan.frames,
                "files": published.path.relative_to(plan.destination.parent).as_posix(),
                "bytes": published.bytes,
                "shots": [list(shot) for shot in shots],
                "warnings": published.warnings,
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
                "source": _source_facts(plan.info),
            }
        )

    def _shots(self, index: int, plan: ItemPlan, painter: FramePainter) -> list[tuple[int, int]]:
        """The shots of an item, found in one pass over what is painted of its source, or noted by
        an earlier run."""
        known = plan.manifest.shots() if self.job.control.resume else None
        if known is not None:
            return known

        total = plan.painted_count(plan.first, plan.last)

        def frames(first: int, last: int) -> Iterator[np.ndarray]:
            for number, frame in enumerate(source_frames(plan, first, last), first):
                self.check_cancelled()
                yield painter.view(frame)
                done = plan.painted_count(plan.first, number)
                if done % _SCANNED == 0:
                    name = plan.destination.name
                    self.on_event(Scanning(index, name, number, done, total))

        shots = [
            shot for first, last in plan.painted for shot in find_shots(frames(first, last), first)
        ]
        plan.manifest.add_shots(shots)
        return shots

    def _samples(self, plan: ItemPlan, shot: tuple[int, int]) -> Iterator[np.ndarray]:
        for number in sample_frames(*shot):
            self.check_cancelled()
            yield from source_frames(plan, number, number)

    def _painted(
        self,
        index: int,
        plan: ItemPlan,
        painter: FramePainter,
        shots: list[tuple[int, int]],
        meter: ChangeMeter,
        first: int,
        last: int,
    ) -> Generator[np.ndarray, None, None]:
        """The frames of a range, painted or black, telling the progress of each painted one.

        A shot is measured when its first frame comes, wherever in the shot that is: always on the
        same frames of the source, so that a resumed render paints what an uninterrupted one does.
        """

        def shot_of(numbered: tuple[int, tuple[np.ndarray, Weights]]) -> tuple[int, int]:
            return next(shot for shot in shots if shot[0] <= numbered[0] <= shot[1])

        def one(numbered: tuple[int, tuple[np.ndarray, Weights]]) -> tuple[int, PaintedFrame]:
            number, (frame, weights) = numbered
            return number, painter.frame(frame, weights)

        def paint() -> Iterator[np.ndarray]:
            measured: tuple[int, int] | None = None
            for begin, end in plan.painted_within(first, last):
                # The units of a sequence are single frames: one that goes on from an earlier run's
                # frame paints that again, only to be compared with.
                start = begin - 1 if meter.needs_previous(begin) else begin
                frames = ahead(supply(plan, start, end), depth)
                try:
                    for shot, its_frames in itertools.groupby(enumerate(frames, start), shot_of):
                        if painter.needs_measuring and shot != measured:
                            measured = shot
                            painter.begin_shot(partial(self._samples, plan, shot))
                        for number, painted in in_flight(its_frames, one, painter.in_flight):
                            meter.add(number, painted.source_view, painted.view)
                            if number >= begin:
                                yield painted.pixels
                finally:
                    frames.close()

        depth = plan.budget.depth
        painted = ahead(paint(), depth)
        channels = 4 if plan.alpha else 3
        black = np.zeros((plan.info.height, plan.info.width, channels), np.float32)
        try:
            for number in range(first, last + 1):
                self.check_cancelled()
                if not plan.painted_count(number, number):
                    yield black
                    continue
                frame = next(painted, None)
                if frame is None:
                    return
                self._tell(index, plan, number)
                yield frame
        finally:
            painted.close()

    def _tell(self, index: int, plan: ItemPlan, number: int) -> None:
        self.done += 1
        self.rendered += 1
        elapsed = time.monotonic() - self.started
        rate = self.rendered / elapsed if self.rendered > 1 and elapsed > 0 else 0.0
        left = (self.frames - self.done) / rate if rate else None
        self.on_event(
            Progress(
                item=index,
                name=plan.destination.name,
                frame=number,
                item_done=plan.painted_count(plan.first, number),
                item_frames=plan.painted_count(plan.first, plan.last),
                done=self.done,
                frames=self.frames,
                frames_per_second=round(rate, 3),
                seconds_left=None if left is None else round(left, 1),
            )
        )


def _contiguous(units: list[Unit]) -> Iterator[list[Unit]]:
    """Units in runs without a hole, so that a source is sought into as seldom as possible."""
    run: list[Unit] = []
    for unit in units:
        if run and unit.index != run[-1].index + 1:
            yield run
            run = []
        run.append(unit)
    if run:
        yield run


def _provenance(plan: ItemPlan) -> dict[str, str]:
    """What an intermediate says of itself: tags of the movie, attributes of every EXR."""
    colour = {} if plan.scene is None else {"nle_style_colour": plan.scene.name}
    return colour | {
        "nle_style": plan.manifest.key,
        "nle_style_version": version("nle-style"),
        "nle_style_pack": plan.facts["pack"],
        "nle_style_pack_sha256": plan.facts["pack_sha256"],
        "nle_style_look": json.dumps(plan.facts["look"], sort_keys=True),
    }


def _source_facts(info: MediaInfo) -> dict[str, Any]:
    """What `nle_style.timeline.media_linker` has to know of a source that may be away by then."""
    return {
        "rate": str(info.rate),
        "frames": info.frame_count,
        "timecode": info.timecode,
        "first_number": info.first_frame_number if info.kind == "sequence" else None,
    }
