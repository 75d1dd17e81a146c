"""What a batch or a job would do, without doing it: intermediates, refusals, time and disk.

The estimate is of one painted frame for each size, painted size and format, measured on this
machine from one of the sources themselves: times and bytes of others are taken to be alike. The
stages are added up, though they overlap in a render: with a GPU it is quicker.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from nle_style.apply import choose_device, needs_measuring
from nle_style.apply.shot import sample_frames
from nle_style.core import load_pack
from nle_style.errors import NleStyleError
from nle_style.render.cut.batch_outputs import check_batch
from nle_style.render.cut.batch_plan import PlannedBatch
from nle_style.render.cut.clip_table import (
    ClipEnd,
    clip_counts,
    clip_ends,
    clip_identity,
    clip_place,
    clips_exit_code,
)
from nle_style.render.cut.frame_cost import FrameCost, measure_cost
from nle_style.render.item import painter_of
from nle_style.render.job import RenderJob
from nle_style.render.outcomes import Outcome, exit_code_of, outcome_of, summary
from nle_style.render.plan import ItemPlan, Planner, check_outputs, files_read
from nle_style.render.record import Sources
from nle_style.shipped import find_pack

__all__ = [
    "DRY_RUN_VERSION",
    "DryRun",
    "JobDryRun",
    "PlannedRender",
    "dry_run_batch",
    "dry_run_job",
    "planned_render",
]

DRY_RUN_VERSION = 1
"""Of the JSON's keys: new ones may come without raising it; a changed or dropped one raises it."""


@dataclass(frozen=True)
class PlannedRender:
    """One intermediate, and what is estimated of it.

    Attributes:
        look: label of its look.
        status: `present` if it is there already or an earlier one's result is the same, `refused`
            with an `error`, else `to render`.
        frames: how many it has; 0 if it is refused.
        to_paint: how many of them are painted.
        path: where it goes, "" if it is refused.
        seconds: of rendering it; 0 unless it is to be rendered.
        bytes: that it takes on disk; 0 unless it is to be rendered.
        painted_at: width and height of the painting; None if there is none.
        range: first and last source frame, inclusive, from 0.
        numbers: the same as people count: of a sequence the numbers of its files.
        notes: on the source and the look, as of `ItemPlan`.
        drawn: how many frames the network paints; with a hold of 2 every second one of `to_paint`.
    """

    source: str
    look: str
    status: Literal["to render", "present", "refused"]
    frames: int = 0
    to_paint: int = 0
    path: str = ""
    seconds: float = 0.0
    bytes: int = 0
    error: NleStyleError | None = None
    painted_at: tuple[int, int] | None = None
    range: tuple[int, int] = (0, 0)
    numbers: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()
    drawn: int = 0

    @property
    def outcome(self) -> Outcome:
        """What a run would say of it, as far as that is known without rendering."""
        return outcome_of(self.error, present=self.status == "present")

    def as_data(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        data = {field.name: getattr(self, field.name) for field in fields(self)}
        error = data.pop("error")
        fault = error.as_data() if error else {"reason": "", "remedy": ""}
        return {**data, **fault, "seconds": round(self.seconds, 1), "outcome": self.outcome.value}


class _Totals:
    """What the renders come to."""

    renders: tuple[PlannedRender, ...]
    free_bytes: int

    @property
    def frames_to_paint(self) -> int:
        """Over all that is not there yet."""
        return sum(render.to_paint for render in self.renders if render.status == "to render")

    @property
    def seconds(self) -> float:
        """Estimated, of the whole."""
        return sum(render.seconds for render in self.renders)

    @property
    def bytes(self) -> int:
        """Estimated, of what will be left on the disk."""
        return sum(render.bytes for render in self.renders)

    @property
    def peak_bytes(self) -> int:
        """The most that is needed at one time: while an intermediate is joined, its units are
        there as well."""
        done, peak = 0, 0
        for render in self.renders:
            peak = max(peak, done + 2 * render.bytes)
            done += render.bytes
        return peak

    def totals(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "frames_to_paint": self.frames_to_paint,
            "seconds": round(self.seconds, 1),
            "bytes": self.bytes,
            "peak_bytes": self.peak_bytes,
            "free_bytes": self.free_bytes,
        }


@dataclass(frozen=True)
class JobDryRun(_Totals):
    """What a job would do.

    Attributes:
        renders: the items, in their order.
        free_bytes: on the volume of the output.
    """

    renders: tuple[PlannedRender, ...]
    free_bytes: int

    @property
    def exit_code(self) -> int:
        """That of a run, if nothing befalls it."""
        return exit_code_of(render.error for render in self.renders)

    @property
    def summary(self) -> str:
        """The items in one line."""
        return summary(Counter(render.outcome for render in self.renders), planned=True)

    def as_data(self) -> dict[str, Any]:
        """The whole as plain data, for JSON."""
        return {
            "nle_style_dry_run": DRY_RUN_VERSION,
            "intermediates": [render.as_data() for render in self.renders],
            "summary": self.summary,
            "exit_code": self.exit_code,
            "totals": self.totals(),
        }


@dataclass(frozen=True)
class DryRun(_Totals):
    """What a batch would do.

    Attributes:
        renders: the intermediates, in the order of rendering: one for each range of the plan.
        free_bytes: on the volume of the output.
    """

    batch: PlannedBatch
    renders: tuple[PlannedRender, ...]
    free_bytes: int

    @property
    def saved_frames(self) -> int:
        """Frames that the clips ask for with their handles, one by one, less those painted for
        them; what is refused left out."""
        plan, handles = self.batch.plan, self.batch.output.handles
        renders = dict(zip(plan.ranges, self.renders, strict=True))
        asked = sum(
            min(use.last + handles, use.media_frames - 1) - max(use.first - handles, 0) + 1
            for use in plan.uses
            if renders[use.range].status != "refused"
        )
        return asked - sum(render.to_paint for render in self.renders)

    @property
    def ends(self) -> list[ClipEnd]:
        """What would become of every clip."""
        return clip_ends(self.batch.plan, [(each.outcome, each.error) for each in self.renders])

    @property
    def exit_code(self) -> int:
        """That of a run, if nothing befalls it."""
        return clips_exit_code(self.ends)

    @property
    def summary(self) -> str:
        """The clips in one line."""
        return summary(clip_counts(self.ends), planned=True)

    def clips(self) -> list[dict[str, Any]]:
        """Every planned clip; `intermediate` is a place in `renders`."""
        read, plan = self.batch.read, self.batch.plan
        places = {wanted: place for place, wanted in enumerate(plan.ranges)}
        return [
            {
                **clip_identity(use),
                **clip_place(read, use),
                "outcome": self.renders[places[use.range]].outcome.value,
                "look": self.renders[places[use.range]].look,
                "intermediate": places[use.range],
                "note": use.note,
            }
            for use in plan.uses
        ]

    def as_data(self) -> dict[str, Any]:
        """The whole as plain data, for JSON."""
        plan = self.batch.plan
        return {
            "nle_style_dry_run": DRY_RUN_VERSION,
            "timeline": str(self.batch.read.path),
            "look": self.batch.label,
            "notes": list(self.batch.notes),
            "clips": self.clips(),
            "intermediates": [render.as_data() for render in self.renders],
            "refusals": [asdict(refusal) for refusal in plan.refusals],
            "skipped": [asdict(skipped) for skipped in plan.skipped],
            "summary": self.summary,
            "exit_code": self.exit_code,
            "totals": {
                "clips": len(plan.uses),
                "frames_saved_by_sharing": self.saved_frames,
                **self.totals(),
            },
        }


def dry_run_batch(batch: PlannedBatch) -> DryRun:
    """Estimate a batch. Nothing is written.

    Raises: as `check_batch`, and as `run_job` before its first item.
    """
    check_batch(batch)
    renders = () if batch.job is None else tuple(_renders(batch.job, batch.sources))
    return DryRun(batch, renders, _free_bytes(batch.output.directory))


def dry_run_job(job: RenderJob) -> JobDryRun:
    """Estimate a job. Nothing is written.

    Raises: as `run_job`, before its first item.
    """
    return JobDryRun(tuple(_renders(job, Sources())), _free_bytes(job.output.directory))


def _renders(job: RenderJob, sources: Sources) -> list[PlannedRender]:
    pack, device = load_pack(find_pack(job.pack)), choose_device(job.control.device)
    planner = Planner(job, pack, device, sources)
    planned = planner.plan_all()
    plans = {plan.destination: plan for plan in planned if isinstance(plan, ItemPlan)}
    sources.inputs.add(files_read(job))
    check_outputs(plans.values(), sources.inputs, job.control)
    costs: dict[tuple[object, ...], FrameCost] = {}
    renders = []
    for item, plan in zip(job.items, planned, strict=True):
        try:
            if isinstance(plan, NleStyleError):
                raise plan
            cost = None
            # Of items that ask for the same the first is the one that is rendered.
            own = plans.pop(plan.destination, None)
            if own is not None and not (job.control.resume and plan.is_present()):
                changes = tuple(look.changes for look in plan.looks)
                size = plan.info.width, plan.info.height, plan.painted_at
                kind = (*size, plan.spec, plan.sparse, changes)
                if kind not in costs:
                    costs[kind] = measure_cost(plan, painter_of(plan, pack, device))
                cost = costs[kind]
            renders.append(planned_render(plan, cost))
        except NleStyleError as error:
            renders.append(
                PlannedRender(
                    str(item.source),
                    item.look.look().label,
                    "refused",
                    error=error,
                    range=item.frames or (0, 0),
                )
            )
    return renders


def planned_render(plan: ItemPlan, cost: FrameCost | None) -> PlannedRender:
    """The estimate of one item.

    Args:
        cost: of its frames; None if it is there already, which costs nothing.
    """
    to_paint = plan.painted_count(plan.first, plan.last)
    seconds, size = 0.0, 0
    if cost is not None:
        seconds = plan.drawn_count() * cost.paint_seconds + to_paint * cost.file_seconds
        if needs_measuring(plan.look):
            samples = sum(
                len(sample_frames(*span)) * len(plan.look.nodes(*span)) for span in plan.painted
            )
            seconds += samples * cost.paint_seconds
        size = to_paint * cost.bytes + (plan.frames - to_paint) * cost.black_bytes
    return PlannedRender(
        source=str(plan.info.path),
        look=plan.look.label,
        status="present" if cost is None else "to render",
        frames=plan.frames,
        to_paint=to_paint,
        drawn=plan.drawn_count(),
        path=str(plan.destination),
        seconds=seconds,
        bytes=size,
        painted_at=plan.painted_at,
        range=(plan.first, plan.last),
        numbers=(plan.number(plan.first), plan.number(plan.last)),
        notes=plan.notes,
    )


def _free_bytes(folder: Path) -> int:
    """On the volume where a folder is, or will be."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free
