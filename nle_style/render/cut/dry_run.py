"""What a batch would do, without doing it: clips, intermediates, refusals, time and disk.

The estimate is of one painted frame for each size, painted size and format, measured on this
machine from one of the sources themselves: times and bytes of others are taken to be alike. The
stages are added up, though they overlap in a render: with a GPU it is quicker.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nle_style.apply import Look, choose_device
from nle_style.apply.shot import sample_frames
from nle_style.core import load_pack
from nle_style.errors import NleStyleError
from nle_style.media.write import IntermediateWriter
from nle_style.render.cut.batch_facts import gather_facts
from nle_style.render.cut.batch_report import ClipFacts
from nle_style.render.cut.cut_plan import BatchOptions, plan_batch
from nle_style.render.item import FramePainter, ItemResult, JobResult, painter_of, source_frames
from nle_style.render.job import ColourJob, Control, Output
from nle_style.render.plan import ItemPlan, plan_item
from nle_style.render.record import SourceHashes
from nle_style.shipped import find_pack
from nle_style.timeline.needs import Refusal, Skipped

__all__ = [
    "DRY_RUN_VERSION",
    "DryRun",
    "FrameCost",
    "PlannedRender",
    "as_data",
    "dry_run_batch",
    "measure_cost",
    "planned_render",
]

DRY_RUN_VERSION = 1
"""Of the JSON's keys: new ones may come without raising it; a changed or dropped one raises it."""


@dataclass(frozen=True)
class FrameCost:
    """Of one frame.

    Attributes:
        paint_seconds: in the network. file_seconds: decoding, encoding and decoding back.
        bytes: encoded. black_bytes: of a black one, as sparse movies have.
    """

    paint_seconds: float
    file_seconds: float
    bytes: int
    black_bytes: int


@dataclass(frozen=True)
class PlannedRender:
    """One intermediate, and what is estimated of it.

    Attributes:
        status: `present` if it is there already, `refused` for `reason`, else `to render`.
        frames: how many it has; to_paint: how many are painted; both 0 if it is refused.
        path: where it goes, "" if it is refused.
        seconds, bytes: of rendering it, and that it takes on disk; 0 unless it is to be rendered.
        painted_at: width and height of the painting; None if there is none.
    """

    source: Path
    first: int
    last: int
    look: str
    status: Literal["to render", "present", "refused"]
    frames: int = 0
    to_paint: int = 0
    path: str = ""
    seconds: float = 0.0
    bytes: int = 0
    reason: str = ""
    remedy: str = ""
    painted_at: tuple[int, int] | None = None


@dataclass(frozen=True)
class DryRun:
    """What a batch would do.

    Attributes:
        clips: the planned ones; `clips[i].render` is a place in `renders`.
        renders: the intermediates, in the order of rendering.
        refusals, skipped: the plan's others.
        saved_frames: that need not be painted because several clips share them.
        free_bytes: on the volume of the output.
    """

    timeline: Path
    look: str
    clips: tuple[ClipFacts, ...]
    renders: tuple[PlannedRender, ...]
    refusals: tuple[Refusal, ...]
    skipped: tuple[Skipped, ...]
    saved_frames: int
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


def planned_render(plan: ItemPlan, cost: FrameCost | None) -> PlannedRender:
    """The estimate of one item.

    Args:
        cost: of its frames; None if it is there already, which costs nothing.
    """
    to_paint = plan.painted_count(plan.first, plan.last)
    seconds, size = 0.0, 0
    if cost is not None:
        seconds = to_paint * (cost.paint_seconds + cost.file_seconds)
        if plan.look.strength > 0 and plan.look.statistics != "frame":
            samples = sum(len(sample_frames(first, last)) for first, last in plan.painted)
            seconds += samples * cost.paint_seconds
        size = to_paint * cost.bytes + (plan.frames - to_paint) * cost.black_bytes
    return PlannedRender(
        source=plan.info.path,
        first=plan.first,
        last=plan.last,
        look=plan.look.label,
        status="present" if cost is None else "to render",
        frames=plan.frames,
        to_paint=to_paint,
        path=str(plan.destination),
        painted_at=plan.painted_at,
        seconds=seconds,
        bytes=size,
    )


def saved_frames(clips: Iterable[ClipFacts], renders: Mapping[int, ItemPlan], handles: int) -> int:
    """Frames that the clips ask for with their handles, one by one, less those rendered for them.

    Args:
        renders: by `ClipFacts.render`; clips of others are left out.
    """
    asked = 0
    for clip in clips:
        if clip.render in renders:
            end = renders[clip.render].info.frame_count - 1
            asked += min(clip.last + handles, end) - max(clip.first - handles, 0) + 1
    return asked - sum(plan.painted_count(plan.first, plan.last) for plan in renders.values())


def measure_cost(plan: ItemPlan, painter: FramePainter) -> FrameCost:
    """Decode, paint, encode and read back the item's first painted frame, in a temporary folder.

    Raises:
        NleStyleError: what would refuse the item.
    """
    number = plan.painted[0][0]
    begun = time.perf_counter()
    (frame,) = source_frames(plan, number, number)
    decoded = time.perf_counter()
    painter.frame(frame)  # the first one of a size finds its memory, the second is like the rest
    warm = time.perf_counter()
    painted = painter.frame(frame).pixels
    done = time.perf_counter()
    _encoded_bytes(plan, [painted])
    written = time.perf_counter()
    black = _bytes_of_one(plan, np.zeros_like(painted)) if plan.sparse else 0
    size = _bytes_of_one(plan, painted)
    return FrameCost(done - warm, decoded - begun + written - done, size, black)


def _bytes_of_one(plan: ItemPlan, frame: np.ndarray) -> int:
    """Of a frame in its movie, without what a container needs once; of a sequence's file."""
    if plan.spec.sequence:
        return _encoded_bytes(plan, [frame])
    return _encoded_bytes(plan, [frame] * 2) - _encoded_bytes(plan, [frame])


def _encoded_bytes(plan: ItemPlan, frames: list[np.ndarray]) -> int:
    with tempfile.TemporaryDirectory(prefix="nle_style-") as name:
        folder = Path(name)
        target = folder / f"frame{plan.spec.extension}"
        writer = IntermediateWriter(
            target, plan.spec, plan.info, 0, len(frames) - 1, work=folder / "work", metadata={}
        )
        return writer.write_unit(writer.units[0], frames).bytes


def dry_run_batch(
    timeline: Path,
    look: Look | None,
    output: Output,
    *,
    options: BatchOptions | None = None,
    pack: str | None = None,
    control: Control | None = None,
    colour: ColourJob | None = None,
) -> DryRun:
    """Plan a batch and estimate it. Nothing is written but the media that an .otioz holds.

    Raises: as `render.batch.run_batch`.
    """
    planned_batch = plan_batch(
        timeline, look, output, options=options, pack=pack, control=control, colour=colour
    )
    read, plan, job = planned_batch.read, planned_batch.plan, planned_batch.job
    results: list[ItemResult] = []
    renders: list[PlannedRender] = []
    if job is not None:
        style_pack, device = load_pack(find_pack(job.pack)), choose_device(job.control.device)
        taken: set[str] = set()
        hashed = SourceHashes()
        costs: dict[tuple[object, ...], FrameCost] = {}
        for item in job.items:
            first, last = item.frames or (0, 0)
            label = item.look.look().label
            try:
                planned = plan_item(item, job, style_pack, device, taken, hashed)
                cost = None
                if not (job.control.resume and planned.is_present()):
                    info, spec = planned.info, planned.spec
                    kind = (info.width, info.height, planned.painted_at, spec, planned.sparse)
                    if kind not in costs:
                        painter = painter_of(planned, style_pack, device)
                        costs[kind] = measure_cost(planned, painter)
                    cost = costs[kind]
            except NleStyleError as error:
                results.append(ItemResult(item.source, error=error))
                renders.append(
                    PlannedRender(
                        item.source,
                        first,
                        last,
                        label,
                        "refused",
                        reason=f"{error.where}: {error.what}" if error.where else error.what,
                        remedy=error.remedy,
                    )
                )
                continue
            results.append(ItemResult(item.source, planned))
            renders.append(planned_render(planned, cost))
    facts = gather_facts(
        read,
        plan,
        JobResult(tuple(results)) if job else None,
        planned_batch.label,
        output.handles,
        (),
    )
    good = {index: result.plan for index, result in enumerate(results) if result.plan is not None}
    return DryRun(
        timeline=read.path,
        look=planned_batch.label,
        clips=facts.clips,
        renders=tuple(renders),
        refusals=plan.refusals,
        skipped=plan.skipped,
        saved_frames=saved_frames(facts.clips, good, output.handles),
        free_bytes=_free_bytes(output.directory),
    )


def _free_bytes(folder: Path) -> int:
    """On the volume where a folder is, or will be."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free


def as_data(dry: DryRun) -> dict[str, Any]:
    """The plan as plain data, for JSON."""
    clips = []
    for clip in dry.clips:
        render = dry.renders[clip.render]
        clips.append(
            {
                "clip_id": clip.clip_id,
                "name": clip.clip_name,
                "track": clip.track_name,
                "timeline": None if clip.record is None else list(clip.record),
                "source": str(render.source),
                "frames": [clip.first, clip.last],
                "look": render.look,
                "intermediate": clip.render,
                "note": clip.note,
            }
        )
    intermediates = []
    for render in dry.renders:
        data = asdict(render)
        data["source"] = str(render.source)
        data["range"] = [data.pop("first"), data.pop("last")]
        data["painted_at"] = list(render.painted_at) if render.painted_at else None
        data["seconds"] = round(render.seconds, 1)
        intermediates.append(data)
    return {
        "nle_style_dry_run": DRY_RUN_VERSION,
        "timeline": str(dry.timeline),
        "look": dry.look,
        "clips": clips,
        "intermediates": intermediates,
        "refusals": [asdict(refusal) for refusal in dry.refusals],
        "skipped": [asdict(skipped) for skipped in dry.skipped],
        "totals": {
            "clips": len(dry.clips),
            "frames_to_paint": dry.frames_to_paint,
            "frames_saved_by_sharing": dry.saved_frames,
            "seconds": round(dry.seconds, 1),
            "bytes": dry.bytes,
            "peak_bytes": dry.peak_bytes,
            "free_bytes": dry.free_bytes,
        },
    }
