"""The source files of a job: what they are, their hashes, and whether they are still the same.

A render takes hours, and a copy may still be running: a file that is replaced, written to or
removed meanwhile would give a movie made of two sources. So the file's mark is noted before
anything is read of it, and compared again before what was made from it counts as finished.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo, find_sequence, gone, is_pattern
from nle_style.media.source import probe_media
from nle_style.ownership import Inputs

__all__ = ["WHOLE_BYTES", "FileMark", "Sources", "contents", "fingerprint", "known_fingerprint"]

WHOLE_BYTES = 64 * 2**20
"""Of larger files a fingerprint takes only the ends."""

_EDGE = 2**20


class FileMark(NamedTuple):
    """What the system says of a file: it changes when the file is replaced or written to.

    Marks are only compared for equality, so that a clock that is set back does no harm.
    """

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> FileMark:
        """The mark of a file. Raises: MediaError if it is not there any more."""
        try:
            facts = os.stat(path)
        except OSError as error:
            raise gone(path, error) from error
        return cls(facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


class _State(NamedTuple):
    """What a probe depends on: the file that it reads, its mark, and a sequence's numbers."""

    file: Path
    mark: FileMark
    numbers: tuple[int, int]


class _Asked(NamedTuple):
    source: Path
    stream: int | None
    layer: str | None


@dataclass
class Sources:
    """The sources of one job; each of them is probed once and hashed once.

    Attributes:
        known: `contents` of every file; of a sequence's pattern a hash of its files'.
        marks: of every file, from before it was read; if its hash was given, from when it was
            first asked for.
        inputs: these files and all else that the job reads.
    """

    known: dict[Path, str] = field(default_factory=dict)
    marks: dict[Path, FileMark] = field(default_factory=dict)
    inputs: Inputs = field(default_factory=Inputs)
    _patterns: set[Path] = field(default_factory=set)
    _probed: dict[_Asked, tuple[_State, MediaInfo]] = field(default_factory=dict)

    def probe(
        self, source: Path, *, stream: int | None = None, layer: str | None = None
    ) -> MediaInfo:
        """What a source is. It is read again only if its file has changed since.

        Args:
            source: a file, or a sequence's pattern.
            stream, layer: as for `probe_media`.

        Raises: MediaError, as `probe_media`.
        """
        state = _state_of(source)
        asked = _Asked(source, stream, layer)
        before = self._probed.get(asked)
        if before is not None and before[0] == state:
            return before[1]
        if state is not None:
            if state.file not in self.known:
                self.marks.pop(state.file, None)
            self.marks.setdefault(state.file, state.mark)
        info = probe_media(source, stream=stream, layer=layer)
        if state is not None:
            self._probed[asked] = state, info
        return info

    def hash_of(self, source: Path) -> str:
        """A hash that changes when a source does.

        Args:
            source: a file, or a sequence's pattern.

        Raises: MediaError if it is not whole, cannot be read, or is being written to.
        """
        if source in self._patterns:
            return self.known[source]
        if not is_pattern(source):
            return self._hash_of_file(source)
        each = [self._hash_of_file(path) for _, path in find_sequence(source).paths()]
        self.known.setdefault(source, hashlib.sha256("\n".join(each).encode()).hexdigest())
        self._patterns.add(source)
        return self.known[source]

    def _hash_of_file(self, path: Path) -> str:
        if path not in self.marks:
            self.marks[path] = FileMark.of(path)
        if path not in self.known:
            mark, found = self.marks.pop(path), _contents(path)
            if FileMark.of(path) != mark:
                raise _changed(path)
            self.marks[path], self.known[path] = mark, found
        return self.known[path]

    def check(self, paths: Iterable[Path]) -> None:
        """Refuse files whose content has changed.

        Only files with another mark are hashed again: a backup or a second name (hard link) changes
        the mark but not the content.

        Raises: MediaError.
        """
        for path in paths:
            mark = FileMark.of(path)
            if mark == self.marks.get(path):
                continue
            if _contents(path) != self.known.get(path):
                raise _changed(path)
            self.marks[path] = mark


def fingerprint(
    files: Iterable[Path], *, times: bool = True, names: Iterable[str] | None = None
) -> str:
    """A hash that changes when the files do: their names, sizes and contents.

    Of files beyond `WHOLE_BYTES` only a megabyte at each end and the time of change are taken: a
    hash of all of a camera master would take longer than many a render.

    Args:
        times: take the times of change; without them a copy on another machine has the same hash.
        names: of the files, in their order; None for those that they have.
    """
    digest = hashlib.sha256()
    found = list(files)
    names = [path.name for path in found] if names is None else names
    for path, name in zip(found, names, strict=True):
        facts = path.stat()
        digest.update(f"{name}\0{facts.st_size}\0".encode(errors="surrogateescape"))
        with path.open("rb") as file:
            if facts.st_size <= WHOLE_BYTES:
                while block := file.read(_EDGE):
                    digest.update(block)
            else:
                digest.update(file.read(_EDGE))
                file.seek(-_EDGE, os.SEEK_END)
                digest.update(file.read(_EDGE))
                if times:
                    digest.update(str(facts.st_mtime_ns).encode())
    return digest.hexdigest()


def contents(path: Path, *, times: bool = True) -> str:
    """`fingerprint` of one file, whatever its name: a source that was moved has the same."""
    return fingerprint([path], times=times, names=[""])


def known_fingerprint(files: Iterable[Path]) -> str:
    """`fingerprint`, read again only if a mark has changed.

    Raises: MediaError if a file is gone.
    """
    return _marked_fingerprint(tuple((path, FileMark.of(path)) for path in files))


@lru_cache(maxsize=1024)
def _marked_fingerprint(files: tuple[tuple[Path, FileMark], ...]) -> str:
    return fingerprint(path for path, _ in files)


def _state_of(source: Path) -> _State | None:
    """None if there is no such file or sequence: `probe_media` then says what is wrong."""
    with suppress(MediaError):
        if not is_pattern(source):
            return _State(source, FileMark.of(source), (0, 0))
        files = find_sequence(source)
        file = files.path(files.first)
        return _State(file, FileMark.of(file), (files.first, files.last))
    return None


def _contents(path: Path) -> str:
    try:
        return contents(path)
    except OSError as error:
        raise gone(path, error) from error


def _changed(path: Path) -> MediaError:
    return MediaError(
        "was changed or replaced while it was being read",
        where=str(path),
        remedy="Wait until nothing writes to it, then run it again: the new file is rendered.",
    )
