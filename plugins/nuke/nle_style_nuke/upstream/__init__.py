"""The node's input as EXR files on disk, of which only what changed is written again."""

from __future__ import annotations

from .frame_cache import FrameCache
from .temporary_write import Wanted, write_upstream

__all__ = ["FrameCache", "Wanted", "write_upstream"]
