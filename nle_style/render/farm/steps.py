"""The steps of a farm's job: measure an item's shots, render some pieces, assemble the whole.

Each is a process of its own, anywhere that sees the folder of the results. What they hand to one
another lies in an item's work folder: `measured.jsonl` and `statistics.safetensors` from measuring;
from every render task its units and `part-FIRST-LAST.jsonl`, a manifest of them. A task that is run
again, with the same pieces or others, does only what is not there yet.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch

from nle_style.apply import choose_device, map_large_blocks
from nle_style.core import load_pack
from nle_style.durable import folder_for_results, make_folders
from nle_style.errors import InputError, JobError, NleStyleError
from nle_style.render.events import OnEvent
from nle_style.render.farm.farm_job import FarmBatch, FarmJob
from nle_style.render.farm.path_rules import PathRules
from nle_style.render.farm.planned_items import (
    as_rendered,
    check_files,
    frames_of,
    measured_path,
    part_manifests,
    plan_again,
)
from nle_style.render.farm.statistics_file import load_statistics, save_statistics
from nle_style.render.item import (
    ItemRenderer,
    ItemResult,
    JobResult,
    Progress,
    deliver_items,
    locked,
    tidy,
)
from nle_style.render.job import RenderJob
from nle_style.render.outcomes import exit_code_of
from nle_style.render.plan import ItemPlan, check_outputs, files_read
from nle_style.render.record import Manifest, Sources
from nle_style.shipped import find_pack

if TYPE_CHECKING:
    from nle_style.render.cut import BatchOptions, BatchResult

__all__ = ["FarmRun", "batch_options"]

_TEXTS = (".csv", ".fcpxml", ".json", ".md", ".otio", ".xml")
_NONE: Mapping[int, NleStyleError] = MappingProxyType({})


@dataclass
class FarmRun:
    """The steps of a farm's job, in one process.

    Args:
        farm: with the paths of this machine, see `path_rules.mapped_job`.
        on_event: called with each event; see `events`.
        stop: set it to cancel after the current frame.
        rules: by which the farm's paths are this machine's; relinked timelines name those of the
            machine that made the bundle.
        sources: what is known of the job's sources already; None for what `farm` says.

    Raises: PackError or InputError if the pack or the device cannot be had.
    """

    farm: FarmJob
    on_event: OnEvent = lambda event: None
    stop: threading.Event = field(default_factory=threading.Event)
    rules: PathRules = field(default_factory=PathRules)
    sources: Sources | None = None

    def __post_init__(self) -> None:
        map_large_blocks()
        self._pack = load_pack(find_pack(self.farm.job.pack))
        self._plans: dict[int, ItemPlan] = {}

    @cached_property
    def _device(self) -> torch.device:
        return choose_device(self.farm.job.control.device)

    @cached_property
    def _sources(self) -> Sources:
        if self.sources is not None:
            return self.sources
        known = {Path(path): each.fingerprint for path, each in self.farm.files.items()}
        sources = Sources(known)
        sources.inputs.add((*known, *files_read(self.farm.job)))
        return sources

    def plan(self, index: int) -> ItemPlan:
        """An item as it was planned when the job was made.

        Raises: NleStyleError as `plan_again`; InputError as `check_outputs`.
        """
        if index not in self._plans:
            plan = plan_again(self.farm, index, self._pack, self._device, self._sources)
            check_outputs([plan], self._sources.inputs, self.farm.job.control)
            self._plans[index] = plan
        return self._plans[index]

    def measure(self, first: int, last: int) -> None:
        """Find the shots of some items, inclusive, and measure them, if that is not done yet.

        Raises: NleStyleError if a source or the disk refuses; Cancelled.
        """
        last = min(last, len(self.farm.items) - 1)
        if not 0 <= first <= last:
            raise InputError(
                f"there is no item {first}",
                where="--items",
                remedy=f"This job's are 0-{len(self.farm.items) - 1}.",
            )
        for index in range(first, last + 1):
            if self.farm.items[index].measure:
                self._measure(index)

    def _measure(self, index: int) -> None:
        plan = self.plan(index)
        if plan.is_present():
            return
        check_files(self.farm, plan, plan.first, plan.last)
        make_folders(plan.work)
        with locked(plan, plan.work / "measured.lock"):
            notes = Manifest(measured_path(plan), plan.manifest.key)
            notes.begin(plan.facts)
            if notes.shots() is not None:
                try:
                    load_statistics(_statistics(plan), plan.manifest.key)
                except InputError:
                    pass  # measured anew
                else:
                    return
            progress = self._progress(plan.painted_count(plan.first, plan.last))
            measured = ItemRenderer(progress, index, plan, notes).measure()
            save_statistics(_statistics(plan), measured, plan.manifest.key)

    def render(self, first: int, last: int) -> Progress:
        """Render some pieces, inclusive, but for the units that are there already.

        Returns:
            the counts: how many frames were to be painted (without those of items that are
            delivered), how many are done, and how many of them were painted now.

        Raises: NleStyleError if a source, a statistic or the disk refuses; Cancelled.
        """
        shares = [
            (index, plan, begin, end, frames_of(plan, begin, end))
            for index, begin, end in self.farm.shares(first, last)
            if not (plan := self.plan(index)).is_present()
        ]
        progress = self._progress(
            sum(plan.painted_count(*frames) for _, plan, _, _, frames in shares)
        )
        for index, plan, begin, end, frames in shares:
            drawn = max(plan.first, frames[0] - plan.longest_hold + 1)  # for the first of them
            check_files(self.farm, plan, drawn, frames[1])
            make_folders(plan.work)
            part = plan.work / f"part-{begin:06d}-{end:06d}.jsonl"
            with locked(plan, part.with_suffix(".lock")):
                statistics = None
                if self.farm.items[index].measure:
                    statistics = load_statistics(_statistics(plan), plan.manifest.key)
                others = [each for each in part_manifests(plan) if each != part]
                Manifest(part, plan.manifest.key).begin(plan.facts)
                notes = Manifest(part, plan.manifest.key, [plan.manifest.path, *others])
                ItemRenderer(progress, index, plan, notes, statistics).paint_units(begin, end)
        return progress

    def assemble(self) -> JobResult | BatchResult:
        """Publish every item, and relink the timeline if there is one; write the reports.

        An item with missing units is refused, the others are delivered.

        Raises: as `run_job`, `plan_batch` and `run_batch`.
        """
        batch = self.farm.batch
        if batch is None:
            return self.deliver()
        # Only this step loads the libraries for timelines.
        from nle_style.render.cut import plan_batch, run_batch

        job = self.farm.job
        planned = plan_batch(
            batch.timeline,
            None if batch.look is None else batch.look.look(),
            job.output.model_copy(update={"handles": batch.handles}),
            options=batch_options(batch),
            pack=job.pack,
            control=job.control,
            colour=job.colour,
            sources=self._sources,
        )
        result = run_batch(
            planned, self.on_event, self.stop, lambda job, *_: self._deliver_planned(job)
        )
        if result.job is None:
            raise JobError(
                "none of its clips can be rendered any more",
                where=str(batch.timeline),
                remedy="Look at the refusals, and make the bundle again with `nle-style farm`.",
            )
        for path in (*result.timelines, *result.reports):
            if self.rules.rules and path.suffix in _TEXTS:
                planned.writer.write(path, self.rules.at_home(path.read_text(encoding="utf-8")))
        return result

    def exit_code_now(self, result: JobResult | BatchResult) -> int:
        """The exit code of an assembled job, but for what was refused when the job was made."""
        job = result if isinstance(result, JobResult) else result.job
        items = () if job is None else job.items
        return exit_code_of(
            each.error
            for each, noted in zip(items, self.farm.items, strict=True)
            if not noted.refused
        )

    def deliver(self, failed: Mapping[int, NleStyleError] = _NONE) -> JobResult:
        """Publish every item of which all units are rendered.

        Args:
            failed: why an item could not be rendered, by its index.

        Raises: as `run_job`.
        """

        def publish(progress: Progress, index: int, plan: ItemPlan) -> bool:
            progress.check_cancelled()
            if index in failed:
                raise failed[index]
            return self._publish(progress, index, plan)

        self._device = torch.device("cpu")  # what was painted on a GPU needs none any more
        results = [
            self._item_result(index, item.source) for index, item in enumerate(self.farm.job.items)
        ]
        some = any(result.plan is not None for result in results)
        with folder_for_results(self.farm.job.output.directory) if some else nullcontext():
            return deliver_items(self._progress(0), results, publish)

    def _deliver_planned(self, planned: RenderJob) -> JobResult:
        """`deliver`, if that is what the timeline, planned again, asks for."""
        wanted, ours = ([_asked(each) for each in job.items] for job in (planned, self.farm.job))
        if wanted != ours:
            raise JobError(
                "the timeline asks for other frames or looks than when the bundle was made",
                where=str(self.farm.batch.timeline if self.farm.batch else ""),
                remedy="Make the bundle again with `nle-style farm`.",
            )
        return self.deliver()

    def _item_result(self, index: int, source: Path) -> ItemResult:
        plan = None
        try:
            plan = self.plan(index)
            return ItemResult(source, as_rendered(plan))
        except NleStyleError as error:
            return ItemResult(source, plan, error)

    def _publish(self, progress: Progress, index: int, plan: ItemPlan) -> bool:
        """Publish an item from what all tasks noted; False if it is there already."""
        if plan.is_present():
            tidy(plan)
            return False
        with locked(plan):
            make_folders(plan.work)
            Manifest(plan.manifest.path, plan.manifest.key, part_manifests(plan)).take_over()
            if plan.info.audio:  # nothing else is read of the source any more
                check_files(self.farm, plan, plan.first, plan.last)
            ItemRenderer(progress, index, plan).assemble()
            shutil.rmtree(plan.work, ignore_errors=True)
        return True

    def _progress(self, frames: int) -> Progress:
        return Progress(self.farm.job, self._pack, self._device, self.on_event, self.stop, frames)


def batch_options(batch: FarmBatch) -> BatchOptions:
    """How a farm's timeline is read."""
    from nle_style.render.cut import BatchOptions

    return BatchOptions(
        rate=None if batch.rate is None else Fraction(batch.rate),
        media=batch.media,
        path_maps=batch.path_maps,
        look_map=batch.look_map,
        only=batch.only,
        bundle=batch.bundle,
        name_template=batch.name_template,
        reading=batch.reading,
    )


def _statistics(plan: ItemPlan) -> Path:
    return plan.work / "statistics.safetensors"


def _asked(item: Any) -> tuple[Any, ...]:
    return item.source, item.frames, item.paint, item.look, item.rate, item.reading
