"""Upstream frames on disk, each with the key of the picture that it was written from.

No Nuke here. A cache survives restarts: a frame is written again only if its key is new, and its
file is replaced only if its bytes differ, so that the worker sees unchanged frames as unchanged.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..worker_client import client

__all__ = ["FrameCache"]

INDEX = "index.json"


class FrameCache:
    """The frames of one view of one node: `folder/stem.%06d.exr` and an index beside them.

    Attributes:
        folder: made when the first frame is put.
        stem: of the files' names.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self.folder = folder
        self.stem = stem
        self._index: dict[str, dict[str, Any]] = self._read_index()

    @property
    def pattern(self) -> Path:
        """The sequence as a job's `source` names it."""
        return self.folder / f"{self.stem}.%06d.exr"

    def path(self, frame: int) -> Path:
        """The file of one of Nuke's frames, 0 or above."""
        return self.folder / f"{self.stem}.{frame:06d}.exr"

    def frames(self) -> list[int]:
        """The frames that are there and are what was put, ascending."""
        return sorted(int(name) for name in self._index if self._is_whole(int(name)))

    def stale(self, keys: Mapping[int, str]) -> list[int]:
        """Which of these frames must be written, ascending.

        Args:
            keys: frame -> key of the picture that is wanted.
        """
        whole = set(self.frames())
        return sorted(
            frame
            for frame, key in keys.items()
            if frame not in whole or self._index[str(frame)]["key"] != key
        )

    def put(self, frame: int, written: Path, key: str, form: str) -> bool:
        """Take a frame that was written elsewhere on the same volume.

        Args:
            frame: Nuke's number.
            written: its file; it is moved away only if its bytes are new.
            key: of its picture.
            form: its size and depth in words, the same for all frames of a sequence.

        Returns:
            whether the file changed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.path(frame)
        changed = not target.is_file() or target.read_bytes() != written.read_bytes()
        if changed:
            os.replace(written, target)
        stat = target.stat()
        self._index[str(frame)] = {
            "key": key,
            "form": form,
            "size": stat.st_size,
            "time": stat.st_mtime_ns,
        }
        return changed

    def keep_run(self, first: int, last: int) -> int:
        """Remove frames that `first`..`last` do not join in one form without a hole.

        Returns:
            the first frame of the sequence.
        """
        have, form = set(self._files()), self._form(first)
        while first - 1 in have and self._form(first - 1) == form:
            first -= 1
        while last + 1 in have and self._form(last + 1) == form:
            last += 1
        for frame in have:
            if not first <= frame <= last:
                self.path(frame).unlink()
                self._index.pop(str(frame), None)
        return first

    def save(self) -> None:
        """Write the index, whole or not at all."""
        if self.folder.is_dir():
            client.write_json({"frames": self._index}, self.folder / INDEX)

    def _form(self, frame: int) -> object:
        return self._index.get(str(frame), {}).get("form")

    def _files(self) -> Iterable[int]:
        if not self.folder.is_dir():
            return []
        names = [path.name for path in self.folder.glob(f"{self.stem}.*.exr")]
        numbers = [name[len(self.stem) + 1 : -len(".exr")] for name in names]
        return [int(number) for number in numbers if number.isdigit()]

    def _is_whole(self, frame: int) -> bool:
        try:
            stat = self.path(frame).stat()
        except OSError:
            return False
        noted = self._index[str(frame)]
        return bool((stat.st_size, stat.st_mtime_ns) == (noted["size"], noted["time"]))

    def _read_index(self) -> dict[str, dict[str, Any]]:
        try:
            data = json.loads((self.folder / INDEX).read_text(encoding="utf-8"))
            frames = data["frames"]
            if all(int(name) >= 0 and entry["key"] for name, entry in frames.items()):
                return dict(frames)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # without its index a cache is only files to be written again
        return {}
