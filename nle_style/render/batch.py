"""run_batch: a timeline in, intermediates and relinked timelines out."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from opentimelineio.opentime import RationalTime, from_timecode

from nle_style.apply.look import Look
from nle_style.errors import InputError, MediaError, OutputError
from nle_style.media.formats import INTERMEDIATES
from nle_style.media.parts import write_text
from nle_style.media.probe import MediaInfo, probe_media
from nle_style.render.batch_facts import gather_facts
from nle_style.render.batch_report import as_markdown, build_batch_report, report_paths
from nle_style.render.events import OnEvent, Warned
from nle_style.render.job import Control, Item, LookJob, Output, RenderJob
from nle_style.render.plan_items import source_stem
from nle_style.render.report import report_path, write_report
from nle_style.render.runner import JobResult, run_job
from nle_style.timeline.plan import Plan, plan_shots
from nle_style.timeline.read import ReadTimeline, read_timeline
from nle_style.timeline.relink import Rendered, relink, write_timeline

__all__ = ["BatchResult", "plan_batch", "run_batch"]


@dataclass(frozen=True)
class BatchResult:
    """What a batch did.

    Attributes:
        plan: every clip's use, refusal or reason to be left alone.
        job: the renders' results; None if no clip could be planned.
        timelines: the timelines written: second reference, then baked; empty if no intermediate
            was delivered.
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


@dataclass(frozen=True)
class _Facts:
    """A media file as the plan asks for it (`timeline.plan.MediaFacts`)."""

    rate: Fraction
    frame_count: int
    start_frame: int


def _facts(path: Path) -> _Facts:
    info = probe_media(path)
    if info.variable_rate:
        raise MediaError(
            "its frames last differently long (variable frame rate), so that a cut cannot say which"
            " frame it means",
            where=str(path),
            remedy="Convert it to a constant frame rate in the edit first.",
        )
    return _Facts(info.rate, info.frame_count, _start_frame(info))


def _start_frame(info: MediaInfo) -> int:
    """The media's own timecode as a count of frames; 0 without one, or at a rate without any."""
    rate = RationalTime.nearest_smpte_timecode_rate(float(info.rate))
    if info.timecode is None or abs(rate - float(info.rate)) > 1e-3:
        return 0
    return int(from_timecode(info.timecode, rate).to_frames())


def run_batch(
    timeline: Path,
    look: Look,
    output: Output,
    *,
    pack: str | None = None,
    control: Control | None = None,
    on_event: OnEvent = lambda event: None,
    stop: threading.Event | None = None,
) -> BatchResult:
    """Render what a timeline's clips need, each source frame once, and relink the timeline.

    Args:
        timeline: an .otio or .otioz file; it is never written to.
        look: for every clip.
        output: folder, format, depth and handles.
        pack, control, on_event, stop: as in `run_job`.

    Raises:
        TimelineError: the timeline cannot be read.
        InputError: the format cannot stand in a timeline.
        Cancelled, PackError, OutputError: as in `run_job`.
    """
    read, plan, job = plan_batch(timeline, look, output, pack=pack, control=control)
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
    if job is None:
        reports = _report(read, plan, None, look, output, (), on_event)
        return BatchResult(read, plan, None, (), reports)
    result = run_job(job, on_event, stop)
    timelines = _relinked(read, plan, result, look, output.directory)
    reports = _report(read, plan, result, look, output, timelines, on_event)
    return BatchResult(read, plan, result, timelines, reports)


def plan_batch(
    timeline: Path,
    look: Look,
    output: Output,
    *,
    pack: str | None = None,
    control: Control | None = None,
) -> tuple[ReadTimeline, Plan, RenderJob | None]:
    """Read and plan a timeline; the job has one item for each of the plan's ranges, in order.

    The job is None if no clip can be styled. Nothing is rendered; the media of an .otioz are
    unpacked beside the output.

    Args, Raises: as in `run_batch`.
    """
    name = "png-mov" if output.format == "auto" else output.format
    if name in INTERMEDIATES and INTERMEDIATES[name].sequence:
        raise InputError(
            f"a timeline is relinked to movies, and '{name}' is an image sequence",
            where=str(timeline),
            remedy="Give --format png-mov, ffv1, prores4444 or dnxhr444.",
        )
    read = read_timeline(timeline, extract_to=output.directory / f"{timeline.stem}.media")
    plan = plan_shots(read, _facts, handles=output.handles)
    if not plan.ranges:
        return read, plan, None
    job = RenderJob(
        items=_items(plan, look),
        # The plan has added the handles already, before it merged the ranges.
        output=output.model_copy(update={"handles": 0}),
        control=control or Control(),
        pack=pack,
    )
    return read, plan, job


def _report(
    read: ReadTimeline,
    plan: Plan,
    result: JobResult | None,
    look: Look,
    output: Output,
    timelines: tuple[Path, ...],
    on_event: OnEvent,
) -> tuple[Path, ...]:
    """Write the batch's report; that it cannot be written is a warning, for the rest is done."""
    facts = gather_facts(read, plan, result, look.label, output.handles, timelines)
    report = build_batch_report(facts)
    items = [item.plan for item in result.items if item.plan] if result else []
    taken = [report_path(item.manifest) for item in items]
    paths = report_paths(output.directory, read.path.stem, look.label, taken)
    try:
        output.directory.mkdir(parents=True, exist_ok=True)
        write_report(paths[0], report)
        write_text(paths[1], as_markdown(report))
    except (OutputError, OSError) as error:
        on_event(Warned(f"no report of the batch ({error})"))
        return ()
    return paths


def _items(plan: Plan, look: Look) -> tuple[Item, ...]:
    """One item a range; where a source has several, every name says its range."""
    items = []
    for wanted in plan.ranges:
        several = sum(other.source == wanted.source for other in plan.ranges) > 1
        span = f"{wanted.first:06d}-{wanted.last:06d}"
        items.append(
            Item(
                source=wanted.source,
                frames=(wanted.first, wanted.last),
                look=LookJob.of(look),
                name=f"{source_stem(wanted.source)}.{look.label}.{span}" if several else None,
            )
        )
    return tuple(items)


def _relinked(
    read: ReadTimeline, plan: Plan, result: JobResult, look: Look, folder: Path
) -> tuple[Path, ...]:
    rendered = []
    for item in result.items:
        if item.plan is None or item.error is not None:
            continue
        facts = item.plan.facts
        rendered.append(
            Rendered(
                source=item.source,
                first=item.plan.first,
                last=item.plan.last,
                path=item.plan.destination,
                rate=item.plan.info.rate,
                metadata={
                    "look": facts["look"],
                    "pack": facts["pack"],
                    "pack_sha256": facts["pack_sha256"],
                    "format": facts["format"],
                    "key": item.plan.manifest.key,
                },
            )
        )
    if not rendered:
        return ()
    both, baked = relink(read, plan, rendered, suffix=look.label)
    paths = tuple(
        folder / f"{read.path.stem}.{look.label}{ending}" for ending in (".otio", ".baked.otio")
    )
    for timeline, path in zip((both, baked), paths, strict=True):
        write_timeline(timeline, path)
    return paths
