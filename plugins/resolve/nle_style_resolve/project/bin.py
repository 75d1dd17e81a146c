"""The bin "NLE Style": importing intermediates into it, and reading back what Resolve made of them.

ImportMedia answers with nothing, and no error, for what Resolve cannot read.
"""

import os
import re

from ..clips import exact_rate, properties
from ..host import ask

__all__ = ["BIN", "Bin", "Imported", "NotImported"]

BIN = "NLE Style"
_NUMBER = re.compile(r"(\d+)(\.\w+)$")


class NotImported(Exception):
    """Resolve did not import a file, or sees something else in it; the message is for people."""


class Imported:
    """An intermediate in the Media Pool.

    Attributes:
        clip: the MediaPoolItem.
        path: the movie, or the folder of a sequence.
        notes: what was set and read back, or could not be, for the report.
    """

    def __init__(self, clip, path, notes):
        self.clip = clip
        self.path = path
        self.notes = notes


class Bin:
    """The bin, made when something is to be put into it.

    Args:
        pool: the MediaPool.
    """

    def __init__(self, pool):
        self._pool = pool
        self._root = ask(pool, "MediaPool.GetRootFolder")
        self._folder = self._find()
        self._made = False
        self._new = []

    def _find(self):
        for folder in ask(self._root, "Folder.GetSubFolderList") or []:
            if ask(folder, "Folder.GetName") == BIN:
                return folder
        return None

    def put(self, path, media, frames, attributes):
        """Import a movie or a folder of numbered files, and read it back.

        Args:
            path: the movie, or the folder of a sequence or still.
            media: the Media it was rendered from.
            frames: how many it has.
            attributes: property -> value, to be set and read back.

        Returns:
            an Imported.

        Raises:
            NotImported: nothing, or something else, has arrived.
        """
        before = self._clips()
        clip = self._of_path(before, path)
        if clip is None:
            self._open(path)
            self._import(path, frames)
            # The list that ImportMedia returns is not asked: only what is in the bin counts.
            clip = self._of_path(self._clips(), path)
            if clip is None:
                raise NotImported(f"Resolve does not import {path}. Choose another format")
            self._new.append(clip)
        notes = []
        self._read_back(clip, path, media, frames)
        for name, value in attributes.items():
            ask(clip, "MediaPoolItem.SetClipProperty", name, value)
            now = ask(clip, "MediaPoolItem.GetClipProperty", name)
            notes.append(f"{name} {now}" if now == value else f"{name} stays {now}, not {value}")
        return Imported(clip, path, notes)

    def take_back(self):
        """Remove what was imported, and the bin if it was made for that and is empty."""
        if self._new:
            ask(self._pool, "MediaPool.DeleteClips", self._new)
            self._new = []
        self.tidy()

    def discard(self, clip):
        """Remove one clip again, if this run imported it."""
        if any(new is clip for new in self._new):
            ask(self._pool, "MediaPool.DeleteClips", [clip])
            self._new = [new for new in self._new if new is not clip]

    def tidy(self):
        """Remove the bin if this run made it and nothing is in it."""
        if self._made and self._folder is not None and not self._clips():
            ask(self._pool, "MediaPool.DeleteFolders", [self._folder])
            self._folder, self._made = None, False

    def _open(self, path):
        if self._folder is None:
            ask(self._pool, "MediaPool.AddSubFolder", self._root, BIN)
            self._folder = self._find()
            self._made = True
        if self._folder is None:
            raise NotImported(f"Resolve does not make the bin '{BIN}' for {path}")
        ask(self._pool, "MediaPool.SetCurrentFolder", self._folder)

    def _import(self, path, frames):
        if not os.path.isdir(path):
            ask(self._pool, "MediaPool.ImportMedia", [path])
            return
        names = sorted(name for name in os.listdir(path) if _NUMBER.search(name))
        if frames == 1:
            ask(self._pool, "MediaPool.ImportMedia", [os.path.join(path, names[0])])
            return
        first, last = (_NUMBER.search(name).group(1) for name in (names[0], names[-1]))
        pattern = _NUMBER.sub(lambda hit: f"%0{len(first)}d{hit.group(2)}", names[0])
        spec = {
            "FilePath": os.path.join(path, pattern),
            "StartIndex": int(first),
            "EndIndex": int(last),
        }
        ask(self._pool, "MediaPool.ImportMedia", [spec])

    def _clips(self):
        if self._folder is None:
            return []
        return list(ask(self._folder, "Folder.GetClipList") or [])

    def _of_path(self, clips, path):
        wanted = os.path.normcase(os.path.normpath(path))
        for clip in clips:
            its = str(properties(clip).get("File Path") or "")
            if os.path.isdir(path):
                its = os.path.dirname(its)
            if its and os.path.normcase(os.path.normpath(its)) == wanted:
                return clip
        return None

    def _read_back(self, clip, path, media, frames):
        facts = properties(clip)
        seen = str(facts.get("Frames"))
        if seen != str(frames):
            self.discard(clip)
            raise NotImported(f"Resolve sees {seen} frames in {path}, which has {frames}")
        if frames == 1 or exact_rate(facts.get("FPS")) == media.rate:
            return
        # A sequence gets the project's rate when it is imported.
        text = f"{float(media.rate):.3f}".rstrip("0").rstrip(".")
        ask(clip, "MediaPoolItem.SetClipProperty", "FPS", text)
        now = ask(clip, "MediaPoolItem.GetClipProperty", "FPS")
        if exact_rate(now) != media.rate:
            self.discard(clip)
            raise NotImported(
                f"Resolve plays {path} at {now}, its source at {text}. Choose the format png-mov"
            )
