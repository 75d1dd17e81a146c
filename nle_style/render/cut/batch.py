"""run_batch: a timeline in, intermediates and relinked timelines out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nle_style.apply import Look
from nle_style.errors import InputError, OutputError
from nle_style.media.base import write_text
from nle_style.render.cut.batch_facts import gather_facts
from nle_style.render.cut.batch_report import as_markdown, build_batch_report, report_paths
from nle_style.render.cut.cut_plan import BatchOptions, PlannedBatch, plan_batch
from nle_style.render.cut.delivery import Delivery, deliver
from nle_style.render.events import OnEvent, Warned
from nle_style.render.item import JobResult, run_job
from nle_style.render.job import ColourJob, Control, Output, RenderJob
from nle_style.render.plan import ItemPlan
from nle_style.render.record import report_path, write_report
from nle_style.timeline import ReadTimeline
from nle_style.timeline.needs import Plan
from nle_style.timeline.relink import Rendered

__all__ = ["BatchOptions", "BatchResult", "RunJob", "run_batch"]

RunJob = Callable[[RenderJob, OnEvent, threading.Event | None], JobResult]
"""`run_job`, or what does as it does."""


@dataclass(frozen=True)
class BatchResult:
    """What a batch did.

    Attributes:
        plan: every clip's use, refusal or reason to be left alone.
        job: the renders' results; None if no clip could be planned.
        timelines: the timelines written, see `delivery.deliver`; empty if no intermediate was
            delivered.
        reports: `CUT.LOOK.report.json` and `.md`; empty if they could not be written.
    """

    read: ReadTimeline
    plan: Plan
    job: JobResult | None
    timelines: tuple[Path, ...]
    reports: tuple[Path, ...] = ()

    @property
    def exit_code(self) -> int:
        """0: every clip; 3: some; 2 or 1: none."""
        if self.job is None:
            return InputError.exit_code
        if self.job.exit_code == 0 and self.plan.refusals:
            return 3
        return self.job.exit_code


def run_batch(
    timeline: Path,
    look: Look | None,
    output: Output,
    *,
    options: BatchOptions | None = None,
    pack: str | None = None,
    control: Control | None = None,
    colour: ColourJob | None = None,
    on_event: OnEvent = lambda event: None,
    stop: threading.Event | None = None,
    render: RunJob = run_job,
) -> BatchResult:
    """Render what a timeline's clips need, each source frame once, and relink the timeline.

    Args:
        timeline, look, output, options: as in `batch_plan.plan_batch`.
        pack, control, colour, on_event, stop: as in `run_job`.
        render: what renders the job that is planned: `run_job`, or what a farm has of it.

    Raises: as `plan_batch` and `run_job`.
    """
    planned = plan_batch(
        timeline, look, output, options=options, pack=pack, control=control, colour=colour
    )
    plan = planned.plan
    for note in planned.notes:
        on_event(Warned(note))
    for refusal in plan.refusals:
        on_event(
            Warned(
                f"clip '{refusal.clip_name}' on {refusal.track_name}: {refusal.reason}."
                f" {refusal.remedy}"
            )
        )
    for use in plan.uses:
        if use.note:
            on_event(Warned(f"clip '{use.clip_name}' on {use.track_name}: {use.note}"))
    if planned.job is None:
        reports = _report(planned, None, output, (), on_event)
        return BatchResult(planned.read, plan, None, (), reports)
    result = render(planned.job, on_event, stop)
    rendered = [
        _rendered(planned, index, item.plan)
        for index, item in enumerate(result.items)
        if item.plan is not None and item.error is None
    ]
    delivery = Delivery()
    if rendered:
        delivery = deliver(
            planned.read, plan, rendered, label=planned.label, folder=output.directory
        )
    for note in delivery.notes:
        on_event(Warned(note))
    timelines = tuple(delivery.timelines)
    reports = _report(planned, result, output, timelines, on_event)
    return BatchResult(planned.read, plan, result, timelines, reports)


def _rendered(planned: PlannedBatch, index: int, item: ItemPlan) -> Rendered:
    facts = item.facts
    return Rendered(
        source=item.info.path,
        first=item.first,
        last=item.last,
        path=item.destination,
        rate=item.info.rate,
        metadata={
            "look": facts["look"],
            "pack": facts["pack"],
            "pack_sha256": facts["pack_sha256"],
            "format": facts["format"],
            "key": item.manifest.key,
        },
        look=planned.plan.ranges[index].look,
        label=planned.looks[index].label,
        sequence=item.sequence_files,
    )


def _report(
    planned: PlannedBatch,
    result: JobResult | None,
    output: Output,
    timelines: tuple[Path, ...],
    on_event: OnEvent,
) -> tuple[Path, ...]:
    """Write the batch's report; that it cannot be written is a warning, for the rest is done."""
    facts = gather_facts(
        planned.read, planned.plan, result, planned.label, output.handles, timelines
    )
    report = build_batch_report(facts)
    items = [item.plan for item in result.items if item.plan] if result else []
    taken = [report_path(item.manifest) for item in items]
    paths = report_paths(output.directory, planned.read.path.stem, planned.label, taken)
    try:
        output.directory.mkdir(parents=True, exist_ok=True)
        write_report(paths[0], report)
        write_text(paths[1], as_markdown(report))
    except (OutputError, OSError) as error:
        on_event(Warned(f"no report of the batch ({error})"))
        return ()
    return paths
