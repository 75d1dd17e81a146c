"""What a batch writes beside its intermediates, checked before anything of it is rendered."""

from __future__ import annotations

from pathlib import Path

from nle_style.errors import InputError
from nle_style.media.base import is_pattern
from nle_style.render.cut.batch_plan import PlannedBatch, asks_images
from nle_style.render.cut.batch_report import report_paths
from nle_style.render.cut.delivery import delivered_paths
from nle_style.render.plan import source_stem
from nle_style.render.record import MANIFEST_SUFFIX
from nle_style.timeline.needs import clip_at
from nle_style.timeline.relink import Rendered, SequenceName

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
    """Refuse a batch that could be painted and not handed back: a timeline or a report would be
    written over a file that it reads, or that is not ours; or its XML cannot be patched.

    Raises: InputError that names the files, or media that the bundle which is asked for cannot
        hold; VerificationError for a patch that is not as meant.
    """
    if batch.bundle:
        _check_bundle(batch)
    timelines: tuple[Path, ...] = ()
    if batch.job is not None:
        timelines = delivered_paths(
            batch.read.path, batch.label, batch.output.directory, bundle=batch.bundle
        )
    batch.writer.check((*timelines, *batch_reports(batch)))
    if batch.patching is not None:
        batch.patching.patched(batch.plan, _coming(batch))


def _coming(batch: PlannedBatch) -> list[Rendered]:
    """What will stand in the place of each range, under the names that they may get."""
    coming = []
    items = () if batch.job is None else batch.job.items
    images = batch.patching.images if batch.patching else frozenset()
    for wanted, item in zip(batch.plan.ranges, items, strict=True):
        name = item.name or f"{source_stem(item.source)}.{item.look.look().label}"
        path = batch.output.directory / f"{name}.mov"
        files = None
        if wanted.source in images and wanted.last > 0:
            files = SequenceName(path.with_name(name), f"{name}.", ".png", 0, 6)
        coming.append(
            Rendered(
                *(wanted.source, wanted.first, wanted.last, path, wanted.rate),
                look=wanted.look,
                sequence=files,
                there=batch.maps.there((path if files is None else files.folder).absolute()),
            )
        )
    return coming


def _check_bundle(batch: PlannedBatch) -> None:
    """Refuse what OpenTimelineIO does not bundle: image sequences, and several media of one name.

    Raises: InputError.
    """
    items = () if batch.job is None else batch.job.items
    for item in items:
        asked = item.format or batch.output.format
        # A sequence that can become a movie has been given the format of one.
        if asks_images(asked) or (asked == "auto" and is_pattern(item.source)):
            raise InputError(
                "a bundle holds movies, and this becomes image files",
                where=str(item.source),
                remedy="Leave out --bundle, or give --format png-mov, ffv1 or prores4444.",
            )
    places: dict[str, str] = {}
    for clip in (*batch.plan.refusals, *batch.plan.skipped):
        kept = clip_at(batch.read.timeline, clip.clip_id) if clip.clip_id else None
        url = getattr(getattr(kept, "media_reference", None), "target_url", "") or ""
        name = url.rpartition("/")[2]
        if name and places.setdefault(name, url) != url:
            raise InputError(
                f"two media named {name} stay in the cut, and a bundle has one folder for all",
                where=f"{places[name]} and {url}",
                remedy="Leave out --bundle, or have these clips styled too.",
            )
