"""Write a timeline file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import opentimelineio as otio

from nle_style.durable import write_file
from nle_style.errors import OutputError
from nle_style.timeline.needs import REFERENCE_KEY

__all__ = ["write_timeline"]


def write_timeline(
    timeline: otio.schema.Timeline, path: Path, write: Callable[[Path, str], None] = write_file
) -> None:
    """Write an .otio file under its name only when it is whole on disk.

    Args:
        timeline: from `relink`, which records the source timeline.
        path: ends in .otio; never the source timeline.
        write: writes a text under a name, or refuses.

    Raises:
        OutputError: another suffix, the source timeline itself, or the disk or its rights.
    """
    if path.suffix.lower() != ".otio":
        raise OutputError(
            f"timelines are written as .otio, not '{path.suffix}'",
            where=str(path),
            remedy="Give a name that ends in .otio.",
        )
    source = timeline.metadata.get(REFERENCE_KEY, {}).get("source_timeline")
    if source and _same_file(Path(source), path):
        raise OutputError(
            "this is the source timeline, and sources are never written to",
            where=str(path),
            remedy="Choose another output folder or name.",
        )
    write(path, timeline.to_json_string(indent=4))


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()
