"""Giving a finished file its name so that a power cut leaves the old one or the new one, whole."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["settle"]


def settle(part: Path, path: Path) -> None:
    """Put a written file on the disk, then give it its name, and put that on the disk.

    Without the first the name can come to stand for an empty file, without the second for the
    old one: the system may write data and names in any order. Source: fsync(2), rename(2).

    Raises: OSError.
    """
    _sync(part)
    os.replace(part, path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
