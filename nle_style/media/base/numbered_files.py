"""Numbered image sequences: their names, and that none of them is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nle_style.errors import MediaError

__all__ = [
    "IMAGE_SUFFIXES",
    "SequenceFiles",
    "find_sequence",
    "is_pattern",
]

IMAGE_SUFFIXES = frozenset(
    {".bmp", ".cin", ".dpx", ".exr", ".hdr", ".iff", ".jp2", ".jpeg", ".jpg", ".jxl", ".png"}
    | {".ppm", ".psd", ".sgi", ".tga", ".tif", ".tiff", ".webp"}
)
_NUMBER = re.compile(r"%0?(\d*)d|(#+)")


@dataclass(frozen=True)
class SequenceFiles:
    """A numbered image sequence without holes: `pattern` with numbers `first` to `last`."""

    pattern: Path
    first: int
    last: int

    def path(self, number: int) -> Path:
        """The file of one number, as written in its name (not a zero-based frame)."""
        return self.pattern.with_name(_NUMBER.sub(lambda m: _digits(m, number), self.pattern.name))


def _digits(match: re.Match[str], number: int) -> str:
    width = int(match[1] or 0) if match[2] is None else len(match[2])
    return f"{number:0{width}d}"


def is_pattern(path: Path) -> bool:
    """Whether the name stands for many files: `name.%06d.exr` or `name.####.exr`."""
    return len(_NUMBER.findall(path.name)) == 1 and not path.exists()


def find_sequence(pattern: Path) -> SequenceFiles:
    """The files of a sequence, checked to be without holes.

    Args:
        pattern: a printf pattern (`name.%06d.exr`) or Nuke's `name.####.exr`.
    Raises: MediaError if the folder or the files are missing, or numbers are (it names them).
    """
    match = _NUMBER.search(pattern.name)
    if match is None:
        raise MediaError("is not a sequence pattern", where=str(pattern))
    if not pattern.parent.is_dir():
        raise MediaError(
            "the folder of the sequence does not exist",
            where=str(pattern.parent),
            remedy="Check the path, or mount the volume.",
        )
    before, after = pattern.name[: match.start()], pattern.name[match.end() :]
    expression = re.compile(rf"{re.escape(before)}(\d+){re.escape(after)}")
    names = {entry.name for entry in pattern.parent.iterdir()}
    numbers = sorted(
        int(hit[1])
        for hit in map(expression.fullmatch, names)
        if hit and hit[1] == _digits(match, int(hit[1]))
    )
    if not numbers:
        raise MediaError(
            "no file of the sequence exists",
            where=str(pattern),
            remedy="Check the name, the padding and the folder.",
        )
    missing = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
    if missing:
        raise MediaError(
            f"the sequence has holes: {_ranges(missing)} missing",
            where=str(pattern),
            remedy="Render or copy the missing files again.",
        )
    return SequenceFiles(pattern, numbers[0], numbers[-1])


def _ranges(numbers: Sequence[int]) -> str:
    """1, 3-5: the way ranges of frames are written in this field."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)
