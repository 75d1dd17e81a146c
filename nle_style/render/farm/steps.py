"""The steps of a farm's job: measure an item's shots, render some pieces, assemble the whole.

Each is a process of its own, anywhere that sees the folder of the results. What they hand to one
another lies in an item's work folder: `measured.jsonl` and `statistics.safetensors` from measuring;
from every render task its units and `part-FIRST-LAST.jsonl`, a manifest of them. A task that is run
again, with the same pieces or others, does only what is not there yet.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from nle_style.apply import choose_device, map_large_blocks
from nle_style.core import StylePack, load_pack
from nle_style.errors import InputError, JobError, MediaError, NleStyleError
from nle_style.media.base import MediaInfo, find_sequence, write_text
from nle_style.render.events import OnEvent
from nle_style.render.farm.farm_job import FarmBatch, FarmJob
from nle_style.render.farm.path_rules import PathRules
from nle_style.render.farm.statistics_file import load_statistics, save_statistics
from nle_style.render.item import (
    ItemResult,
    ItemRun,
    JobResult,
    JobRun,
    deliver_items,
    locked,
    make_folder,
    render_item,
    tidy,
    writer_of,
)
from nle_style.render.job import RenderJob
from nle_style.render.plan import ItemPlan, engine_of, plan_item
from nle_style.render.record import (
    MANIFEST_SUFFIX,
    Manifest,
    SourceHashes,
    comparable_facts,
    fingerprint,
    last_facts,
    render_key,
)
from nle_style.shipped import find_pack

if TYPE_CHECKING:
    from nle_style.render.cut import BatchOptions, BatchResult

__all__ = ["FarmRun"]

_TEXTS = (".csv", ".fcpxml", ".json", ".md", ".otio", ".xml")
_OF_THE_PLACE = ("source", "source_fingerprint", "engine")
_OF_A_MATTE = ("source", "fingerprint")


@dataclass
class FarmRun:
    """One process's part in a farm's job.

    Args:
        farm: with the paths of this machine, see `farm_paths.mapped_job`.
        on_event: told what happens; see `events`.
        stop: set it to cancel after the current frame.
        rules: by which the farm's paths are this machine's; relinked timelines name those of home.

    Raises: PackError or InputError if the pack or the device cannot be had.
    """

    farm: FarmJob
    on_event: OnEvent = lambda event: None
    stop: threading.Event = field(default_factory=threading.Event)
    rules: PathRules = field(default_factory=PathRules)

    def __post_init__(self) -> None:
        map_large_blocks()
        self._pack: StylePack = load_pack(find_pack(self.farm.job.pack))
        self._plans: dict[int, ItemPlan] = {}

    @cached_property
    def _device(self) -> torch.device:
        return choose_device(self.farm.job.control.device)

    @cached_property
    def _hashed(self) -> SourceHashes:
        """As `plan_item` takes them."""
        return SourceHashes(
            {Path(path): each.fingerprint for path, each in self.farm.files.items()}
        )

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
        self._check_files(plan, plan.first, plan.last)
        make_folder(plan.work)
        with locked(plan, plan.work / "measured.lock"):
            notes = Manifest(_measured(plan), plan.manifest.key)
            notes.begin(plan.facts)
            if notes.shots() is not None:
                try:
                    load_statistics(_statistics(plan), plan.manifest.key)
                except InputError:
                    pass  # measured anew
                else:
                    return
            run = self._run(plan.painted_count(plan.first, plan.last))
            measured = ItemRun(run, index, plan, notes).measure()
            save_statistics(_statistics(plan), measured, plan.manifest.key)

    def render(self, first: int, last: int) -> int:
        """Render some pieces, inclusive, but for the units that are there already.

        Returns:
            how many frames were painted.

        Raises: NleStyleError if a source, a statistic or the disk refuses; Cancelled.
        """
        shares = []
        for index, begin, end in self.farm.shares(first, last):
            plan = self.plan(index)
            if not plan.is_present():
                span = self._span(plan, begin, end)
                shares.append((index, plan, begin, end, *span))
        run = self._run(sum(plan.painted_count(a, b) for _, plan, _, _, a, b in shares))
        for index, plan, begin, end, first_frame, last_frame in shares:
            self._check_files(plan, first_frame, last_frame)
            make_folder(plan.work)
            part = plan.work / f"part-{begin:06d}-{end:06d}.jsonl"
            with locked(plan, part.with_suffix(".lock")):
                statistics = None
                if self.farm.items[index].measure:
                    statistics = load_statistics(_statistics(plan), plan.manifest.key)
                also = [plan.manifest.path, *(each for each in _parts(plan) if each != part)]
                Manifest(part, plan.manifest.key).begin(plan.facts)
                notes = Manifest(part, plan.manifest.key, also)
                ItemRun(run, index, plan, notes, statistics).paint_units(begin, end)
        return run.rendered

    def assemble(self) -> JobResult | BatchResult:
        """Publish every item, and relink the timeline if there is one; write the reports.

        An item with missing units is refused, the others are delivered.

        Raises: as `run_job` and `run_batch`.
        """
        batch = self.farm.batch
        if batch is None:
            return self._assemble(self.farm.job)
        # Timelines are for this step alone: each of the many others starts a fifth of a second
        # sooner without them.
        from nle_style.render.cut import run_batch

        job = self.farm.job
        result = run_batch(
            batch.timeline,
            None if batch.look is None else batch.look.look(),
            job.output.model_copy(update={"handles": batch.handles}),
            options=batch_options(batch),
            pack=job.pack,
            control=job.control,
            colour=job.colour,
            on_event=self.on_event,
            stop=self.stop,
            render=lambda planned, on_event, stop: self._assemble(planned),
        )
        if result.job is None:
            raise JobError(
                "none of its clips can be rendered any more",
                where=str(batch.timeline),
                remedy="Look at the refusals, and make the bundle again with `nle-style farm`.",
            )
        for path in (*result.timelines, *result.reports):
            if self.rules.rules and path.suffix in _TEXTS:
                write_text(path, self.rules.at_home(path.read_text(encoding="utf-8")))
        return result

    def complete(self, frames: int) -> JobResult:
        """Render here what is still missing, and publish every item.

        Args:
            frames: to be painted over all items, those that are finished included.

        Raises: as `run_job`.
        """
        return deliver_items(self._run(frames), self._planned_items(), self._complete)

    def refused_now(self, result: JobResult | BatchResult) -> list[NleStyleError]:
        """What was refused that the farm's job did not say would be."""
        job = result if isinstance(result, JobResult) else result.job
        items = () if job is None else job.items
        return [
            each.error
            for each, noted in zip(items, self.farm.items, strict=True)
            if each.error is not None and not noted.refused
        ]

    def _assemble(self, planned: RenderJob) -> JobResult:
        wanted, ours = ([_asked(each) for each in job.items] for job in (planned, self.farm.job))
        if wanted != ours:
            raise JobError(
                "the timeline asks for other frames or looks than when the bundle was made",
                where=str(self.farm.batch.timeline if self.farm.batch else ""),
                remedy="Make the bundle again with `nle-style farm`.",
            )
        make_folder(self.farm.job.output.directory)
        self._device = torch.device("cpu")  # what was painted on a GPU needs none any more
        results = self._planned_items()
        for index, result in enumerate(results):
            if result.plan is not None:
                try:
                    results[index] = ItemResult(result.source, _as_rendered(result.plan))
                except NleStyleError as error:
                    results[index] = ItemResult(result.source, result.plan, error)
        return deliver_items(self._run(0), results, self._publish)

    def _planned_items(self) -> list[ItemResult]:
        results = []
        for index, item in enumerate(self.farm.job.items):
            try:
                results.append(ItemResult(item.source, self.plan(index)))
            except NleStyleError as error:
                results.append(ItemResult(item.source, error=error))
        return results

    def _publish(self, run: JobRun, index: int, plan: ItemPlan) -> bool:
        return self._joined(run, plan, lambda: ItemRun(run, index, plan).assemble())

    def _complete(self, run: JobRun, index: int, plan: ItemPlan) -> bool:
        return self._joined(run, plan, lambda: render_item(run, index, plan))

    def _joined(self, run: JobRun, plan: ItemPlan, publish: Callable[[], None]) -> bool:
        """Have an item published with what all tasks noted; False if it is there already."""
        run.check_cancelled()
        if plan.is_present():
            tidy(plan)
            return False
        with locked(plan):
            make_folder(plan.work)
            Manifest(plan.manifest.path, plan.manifest.key, _parts(plan)).take_over()
            whole = len(plan.manifest.units()) == len(writer_of(plan).units)
            if plan.info.audio or not whole:  # else nothing more is read of the source
                self._check_files(plan, plan.first, plan.last)
            publish()
            shutil.rmtree(plan.work, ignore_errors=True)
        return True

    def _run(self, frames: int) -> JobRun:
        return JobRun(self.farm.job, self._pack, self._device, self.on_event, self.stop, frames)

    def _span(self, plan: ItemPlan, first: int, last: int) -> tuple[int, int]:
        """The frames of some units."""
        units = writer_of(plan).units
        return units[first].first, units[last].last

    def plan(self, index: int) -> ItemPlan:
        """An item as it was planned: under the same name and, but for the engine, the same key.

        Raises: JobError or MediaError if it cannot be what it was.
        """
        if index not in self._plans:
            self._plans[index] = self._planned(index)
        return self._plans[index]

    def _planned(self, index: int) -> ItemPlan:
        noted = self.farm.items[index]
        if noted.refused:
            raise InputError(noted.refused)
        item, job = self.farm.job.items[index], self.farm.job
        plan = plan_item(item, job, self._pack, self._device, set(), self._hashed)
        changed = _different(plan.facts, noted.facts)
        if changed:
            raise JobError(
                f"other than when the bundle was made: {', '.join(changed)}",
                where=str(item.source),
                remedy="Make the bundle again with `nle-style farm`.",
            )
        folder = job.output.directory
        suffix = "" if plan.spec.sequence else plan.spec.extension
        path = folder / f"{noted.name}{MANIFEST_SUFFIX}"
        plan = replace(
            plan,
            facts=noted.facts,
            memory=noted.memory,
            destination=folder / f"{noted.name}{suffix}",
            manifest=Manifest(path, ""),
        )
        return _with_engine(plan, engine_of(self._device))

    def _check_files(self, plan: ItemPlan, first: int, last: int) -> None:
        """Refuse sources that are not what they were: those that frames `first` to `last` need."""
        mattes = (plan.matte, *(layer.matte for layer in plan.layers))
        for path in (
            *_files(plan.info, first, last),
            *(
                path
                for matte in mattes
                if matte is not None
                for path in _files(matte.info, first + matte.offset, last + matte.offset)
            ),
        ):
            noted = self.farm.files.get(str(path))
            if noted is None or fingerprint([path], times=False) != noted.contents:
                raise MediaError(
                    "is not the file that it was when the bundle was made",
                    where=str(path),
                    remedy="Put it back, or make the bundle again with `nle-style farm`.",
                )


def _with_engine(plan: ItemPlan, engine: list[Any]) -> ItemPlan:
    facts = {**plan.facts, "engine": engine}
    return replace(plan, facts=facts, manifest=Manifest(plan.manifest.path, render_key(facts)))


def _as_rendered(plan: ItemPlan) -> ItemPlan:
    """The plan with the engine by which its units were rendered, which need not be this machine's.

    Raises: InputError if they were rendered by several, which give other last bits.
    """
    noted = [facts for part in _parts(plan) if (facts := last_facts(part)) is not None]
    if not noted and (published := last_facts(plan.manifest.path)) is not None:
        noted = [published]
    ours = [facts["engine"] for facts in noted if not _different(facts, plan.facts)]
    engines = [engine for n, engine in enumerate(ours) if engine not in ours[:n]]
    if len(engines) > 1:
        raise InputError(
            "its units were rendered by several versions or kinds of device: "
            + "; ".join(" ".join(map(str, engine)) for engine in engines),
            where=str(plan.destination),
            remedy=f"Give every worker the same torch and OpenVINO, remove {plan.work}, and run"
            " all steps again.",
        )
    return _with_engine(plan, engines[0]) if engines else plan


def batch_options(batch: FarmBatch) -> BatchOptions:
    """How a farm's timeline is read."""
    from nle_style.render.cut import BatchOptions

    return BatchOptions(
        rate=None if batch.rate is None else Fraction(batch.rate),
        media=batch.media,
        path_maps=batch.path_maps,
        look_map=batch.look_map,
        reading=batch.reading,
    )


def _measured(plan: ItemPlan) -> Path:
    return plan.work / "measured.jsonl"


def _statistics(plan: ItemPlan) -> Path:
    return plan.work / "statistics.safetensors"


def _parts(plan: ItemPlan) -> list[Path]:
    """What the other tasks noted."""
    return [_measured(plan), *sorted(plan.work.glob("part-*.jsonl"))]


def _files(info: MediaInfo, first: int, last: int) -> Iterator[Path]:
    if info.kind != "sequence":
        yield info.path
        return
    sequence = find_sequence(info.path)
    for frame in range(first, last + 1):
        yield sequence.path(info.first_frame_number + frame)


def _different(ours: dict[str, Any], noted: dict[str, Any]) -> list[str]:
    """The names of facts that are not as they were noted, whatever the paths and the engine."""
    one, other = (comparable_facts(each, _OF_THE_PLACE, _OF_A_MATTE) for each in (ours, noted))
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _asked(item: Any) -> tuple[Any, ...]:
    return item.source, item.frames, item.paint, item.look, item.rate, item.reading
