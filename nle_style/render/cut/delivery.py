"""What a batch hands back to the editor, in the form that the timeline came in.

.otio and .otiod get two relinked .otio files; an .otioz also a bundle with the intermediates in it;
FCP7 XML and FCPXML come back as they were but for their media's paths. For an EDL, an AAF or a
Kdenlive project, which cannot be relinked without loss, a list of what to relink is written beside
the .otio.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import opentimelineio as otio

from nle_style.ownership import SafeWriter
from nle_style.timeline import SOURCE_KEY, ReadTimeline
from nle_style.timeline.files import reference_url
from nle_style.timeline.needs import Plan, clip_at, source_key
from nle_style.timeline.patch import PatchResult, Replacement, patch_fcp7, patch_fcpxml
from nle_style.timeline.relink import Rendered, intermediate_of, relink, write_timeline

__all__ = ["Delivery", "deliver", "delivered_paths", "is_patched"]

_WHY = {
    ".edl": "an EDL names reels, not files: conform the .otio, or relink by this list",
    ".aaf": "OpenTimelineIO's AAF writer does not write a relink: conform the .otio, or relink by"
    " this list in the editor",
    ".kdenlive": "Kdenlive 25.04 and later open the .otio; relink by this list in older ones",
}


@dataclass
class Delivery:
    """Timelines in the order they were written, and sentences that the editor must know."""

    timelines: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def is_patched(timeline: Path) -> bool:
    """Whether a timeline is given back by patching its own text (FCP7 XML and FCPXML).

    Its intermediates must have their source's length: in and out points count its frames.
    """
    return timeline.suffix.lower() in (".xml", ".fcpxml", ".fcpxmld")


def delivered_paths(timeline: Path, label: str, folder: Path) -> tuple[Path, ...]:
    """What `deliver` may write for a timeline: the .otio, the baked one, and its own form."""
    suffix = timeline.suffix.lower()
    endings = [".otio", ".baked.otio"]
    if is_patched(timeline):
        endings.append(_patched(timeline).suffix)
    elif suffix == ".otioz":
        endings.append(suffix)
    elif suffix in _WHY:
        endings.append(".relink.csv")
    return tuple(folder / f"{timeline.stem}.{label}{ending}" for ending in endings)


def deliver(
    read: ReadTimeline,
    plan: Plan,
    rendered: Sequence[Rendered],
    *,
    label: str,
    folder: Path,
    writer: SafeWriter,
) -> Delivery:
    """Write the relinked timelines as `STEM.LABEL…` into a folder.

    Args:
        read, plan: what was rendered for.
        rendered: the intermediates that are whole; at least one.
        label: of the look, in the names.
        folder: for the results; it exists.
        writer: of the batch.

    Raises:
        TimelineError, VerificationError: as `relink` and the XML patchers.
        InputError: as `SafeWriter.check`.
        OutputError: a file cannot be written.
    """
    done = Delivery()
    both, baked = relink(read, plan, rendered, suffix=label)
    path, baked_path, *form = delivered_paths(read.path, label, folder)
    for timeline, target in ((both, path), (baked, baked_path)):
        write_timeline(timeline, target, writer.write)
        done.timelines.append(target)
    suffix = read.path.suffix.lower()
    if is_patched(read.path):
        _patch(read, plan, rendered, form[0], done, writer)
    elif suffix == ".otioz":
        _bundle(both, form[0], done, writer)
    elif suffix in _WHY:
        _list(plan, rendered, form[0], _WHY[suffix], done, writer)
    return done


def _patched(timeline: Path) -> Path:
    """The XML file of a timeline that may be a folder."""
    return timeline / "Info.fcpxml" if timeline.suffix.lower() == ".fcpxmld" else timeline


def _patch(
    read: ReadTimeline,
    plan: Plan,
    rendered: Sequence[Rendered],
    path: Path,
    done: Delivery,
    writer: SafeWriter,
) -> None:
    movies = [item for item in rendered if item.sequence is None]
    replacements, places = [], {}
    for use in plan.uses:
        clip = clip_at(read.timeline, use.clip_id)
        places[reference_url(clip.media_references()[source_key(clip)])] = use.source
        target = intermediate_of(use, movies)
        if target is None or use.media_frames == 1:
            done.notes.append(
                f"clip '{use.clip_name}' on {use.track_name} keeps its media in the XML: stills and"
                " image sequences are only relinked in the .otio"
            )
            continue
        lines = frozenset([clip.metadata[SOURCE_KEY]["line"]])
        replacements.append(Replacement(use.source, target.path.absolute(), lines))
    source = _patched(read.path)
    # The clips' own lines decide; a file without any of them has nothing to patch.
    patch = patch_fcp7 if source.suffix.lower() == ".xml" else patch_fcpxml
    result: PatchResult = patch(
        source.read_bytes(), replacements, read.media_root, locate=places.get
    )
    writer.write(path, result.data)
    done.timelines.append(path)


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
            table.writerow(
                [use.clip_name, use.track_name, *record, use.source, use.first, use.last, item.path]
            )
    writer.write(path, text.getvalue())
    done.timelines.append(path)
    done.notes.append(f"{path.name}: {why}")
