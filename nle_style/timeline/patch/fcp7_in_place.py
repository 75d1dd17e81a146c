"""Relink Final Cut Pro 7 XML (xmeml) in place: change the <pathurl> of a <file>, nothing else.

A <file> is defined where its id occurs first, and only named after that (Apple, "Final Cut Pro XML
Interchange Format", The id Attribute). If every clip that shows a file gets the same intermediate,
one <pathurl> changes. If not, the clips that differ get a <file> of their own: a copy of the
definition with another id and path. A master clip has one media file (Apple, Final Cut Pro 7 User
Manual, About Using Master and Affiliate Clips), so these clips also get another <masterclipid>.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from nle_style.timeline.files import url_like
from nle_style.timeline.patch.edits import (
    Edit,
    PatchResult,
    apply_edits,
    new_id,
    patched,
    set_attribute,
    set_content,
    untouched,
)
from nle_style.timeline.patch.scan import Node, Scan, scan
from nle_style.timeline.patch.targets import Replacement, Targets, locator, settle_targets
from nle_style.timeline.safe_xml import check_root

__all__ = ["fcp7_clips", "patch_fcp7"]

_CLIPS = ("clipitem", "clip")
_KEEP = (*_CLIPS, "file", "pathurl", "masterclipid", "sequence", "audio", "video")


@dataclass(eq=False)
class _Use:
    """A <file> element, which defines its medium or only names it.

    Attributes:
        source: the element with the definition.
        url: the text of its <pathurl>.
        owner: the clip around the element.
        active: whether a sequence shows its picture; sound and clips in bins are not.
        target: what is to be shown instead.
    """

    file: Node
    source: Node | None
    url: str
    owner: Node | None
    active: bool
    target: PurePath | None = None

    @property
    def defines(self) -> bool:
        return self.source is self.file


def patch_fcp7(
    original: bytes,
    replacements: Sequence[Replacement],
    folder: Path,
) -> PatchResult:
    """Show intermediates in the place of media, and change nothing else.

    Args:
        original: the whole file.
        replacements: the media to replace. Audio that plays from a replaced file, and clips in
            bins, follow when every picture of that file gets the same intermediate (which carries
            the source's sound); otherwise they stay with the file, unless a replacement names them.
        folder: where relative paths start.

    Returns:
        The file, with every byte outside `changed` as it was.

    Raises:
        TimelineError: not FCP7 XML or not safe to read, a replacement for nothing in the file, or
            an image sequence in the place of a movie.
        VerificationError: the result does not parse to what was meant.
    """
    found = scan(original, _KEEP)
    check_root(found.root, "xmeml", remedy="Export the sequence as Final Cut Pro XML.")
    uses = _uses(found)
    find = locator(folder)
    paths = {url: find(url) for url in {use.url for use in uses} if url}
    targets = Targets(replacements)
    for use in uses:
        keys = (use.owner.start, use.owner.attributes.get("id", "")) if use.owner else ()
        use.target = targets.of(paths.get(use.url), keys)
    targets.check_all_used()
    files: dict[object, list[_Use]] = {}
    for use in uses:
        files.setdefault((use.file.attributes.get("id", use.file), use.url), []).append(use)
    taken = {*found.ids, *(n.text for n in found.nodes if n.name == "masterclipid")}
    edits: list[Edit] = []
    moved: dict[_Use, str] = {}
    left = []
    for group in files.values():
        base = settle_targets(group)
        if all(use.target is None for use in group):
            use = next((use for use in group if use.defines), group[0])
            left.append(untouched(use.file, use.url))
        else:
            edits += _file_edits(found, group, base, taken, moved)
    edits += _master_edits(found, uses, moved, taken)
    wanted = [url_like(use.url, use.target) if use.target else use.url for use in uses]
    return patched(found, edits, left, lambda scan: [use.url for use in _uses(scan)], wanted)


def fcp7_clips(original: bytes) -> frozenset[int]:
    """The clips that can be given other media: the bytes at which their elements start.

    Raises:
        TimelineError: not safe to read.
    """
    uses = _uses(scan(original, _KEEP))
    return frozenset(use.owner.start for use in uses if use.active and use.url and use.owner)


def _uses(found: Scan) -> list[_Use]:
    definitions: dict[str, Node] = {}
    files = [node for node in found.nodes if node.name == "file"]
    for node in files:
        if node.elements and "id" in node.attributes:
            definitions.setdefault(node.attributes["id"], node)
    uses = []
    for node in files:
        source = node if node.elements else definitions.get(node.attributes.get("id", ""))
        path = None if source is None else _path(source)
        around = node.ancestors()
        owner = next((n for n in around if n.name in _CLIPS), None)
        inner = [n.name for n in around]
        media = next((n for n in inner if n in ("audio", "video")), "video")
        active = "sequence" in inner and media == "video"
        uses.append(_Use(node, source, path.text.strip() if path else "", owner, active))
    return uses


def _path(file: Node) -> Node | None:
    return next((node for node in file.children if node.name == "pathurl"), None)


def _file_edits(
    found: Scan, group: list[_Use], base: PurePath | None, taken: set[str], moved: dict[_Use, str]
) -> list[Edit]:
    """Paths, ids and copies for the uses of one file; `moved` gets those that leave it."""
    edits = []
    own_id = group[0].file.attributes.get("id")
    ids: dict[PurePath | None, str] = {}
    defined = {use.target for use in group if use.defines}
    for use in group:
        if use.source is None:
            continue
        changed = []
        path = _path(use.source)
        if path is not None and use.target is not None:
            changed.append(set_content(found, path, url_like(use.url, use.target)))
        if own_id is not None and use.target != base:
            if use.target not in ids:
                ids[use.target] = new_id(own_id, taken)
            moved[use] = ids[use.target]
        if use.defines:
            edits += changed
        elif use.target not in defined:
            # The first clip of this intermediate defines it for those after it.
            defined.add(use.target)
            if use in moved:
                changed.append(set_attribute(found, use.source, "id", moved[use]))
            copy = apply_edits(found.data, changed, use.source.start, use.source.end)
            edits.append(Edit(use.file.start, use.file.end, copy, use.file))
            continue
        if use in moved:
            edits.append(set_attribute(found, use.file, "id", moved[use]))
    return edits


def _master_edits(
    found: Scan, uses: list[_Use], moved: dict[_Use, str], taken: set[str]
) -> list[Edit]:
    """New master clip ids for clips that leave a file which others of that master clip keep."""
    masters: dict[str, list[tuple[Node, str | None]]] = {}
    for use in uses:
        for node in use.owner.children if use.owner else ():
            if node.name == "masterclipid":
                masters.setdefault(node.text, []).append((node, moved.get(use)))
    edits = []
    for master, members in masters.items():
        groups = {group for _, group in members}
        if len(groups) == 1 or not master:
            continue
        names = {group: new_id(master, taken) for group in sorted(g for g in groups if g)}
        edits += [set_content(found, node, names[group]) for node, group in members if group]
    return edits
