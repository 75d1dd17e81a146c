"""The C library's allocator, and torch's, told what frames are. Only glibc has these switches, and
only Linux such pages; elsewhere nothing happens. This loads nothing slow."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

__all__ = ["give_back", "map_large_blocks", "use_huge_pages"]

_M_TRIM_THRESHOLD = -1  # malloc.h of glibc
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_LARGE = 8 * 2**20
_HELD = 64 * 2**20


def map_large_blocks() -> None:
    """Have blocks of 8 MB and more mapped, so that a frame that is freed is gone, and smaller ones
    kept for the next frame.

    glibc begins to map at 128 kB, and raises that to 32 MB as blocks are freed; then HD frames in
    float lie in the heaps of the threads, among others that are in use (`benchmarks/memory.py`
    shows the peak). But a mapped block costs a page fault for every 4 kB, and an 8-bit HD frame is
    copied a dozen times on its way: those copies take what was freed, of which each of two heaps
    holds back up to 64 MB.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(_M_MMAP_THRESHOLD, _LARGE)
            mallopt(_M_TRIM_THRESHOLD, _HELD)
            mallopt(_M_ARENA_MAX, 2)


def give_back() -> None:
    """Have what was freed returned to the system: what torch took to measure a frame is much."""
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)


def use_huge_pages() -> None:
    """Have torch ask for huge pages: a feature map of tens of megabytes takes a third of the time
    to allocate then. It looks when it first allocates, so this comes before torch is loaded."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
