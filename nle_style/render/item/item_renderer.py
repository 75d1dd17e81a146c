"""ItemRenderer: one item from its source's frames to its published intermediate.

It continues what an interrupted run of the same render left, keeps what is still right of an
earlier render (see `reuse`) and paints the rest. The steps can also be done apart, each by another
process: the shots measured, some units painted, the whole assembled (see `farm.steps`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from nle_style.apply.shot import ChangeMeter, find_shots, sample_frames
from nle_style.durable import writing_into
from nle_style.errors import Cancelled, InputError
from nle_style.media.write import Unit, UnitRecord
from nle_style.render.events import Warned
from nle_style.render.item.item_frames import ItemFrames, ItemStatistics, Shot
from nle_style.render.item.progress import Progress
from nle_style.render.item.provenance import source_facts, writer_of
from nle_style.render.item.reuse import (
    LOST,
    STARTED_OVER,
    Earlier,
    adopt,
    find_earlier,
    reasons_for,
)
from nle_style.render.item.unit_pool import write_units
from nle_style.render.plan import ItemPlan, check_outputs
from nle_style.render.record import (
    FinishedUnit,
    Made,
    Manifest,
    UnitMeasurement,
    fingerprint,
    known_fingerprint,
    report_path,
)
from nle_style.spans import spans_of

__all__ = ["ItemRenderer"]


class ItemRenderer:
    """Renders one item. What it has finished stays in the work folder until it is published.

    Its methods raise Cancelled by the job's `stop` or cancel file, and an NleStyleError if the
    source, the look or the disk refuses.

    Args:
        progress: of the job.
        index: the item's place in the job.
        plan: the work folder is there and locked by the caller.
        notes: where finished units are noted and looked up; None for the plan's own manifest.
        statistics: what `measure` gave, so that nothing is measured again.
    """

    def __init__(
        self,
        progress: Progress,
        index: int,
        plan: ItemPlan,
        notes: Manifest | None = None,
        statistics: ItemStatistics | None = None,
    ) -> None:
        self._progress, self._index, self._plan = progress, index, plan
        self._writer = writer_of(plan)
        self._notes = notes or plan.manifest
        self._frames = ItemFrames(progress, index, plan, statistics)
        self._resume = progress.job.control.resume
        self._records: dict[int, UnitRecord] = {}  # of the finished units, by index
        self._kept: set[int] = set()  # frames from an earlier render

    def render(self) -> None:
        """Paint what is missing and publish the whole."""
        with self._naming_changed_sources():
            self._begin()
            shots = self._finish(self._writer.units)
            self._progress.check_cancelled()
            self._publish(shots)

    def measure(self) -> ItemStatistics:
        """Find the shots, note them, and measure each for every look."""
        measured = {}
        with self._naming_changed_sources():
            for shot in self._shots():
                self._progress.check_cancelled()
                measured[shot] = self._frames.measure(shot)
                self._check_sources(sample_frames(*shot))
        return measured

    def paint_units(self, first: int, last: int) -> None:
        """Paint some units, as `IntermediateWriter.units` counts them from 0, inclusive; what is
        finished stays as it is, and nothing is published."""
        units = self._writer.units[first : last + 1]
        with self._naming_changed_sources():
            self._finish(units)

    def assemble(self) -> None:
        """Publish units that are all finished.

        Raises: InputError if units are missing or changed.
        """
        self._begin()
        self._find_finished(self._writer.units)
        shots = self._notes.shots() if self._plan.needs_shots else list(self._plan.painted)
        missing = self._missing(self._writer.units)
        if missing or shots is None:
            what = "its shots are not noted"
            if missing:
                count, first = len(self._writer.units), missing[0]
                what = (
                    f"{len(missing)} of its {count} units are not there, the first of them frames"
                    f" {first.first}-{first.last}"
                )
            raise InputError(
                what,
                where=str(self._plan.destination),
                remedy="Run the measure and render steps again: what is finished stays."
                " All machines must have the same versions of torch and OpenVINO.",
            )
        self._progress.check_cancelled()
        self._publish(shots)

    @cached_property
    def _earlier(self) -> Earlier | None:
        return find_earlier(self._plan) if self._resume else None

    @contextmanager
    def _naming_changed_sources(self) -> Iterator[None]:
        """If anything fails because a source was changed meanwhile, raise that: a replaced file
        causes errors of many kinds.

        Raises: MediaError.
        """
        try:
            yield
        except Cancelled:
            raise
        except Exception:
            self._check_painted_sources()
            raise

    def _check_sources(self, frames: Iterable[int]) -> None:
        """Raises: MediaError if a file that these frames were read from has changed."""
        plan = self._plan
        plan.sources.check({file for n in frames for file in plan.source_files(n, n)})

    def _check_painted_sources(self) -> None:
        """Raises: MediaError if a file that is painted has changed."""
        for first, last in self._plan.painted:
            self._plan.sources.check(dict.fromkeys(self._plan.source_files(first, last)))

    def _begin(self) -> None:
        """Note what the render is of, and say what was assumed of its source."""
        self._warn(self._plan.info.notes)
        inputs = self._plan.inputs
        self._notes.begin(self._plan.facts, None if inputs is None else vars(inputs))

    def _finish(self, units: Sequence[Unit]) -> list[Shot]:
        """Have some units finished: those of an interrupted run are checked, those of an earlier
        render that are still right are kept, the others are painted.

        Returns: the shots of the item.
        """
        if self._resume:
            self._find_finished(units)
        # Ranges that are painted apart count as shots: each looks as if it were rendered alone.
        shots = self._shots() if self._plan.needs_shots else list(self._plan.painted)
        reasons = self._reasons(self._missing(units), shots)
        self._keep(reasons, shots)
        missing = {unit.index: unit for unit in self._missing(units)}
        # Units in a row are painted in one pass: seeking in a source takes long.
        for first, last in spans_of(missing):
            self._paint([missing[index] for index in range(first, last + 1)], shots, reasons)
        return shots

    def _missing(self, units: Sequence[Unit]) -> list[Unit]:
        return [unit for unit in units if unit.index not in self._records]

    def _find_finished(self, units: Sequence[Unit]) -> None:
        """Find those of some units that an earlier run of this render finished, unchanged."""
        known = self._notes.units()
        for unit in units:
            noted = known.get(unit.index)
            if noted is not None and self._writer.check_unit(unit, noted.record):
                self._records[unit.index] = noted.record
                self._progress.done += self._plan.painted_count(unit.first, unit.last)
                if noted.made is not None and noted.made.kept:
                    self._kept.add(unit.first)

    def _shots(self) -> list[Shot]:
        """The shots of the item: as an earlier run noted them, else found in one pass over the
        frames that are painted."""
        plan = self._plan
        known = self._notes.shots() if self._resume else None
        if known is not None:
            return known
        shots = None if self._earlier is None else self._earlier.same_shots(plan)
        if shots is None:
            shots = [
                shot
                for first, last in plan.painted
                for shot in find_shots(self._frames.sampled_views(first, last), first)
            ]
        self._check_painted_sources()
        self._notes.add_shots(shots)
        return shots

    def _reasons(self, missing: Sequence[Unit], shots: Sequence[Shot]) -> dict[Unit, Made]:
        """For every missing unit, whether it can be kept, and why or why not."""
        if not missing or not self._resume:
            return dict.fromkeys(missing, STARTED_OVER)
        return reasons_for(self._plan, self._earlier, missing, shots)

    def _keep(self, reasons: dict[Unit, Made], shots: Sequence[Shot]) -> None:
        """Take over the units that can be kept. A unit whose file is not there any more as it was
        written gets that as the reason why it is rendered."""
        meter = ChangeMeter(shots)
        noted = []
        for unit, reason in reasons.items():
            if not reason.kept or self._earlier is None:
                continue
            self._progress.check_cancelled()
            adopted = adopt(self._plan, self._earlier, unit)
            if adopted is None:
                reasons[unit] = LOST
                continue
            measured = adopted.measured
            # A change between two frames was measured by the earlier render only if both are its.
            compared = meter.needs_previous(unit.first) and unit.first - 1 in self._kept
            if measured is not None and not compared:
                measured = measured._replace(pairs=())
            noted.append(FinishedUnit(adopted.record, measured, reason))
            self._records[unit.index] = adopted.record
            self._kept.add(unit.first)
            self._progress.done += 1
        self._notes.add_units(noted)

    def _paint(
        self, units: Sequence[Unit], shots: Sequence[Shot], reasons: Mapping[Unit, Made]
    ) -> None:
        """Paint units that follow one another, and note each when it is finished."""
        meter = ChangeMeter(shots)
        painted = self._frames.painted(shots, meter, units[0].first, units[-1].last, self._kept)
        written = write_units(self._writer.write_unit, units, painted, self._plan.budget.writers)
        begun = time.monotonic()
        try:
            for unit, record in written:
                self._check_unit(unit, shots)
                ended = time.monotonic()
                measured = UnitMeasurement(ended - begun, meter.take(unit.first, unit.last))
                self._notes.add_units([FinishedUnit(record, measured, reasons[unit])])
                begun = ended
                self._records[unit.index] = record
        finally:
            written.close()
            painted.close()

    def _check_unit(self, unit: Unit, shots: Sequence[Shot]) -> None:
        """Raises: MediaError if a file that a unit was made from has changed, those included from
        which its shots were measured: the unit must not be noted then."""
        spans = self._plan.painted_within(unit.first, unit.last)
        used = {n for first, last in spans for n in range(first, last + 1)}
        for shot in shots:
            if shot[0] <= unit.last and unit.first <= shot[1]:
                used.add(self._plan.drawing(max(unit.first, shot[0]), shot[0]))
                if self._plan.needs_measuring:
                    used.update(sample_frames(*shot))
        self._check_sources(used)

    def _publish(self, shots: Sequence[Shot]) -> None:
        """Join the units, give the whole its name, and note it."""
        plan, writer = self._plan, self._writer
        self._check_outputs()
        # The report of what stood here before must not be found beside the new intermediate.
        report = report_path(plan.manifest)
        with writing_into(report):
            report.unlink(missing_ok=True)
        published = writer.publish(
            [self._records[unit.index] for unit in writer.units],
            confirm=self._confirm,
        )
        self._warn(published.warnings)
        self._notes.add_published(
            {
                "path": plan.destination.name,
                "fingerprint": known_fingerprint(plan.output_files()),
                "frames": plan.frames,
                "files": published.path.relative_to(plan.destination.parent).as_posix(),
                "bytes": published.bytes,
                "shots": [list(shot) for shot in shots],
                "warnings": (*plan.info.notes, *published.warnings),
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
                "source": source_facts(plan.info),
            }
        )

    def _warn(self, warnings: Iterable[str]) -> None:
        name = self._plan.destination.name
        for warning in warnings:
            self._progress.on_event(Warned(f"{name}: {warning}", self._index))

    def _confirm(self, whole: Path) -> None:
        """Check all that must still hold when a result gets its name, and note what gets it.

        Args:
            whole: the movie, or the folder of the sequence.
        """
        self._check_painted_sources()
        self._check_outputs()
        if whole.is_dir():
            found = fingerprint(sorted(whole.iterdir()))
        else:
            found = fingerprint([whole], names=[self._plan.destination.name])
        self._plan.manifest.add_publishing(found)

    def _check_outputs(self) -> None:
        """Raises: InputError if something was put where the result goes."""
        plan = self._plan
        check_outputs([plan], plan.sources.inputs, self._progress.job.control)
