"""The files of a numbered image sequence, and which of them are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nle_style.errors import MediaError
from nle_style.sequence_names import NumberedName, in_path
from nle_style.spans import spans_of, spans_text

__all__ = ["SequenceFiles", "find_sequence", "is_pattern"]

_MOST_FILES = 1_000_000  # of a sequence with its holes: eleven hours at 24 frames a second


@dataclass(frozen=True)
class SequenceFiles:
    """A numbered image sequence: `pattern` with numbers `first` to `last`, but for `missing`."""

    pattern: Path
    first: int
    last: int
    missing: frozenset[int] = frozenset()

    def path(self, number: int) -> Path:
        """The file of one number, as written in its name (not a zero-based frame)."""
        return self.pattern.with_name(_name_of(self.pattern).file(number))

    def paths(self) -> Iterator[tuple[int, Path]]:
        """The numbers and files that are there, in order."""
        name = _name_of(self.pattern)
        for number in range(self.first, self.last + 1):
            if number not in self.missing:
                yield number, self.pattern.with_name(name.file(number))

    def check(self, first: int, last: int) -> None:
        """Refuse a hole among the numbers `first` to `last`. Raises: MediaError; it names them."""
        lacking = [number for number in range(first, last + 1) if number in self.missing]
        if lacking:
            raise MediaError(
                f"the sequence has holes: {spans_text(spans_of(lacking))} missing",
                where=str(self.pattern),
                remedy="Render or copy the missing files again, or ask for frames beside them.",
                outcome="missing",
            )


def is_pattern(path: Path) -> bool:
    """Whether the name stands for many files: `name.%06d.exr` or `name.####.exr`."""
    return in_path(path.name) is not None and not path.exists()


def find_sequence(pattern: Path) -> SequenceFiles:
    """The files of a sequence, from the lowest number that is there to the highest.

    Args:
        pattern: a printf pattern (`name.%06d.exr`) or Nuke's `name.####.exr`.
    Raises: MediaError if the folder is missing, or no file is there.
    """
    name = _name_of(pattern)
    if not pattern.parent.is_dir():
        raise MediaError(
            "the folder of the sequence does not exist",
            where=str(pattern.parent),
            remedy="Check the path, or mount the volume.",
            outcome="missing",
        )
    found = (name.number(entry.name) for entry in pattern.parent.iterdir())
    numbers = {number for number in found if number is not None}
    if not numbers:
        raise MediaError(
            "no file of the sequence exists",
            where=str(pattern),
            remedy="Check the name, the padding and the folder.",
            outcome="missing",
        )
    first, last = min(numbers), max(numbers)
    if last - first >= _MOST_FILES:
        raise MediaError(
            f"its numbers reach from {first} to {last}",
            where=str(pattern),
            remedy="Files of another sequence have the same name: move one of both away.",
        )
    return SequenceFiles(pattern, first, last, frozenset(range(first, last + 1)) - numbers)


def _name_of(pattern: Path) -> NumberedName:
    name = in_path(pattern.name)
    if name is None:
        raise MediaError("is not a sequence pattern", where=str(pattern))
    return name
