"""What was said of the clips of a cut: approved or sent back, with a note; `CUT.review.json`.

A verdict is of what was seen. It counts while the clip shows that painting, and no longer when it
was rendered otherwise or shows other frames. The note stays: it says what to change.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from nle_style.desk.review.entries import Entry
from nle_style.durable import write_file, writing_into
from nle_style.errors import InputError

__all__ = ["LONGEST_NOTE", "VERDICTS_VERSION", "Decision", "Verdict", "Verdicts", "verdicts_path"]

VERDICTS_VERSION = 1

LONGEST_NOTE = 10_000
"""Characters of a note."""

Decision = Literal["approved", "sent back"]

_MAXIMUM_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Verdict:
    """What was said of one clip.

    Attributes:
        clip_id, name: of the clip.
        painting: what was seen, see `Entry.painting`.
        verdict: None while nothing is decided.
        note: "" without one.
        frame: that the note is about, a position in the source; None for the whole clip.
    """

    clip_id: str
    name: str
    painting: str
    verdict: Decision | None = None
    note: str = ""
    frame: int | None = None


def verdicts_path(folder: Path, timeline: Path) -> Path:
    """Where the verdicts on a timeline lie: `STEM.review.json` beside its reports."""
    return folder / f"{timeline.stem}.review.json"


class Verdicts:
    """The verdicts on a cut, kept in a file. Threads may share it.

    Args:
        path: `STEM.review.json`. A file there that is no file of verdicts is kept under another
            name when the first verdict is written; `warning` says so.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warning = ""
        self._lock = threading.RLock()
        self._unreadable = False
        self._known: dict[str, Verdict] = {}
        self._load()

    def of(self, entry: Entry) -> Verdict:
        """What is said of a clip as it is now.

        A clip that moved in the cut keeps it, by its name and what it shows. Of another painting
        the note alone is left.
        """
        with self._lock:
            own = self._known.get(entry.clip_id)
            same = entry.name, entry.painting
            if own is not None and (own.name, own.painting) == same:
                return own
            for other in self._known.values():
                if (other.name, other.painting) == same:
                    return replace(other, clip_id=entry.clip_id)
        plain = Verdict(entry.clip_id, entry.name, entry.painting)
        if own is None or own.name != entry.name:
            return plain
        return replace(plain, note=own.note, frame=_within(own.frame, entry))

    def put(
        self, entry: Entry, verdict: Decision | None, note: str = "", frame: int | None = None
    ) -> Verdict:
        """Say something of a clip; it is on the disk when this returns.

        Args:
            verdict, note, frame: see `Verdict`; None and "" take back what was said.
        Raises:
            InputError: no such verdict, a note longer than `LONGEST_NOTE`, or a frame that the
                clip does not show.
            OutputError: the file cannot be written.
        """
        made = Verdict(
            entry.clip_id, entry.name, entry.painting, *_checked(verdict, note, frame, entry.name)
        )
        if _within(frame, entry) != frame:
            raise InputError(
                f"does not show frame {frame}",
                where=f"clip '{entry.name}'",
                remedy=f"It shows frames {entry.frames[0]} to {entry.frames[1]} of its source.",
            )
        self._store([made])
        return made

    def take_in(self, file: Path, entries: Iterable[Entry]) -> tuple[int, tuple[str, ...]]:
        """Take over the notes that a review folder saved, in the place of what is said here.

        Args:
            file: as the folder's page saved it.
            entries: the clips as they are now.
        Returns: how many clips' were taken over; the names of clips of the file that are not in
            the cut any more, which are left out.
        Raises:
            InputError: the file cannot be read, or is no file of notes.
            OutputError: the verdicts cannot be written.
        """
        found = _read(file)
        here = {(entry.clip_id, entry.name) for entry in entries}
        kept = [each for each in found if (each.clip_id, each.name) in here]
        self._store(kept)
        gone = tuple(each.name for each in found if (each.clip_id, each.name) not in here)
        return len(kept), gone

    def _store(self, made: Iterable[Verdict]) -> None:
        with self._lock:
            self._load()  # another program may have written meanwhile
            known = self._known | {each.clip_id: each for each in made}
            if self._unreadable:
                aside = _free_name(self.path)
                with writing_into(aside):
                    os.replace(self.path, aside)
                self._unreadable = False
            lines = [asdict(each) for each in known.values()]
            data = {"nle_style_review": VERDICTS_VERSION, "verdicts": lines}
            write_file(self.path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
            self._known = known

    def _load(self) -> None:
        if not os.path.lexists(self.path):
            return
        try:
            self._known = {each.clip_id: each for each in _read(self.path)}
            self._unreadable = False
        except InputError as error:
            self._unreadable = True
            self.warning = (
                f"{error.fault}. The verdicts in it are not shown; it is kept as "
                f"{_free_name(self.path).name} when the next one is given."
            )


def _within(frame: int | None, entry: Entry) -> int | None:
    first, last = entry.frames
    return frame if frame is not None and first <= frame <= last else None


def _checked(
    verdict: Any, note: Any, frame: Any, name: str
) -> tuple[Decision | None, str, int | None]:
    """Raises: InputError for what cannot be said of a clip."""
    what = ""
    if verdict is not None and verdict not in get_args(Decision):
        what = f"'{verdict}' is no verdict"
    elif not isinstance(note, str) or len(note) > LONGEST_NOTE:
        what = f"its note is no text of at most {LONGEST_NOTE} characters"
    elif not (frame is None or type(frame) is int):
        what = "the frame of its note is no whole number"
    if what:
        raise InputError(
            what,
            where=f"clip '{name}'",
            remedy="Give approved or sent back, and a note and its frame if wanted.",
        )
    return verdict, note, frame


def _read(path: Path) -> list[Verdict]:
    """Raises: InputError if it is no file of verdicts."""
    try:
        if path.stat().st_size > _MAXIMUM_BYTES:
            raise ValueError("it is too large")
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["nle_style_review"] != VERDICTS_VERSION:
            raise ValueError(f"it is of version {data['nle_style_review']}")
        found = []
        for each in data["verdicts"]:
            clip_id, name, painting = (each[key] for key in ("clip_id", "name", "painting"))
            if not all(isinstance(text, str) for text in (clip_id, name, painting)):
                raise ValueError("a clip's name is no text")
            said = _checked(each.get("verdict"), each.get("note", ""), each.get("frame"), name)
            found.append(Verdict(clip_id, name, painting, *said))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"is no file of verdicts ({reason})",
            where=str(path),
            remedy="Give the file that the review's page saved.",
        ) from error
    except InputError as error:
        raise InputError(
            f"is no file of verdicts ({error.fault})", where=str(path), remedy=error.remedy
        ) from error
    return found


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.unreadable{n or ''}") for n in range(1000))
    return next(name for name in names if not os.path.lexists(name))
