"""Relink MLT projects (Kdenlive, Shotcut) in place: change the paths of media, and what belongs to
a path; nothing else.

- `resource`, and `warp_resource` of a clip with another speed, are the path that MLT plays.
- Kdenlive's `kdenlive:originalurl` is the path behind a proxy, and `kdenlive:proxy` that of the
  proxy, "-" for none. `shotcut:resource` and `shotcut:proxy` are Shotcut's; it removes both when
  it leaves the proxies (proxymanager.cpp), and so are they here.
- `kdenlive:file_hash`, `kdenlive:file_size` and `shotcut:hash` name the old file: by them lost
  files are searched and proxies are found. Both editors make them anew where there are none.
- `video_index` and `audio_index` are the streams of the old file that are played.
- A numbered sequence that becomes a movie is read by another service.

Kdenlive knows a clip by its number in the bin, `kdenlive:id`, and opens with what the bin has. If
all that show a clip get the same intermediate, the bin's clip gets it too. If not, the bin's clip
stays, and a copy of it with a number of its own stands beside it, for those that differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from nle_style.errors import TimelineError
from nle_style.timeline.files import MOVIES, is_sequence, url_like
from nle_style.timeline.patch.edits import (
    Edit,
    PatchResult,
    Untouched,
    copied,
    drop_element,
    new_id,
    patched,
    set_attribute,
    set_content,
    set_root,
    untouched,
)
from nle_style.timeline.patch.mlt_document import KEEP, Medium, MltDocument, Use
from nle_style.timeline.patch.scan import scan
from nle_style.timeline.patch.targets import Replacement, Targets, settle_targets
from nle_style.timeline.safe_xml import check_root

__all__ = ["mlt_clips", "mlt_slides", "patch_mlt"]

_OF_THE_OLD = (
    *("kdenlive:file_hash", "kdenlive:file_size", "shotcut:hash"),
    *("shotcut:proxy", "shotcut:proxy.meta", "shotcut:resource"),
)


def patch_mlt(original: bytes, replacements: Sequence[Replacement], folder: Path) -> PatchResult:
    """Show intermediates in the place of media, and change nothing else.

    Args:
        original: the whole file.
        replacements: the media to replace, for clips that are named by the bytes at which their
            `entry` or `track` starts. Sound of the same clip of the bin, and the clip in the bin,
            follow when every picture of it gets the same intermediate; otherwise they stay.
        folder: the project's folder.

    Returns:
        The file, with every byte outside `changed` as it was.

    Raises:
        TimelineError: not MLT XML or not safe to read, a replacement for nothing in the file, or
            an image sequence and a movie in each other's place.
        VerificationError: the result does not parse to what was meant.
    """
    found = scan(original, KEEP)
    check_root(found.root, "mlt", remedy="Save the project again.")
    document = MltDocument(found)
    targets = Targets(replacements)
    for medium in document.media:
        for use in medium.uses:
            use.target = targets.of(None, (use.node.start,))
    targets.check_all_used()
    patch = _Patch(document)
    for family in document.families():
        patch.replace(family)
    edits = patch.edits
    if edits and document.stray_root(folder):
        edits.append(set_root(found, document.root, str(folder)))
    return patched(found, edits, patch.left, lambda scan: MltDocument(scan).shown(), patch.wanted())


def mlt_clips(original: bytes) -> frozenset[int]:
    """The clips that can be given other media: the bytes at which their elements start.

    Raises:
        TimelineError: not safe to read.
    """
    media = MltDocument(scan(original, KEEP)).media
    return frozenset(use.node.start for medium in media for use in medium.uses if use.active)


def mlt_slides(original: bytes) -> frozenset[int]:
    """Those of them that hold every image of a sequence for several frames.

    A movie in their place would run faster; only images can stand there.
    """
    media = MltDocument(scan(original, KEEP)).media
    slides = (m for m in media if m.is_images and m.text("ttl") not in ("", "1"))
    return frozenset(use.node.start for medium in slides for use in medium.uses)


class _Patch:
    """The edits of a project.

    Attributes:
        edits: the changes so far.
        left: the media that were left alone.
    """

    def __init__(self, document: MltDocument) -> None:
        self.edits: list[Edit] = []
        self.left: list[Untouched] = []
        self._scan = document.scan
        self._ids = set(document.scan.ids)
        self._number = document.free_number()
        self._copied: dict[tuple[Medium, PurePath], str] = {}
        self._shown: dict[int, tuple[str, str]] = {}

    def replace(self, family: list[Medium]) -> None:
        """Give the media of one clip their targets, in place or as copies."""
        uses = [use for medium in family for use in medium.uses]
        in_bin = [medium for medium in family if any(use.in_bin for use in medium.uses)]
        home = in_bin[0] if in_bin and family[0].family else None
        base = settle_targets(uses)
        if all(use.target is None for use in uses):
            self.left.append(untouched(family[0].node, family[0].resource))
        numbers: dict[PurePath, str] = {}
        for medium in family:
            if base is not None:
                self.edits += self._relinked(medium, base)
            for target in dict.fromkeys(use.target for use in medium.uses):
                if target is not None and target != base:
                    self._copy(medium, target, self._numbered(medium, target, numbers))
            for use in medium.uses:
                if not use.in_bin:
                    beside = "" if home is None else self._path(home, use.target)
                    self._shown[use.node.start] = (self._path(medium, use.target), beside)
        for target, number in numbers.items():
            if home is not None:
                self._into_bin(home, target, number)

    def wanted(self) -> list[str]:
        """What `MltDocument.shown` must give for the patched file."""
        return [text for _, pair in sorted(self._shown.items()) for text in pair]

    def _numbered(self, medium: Medium, target: PurePath, numbers: dict[PurePath, str]) -> str:
        """The number in Kdenlive's bin of a clip's copies for a target; "" in other projects."""
        if medium.family and target not in numbers:
            numbers[target] = str(self._number)
            self._number += 1
        return numbers.get(target, "")

    def _into_bin(self, home: Medium, target: PurePath, number: str) -> None:
        """Put a copy of the bin's clip beside it."""
        made = self._copied.get((home, target)) or self._copy(home, target, number)
        for use in home.uses:
            if use.in_bin:
                entry = copied(self._scan, use.node, self._moved(use, made, number))
                self.edits.append(Edit(use.node.end, use.node.end, entry, use.node))

    def _copy(self, medium: Medium, target: PurePath, number: str) -> str:
        """Make a copy of a medium, for the uses that have `target`; its id."""
        found, node = self._scan, medium.node
        made = self._copied[medium, target] = new_id(medium.id, self._ids)
        inside = [*self._relinked(medium, target), set_attribute(found, node, "id", made)]
        if number:
            inside.append(self._set(medium, "kdenlive:id", number))
        if "kdenlive:control_uuid" in medium.properties:
            inside.append(drop_element(found, medium.properties["kdenlive:control_uuid"]))
        self.edits.append(Edit(node.end, node.end, copied(found, node, inside), node))
        for use in medium.uses:
            if use.target == target:
                self.edits += self._moved(use, made, number)
        return made

    def _moved(self, use: Use, producer: str, number: str) -> list[Edit]:
        """Name another medium at a place, and its number in Kdenlive's bin."""
        edits = [set_attribute(self._scan, use.node, "producer", producer)]
        for child in use.node.children:
            if child.attributes.get("name") == "kdenlive:id" and child.text and number:
                edits.append(set_content(self._scan, child, number))
        return edits

    def _relinked(self, medium: Medium, target: PurePath) -> list[Edit]:
        """Show an intermediate, and forget what belongs to the old file."""
        path = self._path(medium, target)
        texts = {"resource": path, "warp_resource": path, "kdenlive:originalurl": path}
        if medium.text("mlt_service") == "timewarp":
            texts["resource"] = f"{medium.text('resource').partition(':')[0]}:{path}"
        if medium.text("kdenlive:proxy") not in ("", "-"):
            texts["kdenlive:proxy"] = "-"
        if medium.is_images and target.suffix.lower() in MOVIES:
            texts["mlt_service"] = "avformat"
        if not medium.is_images:
            texts |= medium.moved_streams()
        nodes = medium.properties
        changed = [(k, v) for k, v in texts.items() if medium.text(k) not in ("", v)]
        edits = [self._set(medium, name, text) for name, text in changed]
        return edits + [drop_element(self._scan, nodes[k]) for k in _OF_THE_OLD if k in nodes]

    def _set(self, medium: Medium, name: str, text: str) -> Edit:
        """Set a property that a medium has, where it stands."""
        node = medium.properties.get(name)
        if node is None:
            return set_attribute(self._scan, medium.node, name, text)
        if "value" in node.attributes:
            return set_attribute(self._scan, node, "value", text)
        return set_content(self._scan, node, text)

    def _path(self, medium: Medium, target: PurePath | None) -> str:
        """A path in the form of the one that it replaces."""
        old = medium.resource
        if target is None:
            return old
        if not is_sequence(target):
            return url_like(old, target)
        if not medium.is_images:
            raise TimelineError(
                f"{target.name} is an image sequence, and the project has a movie there",
                remedy="Render to a movie format such as png-mov.",
            )
        if "%" in str(target.parent):
            raise TimelineError(
                f"{target.parent} has a % in its name, which MLT reads as a number",
                remedy="Choose another output folder.",
            )
        # Its files have the numbers of the source's, so that they begin at the same one.
        return f"{target}{old[old.index('?') :] if '?' in old else ''}"
