"""Finished files and their names, put on the disk: a power cut leaves the old one or the new one.

This module imports nothing from the package, so that every room may import it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["replacing", "settle", "sync"]


def sync(path: Path) -> None:
    """Have the system put a file, or a folder's list of names, on the disk.

    Windows opens no folder as a file, and keeps names in the journal of NTFS: nothing is done for
    a folder there. It flushes only what is open for writing. Sources: fsync(2); Microsoft's
    FlushFileBuffers.

    Raises: OSError.
    """
    windows = sys.platform == "win32"
    if windows and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDWR if windows else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def settle(part: Path, path: Path) -> None:
    """Put a written file or folder on the disk, then give it its name, and put that on the disk.

    Without the first the name can come to stand for an empty file, without the last for the old
    one: the system may write data and names in any order. Source: fsync(2), rename(2).

    Raises: OSError.
    """
    sync(part)
    os.replace(part, path)
    sync(path.parent)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file that is written whole or not at all: the block writes to the path that it is given.

    That is `NAME.part-PID` beside `path`, whose folder is made if it is not there. It gets its name
    when the block ends; if anything is raised it is removed, and what stood under the name stays.

    Raises: OSError.
    """
    part = path.with_name(f"{path.name}.part-{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield part
        settle(part, path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
