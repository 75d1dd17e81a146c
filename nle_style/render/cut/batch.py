"""run_batch: a planned timeline in, intermediates and relinked timelines out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nle_style.errors import InputError, OutputError
from nle_style.render.cut.batch_outputs import batch_reports, check_batch
from nle_style.render.cut.batch_plan import PlannedBatch
from nle_style.render.cut.batch_report import as_markdown, build_batch_report
from nle_style.render.cut.clip_table import (
    ClipEnd,
    clip_counts,
    clips_exit_code,
    ends_of_items,
    note_of,
    refusal_error,
)
from nle_style.render.cut.delivery import Delivery, deliver
from nle_style.render.events import Done, Event, OnEvent, Warned, Written
from nle_style.render.item import ItemResult, JobResult, run_job
from nle_style.render.job import RenderJob
from nle_style.render.outcomes import Outcome, summary
from nle_style.render.plan import ItemPlan
from nle_style.render.record import Sources, report_text
from nle_style.timeline.needs import Plan
from nle_style.timeline.relink import Rendered

__all__ = ["BatchResult", "Renderer", "run_batch"]

Renderer = Callable[[RenderJob, OnEvent, threading.Event | None, Sources | None], JobResult]
"""`run_job`, or another that takes and gives the same."""


@dataclass(frozen=True)
class BatchResult:
    """What a batch did.

    Attributes:
        plan: every clip's use, refusal or reason to be left alone.
        job: the renders' results; None if no clip could be planned.
        ends: what became of every clip.
        report: the batch's report as plain data.
        timelines: the timelines written, see `delivery.deliver`; empty if no intermediate was
            delivered.
        reports: `CUT.LOOK.report.json` and `.md`; empty if they could not be written.
    """

    plan: Plan
    job: JobResult | None
    ends: tuple[ClipEnd, ...]
    report: Mapping[str, Any]
    timelines: tuple[Path, ...]
    reports: tuple[Path, ...]

    @property
    def exit_code(self) -> int:
        """0: every clip; 3: some; 2 or 1: none."""
        return clips_exit_code(self.ends)

    @property
    def summary(self) -> str:
        """What became of the clips, in one line."""
        return summary(clip_counts(self.ends))

    def done(self) -> Done:
        """The event that tells it."""
        counts = clip_counts(self.ends)
        clips = {outcome.value: counts[outcome] for outcome in Outcome if counts[outcome]}
        job = JobResult(()) if self.job is None else self.job
        return replace(job.done(), exit_code=self.exit_code, clips=clips)


def run_batch(
    batch: PlannedBatch,
    on_event: OnEvent = lambda event: None,
    stop: threading.Event | None = None,
    render: Renderer = run_job,
) -> BatchResult:
    """Render what a timeline's clips need, each source frame once, and relink the timeline.

    Args:
        batch: from `plan_batch`.
        on_event, stop: as in `run_job`.
        render: what renders the batch's job.

    Raises: as `check_batch`, `run_job` and `deliver`.
    """
    check_batch(batch)
    reports: tuple[Path, ...] = batch_reports(batch)
    for warning in _warnings(batch):
        on_event(warning)
    result, delivery = None, Delivery()
    items: tuple[ItemResult, ...] = ()

    def tell(event: Event) -> None:
        if not isinstance(event, Done):  # the job's end is not yet the cut's
            on_event(event)

    if batch.job is not None:
        result = render(batch.job, tell, stop, batch.sources)
        items = result.items
        rendered = [
            _rendered(batch, index, item.plan)
            for index, item in enumerate(items)
            if item.plan is not None and item.error is None
        ]
        if rendered:
            folder = batch.output.directory
            delivery = deliver(
                batch.read,
                batch.plan,
                rendered,
                label=batch.label,
                folder=folder,
                writer=batch.writer,
                patching=batch.patching,
                there=batch.maps.there,
                bundle=batch.bundle,
            )
    for note in delivery.notes:
        on_event(Warned(note))
    ends = tuple(ends_of_items(batch.plan, items))
    report = build_batch_report(batch, items, delivery.timelines)
    try:
        batch.writer.write(reports[0], report_text(report))
        batch.writer.write(reports[1], as_markdown(report))
    except (InputError, OutputError) as error:  # a warning, for the rest is done
        on_event(Warned(f"no report of the batch ({error})"))
        reports = ()
    for path in delivery.timelines:
        on_event(Written(str(path), "timeline"))
    for path in reports:
        on_event(Written(str(path), "report"))
    done = BatchResult(batch.plan, result, ends, report, tuple(delivery.timelines), reports)
    on_event(done.done())
    return done


def _warnings(batch: PlannedBatch) -> Iterator[Warned]:
    yield from map(Warned, batch.notes)
    for clip in batch.plan.refusals:
        yield Warned(str(refusal_error(clip)), outcome=clip.outcome)
    for use in batch.plan.uses:
        if use.note:
            yield Warned(note_of(use))


def _rendered(batch: PlannedBatch, index: int, item: ItemPlan) -> Rendered:
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
        look=batch.plan.ranges[index].look,
        label=item.look.label,
        sequence=item.sequence_files,
    )
