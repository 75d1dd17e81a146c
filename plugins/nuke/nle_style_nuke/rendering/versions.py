"""Which version of its result a render writes, so that the previous result is kept.

Results are named `NODE_v001.VIEW`: Nuke's own Version Up and Down (Alt+Up, Alt+Down) on the Read
goes through them. The same settings over frames that join the last result's write the same version
again, and only what changed upstream is rendered.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from ..worker_client import client

__all__ = ["Result", "choose_version", "note_result", "read_result"]


@dataclass(frozen=True)
class Result:
    """The last finished render of a node.

    Attributes:
        version: from 1.
        settings: hash of everything that was asked for but the frames.
        first, last: Nuke's frames, inclusive.
    """

    version: int
    settings: str
    first: int
    last: int


def choose_version(previous: Result | None, wanted: Result, output: Path, stem: str) -> int:
    """The version to write.

    Args:
        previous: None if nothing is known of earlier renders.
        wanted: its version is not looked at.
        output: folder of the results; versions that lie there are never written over unless
            `previous` is known.
        stem: of the node in file names.
    """
    if previous is None:
        return 1 + max([0, *_versions_in(output, stem)])
    joins = wanted.first <= previous.last + 1 and previous.first <= wanted.last + 1
    if joins and wanted.settings == previous.settings:
        return previous.version
    return 1 + max(previous.version, *_versions_in(output, stem), 0)


def _versions_in(output: Path, stem: str) -> list[int]:
    name = re.compile(rf"{re.escape(stem)}_v(\d+)\..+")
    entries = output.iterdir() if output.is_dir() else []
    hits = [name.fullmatch(entry.name) for entry in entries if entry.is_dir()]
    return [int(hit[1]) for hit in hits if hit]


def read_result(path: Path) -> Result | None:
    """What `note_result` wrote; None if there is nothing of use."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Result(
            int(data["version"]), str(data["settings"]), int(data["first"]), int(data["last"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note_result(path: Path, result: Result) -> None:
    """Remember a render that is finished and in the graph."""
    client.write_json(
        {
            "version": result.version,
            "settings": result.settings,
            "first": result.first,
            "last": result.last,
        },
        path,
    )
