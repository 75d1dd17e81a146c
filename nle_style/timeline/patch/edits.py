"""Change named places of an XML timeline and prove that nothing else changed.

Shared by patch_fcp7 and patch_fcpxml, which know what the elements mean.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from pathlib import Path, PurePath
from xml.sax.saxutils import escape

from nle_style.errors import TimelineError, VerificationError
from nle_style.timeline.files import media_path
from nle_style.timeline.patch.fingerprint import fingerprint
from nle_style.timeline.patch.scan import Node, Scan

__all__ = [
    "Change",
    "ClipKey",
    "Edit",
    "Locate",
    "PatchResult",
    "Replacement",
    "Targets",
    "Untouched",
    "apply_edits",
    "changes_of",
    "drop_attribute",
    "drop_element",
    "locator",
    "new_id",
    "set_attribute",
    "set_content",
    "verify_patch",
]

ClipKey = str | int
Locate = Callable[[str], Path | None]


@dataclass(frozen=True)
class Replacement:
    """One medium, and what is to be shown in its place.

    Attributes:
        source: the media's absolute path, as the timeline's text resolves to it.
        target: the intermediate's absolute path. It must have the source's length, rate and
            timecode: in and out points, speeds and keyframes stay as they are and count its frames.
        clips: the clips that it is for: the `id` of a clip element (FCPXML: of an asset, for all
            its uses), or the line on which the clip's element starts. None: every use.
    """

    source: Path
    target: PurePath
    clips: frozenset[ClipKey] | None = None


@dataclass(frozen=True)
class Change:
    """What stood at a line of the original, and what stands there now ("" for nothing)."""

    line: int
    old: str
    new: str


@dataclass(frozen=True)
class Untouched:
    """A medium that keeps its path: the line of its definition, its text or id, and why."""

    line: int
    media: str
    reason: str


@dataclass(frozen=True)
class PatchResult:
    """The patched file, every place that differs, and the media that were left alone."""

    data: bytes
    changed: tuple[Change, ...]
    untouched: tuple[Untouched, ...]


@dataclass(frozen=True)
class Edit:
    """Bytes `start` to `end` of a file become `new`; `tag` and `attribute` if in a start tag."""

    start: int
    end: int
    new: bytes
    node: Node
    attribute: str = ""


def locator(folder: Path, locate: Locate | None) -> Locate:
    """From a timeline's text to a path, or None if it means no file of this machine."""

    def find(url: str) -> Path | None:
        try:
            return media_path(url.strip(), folder)
        except TimelineError:
            return None

    return locate or find


class Targets:
    """Which replacement a clip gets, and whether every replacement found a clip.

    Where several fit a clip, the first one counts.

    Args:
        replacements: what is asked for.
        lines: the line of every clip, to see whether a line names one of them.

    Raises:
        TimelineError: a replacement names a line on which several clips start.
    """

    def __init__(self, replacements: Sequence[Replacement], lines: Iterable[int]) -> None:
        self._replacements = tuple(replacements)
        self._used: set[tuple[int, ClipKey | None]] = set()
        starting = Counter(lines)
        for key in (key for item in self._replacements for key in item.clips or ()):
            if isinstance(key, int) and starting[key] > 1:
                raise TimelineError(
                    "several clips start on this line, so it does not name one of them",
                    where=f"line {key}",
                    remedy="Give all clips of this file the same look, or relink the .otio.",
                )

    def of(self, source: Path | None, keys: Collection[ClipKey]) -> PurePath | None:
        """The target of a use of `source` by a clip that goes by any of `keys`."""
        target = None
        for number, item in enumerate(self._replacements):
            if source is None or item.source != source:
                continue
            named = {None} if item.clips is None else item.clips.intersection(keys)
            # What is for every use may come last and find all of them taken.
            if item.clips is None or target is None:
                self._used.update((number, key) for key in named)
            target = item.target if named and target is None else target
        return target

    def check_all_used(self) -> None:
        """Raises TimelineError for a replacement whose media or clip is not in the file."""
        for number, item in enumerate(self._replacements):
            for key in (None,) if item.clips is None else sorted(item.clips, key=str):
                if (number, key) not in self._used:
                    place = "line " if isinstance(key, int) else "clip "
                    raise TimelineError(
                        f"no clip here shows {item.source}, or another replacement comes first",
                        where="" if key is None else f"{place}{key}",
                        remedy="Plan the timeline and render again.",
                    )


def new_id(old: str, taken: set[str]) -> str:
    """An id that nothing in the file has; it is added to `taken`."""
    made = next(name for n in count(1) if (name := f"{old}-nle{n}") not in taken)
    taken.add(made)
    return made


def set_content(scan: Scan, node: Node, text: str) -> Edit:
    """An element's text, which must be all its content."""
    return Edit(node.head_end, node.close, _xml(scan, text), node)


def set_attribute(scan: Scan, node: Node, name: str, value: str) -> Edit:
    """The value of an attribute that is there."""
    _, start, end = scan.attribute(node, name)
    end -= len('"'.encode(scan.codec))
    return Edit(start, end, _xml(scan, value), node, name)


def drop_attribute(scan: Scan, node: Node, name: str) -> Edit:
    """No attribute, nor the space before it."""
    start, _, end = scan.attribute(node, name)
    return Edit(start, end, b"", node, name)


def drop_element(scan: Scan, node: Node) -> Edit:
    """No element, nor the white space before it."""
    return Edit(scan.space_before(node.start), node.end, b"", node)


def apply_edits(
    data: bytes, edits: Iterable[Edit], start: int = 0, end: int | None = None
) -> bytes:
    """The bytes from `start` to `end` with the edits in them."""
    pieces = []
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if edit.start < start:
            raise VerificationError("two changes of the timeline overlap")
        pieces += [data[start : edit.start], edit.new]
        start = edit.end
    pieces.append(data[start:end])
    return b"".join(pieces)


def changes_of(scan: Scan, edits: Iterable[Edit]) -> tuple[Change, ...]:
    """The edits as a reader of the file would see them."""
    changes = []
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        first, last = sorted((edit.node.start, edit.start))
        lines = len(re.findall("\r\n|\r|\n", scan.text(first, last)))
        line = edit.node.line + (lines if edit.start >= edit.node.start else -lines)
        changes.append(Change(line, scan.text(edit.start, edit.end), edit.new.decode(scan.codec)))
    return tuple(changes)


def verify_patch(scan: Scan, patched: bytes, edits: Iterable[Edit]) -> None:
    """Parse both files and compare everything but the places of the edits.

    Args:
        scan: the original.
        patched: the original with the edits applied.
        edits: what may differ.

    Raises:
        VerificationError: they differ anywhere else, or the patched file cannot be parsed.
    """
    ordered = sorted(edits, key=lambda e: (e.start, e.end))
    ends = [edit.end for edit in ordered]
    grown = [0, *accumulate(len(e.new) - (e.end - e.start) for e in ordered)]

    def moved(place: int) -> int:
        return place + grown[bisect_right(ends, place)]

    before, after = [], []
    dropped_before: dict[int, set[str]] = {}
    dropped_after: dict[int, set[str]] = {}
    for number, edit in enumerate(ordered):
        if edit.attribute:
            tag = edit.node.start
            dropped_before.setdefault(tag, set()).add(edit.attribute)
            dropped_after.setdefault(moved(tag), set()).add(edit.attribute)
        else:
            start = edit.start + grown[number]
            before.append((edit.start, edit.end))
            after.append((start, start + len(edit.new)))
    try:
        equal = fingerprint(scan.data, before, dropped_before) == fingerprint(
            patched, after, dropped_after
        )
    except TimelineError as error:
        raise VerificationError(f"the patched timeline is broken: {error}") from error
    if not equal:
        raise VerificationError("the patched timeline differs in more than its media's paths")


def _xml(scan: Scan, text: str) -> bytes:
    # Line ends and tabs would become spaces in an attribute, and a CR an LF anywhere.
    special = {'"': "&quot;", "'": "&apos;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
    return escape(text, special).encode(scan.codec, "xmlcharrefreplace")
