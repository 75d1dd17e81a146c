"""What manifests say, read without the package."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["frame_hashes"]


def frame_hashes(folder: Path) -> dict[str, list[str]]:
    """By the name of every manifest of a folder: the hashes of its frames, in their order."""
    found = {}
    for path in folder.glob("*.manifest.jsonl"):
        units: dict[int, list[str]] = {}
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            if entry["type"] == "unit":
                units[entry["unit"]["index"]] = entry["unit"]["frame_hashes"]
        found[path.name] = [each for index in sorted(units) for each in units[index]]
    return found
