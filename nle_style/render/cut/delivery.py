"""What a batch hands back to the editor, in the form that the timeline came in.

.otio and .otiod get two relinked .otio files; an .otioz also a bundle with the intermediates in it;
FCP7 XML, FCPXML and the projects of Kdenlive and Shotcut come back as they were but for their
media's paths. For an EDL or an AAF, which cannot be relinked without loss, a list of what to relink
is written beside the .otio.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

import opentimelineio as otio

from nle_style.ownership import SafeWriter
from nle_style.render.cut.patching import Patching, is_patched, patched_file
from nle_style.timeline import ReadTimeline
from nle_style.timeline.needs import Plan
from nle_style.timeline.relink import Rendered, intermediate_of, relink, write_timeline

__all__ = ["Delivery", "deliver", "delivered_paths"]

_WHY = {
    ".edl": "an EDL names reels, not files: conform the .otio, or relink by this list",
    ".aaf": "OpenTimelineIO's AAF writer does not write a relink: conform the .otio, or relink by"
    " this list in the editor",
}


@dataclass
class Delivery:
    """Timelines in the order they were written, and sentences that the editor must know."""

    timelines: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def delivered_paths(
    timeline: Path, label: str, folder: Path, *, bundle: bool = False
) -> tuple[Path, ...]:
    """What `deliver` may write for a timeline: the .otio, the baked one, its own form, and the
    bundle that is asked for."""
    suffix = timeline.suffix.lower()
    endings = [".otio", ".baked.otio"]
    if is_patched(timeline):
        endings.append(patched_file(timeline).suffix)
    elif suffix == ".otioz":
        endings.append(suffix)
    elif suffix in _WHY:
        endings.append(".relink.csv")
    if bundle and suffix != ".otioz":
        endings.append(".otioz")
    return tuple(folder / f"{timeline.stem}.{label}{ending}" for ending in endings)


def deliver(
    read: ReadTimeline,
    plan: Plan,
    rendered: Sequence[Rendered],
    *,
    label: str,
    folder: Path,
    writer: SafeWriter,
    patching: Patching | None = None,
    there: Callable[[Path], PurePath] | None = None,
    bundle: bool = False,
) -> Delivery:
    """Write the relinked timelines as `STEM.LABEL…` into a folder.

    Args:
        read, plan: what was rendered for.
        rendered: the intermediates that are whole; at least one.
        label: of the look, in the names.
        folder: for the results; it exists.
        writer: of the batch.
        patching: of a timeline that is given back patched.
        there: the path on the editor's machine of a file of this one. A bundle holds its media and
            needs none.
        bundle: whether an .otioz is written of any timeline.

    Raises:
        TimelineError, VerificationError: as `relink` and the XML patchers.
        InputError: as `SafeWriter.check`.
        OutputError: a file cannot be written.
    """
    done = Delivery()
    here = rendered
    suffix = read.path.suffix.lower()
    if there is not None and suffix != ".otioz":
        rendered = [replace(item, there=there(item.path.absolute())) for item in rendered]
    both, baked = relink(read, plan, rendered, suffix=label)
    path, baked_path, *form = delivered_paths(read.path, label, folder, bundle=bundle)
    for timeline, target in ((both, path), (baked, baked_path)):
        write_timeline(timeline, target, writer.write)
        done.timelines.append(target)
    if patching is not None:
        writer.write(form[0], patching.patched(plan, rendered).data)
        done.timelines.append(form[0])
    elif suffix == ".otioz":
        _bundle(both, form[0], done, writer)
    elif suffix in _WHY:
        _list(plan, rendered, form[0], _WHY[suffix], done, writer)
    if bundle and suffix != ".otioz":
        _bundle(relink(read, plan, here, suffix=label)[0], form[-1], done, writer)
    return done


def _bundle(timeline: otio.schema.Timeline, path: Path, done: Delivery, writer: SafeWriter) -> None:
    """An .otioz with the active media inside; OpenTimelineIO refuses what it cannot hold."""
    try:
        # Not otio.adapters.write_to_file, which runs the hooks that the machine has installed.
        with writer.replacing(path) as part:
            otio.adapters.from_name("otioz").module().write_to_file(
                timeline.deepcopy(),
                str(part),
                media_policy=otio.adapters.file_bundle_utils.MediaReferencePolicy.MissingIfNotFile,
            )
    except otio.exceptions.OTIOError as error:
        done.notes.append(
            f"no .otioz was written ({str(error).strip()}): OpenTimelineIO bundles movies of"
            " different names only; the .otio is complete"
        )
        return
    done.timelines.append(path)


def _list(
    plan: Plan,
    rendered: Sequence[Rendered],
    path: Path,
    why: str,
    done: Delivery,
    writer: SafeWriter,
) -> None:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        ["clip", "track", "record_in_s", "record_out_s", "source", "first", "last", "intermediate"]
    )
    for use in plan.uses:
        item = intermediate_of(use, rendered)
        if item is not None:
            record = ["", ""] if use.record is None else [f"{float(t):.6f}" for t in use.record]
            shown = [use.source, use.first, use.last, item.named]
            table.writerow([use.clip_name, use.track_name, *record, *shown])
    writer.write(path, text.getvalue())
    done.timelines.append(path)
    done.notes.append(f"{path.name}: {why}")
