"""The hashes of the files that a job reads, and whether they are still those files.

A render takes hours and a copy may still be running: a file that is replaced, written over or taken
away meanwhile would end as a movie of two sources. So a file's mark is noted before it is hashed,
and looked at again before what was made from it counts.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from nle_style.errors import MediaError
from nle_style.media.base import find_sequence, gone, is_pattern
from nle_style.render.record.manifest import fingerprint

__all__ = ["FileMark", "SourceHashes"]


class FileMark(NamedTuple):
    """What the system says of a file: it changes when the file is replaced or written to.

    No order of times is relied on, so that a clock that is set back does not matter.
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


@dataclass
class SourceHashes:
    """The hashes of files, each taken once for a job.

    Attributes:
        known: `manifest.fingerprint` of every file; of a sequence's pattern a hash of its files'.
        marks: of every file, from before it was hashed or, if its hash was known, first asked for.
    """

    known: dict[Path, str] = field(default_factory=dict)
    marks: dict[Path, FileMark] = field(default_factory=dict)
    _patterns: set[Path] = field(default_factory=set)

    def note(self, source: Path) -> None:
        """Note the mark of a movie or a still, before anything is read of it."""
        with suppress(MediaError):  # what is not there is refused by whoever reads it
            self.marks.setdefault(source, FileMark.of(source))

    def of(self, source: Path) -> str:
        """A hash that changes when a source does.

        Args:
            source: a file, or a sequence's pattern.

        Raises: MediaError if it is not whole, cannot be read, or is being written to.
        """
        if source in self._patterns:
            return self.known[source]
        if not is_pattern(source):
            return self._of_file(source)
        files = find_sequence(source)
        each = [self._of_file(files.path(n)) for n in range(files.first, files.last + 1)]
        self.known.setdefault(source, hashlib.sha256("\n".join(each).encode()).hexdigest())
        self._patterns.add(source)
        return self.known[source]

    def _of_file(self, path: Path) -> str:
        if path not in self.marks:
            self.marks[path] = FileMark.of(path)
        if path not in self.known:
            mark, found = self.marks.pop(path), _fingerprint(path)
            if FileMark.of(path) != mark:
                raise _changed(path)
            self.marks[path], self.known[path] = mark, found
        return self.known[path]

    def check(self, paths: Iterable[Path]) -> None:
        """Refuse files that are not what they were. Only of one whose mark changed the content is
        compared: a backup or a second name changes the mark too.

        Raises: MediaError.
        """
        for path in paths:
            mark = FileMark.of(path)
            if mark == self.marks.get(path):
                continue
            if _fingerprint(path) != self.known.get(path):
                raise _changed(path)
            self.marks[path] = mark


def _fingerprint(path: Path) -> str:
    try:
        return fingerprint([path])
    except OSError as error:
        raise gone(path, error) from error


def _changed(path: Path) -> MediaError:
    return MediaError(
        "was changed or replaced while it was being read",
        where=str(path),
        remedy="Wait until nothing writes to it, then run it again: the new file is rendered.",
    )
