"""Rendering one item: its units one after the other, from its source's frames to its publishing.

What an interrupted run of the same render finished is gone on from; what an earlier render has
that is still right is kept, see `reuse`. The same in parts: the shots measured, a range of units
painted, the whole assembled, each by another process if need be; see `farm_steps`.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from nle_style.apply.shot import ChangeMeter, find_shots, sample_frames
from nle_style.errors import Cancelled, InputError
from nle_style.media.base import MediaInfo
from nle_style.media.write import IntermediateWriter, Unit, UnitRecord
from nle_style.render.events import Warned
from nle_style.render.item.item_frames import ItemFrames, ItemStatistics
from nle_style.render.item.progress import JobRun
from nle_style.render.item.reuse import (
    LOST,
    STARTED_OVER,
    Earlier,
    adopt,
    decide,
    find_earlier,
    whole_reason,
)
from nle_style.render.plan import ItemPlan
from nle_style.render.record import (
    Made,
    Manifest,
    UnitMeasurement,
    fingerprint,
    remove_report,
    report_path,
)

__all__ = ["ItemRun", "render_item", "writer_of"]


def render_item(run: JobRun, index: int, plan: ItemPlan) -> None:
    """Render and publish one item; its finished units stay in its work folder.

    Args:
        index: the item's place in the job.
        plan: its work folder is there and locked by the caller.

    Raises:
        Cancelled: by the job's `stop` or cancel file.
        NleStyleError: the source, the look or the disk refuses.
    """
    ItemRun(run, index, plan).render()


def writer_of(plan: ItemPlan) -> IntermediateWriter:
    """What writes an item's units, into its work folder."""
    return IntermediateWriter(
        plan.destination,
        plan.spec,
        plan.info,
        plan.first,
        plan.last,
        work=plan.work,
        metadata=_provenance(plan),
        painted=plan.painted if plan.sparse else None,
    )


class ItemRun:
    """One item on its way: what has been kept, and which shot the painter is set to.

    Args:
        run, index, plan: as of `render_item`.
        notes: where what is finished is noted and looked up; None for the plan's own manifest.
        statistics: what `measure` gave, so that nothing is measured again.
    """

    def __init__(
        self,
        run: JobRun,
        index: int,
        plan: ItemPlan,
        notes: Manifest | None = None,
        statistics: ItemStatistics | None = None,
    ) -> None:
        self._run, self._index, self._plan = run, index, plan
        self._notes = notes or plan.manifest
        self._frames = ItemFrames(run, index, plan, statistics)
        self._resume = run.job.control.resume
        self._kept: set[int] = set()

    def render(self) -> None:
        """Paint what is missing and publish the whole."""
        with self._watched():
            writer = self._begun()
            records, shots = self._paint(writer, writer.units)
            self._run.check_cancelled()
            self._publish(writer, records, shots)

    def measure(self) -> ItemStatistics:
        """Find the shots, note them, and measure each for every look."""
        earlier = find_earlier(self._plan) if self._resume else None
        measured = {}
        with self._watched():
            for shot in self._shots(earlier):
                self._run.check_cancelled()
                measured[shot] = self._frames.measure(shot)
                self._check_sources(sample_frames(*shot))
        return measured

    def paint_units(self, first: int, last: int) -> None:
        """Paint some units, as `IntermediateWriter.units` counts them from 0, inclusive; what is
        finished stays as it is, and nothing is published."""
        writer = writer_of(self._plan)
        with self._watched():
            self._paint(writer, writer.units[first : last + 1])

    def assemble(self) -> None:
        """Publish units that are all finished.

        Raises: InputError if units are missing or changed.
        """
        writer = self._begun()
        records = self._finished(writer, writer.units)
        shots = self._notes.shots() if self._plan.needs_measuring else list(self._plan.painted)
        missing = [unit for unit in writer.units if unit.index not in records]
        if missing or shots is None:
            what = f"{len(missing)} of its {len(writer.units)} units are not there"
            if missing:
                what += f", the first of them frames {missing[0].first}-{missing[0].last}"
            raise InputError(
                what if missing else "its shots are not noted",
                where=str(self._plan.destination),
                remedy="Run the measure and render steps again: what is finished stays."
                " All machines must have the same versions of torch and OpenVINO.",
            )
        self._run.check_cancelled()
        self._publish(writer, records, shots)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Say of whatever goes wrong that a source was changed, if one was: a file that is replaced
        meanwhile shows in many ways.

        Raises: MediaError.
        """
        try:
            yield
        except Cancelled:
            raise
        except Exception:
            self._check_range()
            raise

    def _check_sources(self, frames: Iterable[int]) -> None:
        """Raises: MediaError if what these frames were read from is not what it was."""
        plan = self._plan
        plan.hashed.check({file for n in frames for file in plan.source_files(n, n)})

    def _check_range(self) -> None:
        """Raises: MediaError if any file that is painted is not what it was."""
        for first, last in self._plan.painted:
            self._plan.hashed.check(dict.fromkeys(self._plan.source_files(first, last)))

    def _begun(self) -> IntermediateWriter:
        plan = self._plan
        writer = writer_of(plan)
        self._notes.begin(plan.facts, None if plan.inputs is None else plan.inputs.as_data())
        return writer

    def _paint(
        self, writer: IntermediateWriter, wanted: Sequence[Unit]
    ) -> tuple[dict[int, UnitRecord], list[tuple[int, int]]]:
        """Have some units finished.

        Returns:
            the records of these units, and the shots of the item.
        """
        plan = self._plan
        records = self._finished(writer, wanted) if self._resume else {}
        missing = [unit for unit in wanted if unit.index not in records]
        earlier = find_earlier(plan) if self._resume and missing else None
        # Ranges painted apart are shots of their own: each looks as if it were rendered alone.
        by_shot = plan.needs_measuring
        shots = self._shots(earlier) if by_shot else list(plan.painted)
        made = dict.fromkeys(missing, STARTED_OVER)
        if earlier is not None:
            decided = decide(plan, earlier, shots, by_shot=by_shot)
            made = {unit: decided[unit.first - plan.first] for unit in missing}
            self._keep(earlier, made, shots, records)
        elif self._resume:
            made = dict.fromkeys(missing, whole_reason(plan))
        for run in _contiguous([unit for unit in missing if unit.index not in records]):
            self._paint_run(writer, run, shots, made, records)
        return records, shots

    def _finished(self, writer: IntermediateWriter, units: Sequence[Unit]) -> dict[int, UnitRecord]:
        """Those of some units that an interrupted run left, by index, found unchanged."""
        plan = self._plan
        known, made = self._notes.units(), self._notes.made()
        records: dict[int, UnitRecord] = {}
        for unit in units:
            record = known.get(unit.index)
            if record is not None and writer.check_unit(unit, record):
                records[unit.index] = record
                self._run.done += plan.painted_count(unit.first, unit.last)
                if unit.index in made and made[unit.index].kept:
                    self._kept.add(unit.first)
        return records

    def _keep(
        self,
        earlier: Earlier,
        made: dict[Unit, Made],
        shots: list[tuple[int, int]],
        records: dict[int, UnitRecord],
    ) -> None:
        """Take over the units that are to be kept; those that cannot be are to be rendered.

        A change between two frames was measured by the earlier render only if both are its own.
        """
        plan, meter = self._plan, ChangeMeter(shots)
        noted = []
        for unit, reason in made.items():
            if not reason.kept:
                continue
            self._run.check_cancelled()
            record = adopt(plan, earlier, unit)
            if record is None:
                made[unit] = LOST
                continue
            measured = earlier.measured.get(plan.number(unit.first))
            if measured is not None:
                compared = meter.needs_previous(unit.first) and unit.first - 1 in self._kept
                pairs = tuple(pair._replace(frame=unit.first) for pair in measured.pairs)
                measured = UnitMeasurement(measured.seconds, pairs if compared else ())
            noted.append((record, measured, reason))
            records[unit.index] = record
            self._kept.add(unit.first)
            self._run.done += 1
        self._notes.add_units(noted)

    def _paint_run(
        self,
        writer: IntermediateWriter,
        units: list[Unit],
        shots: list[tuple[int, int]],
        made: dict[Unit, Made],
        records: dict[int, UnitRecord],
    ) -> None:
        """Render units that follow one another."""
        meter = ChangeMeter(shots)
        painted = self._frames.painted(shots, meter, units[0].first, units[-1].last, self._kept)
        begun = time.monotonic()
        try:
            for unit in units:
                count = unit.last - unit.first + 1
                record = writer.write_unit(unit, itertools.islice(painted, count))
                self._check_unit(unit, shots)
                ended = time.monotonic()
                pairs = meter.take(unit.first, unit.last)
                measured = UnitMeasurement(ended - begun, pairs)
                self._notes.add_unit(record, measured, made[unit])
                begun = ended
                records[unit.index] = record
        finally:
            painted.close()

    def _check_unit(self, unit: Unit, shots: list[tuple[int, int]]) -> None:
        """Raises: MediaError if what a unit was made from, its shots' statistics included, is not
        what it was: then the unit must not be noted."""
        spans = self._plan.painted_within(unit.first, unit.last)
        used = {n for first, last in spans for n in range(first, last + 1)}
        if self._plan.needs_measuring:
            for shot in shots:
                if shot[0] <= unit.last and unit.first <= shot[1]:
                    used.update(sample_frames(*shot))
        self._check_sources(used)

    def _publish(
        self,
        writer: IntermediateWriter,
        records: dict[int, UnitRecord],
        shots: list[tuple[int, int]],
    ) -> None:
        plan = self._plan
        # A report that described what stood here before must not be found beside the new one.
        remove_report(report_path(plan.manifest))
        published = writer.publish(
            [records[unit.index] for unit in writer.units], confirm=self._check_range
        )
        for warning in published.warnings:
            self._run.on_event(Warned(f"{plan.destination.name}: {warning}", self._index))
        self._notes.add_published(
            {
                "path": plan.destination.name,
                "fingerprint": fingerprint(plan.output_files()),
                "frames": plan.frames,
                "files": published.path.relative_to(plan.destination.parent).as_posix(),
                "bytes": published.bytes,
                "shots": [list(shot) for shot in shots],
                "warnings": published.warnings,
                "finished": datetime.now(UTC).isoformat(timespec="seconds"),
                "source": _source_facts(plan.info),
            }
        )

    def _shots(self, earlier: Earlier | None) -> list[tuple[int, int]]:
        """The shots of the item, found in one pass over what is painted of its source, or noted by
        an earlier run."""
        plan = self._plan
        known = self._notes.shots() if self._resume else None
        if known is not None:
            return known
        shots = None if earlier is None else earlier.same_shots(plan)
        if shots is None:
            shots = [
                shot
                for first, last in plan.painted
                for shot in find_shots(self._frames.views(first, last), first)
            ]
        self._check_range()
        self._notes.add_shots(shots)
        return shots


def _contiguous(units: list[Unit]) -> Iterator[list[Unit]]:
    """Units in runs without a hole, so that a source is sought into as seldom as possible."""
    run: list[Unit] = []
    for unit in units:
        if run and unit.index != run[-1].index + 1:
            yield run
            run = []
        run.append(unit)
    if run:
        yield run


def _provenance(plan: ItemPlan) -> dict[str, str]:
    """What an intermediate says of itself: tags of the movie, attributes of every EXR."""
    colour = {} if plan.scene is None else {"nle_style_colour": plan.scene.name}
    return colour | {
        "nle_style": plan.manifest.key,
        "nle_style_version": version("nle-style"),
        "nle_style_pack": plan.facts["pack"],
        "nle_style_pack_sha256": plan.facts["pack_sha256"],
        "nle_style_look": json.dumps(plan.facts["look"], sort_keys=True),
    }


def _source_facts(info: MediaInfo) -> dict[str, Any]:
    """What `nle_style.timeline.media_linker` has to know of a source that may be away by then."""
    return {
        "rate": str(info.rate),
        "frames": info.frame_count,
        "timecode": info.timecode,
        "first_number": info.first_frame_number if info.kind == "sequence" else None,
    }
