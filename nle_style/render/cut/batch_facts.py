"""What a batch's report is made of, gathered from the plan, the renders and what lies on disk."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from nle_style.errors import NleStyleError
from nle_style.media import INTERMEDIATES
from nle_style.render.cut.batch_report import BatchFacts, ClipFacts, RenderFacts, record_timecodes
from nle_style.render.item import ItemResult, JobResult
from nle_style.render.plan import ItemPlan
from nle_style.render.record import report_path
from nle_style.timeline import ReadTimeline
from nle_style.timeline.needs import ClipUse, Plan, SourceRange

__all__ = ["gather_facts"]


def gather_facts(
    read: ReadTimeline,
    plan: Plan,
    result: JobResult | None,
    look: str,
    handles: int,
    written: tuple[Path, ...],
) -> BatchFacts:
    """The facts of a batch.

    Args:
        result: of the job with one item for each of the plan's ranges, in their order; None if
            there was nothing to render.
        look: label of the look.
        handles: as asked for.
        written: the timelines that were made.
    """
    items = result.items if result is not None else ()
    place = {id(wanted): index for index, wanted in enumerate(plan.ranges)}
    return BatchFacts(
        timeline=read.path,
        look=look,
        handles=handles,
        clips=tuple(_clip(read, use, place[id(use.range)]) for use in plan.uses),
        renders=tuple(_render(r, item, look) for r, item in zip(plan.ranges, items, strict=True)),
        refusals=plan.refusals,
        skipped=plan.skipped,
        written=written,
    )


def _clip(read: ReadTimeline, use: ClipUse, render: int) -> ClipFacts:
    return ClipFacts(
        clip_id=use.clip_id,
        clip_name=use.clip_name,
        track_name=use.track_name,
        first=use.first,
        last=use.last,
        render=render,
        record=_record(read, use),
        note=use.note,
    )


def _record(read: ReadTimeline, use: ClipUse) -> tuple[str, str] | None:
    """In and out of a clip in the timeline, as timecode."""
    if use.record is None:
        return None
    start = read.timeline.global_start_time
    rate = float(use.rate) if start is None or start.rate <= 0 else float(start.rate)
    offset = 0 if start is None else round(start.rescaled_to(rate).value)
    return record_timecodes(use.record, rate, Fraction(offset) / Fraction(rate))


def _render(wanted: SourceRange, item: ItemResult, look: str) -> RenderFacts:
    plan = item.plan
    if plan is None or item.error is not None:
        return RenderFacts(
            wanted.source,
            wanted.first,
            wanted.last,
            ((wanted.first, wanted.last),),
            look,
            error=item.error or NleStyleError("it was not rendered"),
        )
    return RenderFacts(
        source=wanted.source,
        first=plan.first,
        last=plan.last,
        painted=plan.painted,
        look=plan.look.label,
        painted_at=plan.painted_at,
        media_frames=plan.info.frame_count,
        path=plan.destination,
        format=plan.spec.format,
        exact=INTERMEDIATES[plan.spec.format].exact,
        frame_hashes=_frame_hashes(plan),
        report=_report_of(plan),
    )


def _frame_hashes(plan: ItemPlan) -> dict[int, str]:
    """By source frame; in sparse movies of the painted ones."""
    hashes = {
        unit.first + offset: value
        for unit in plan.manifest.units().values()
        for offset, value in enumerate(unit.frame_hashes)
    }
    return {f: hashes[f] for a, b in plan.painted for f in range(a, b + 1) if f in hashes}


def _report_of(plan: ItemPlan) -> dict[str, Any] | None:
    try:
        report = json.loads(report_path(plan.manifest).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return report if isinstance(report, dict) else None
