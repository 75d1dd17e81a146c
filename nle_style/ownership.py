"""What may be written over: what nle-style wrote itself and nobody has changed since, and never a
file that is read.

A folder's record, `.nle_style.jsonl`, has a line for every file that was written into it: its name
and the SHA-256 of its bytes. The line is on the disk before the file gets its name, so that nothing
of ours is ever unknown. (Intermediates and their reports are noted in their manifest instead.)
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from nle_style.durable import (
    append_lines,
    file_sha256,
    make_folders,
    part_path,
    replacing,
    sweep_parts,
)
from nle_style.errors import InputError

__all__ = ["RECORD", "Inputs", "SafeWriter", "holds_nothing", "refuse_foreign"]

RECORD = ".nle_style.jsonl"
"""The name of a folder's record."""

_NAMED = 3  # files that a message names; of more, how many
_LINE = b'{"type": "wrote"'

_Identity = tuple[int, int]


class Inputs:
    """The files that a command reads.

    They are told apart by device and inode: a link, and the same name in another case or in another
    form of its letters where the file system does not tell them apart, are the same file.

    Args:
        paths: as for `add`.
    """

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._known: dict[_Identity, Path] = {}  # of the files and of all folders that they lie in
        self._seen: set[Path] = set()
        self._real: dict[Path, Path] = {}  # folders without links
        self.add(paths)

    def add(self, paths: Iterable[Path]) -> None:
        """Add files and folders; those that are not there are left out."""
        for path in paths:
            place = Path(os.path.abspath(path))
            # Not of every file: a sequence has thousands, in a folder deep down.
            if place.parent not in self._real:
                self._real[place.parent] = Path(os.path.realpath(place.parent))
            places = [place, self._real[place.parent] / place.name]
            if place.is_symlink():
                places.append(Path(os.path.realpath(place)))
            for each in chain.from_iterable((place, *place.parents) for place in places):
                if each not in self._seen:
                    self._seen.add(each)
                    if (identity := _identity(each)) is not None:
                        self._known.setdefault(identity, path)

    def refuse(self, destination: Path, result_of: Path | None = None) -> None:
        """Refuse to write over a file that is read, or a folder that one of them lies in.

        Args:
            destination: a file, or a folder of which all files would be replaced.
            result_of: the source that it is made from, for the message.

        Raises: InputError.
        """
        read = self._known.get(_identity(destination) or (-1, -1))
        if read is None:
            return
        what = "it" if result_of is None else f"the result of {result_of.name}"
        own = read == result_of
        raise InputError(
            f"{what} would replace {'its own source' if own else f'{read}, which is read'}",
            where=str(destination),
            remedy="Choose another output folder or name; what is read is never written to.",
        )


@dataclass(frozen=True)
class SafeWriter:
    """Writes files, whole or not at all, but over nothing that is not ours.

    Attributes:
        inputs: what is read, which is never written over.
        overwrite: whether files that are not ours may be replaced.
    """

    inputs: Inputs = field(default_factory=Inputs)
    overwrite: bool = False

    def check(self, paths: Iterable[Path]) -> None:
        """Raises: InputError that names the files among them that must stay."""
        foreign = []
        for path in paths:
            for each in (path, _part(path), path.with_name(RECORD)):
                self.inputs.refuse(each)
            if not self.overwrite and not _is_ours(path):
                foreign.append(path)
            if not _is_record(path.with_name(RECORD)):
                foreign.append(path.with_name(RECORD))
        refuse_foreign(foreign)

    @contextmanager
    def replacing(self, path: Path, *refusals: type[Exception]) -> Iterator[Path]:
        """As `durable.replacing`, with the checks before the file gets its name, and noted. What
        killed runs left of the same file is removed.

        Args:
            refusals: as of `durable.writing_into`.

        Raises: InputError, as `check`; OutputError if the system refuses.
        """
        make_folders(path.parent)
        sweep_parts(path.parent, path.name)
        with replacing(path, _part(path), *refusals) as part:
            yield part
            self.check([path])
            line = {"type": "wrote", "file": path.name, "sha256": file_sha256(part)}
            if line["sha256"] not in _recorded(path):
                append_lines(path.with_name(RECORD), [json.dumps(line)])

    def write(self, path: Path, data: bytes | str) -> None:
        """As `durable.write_file`. Raises: as `replacing`."""
        with self.replacing(path) as part:
            part.write_bytes(data.encode() if isinstance(data, str) else data)


def refuse_foreign(files: Sequence[Path]) -> None:
    """Raises: InputError that names files which must not be replaced, if there are any."""
    if not files:
        return
    first, *others = dict.fromkeys(files)
    more = [path.name for path in others[: _NAMED - 1]]
    if len(others) >= _NAMED:
        more.append(f"{len(others) - _NAMED + 1} more")
    also = f" (nor {', '.join(more)})" if more else ""
    raise InputError(
        f"is not what nle-style wrote{also}: it is another's, or was changed since",
        where=str(first),
        remedy="Move it away, choose another output folder, or give --overwrite to replace it"
        " (in a job file `control: {overwrite: true}`).",
    )


def holds_nothing(path: Path) -> bool:
    """Whether there is nothing under a name that could be lost: no file, or an empty one."""
    try:
        facts = path.lstat()
    except OSError:
        return True
    return stat.S_ISREG(facts.st_mode) and facts.st_size == 0


def _part(path: Path) -> Path:
    return part_path(path, path.suffix)


def _identity(path: Path) -> _Identity | None:
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def _is_ours(path: Path) -> bool:
    """Whether nothing is lost with a file: it is empty, or as it was written."""
    if holds_nothing(path):
        return True
    if path.is_symlink() or not path.is_file():
        return False
    recorded = _recorded(path)
    with suppress(OSError):
        return bool(recorded) and file_sha256(path) in recorded
    return False


def _is_record(path: Path) -> bool:
    """Whether a file, if it is there, is a folder's record."""
    if holds_nothing(path):
        return True
    if path.is_symlink():
        return False
    with suppress(OSError):
        lines = path.read_bytes().split(b"\n")
        # A crash may leave less than a line, or nulls.
        return _LINE.startswith(lines[0].strip(b"\0")) or any(
            line.startswith(_LINE) for line in lines
        )
    return False


def _recorded(path: Path) -> set[str]:
    """The hashes that were noted under a file's name."""
    found = set()
    with suppress(OSError):
        for line in path.with_name(RECORD).read_text("utf-8", "replace").split("\n"):
            with suppress(ValueError, LookupError, TypeError):
                entry = json.loads(line)
                if entry["type"] == "wrote" and entry["file"] == path.name:
                    found.add(str(entry["sha256"]))
    return found
