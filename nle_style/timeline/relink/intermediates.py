"""Which intermediates a folder holds, by their manifests.

`render.record.manifest` writes `NAME.manifest.jsonl`: a line "render" with the facts of a key, and
a line "published" with that key once the intermediate is published.
"""

from __future__ import annotations

import functools
import json
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from nle_style.errors import TimelineError
from nle_style.timeline.looks import ClipLook
from nle_style.timeline.relink.relinker import Rendered, SequenceName

__all__ = ["Intermediate", "find_intermediates"]


@dataclass(frozen=True)
class Intermediate:
    """A published intermediate.

    Attributes:
        rendered: as `nle_style.timeline.relink.relinker` takes it; its rate is the source's.
        look: what was painted.
        painted: the ranges of source frames that were painted, inclusive; the rest is black.
        timecode: of the source's frame 0, `HH:MM:SS:FF` (`;FF` drop-frame); None without.
        source_frames: number of frames of the source.
        first_number: the number in the name of a source sequence's first file; None otherwise.
        finished: ISO 8601 instant of its completion.
    """

    rendered: Rendered
    look: ClipLook
    painted: tuple[tuple[int, int], ...]
    timecode: str | None
    source_frames: int
    first_number: int | None
    finished: str


def find_intermediates(folder: Path) -> tuple[Intermediate, ...]:
    """The intermediates in a folder that are whole and still there, the latest first.

    Damaged manifests are ignored.

    Raises:
        TimelineError: the folder cannot be read.
    """
    try:
        manifests = [(path, path.stat()) for path in folder.glob("*.manifest.jsonl")]
        if not folder.is_dir():
            raise NotADirectoryError
    except OSError as error:
        raise TimelineError(
            "the folder of intermediates cannot be read",
            where=str(folder),
            remedy="Give the folder that `nle-style batch -o` wrote to.",
        ) from error
    found = [_published(path, facts.st_mtime_ns, facts.st_size) for path, facts in manifests]
    there = [item for item in found if item is not None and _is_there(item.rendered)]
    return tuple(sorted(there, key=lambda item: item.finished, reverse=True))


# OpenTimelineIO calls a linker for each clip, and a long render's manifest has megabytes of hashes.
@functools.lru_cache(maxsize=4096)
def _published(path: Path, mtime_ns: int, size: int) -> Intermediate | None:
    facts: dict[str, dict[str, Any]] = {}
    found = None
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            key = str(entry["key"])
            if entry["type"] == "render":
                facts[key] = entry["facts"]
            elif entry["type"] == "published":
                found = _intermediate(path.parent, key, facts[key], entry)
        except (
            *(ValueError, KeyError, TypeError, AttributeError, ArithmeticError),
            *(RecursionError, TimelineError),
        ):
            # A crash can leave an incomplete last line.
            continue
    return found


def _intermediate(
    folder: Path, key: str, facts: dict[str, Any], entry: dict[str, Any]
) -> Intermediate:
    name = str(entry["path"])
    if Path(name).name != name:
        raise ValueError(f"not a plain name: {name!r}")
    look = ClipLook.of_data(facts["look"])
    first, last = (int(frame) for frame in facts["frames"])
    source, number = entry["source"], entry["source"]["first_number"]
    sequence = None
    files = Path(str(entry["files"]))
    if len(files.parts) == 2:
        # NAME/NAME.%06d.exr, numbered as the source is.
        prefix, suffix = files.name.split("%06d")
        sequence = SequenceName(folder / name, prefix, suffix, (number or 0) + first, 6)
    rendered = Rendered(
        source=Path(os.path.abspath(facts["source"])),
        first=first,
        last=last,
        path=folder / name,
        rate=Fraction(source["rate"]),
        metadata={
            "look": facts["look"],
            "pack": facts["pack"],
            "pack_sha256": facts["pack_sha256"],
            "format": facts["format"],
            "key": key,
        },
        look=look,
        label=look.label,
        sequence=sequence,
    )
    return Intermediate(
        rendered=rendered,
        look=look,
        painted=tuple((int(a), int(b)) for a, b in facts.get("paint", [(first, last)])),
        timecode=source["timecode"],
        source_frames=int(source["frames"]),
        first_number=number,
        finished=str(entry["finished"]),
    )


def _is_there(rendered: Rendered) -> bool:
    return rendered.path.is_dir() if rendered.sequence else rendered.path.is_file()
