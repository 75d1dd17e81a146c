"""The C library's allocator, told what frames are. Only glibc has these switches; elsewhere nothing
happens."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

__all__ = ["give_back", "map_large_blocks"]

_M_MMAP_THRESHOLD = -3  # malloc.h of glibc
_LARGE = 1 << 22


def map_large_blocks() -> None:
    """Have blocks of 4 MB and more mapped, so that a frame that is freed is gone.

    glibc begins so, but raises the limit to 32 MB as blocks are freed; then HD frames lie in the
    heaps of the threads, among others that are in use: in a render of 48 frames 500 MB of them.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)


def give_back() -> None:
    """Have what was freed returned to the system: of an HD frame that torch measured, 135 MB."""
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)
