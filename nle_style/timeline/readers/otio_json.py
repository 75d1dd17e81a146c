"""OpenTimelineIO's own JSON."""

from __future__ import annotations

import re
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import TimelineError

__all__ = ["timelines_in"]

# A nest is a Stack and its children: two levels of brackets, four with a Track in between.
_DEEPEST = 1000
_SCHEMA = re.compile(r'"OTIO_SCHEMA"\s*:\s*"([^".]+)\.(\d+)"')
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)


def timelines_in(text: str, path: Path) -> list[otio.schema.Timeline]:
    """The timeline of a document, or all timelines of a collection, at any depth.

    Args:
        text: JSON.
        path: of the file, for messages.

    Raises:
        TimelineError: not OpenTimelineIO, a schema newer than the installed library, nested
            deeper than any edit, or no timeline in it.
    """
    if _too_deep(text):
        # The library recurses in C++, where a stack overflow ends the program.
        raise TimelineError(
            f"its items are nested deeper than {_DEEPEST} brackets",
            where=str(path),
            remedy="Flatten the nested sequences in the editor and export again.",
        )
    document = _deserialized(text, path)
    if isinstance(document, otio.schema.Timeline):
        return [document]
    if isinstance(document, otio.schema.SerializableCollection):
        found = document.find_children(descended_from_type=otio.schema.Timeline)
        if found:
            return list(found)
        what = "the collection holds no timeline"
    else:
        schema = getattr(document, "schema_name", None)
        what = f"the file holds {f'a {schema()}' if schema else 'plain JSON'}, not a Timeline"
    raise TimelineError(what, where=str(path), remedy="Export one sequence as a timeline.")


def _too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= _DEEPEST:
        return False
    depth = 0
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        if mark in "{[":
            depth += 1
            if depth > _DEEPEST:
                return True
        elif mark != '"':
            depth -= 1
    return False


def _deserialized(text: str, path: Path) -> object:
    # Not otio.adapters.read_from_file: that also runs media linkers and hooks that are installed on
    # the machine, which may change media references.
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
    # Not json.loads: the library also reads and writes Inf, which is not JSON.
    known = otio.core.type_version_map()
    found = dict.fromkeys(_SCHEMA.findall(text))
    return [f"{name}.{version}" for name, version in found if int(version) > known.get(name, 1e9)]
