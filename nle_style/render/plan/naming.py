"""The names of results: no two items, sources or ranges in a folder share one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nle_style.errors import InputError
from nle_style.media.base import is_pattern
from nle_style.render.record import MANIFEST_SUFFIX, ManifestFile

__all__ = ["ResultNames", "candidates", "source_stem"]

_LONGEST_NAME = 220
"""Bytes of an intermediate's stem: file systems take 255, and a report's part file has 25 more."""


def source_stem(source: Path) -> str:
    """The source's name without suffix, and without a sequence's frame number."""
    stem = source.stem
    if is_pattern(source):
        stem = stem.split("%")[0].split("#")[0].rstrip("._-") or source.parent.name
    return stem


def candidates(name: str, source: Path, facts: dict[str, Any]) -> tuple[str, ...]:
    """The names that a render may get, the plainest first.

    Args:
        name: the plainest.
        source: as the item gives it.
        facts: what the render's key is made from.

    Raises: InputError if one of them is longer than file systems take.
    """
    first, last = facts["frames"]
    short = hashlib.sha256(facts["source"].encode(errors="surrogateescape")).hexdigest()[:6]
    ranged = f"{name}.{first:06d}-{last:06d}"
    if "paint" in facts:
        ranged = f"{name}-{hashlib.sha256(str(facts['paint']).encode()).hexdigest()[:6]}"
    found = (name, ranged, f"{name}-{short}", f"{ranged}-{short}")
    if len(os.fsencode(max(found, key=len))) > _LONGEST_NAME:
        raise InputError(
            "its name is too long for the names of the results",
            where=str(source),
            remedy="Rename or link the source, or give the job's item a shorter `name`.",
        )
    return found


class ResultNames:
    """The names of a job's results, each with its manifest, which is read once for all items.

    Args:
        folder: of the results.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: set[str] = set()
        self._files: dict[str, ManifestFile] = {}

    def file(self, name: str) -> ManifestFile:
        """The manifest under a name."""
        if name not in self._files:
            self._files[name] = ManifestFile(self._folder / f"{name}{MANIFEST_SUFFIX}")
        return self._files[name]

    def take(self, names: Iterable[str], facts: dict[str, Any]) -> str:
        """The first of some names that no other source and no other frames of this source have.

        The first comer has the plain name. A timeline may be linked to it, so that another range
        never replaces it; a new look, depth or pack for the same frames does.

        Args:
            names: from `candidates`.
            facts: as there.

        Raises: InputError if all are taken.
        """
        for name in names:
            if name in self._taken:
                continue
            before = self.file(name).last_facts()
            if before is None or _frames_of(before) == _frames_of(facts):
                self._taken.add(name)
                return name
        raise InputError(
            "the same frames are asked for twice in one look",
            where=facts["source"],
            remedy="Leave one of the items out.",
        )


def _frames_of(facts: dict[str, Any]) -> tuple[Any, ...]:
    conform = facts.get("reading", {}).get("conform")  # frame numbers mean other pictures then
    return facts["source"], facts["frames"], facts.get("paint"), conform
