"""The files of a numbered image sequence, and that none of them is missing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nle_style.errors import MediaError
from nle_style.sequence_names import NumberedName, in_path
from nle_style.spans import spans_of, spans_text

__all__ = ["SequenceFiles", "find_sequence", "is_pattern"]


@dataclass(frozen=True)
class SequenceFiles:
    """A numbered image sequence without holes: `pattern` with numbers `first` to `last`."""

    pattern: Path
    first: int
    last: int

    def path(self, number: int) -> Path:
        """The file of one number, as written in its name (not a zero-based frame)."""
        return self.pattern.with_name(_name_of(self.pattern).file(number))


def is_pattern(path: Path) -> bool:
    """Whether the name stands for many files: `name.%06d.exr` or `name.####.exr`."""
    return in_path(path.name) is not None and not path.exists()


def find_sequence(pattern: Path) -> SequenceFiles:
    """The files of a sequence, checked to be without holes.

    Args:
        pattern: a printf pattern (`name.%06d.exr`) or Nuke's `name.####.exr`.
    Raises: MediaError if the folder or the files are missing, or numbers are (it names them).
    """
    name = _name_of(pattern)
    if not pattern.parent.is_dir():
        raise MediaError(
            "the folder of the sequence does not exist",
            where=str(pattern.parent),
            remedy="Check the path, or mount the volume.",
        )
    found = (name.number(entry.name) for entry in pattern.parent.iterdir())
    numbers = sorted(number for number in found if number is not None)
    if not numbers:
        raise MediaError(
            "no file of the sequence exists",
            where=str(pattern),
            remedy="Check the name, the padding and the folder.",
        )
    missing = set(range(numbers[0], numbers[-1] + 1)).difference(numbers)
    if missing:
        raise MediaError(
            f"the sequence has holes: {spans_text(spans_of(missing))} missing",
            where=str(pattern),
            remedy="Render or copy the missing files again.",
        )
    return SequenceFiles(pattern, numbers[0], numbers[-1])


def _name_of(pattern: Path) -> NumberedName:
    name = in_path(pattern.name)
    if name is None:
        raise MediaError("is not a sequence pattern", where=str(pattern))
    return name
