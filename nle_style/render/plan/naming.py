"""The names of results: no two items, sources or ranges in a folder share one."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nle_style.errors import InputError
from nle_style.media.base import is_pattern
from nle_style.render.record import MANIFEST_SUFFIX, ManifestFile, render_key

__all__ = ["ResultNames", "candidates", "folded_name", "source_stem"]

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
        self._taken: dict[str, str] = {}  # by name the key of what has it
        self._files: dict[str, ManifestFile] = {}
        self._there: dict[str, frozenset[str]] = {}

    def file(self, name: str) -> ManifestFile:
        """The manifest under a name."""
        if name not in self._files:
            self._files[name] = ManifestFile(self._folder / f"{name}{MANIFEST_SUFFIX}")
        return self._files[name]

    def take(self, names: Sequence[str], facts: dict[str, Any]) -> str:
        """The name of a render: that of the same frames of its source, wherever the source was
        then, else the first that nothing else has.

        A timeline may be linked to what is there, so that another source or range never replaces
        it; a new look, depth or pack for the same frames does. The same render, asked for twice, is
        one result.

        Args:
            names: from `candidates`.
            facts: as there.

        Raises: InputError if all are taken.
        """
        key = render_key(facts)
        names = (*names, *(name for name in self._told_apart(names) if name not in names))
        for name in names:
            if self._taken.get(folded_name(name)) == key:
                return name
        left = [name for name in names if folded_name(name) not in self._taken]
        for is_its_own in (_is_at_its_place, _has_its_contents, _is_none):
            for name in left:
                if is_its_own(self.file(name), facts):
                    self._taken[folded_name(name)] = key
                    return name
        raise InputError(
            "the same frames are asked for twice in one look",
            where=facts["source"],
            remedy="Leave one of the items out.",
        )

    def _told_apart(self, names: Sequence[str]) -> list[str]:
        """The names in the folder that have a hash behind one of these."""
        apart = re.compile(rf"(?:{'|'.join(map(re.escape, names))})-[0-9a-f]{{6}}")
        return sorted(filter(apart.fullmatch, self._beside(names[0].rpartition("/")[0])))

    def _beside(self, place: str) -> frozenset[str]:
        """The names that there are in a folder within that of the results."""
        if place not in self._there:
            files = (self._folder / place).glob(f"*{MANIFEST_SUFFIX}")
            stems = (path.name.removesuffix(MANIFEST_SUFFIX) for path in files)
            self._there[place] = frozenset(f"{place}/{n}" if place else n for n in stems)
        return self._there[place]


def folded_name(name: str) -> str:
    """What two names have in common that some file systems take for one."""
    return unicodedata.normalize("NFC", name).casefold()


def _is_none(file: ManifestFile, facts: dict[str, Any]) -> bool:
    return file.last_facts() is None


def _is_at_its_place(file: ManifestFile, facts: dict[str, Any]) -> bool:
    """Whether a render is of the same frames of the source that lies there now."""
    before = file.last_facts()
    return before is not None and _same(before, facts, "source")


def _has_its_contents(file: ManifestFile, facts: dict[str, Any]) -> bool:
    """Whether a render is of the same frames of the same source, wherever that was."""
    before = file.last_facts()
    return before is not None and _same(before, facts, "source_fingerprint", "first_number")


def _same(before: dict[str, Any], facts: dict[str, Any], *names: str) -> bool:
    conform = (each.get("reading", {}).get("conform") for each in (before, facts))
    names = ("frames", "paint", *names)
    # Conformed to another rate, frame numbers mean other pictures.
    return len(set(conform)) == 1 and all(before.get(name) == facts.get(name) for name in names)
