"""Names that differ in nothing but how Unicode spells them.

A Mac writes names decomposed (e and U+0301), Linux and Windows composed (U+00E9). Both look the
same, and a file of one name is not found by the other. Source: Unicode Standard Annex 15.
"""

from __future__ import annotations

import os
from pathlib import Path
from unicodedata import normalize

__all__ = ["composed", "spelled_here"]


def composed(text: str) -> str:
    """The text with composed letters, for comparison."""
    return normalize("NFC", text)


def spelled_here(path: Path) -> Path:
    """The path as the disk spells it, if its letters are composed or decomposed in another way.

    Args:
        path: absolute; a file, a folder or the pattern of a sequence, whose name the disk does not
            have, and is written as its folder's other names with that beginning are.

    Returns:
        The path itself where nothing of the kind is there.
    """
    if str(path).isascii() or path.exists():
        return path
    found = Path(path.anchor)
    for part in path.parts[1:]:
        found = found / _spelled(found, part)
    return found


def _spelled(folder: Path, name: str) -> str:
    if name.isascii() or os.path.lexists(folder / name):
        return name
    try:
        with os.scandir(folder) as entries:
            there = [entry.name for entry in entries]
    except OSError:
        return name
    wanted = composed(name)
    same = next((other for other in sorted(there) if composed(other) == wanted), None)
    if same is not None:
        return same
    # A sequence's pattern is no file's name: spelled as the files around its number are.
    before, sign, _ = wanted.partition("%")
    alike = [other for other in there if sign and before and composed(other).startswith(before)]
    if not alike:
        return name
    return wanted if composed(alike[0]) == alike[0] else normalize("NFD", name)
