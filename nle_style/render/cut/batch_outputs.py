"""What a batch writes beside its intermediates, checked before anything of it is rendered."""

from __future__ import annotations

from pathlib import Path

from nle_style.render.cut.batch_plan import PlannedBatch
from nle_style.render.cut.batch_report import report_paths
from nle_style.render.cut.delivery import delivered_paths
from nle_style.render.plan import source_stem
from nle_style.render.record import MANIFEST_SUFFIX

__all__ = ["batch_reports", "check_batch"]


def batch_reports(batch: PlannedBatch) -> tuple[Path, Path]:
    """The paths of a batch's report, as JSON and for people. They are not those of a clip of the
    timeline's name, of this batch or an earlier render."""
    folder, stem = batch.output.directory, batch.read.path.stem
    plain = folder / f"{stem}.{batch.label}"
    items = () if batch.job is None else batch.job.items
    taken = plain.with_name(f"{plain.name}{MANIFEST_SUFFIX}").exists()
    if taken or any(source_stem(item.source) == stem for item in items):
        return report_paths(folder, stem, batch.label, [Path(f"{plain}.report.json")])
    return report_paths(folder, stem, batch.label, ())


def check_batch(batch: PlannedBatch) -> None:
    """Refuse a batch of which a timeline or a report would be written over a file that it reads, or
    that is not ours.

    Raises: InputError that names the files.
    """
    timelines: tuple[Path, ...] = ()
    if batch.job is not None:
        timelines = delivered_paths(batch.read.path, batch.label, batch.output.directory)
    batch.writer.check((*timelines, *batch_reports(batch)))
