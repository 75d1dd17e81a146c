"""The name of an item's results, which no other item's results have in their folder."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from nle_style.errors import InputError
from nle_style.media.base import is_pattern
from nle_style.render.record import MANIFEST_SUFFIX, last_facts

__all__ = ["candidates", "free_name", "source_stem"]

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


def free_name(names: tuple[str, ...], folder: Path, facts: dict[str, Any], taken: set[str]) -> str:
    """A name that no other source and no other frames of this source have in the folder.

    The first comer has the plain name; a timeline may be linked to it, so that another range is
    never put in its place. A new look, depth or pack for the same frames does replace it.

    Args:
        names: from `candidates`.
        folder: of the results.
        facts: as there.
        taken: names of the job's earlier items; the new one is added.

    Raises: InputError if none is free.
    """
    for candidate in names:
        before = last_facts(folder / f"{candidate}{MANIFEST_SUFFIX}")
        ours = before is None or _frames_of(before) == _frames_of(facts)
        if ours and candidate not in taken:
            taken.add(candidate)
            return candidate
    raise InputError(
        "the same frames are asked for twice in one look",
        where=facts["source"],
        remedy="Leave one of the items out.",
    )


def _frames_of(facts: dict[str, Any]) -> tuple[Any, ...]:
    conform = facts.get("reading", {}).get("conform")  # frame numbers mean other pictures then
    return facts["source"], facts["frames"], facts.get("paint"), conform
