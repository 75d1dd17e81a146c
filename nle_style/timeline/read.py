"""Open a timeline file, or say exactly why not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.bundle import unpack

__all__ = ["SUPPORTED", "ReadTimeline", "read_timeline"]

SUPPORTED = (".otio", ".otioz")


@dataclass(frozen=True)
class ReadTimeline:
    """A timeline as read from disk; never modified afterwards.

    Attributes:
        timeline: the OpenTimelineIO timeline, holding at least one clip.
        path: absolute path of the file it came from.
        media_root: folder that relative media URLs start from: the file's folder, or the folder
            that an .otioz was unpacked into.
    """

    timeline: otio.schema.Timeline
    path: Path
    media_root: Path


def read_timeline(path: Path, *, extract_to: Path | None = None) -> ReadTimeline:
    """Read an .otio or .otioz file.

    Args:
        path: the timeline.
        extract_to: folder for the media of an .otioz; made if absent. Unpacking twice into the
            same folder keeps what is already there. Unused for .otio.

    Returns:
        The timeline, its path and where its relative media lie.

    Raises:
        TimelineError: no such file, an unsupported suffix, not OpenTimelineIO, a schema newer
            than the installed OpenTimelineIO, no single timeline in it, or no clips.
        OutputError: the media of an .otioz cannot be unpacked to `extract_to`.
    """
    suffix = path.suffix.lower()
    if suffix not in SUPPORTED:
        raise TimelineError(
            f"a timeline ending in '{suffix}' is not supported",
            where=str(path),
            remedy=f"Export it as OpenTimelineIO ({', '.join(SUPPORTED)}).",
        )
    if not path.is_file():
        raise TimelineError(
            "there is no such file", where=str(path), remedy="Check the timeline's path."
        )
    path = path.absolute()
    if suffix == ".otioz":
        if extract_to is None:
            raise TimelineError(
                "an .otioz needs a folder to unpack its media into",
                where=str(path),
                remedy="Give an output folder.",
            )
        media_root = extract_to.absolute()
        text = unpack(path, media_root)
    else:
        media_root = path.parent
        text = _text(path)
    timeline = _only_timeline(_deserialized(text, path), path)
    if not timeline.find_clips():
        raise TimelineError(
            "timeline has no clips",
            where=str(path),
            remedy="Export the sequence that holds the edit.",
        )
    return ReadTimeline(timeline, path, media_root)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TimelineError(
            f"the file cannot be read as text ({error})",
            where=str(path),
            remedy="Check its rights, or export the timeline again.",
        ) from error


def _deserialized(text: str, path: Path) -> object:
    # Not otio.adapters.read_from_file: that also runs whatever media linkers and hooks are
    # installed on the machine, which may rewrite the very references we have to keep.
    try:
        return otio.core.deserialize_json_from_string(text)
    except otio.exceptions.UnsupportedSchemaError as error:
        newer = ", ".join(_newer_schemas(text)) or str(error)
        raise TimelineError(
            f"unsupported schema: {newer} comes from a newer OpenTimelineIO than "
            f"{otio.__version__}",
            where=str(path),
            remedy="Export the timeline for OpenTimelineIO 0.18.",
        ) from error
    except (otio.exceptions.OTIOError, ValueError, LookupError, TypeError) as error:
        raise TimelineError(
            f"not a readable OpenTimelineIO file ({str(error).strip()})",
            where=str(path),
            remedy="Export the timeline again as .otio.",
        ) from error


def _newer_schemas(text: str) -> list[str]:
    """Schemas in the file whose version is above the one the library knows, like Marker.3."""
    known = otio.core.type_version_map()
    newer: dict[str, None] = {}

    def look(node: dict[str, object]) -> dict[str, object]:
        name, _, version = str(node.get("OTIO_SCHEMA", "")).rpartition(".")
        if version.isdecimal() and int(version) > known.get(name, int(version)):
            newer[f"{name}.{version}"] = None
        return node

    json.loads(text, object_hook=look)
    return list(newer)


def _only_timeline(document: object, path: Path) -> otio.schema.Timeline:
    if isinstance(document, otio.schema.Timeline):
        return document
    if isinstance(document, otio.schema.SerializableCollection):
        timelines = [item for item in document if isinstance(item, otio.schema.Timeline)]
        if len(timelines) == 1:
            return timelines[0]
        what = f"the collection holds {len(timelines)} timelines, and one is needed"
    else:
        schema = getattr(document, "schema_name", None)
        what = f"the file holds {f'a {schema()}' if schema else 'plain JSON'}, not a Timeline"
    raise TimelineError(what, where=str(path), remedy="Export one sequence as a timeline.")
