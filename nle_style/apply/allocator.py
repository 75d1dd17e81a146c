"""Settings of the C library's allocator, torch's and Python's that suit frames of several megabytes
and a program that loads torch.

Only glibc has the first, and only Linux huge pages; elsewhere their functions do nothing. This
module loads nothing slow.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from contextlib import suppress

__all__ = ["collect_rarely", "map_large_blocks", "trim_heap", "use_huge_pages"]

_M_TRIM_THRESHOLD = -1  # malloc.h of glibc
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_LARGE = 8 * 2**20
_HELD = 64 * 2**20
_NEW_OBJECTS = 10_000  # since the last look for garbage; 700 or 2000 by Python itself


def map_large_blocks() -> None:
    """Map blocks of 8 MB and more, so that the memory of a frame goes back to the system when the
    frame is freed, and keep smaller freed blocks for the next frame.

    glibc maps blocks from 128 kB on, and raises that limit to 32 MB as blocks are freed. HD frames
    in float then lie in the heaps of the threads, between blocks that are in use, and their memory
    cannot go back (`benchmarks/cost/memory.py` shows the peak). But a mapped block costs a page
    fault for every 4 kB, and an 8-bit HD frame is copied a dozen times while it is rendered: these
    copies use memory that was freed before, of which each of two heaps keeps up to 64 MB.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(_M_MMAP_THRESHOLD, _LARGE)
            mallopt(_M_TRIM_THRESHOLD, _HELD)
            mallopt(_M_ARENA_MAX, 2)


def trim_heap() -> None:
    """Return freed memory to the system, such as the gigabyte that measuring a frame can take."""
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)


def use_huge_pages() -> None:
    """Let torch ask for huge pages: allocating a feature map of tens of megabytes then takes a
    third of the time. torch reads the setting when it first allocates, so call this before torch is
    loaded."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def collect_rarely() -> None:
    """Have Python look for cyclic garbage less often: loading torch takes a fourteenth less, since
    nearly all of the many objects that it makes stay to the end. No frame waits for a look: none is
    part of a cycle."""
    gc.set_threshold(_NEW_OBJECTS)
