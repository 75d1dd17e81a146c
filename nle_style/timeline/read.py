"""Read a timeline of any supported format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.parsed import Parsed, ReadTimeline
from nle_style.timeline.readers import (
    opened,
    read_aaf,
    read_kdenlive,
    timelines_in,
    unpack,
)
from nle_style.timeline.readers.edl import read_edl
from nle_style.timeline.readers.fcp7 import read_fcp7
from nle_style.timeline.readers.fcpxml import read_fcpxml

__all__ = ["SUPPORTED", "read_timeline"]

SUPPORTED = (
    *(".otio", ".otioz", ".otiod", ".xml", ".fcpxml", ".fcpxmld"),
    *(".edl", ".aaf", ".kdenlive", ".mlt"),
)
_FOLDERS = (".otiod", ".fcpxmld")
_ADVICE = {
    ".ale": "An ALE lists clips, not an edit; export the sequence as .otio, XML, AAF or EDL.",
    ".prproj": "Export the sequence as Final Cut Pro XML or .otio from Premiere.",
    ".drp": "Export the timeline as .otio or FCPXML from Resolve.",
    ".drt": "Export the timeline as .otio or FCPXML from Resolve.",
    ".avb": "Export the sequence as AAF or EDL from Media Composer.",
}


def read_timeline(
    path: Path, *, extract_to: Path | None = None, rate: Fraction | None = None
) -> ReadTimeline:
    """Read a timeline of any supported format; see `SUPPORTED`.

    Args:
        path: the timeline: a file, or a folder where it is an .otiod or .fcpxmld bundle.
        extract_to: folder for the media of an .otioz; made if absent. Unpacking twice into the
            same folder keeps what is already there. Unused for other formats.
        rate: exact frame rate of an EDL, which does not say it; unused for other formats.

    Returns:
        The timeline, its path, where its relative media lie, and warnings.

    Raises:
        TimelineError: no such file, an unsupported suffix, a file that cannot be read (with its
            line or event), a schema newer than the installed OpenTimelineIO, several timelines
            with pictures, none, or an EDL without a rate.
        OutputError: the media of an .otioz cannot be unpacked to `extract_to`.
    """
    suffix = path.suffix.lower()
    if suffix not in SUPPORTED:
        raise TimelineError(
            f"a timeline ending in '{suffix}' is not supported",
            where=str(path),
            remedy=_ADVICE.get(suffix, f"Export it as one of {', '.join(SUPPORTED)}."),
        )
    is_bundle = suffix in _FOLDERS
    if not (path.is_dir() if is_bundle else path.is_file()):
        raise TimelineError(
            f"there is no such {'bundle' if is_bundle else 'file'}",
            where=str(path),
            remedy="Check the timeline's path.",
        )
    path = path.absolute()
    media_root = path if is_bundle else path.parent
    if suffix == ".otioz":
        if extract_to is None:
            raise TimelineError(
                "an .otioz needs a folder to unpack its media into",
                where=str(path),
                remedy="Give an output folder.",
            )
        media_root = extract_to.absolute()
        found: Sequence[Parsed] = [
            Parsed(t, []) for t in timelines_in(unpack(path, media_root), path)
        ]
    else:
        found = _found(path, suffix, rate)
    timeline, warnings, dropped, drop = _only(found, path)
    return ReadTimeline(timeline, path, media_root, tuple(warnings), tuple(dropped), drop)


def _found(path: Path, suffix: str, rate: Fraction | None) -> Sequence[Parsed]:
    """Every timeline in the file."""
    if suffix == ".edl":
        return [read_edl(path, rate)]
    if suffix == ".aaf":
        return read_aaf(path)
    if suffix in (".kdenlive", ".mlt"):
        return [read_kdenlive(path)]
    if suffix in (".fcpxml", ".fcpxmld"):
        return read_fcpxml(path)
    if suffix == ".xml":
        return read_fcp7(path)
    return [Parsed(timeline, []) for timeline in timelines_in(opened(path), path)]


def _only(found: Sequence[Parsed], path: Path) -> Parsed:
    """The only timeline that has pictures; an error if there are several or none."""
    with_pictures = [p for p in found if next(_pictures(p.timeline.tracks), None) is not None]
    if len(with_pictures) == 1:
        return with_pictures[0]
    if with_pictures:
        names = ", ".join(repr(parsed.timeline.name) for parsed in with_pictures)
        raise TimelineError(
            f"the file holds {len(with_pictures)} timelines: {names}",
            where=str(path),
            remedy="Export the one to style on its own.",
        )
    has_sound = any(parsed.timeline.find_clips() for parsed in found)
    notes = [warning for parsed in found for warning in parsed.warnings]
    notes += [f"{each.name}: {each.reason}" for parsed in found for each in parsed.dropped]
    raise TimelineError(
        "timeline has no clips" + (" with a picture, only sound" if has_sound else ""),
        where=str(path),
        remedy="Export the sequence that holds the edit."
        + (f" Noted while reading it: {'; '.join(notes[:3])}." if notes else ""),
    )


def _pictures(parent: otio.core.Composition) -> Iterator[otio.schema.Clip]:
    """Clips outside audio tracks, whatever they show: a timeline of titles is not empty."""
    waiting = [parent]
    while waiting:
        for child in waiting.pop():
            if isinstance(child, otio.schema.Clip):
                yield child
                continue
            is_sound = getattr(child, "kind", "") == otio.schema.TrackKind.Audio
            if isinstance(child, otio.core.Composition) and not is_sound:
                waiting.append(child)
