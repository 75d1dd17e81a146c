"""run_job: the items of a job are planned, then rendered one after the other, each under the lock
of its output. An item that is refused does not stop the others.

The command line, the plugins and the farm all end here.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from nle_style.apply import choose_device, map_large_blocks
from nle_style.core import load_pack
from nle_style.durable import folder_for_results, sweep_parts, write_file
from nle_style.errors import Cancelled, InputError, NleStyleError, OutputError
from nle_style.render.events import Done, ItemEnded, OnEvent, Started, Warned
from nle_style.render.item.item_renderer import ItemRenderer
from nle_style.render.item.progress import Progress
from nle_style.render.job import RenderJob
from nle_style.render.outcomes import Outcome, exit_code_of, outcome_of
from nle_style.render.plan import ItemPlan, Planner, check_outputs, files_read
from nle_style.render.record import Sources, build_report, is_report_of, report_path, report_text
from nle_style.shipped import find_pack

__all__ = ["ItemResult", "JobResult", "deliver_items", "locked", "run_job", "tidy"]


@dataclass(frozen=True)
class ItemResult:
    """How one item ended.

    Attributes:
        plan: if it got that far.
        error: why it was not delivered.
        present: it was there already.
    """

    source: Path
    plan: ItemPlan | None = None
    error: NleStyleError | None = None
    present: bool = False

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        return outcome_of(self.error, present=self.present)


@dataclass(frozen=True)
class JobResult:
    """How a job ended, its items in the job's order."""

    items: tuple[ItemResult, ...]

    @property
    def exit_code(self) -> int:
        """0: all delivered; 3: some; else the first refusal's own code."""
        return exit_code_of(item.error for item in self.items)

    def done(self) -> Done:
        """The event that tells it."""
        counts = Counter(item.outcome for item in self.items)
        return Done(
            delivered=counts[Outcome.delivered],
            present=counts[Outcome.present],
            refused=sum(item.error is not None for item in self.items),
            exit_code=self.exit_code,
            missing=counts[Outcome.missing],
            damaged=counts[Outcome.damaged],
        )


def run_job(
    job: RenderJob,
    on_event: OnEvent = lambda event: None,
    stop: threading.Event | None = None,
    sources: Sources | None = None,
) -> JobResult:
    """Render a job's items one after the other.

    A refused item does not stop the others; a full or unwritable disk does, since it would refuse
    them all. What is finished stays, and the same job goes on from there. Items that ask for the
    same have one result, which is rendered once.

    Args:
        job: the request.
        on_event: called with each event; see `events`.
        stop: set it to cancel after the current frame, as the job's `cancel_file` does.
        sources: what is known of the job's sources already.

    Raises:
        Cancelled: by `stop` or the cancel file.
        PackError, InputError: the pack or the device is not available; as `Planner.plan_all` and
            `check_outputs`.
        OutputError: the output folder cannot be made, or not written to.
    """
    map_large_blocks()
    pack = load_pack(find_pack(job.pack))
    device = choose_device(job.control.device)
    sources = sources or Sources()
    planned = Planner(job, pack, device, sources).plan_all()
    results = [
        ItemResult(item.source, error=plan)
        if isinstance(plan, NleStyleError)
        else ItemResult(item.source, plan)
        for item, plan in zip(job.items, planned, strict=True)
    ]
    plans = {plan.destination: plan for plan in planned if isinstance(plan, ItemPlan)}
    sources.inputs.add(files_read(job))
    check_outputs(plans.values(), sources.inputs, job.control)
    frames = sum(plan.painted_count(plan.first, plan.last) for plan in plans.values())
    progress = Progress(job, pack, device, on_event, stop or threading.Event(), frames)
    if not plans:
        return deliver_items(progress, results, _render)
    with folder_for_results(job.output.directory):
        return deliver_items(progress, results, _render)


def deliver_items(
    progress: Progress,
    results: list[ItemResult],
    render: Callable[[Progress, int, ItemPlan], bool],
) -> JobResult:
    """Deliver planned items one after the other, and report how each of them ended.

    Args:
        progress: of the job.
        results: the items, planned or refused, in the job's order.
        render: publishes one item; False if it was there already.

    Raises:
        Cancelled: by the job's `stop` or cancel file.
    """
    on_event = progress.on_event
    on_event(Started(len(results), progress.frames))
    first: dict[Path, int] = {}  # by result the first item that asks for it
    for index, result in enumerate(results):
        report = ""
        if result.plan is not None and result.error is None:
            plan, before = result.plan, progress.done
            again = first.setdefault(plan.destination, index)
            try:
                present = again != index or not render(progress, index, plan)
                result = replace(result, present=present, error=results[again].error)
            except Cancelled:
                raise
            except NleStyleError as error:
                result = replace(result, error=error)
                # What is not painted of it is not waited for.
                left = before + plan.painted_count(plan.first, plan.last) - progress.done
                progress.frames = max(progress.frames - left, progress.done)
                if isinstance(error, OutputError):
                    progress.frames = progress.done
                    for later in range(index + 1, len(results)):
                        if results[later].error is None:
                            results[later] = ItemResult(results[later].source, None, error)
            if result.error is None:
                report = _report(progress, index, plan)
        results[index] = result
        on_event(_ended(index, result, report))
    outcome = JobResult(tuple(results))
    on_event(outcome.done())
    return outcome


def _ended(index: int, result: ItemResult, report: str) -> ItemEnded:
    plan = result.plan if result.error is None else None
    return ItemEnded(
        index,
        str(result.source),
        result.outcome.status,
        path="" if plan is None else str(plan.destination),
        frames=0 if plan is None else plan.frames,
        message="" if result.error is None else str(result.error),
        report=report,
        outcome=result.outcome.value,
    )


@contextmanager
def locked(plan: ItemPlan, lock_file: Path | None = None) -> Iterator[None]:
    """Hold the lock of one output, so that two runs never write the same file.

    Args:
        lock_file: of a part of the output; None for the whole.

    Raises: InputError if another process holds it; OutputError if the folder refuses.
    """
    lock = FileLock(lock_file or plan.lock, timeout=0)
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
    file = Path(lock.lock_file)
    try:
        yield
    finally:
        # Removed while the lock is held: after the release it may be the next run's lock, and a
        # third run, which finds no file, would make another. Windows does not remove open files.
        with suppress(OSError):
            file.unlink()
        lock.release()
        if os.name == "nt":
            with suppress(OSError):
                file.unlink()


def tidy(plan: ItemPlan) -> None:
    """Note where the source of a finished item lies now, and remove what a run that was killed
    after publishing left beside it."""
    with suppress(OutputError):
        plan.manifest.begin(plan.facts)
    if not (plan.work.exists() or plan.lock.exists()):
        return
    # If another run is at its last step, or the folder is read-only by now, it stays.
    with suppress(InputError, OutputError), locked(plan):
        shutil.rmtree(plan.work, ignore_errors=True)


def _render(progress: Progress, index: int, plan: ItemPlan) -> bool:
    """Render one item; False if it is there already, whole and unchanged."""
    progress.check_cancelled()
    resume = progress.job.control.resume
    if resume and plan.is_present():
        progress.done += plan.painted_count(plan.first, plan.last)
        tidy(plan)
        return False
    with folder_for_results(plan.destination.parent), locked(plan):
        if not resume:
            shutil.rmtree(plan.work, ignore_errors=True)
        with folder_for_results(plan.work):
            sweep_parts(plan.work)
            ItemRenderer(progress, index, plan).render()
            shutil.rmtree(plan.work, ignore_errors=True)
    return True


def _report(progress: Progress, index: int, plan: ItemPlan) -> str:
    """The path of a finished item's report, which is written if this render has none yet.

    A report that cannot be written is a warning: the intermediate is there and whole.
    """
    manifest, path = plan.manifest, report_path(plan.manifest)
    published = manifest.published()
    if published is None or is_report_of(path, manifest.key):
        return str(path)
    report = build_report(manifest.key, plan.facts, plan.info, published, manifest.units())
    text = report_text(report)
    try:
        check_outputs([plan], plan.sources.inputs, progress.job.control)
        manifest.add_report(text.encode())
        write_file(path, text)
    except (InputError, OutputError) as error:
        progress.on_event(Warned(f"{plan.destination.name}: no report ({error})", index))
        return ""
    return str(path)
