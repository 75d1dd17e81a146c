"""Change places of an XML timeline, and verify that nothing else changed.

`patch_fcp7` and `patch_fcpxml` use it, each with the elements of its format.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from xml.sax.saxutils import escape

from nle_style.errors import TimelineError, VerificationError
from nle_style.timeline.patch.fingerprint import fingerprint
from nle_style.timeline.patch.scan import Node, Scan, scan

__all__ = [
    "Change",
    "Edit",
    "PatchResult",
    "Untouched",
    "apply_edits",
    "copied",
    "drop_attribute",
    "drop_element",
    "new_id",
    "patched",
    "set_attribute",
    "set_content",
    "set_root",
    "untouched",
    "verify_patch",
]


@dataclass(frozen=True)
class Change:
    """The old and the new text at a line of the original; "" for none."""

    line: int
    old: str
    new: str


@dataclass(frozen=True)
class Untouched:
    """A medium that keeps its path: the line of its definition, its path or id, and why."""

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
    """Bytes `start` to `end` of a file, part of `node` or its `attribute`, become `new`."""

    start: int
    end: int
    new: bytes
    node: Node
    attribute: str = ""


def untouched(node: Node, url: str, reason: str = "it has no path") -> Untouched:
    """A medium's definition that nothing replaces; `reason` is for one without a path."""
    if url:
        return Untouched(node.line, url, "nothing was rendered for it")
    return Untouched(node.line, node.attributes.get("id", ""), reason)


def new_id(old: str, taken: set[str]) -> str:
    """An id that nothing in the file has; it is added to `taken`."""
    made = next(name for n in count(1) if (name := f"{old}-nle{n}") not in taken)
    taken.add(made)
    return made


def set_content(scan: Scan, node: Node, text: str) -> Edit:
    """Replace an element's text, which must be all its content."""
    return Edit(node.head_end, node.close, _xml(scan, text), node)


def set_attribute(scan: Scan, node: Node, name: str, value: str) -> Edit:
    """Replace the value of an attribute that the element has."""
    _, start, end = scan.attribute(node, name)
    end -= len('"'.encode(scan.codec))
    return Edit(start, end, _xml(scan, value), node, name)


def set_root(scan: Scan, node: Node, folder: str) -> Edit:
    """Set an element's attribute `root`, which it may have or not."""
    if "root" in node.attributes:
        return set_attribute(scan, node, "root", folder)
    place = node.start + len(f"<{node.name}".encode(scan.codec))
    text = ' root="'.encode(scan.codec) + _xml(scan, folder) + '"'.encode(scan.codec)
    return Edit(place, place, text, node, "root")


def drop_attribute(scan: Scan, node: Node, name: str) -> Edit:
    """Remove an attribute, and the space before it."""
    start, _, end = scan.attribute(node, name)
    return Edit(start, end, b"", node, name)


def drop_element(scan: Scan, node: Node) -> Edit:
    """Remove an element, and the white space before it."""
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


def copied(scan: Scan, node: Node, edits: Iterable[Edit]) -> bytes:
    """An element with edits in it, and the white space before it: a copy to stand behind it."""
    space = scan.data[scan.space_before(node.start) : node.start]
    return space + apply_edits(scan.data, edits, node.start, node.end)


def patched(
    found: Scan,
    edits: Sequence[Edit],
    left: Iterable[Untouched],
    shown: Callable[[Scan], list[str]],
    wanted: list[str],
) -> PatchResult:
    """The file with the edits, checked to differ in nothing else.

    Args:
        found: the original.
        edits: the changes.
        left: the media that were left alone.
        shown: the paths that the clips of a file show.
        wanted: what `shown` must give for the result.

    Raises:
        VerificationError: the result does not parse to what was meant.
    """
    if not edits:
        return PatchResult(found.data, (), tuple(left))
    data = apply_edits(found.data, edits)
    verify_patch(found, data, edits)
    if shown(scan(data, found.keep)) != wanted:
        raise VerificationError("a clip of the patched timeline has another file than was meant")
    return PatchResult(data, _changes(found, edits), tuple(left))


def _changes(scan: Scan, edits: Iterable[Edit]) -> tuple[Change, ...]:
    changes = []
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        first, last = sorted((edit.node.start, edit.start))
        lines = len(re.findall("\r\n|\r|\n", scan.text(first, last)))
        line = edit.node.line + (lines if edit.start >= edit.node.start else -lines)
        changes.append(Change(line, scan.text(edit.start, edit.end), edit.new.decode(scan.codec)))
    return tuple(changes)


def verify_patch(scan: Scan, data: bytes, edits: Iterable[Edit]) -> None:
    """Parse both files and compare everything but the places of the edits."""
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
            data, after, dropped_after
        )
    except TimelineError as error:
        raise VerificationError(f"the patched timeline is broken: {error}") from error
    if not equal:
        raise VerificationError("the patched timeline differs in more than its media's paths")


def _xml(scan: Scan, text: str) -> bytes:
    # A parser would turn line ends and tabs in an attribute into spaces, and any CR into LF.
    special = {'"': "&quot;", "'": "&apos;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
    return escape(text, special).encode(scan.codec, "xmlcharrefreplace")
