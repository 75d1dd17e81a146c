"""Surgical relink of FCPXML: an asset's `src`, and what says that the asset is the old file.

`src` stands on <asset> up to version 1.8 and on <media-rep> since 1.9. With it must go:

- `uid` (asset) and `sig` (media-rep), which name the old file. "Final Cut Pro X locates the asset
  using the uid property value and relinks the media": kept, the import would repoint the library's
  own clip, or show the old file. Without one, an asset is a new resource and gets its uid from
  Final Cut (Apple, FCPXML Reference, id; Final Cut Pro X XML Format, Resources).
- <bookmark>, a security-scoped bookmark of the old file (Apple, FCPXML Reference, bookmark).
- other representations (kind="proxy-media"), which show the old picture.

All are optional in Apple's DTDs. If some clips of an asset keep the old picture or get another
look, a copy of the asset with another id is added after it, and those clips' `ref` names the copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from nle_style.errors import TimelineError, VerificationError
from nle_style.timeline.files import is_sequence, url_like
from nle_style.timeline.patch.edits import (
    ClipKey,
    Edit,
    Locate,
    PatchResult,
    Replacement,
    Targets,
    Untouched,
    apply_edits,
    changes_of,
    drop_attribute,
    drop_element,
    locator,
    new_id,
    set_attribute,
    verify_patch,
)
from nle_style.timeline.patch.scan import Node, Scan, scan

__all__ = ["patch_fcpxml"]

_REFERRING = ("asset-clip", "video", "audio")
_KEEP = ("asset", "media-rep", "bookmark", "sequence", "multicam", "clip", *_REFERRING)


@dataclass(eq=False)
class _Use:
    """An element that refers to an asset; active if a sequence or angle shows its picture."""

    node: Node
    keys: tuple[ClipKey, ...]
    active: bool
    target: PurePath | None = None


@dataclass(eq=False)
class _Asset:
    """An asset, the element that holds the path of its original media, and that path."""

    node: Node
    place: Node | None
    url: str
    uses: list[_Use] = field(default_factory=list)


def patch_fcpxml(
    original: bytes,
    replacements: Sequence[Replacement],
    folder: Path,
    *,
    locate: Locate | None = None,
) -> PatchResult:
    """Show intermediates in the place of media, and change nothing else.

    Args:
        original: the whole file (of a .fcpxmld bundle: its Info.fcpxml).
        replacements: the media to replace. Audio that plays from a replaced asset, and clips in
            events, follow when every picture of that asset gets the same intermediate (which
            carries the source's sound); otherwise they stay, unless a replacement names them.
        folder: where relative paths start.
        locate: the path that a `src` means, if `media_path` would not find it.

    Returns:
        The file, with every byte outside `changed` as it was.

    Raises:
        TimelineError: not FCPXML or not safe to read, a replacement for nothing in the file, or
            an image sequence, which FCPXML cannot name.
        VerificationError: the result does not parse to what was meant.
    """
    found = scan(original, _KEEP)
    if found.root != "fcpxml":
        raise TimelineError(
            f"its root element is <{found.root}>, not <fcpxml>",
            remedy="Export the project as XML from Final Cut Pro.",
        )
    for item in replacements:
        if is_sequence(item.target):
            raise TimelineError(
                f"{item.target.name} is an image sequence, which FCPXML cannot name",
                remedy="Render to a movie format such as prores4444.",
            )
    assets = _assets(found)
    find = locator(folder, locate)
    paths = {url: find(url) for url in {asset.url for asset in assets.values()} if url}
    clips = [use for asset in assets.values() for use in asset.uses if use.active]
    targets = Targets(replacements, [n for use in clips for n in {*use.keys} if isinstance(n, int)])
    taken = set(found.ids)
    edits: list[Edit] = []
    untouched = []
    wanted: dict[int, str] = {}
    for asset in assets.values():
        source = paths.get(asset.url)
        for use in asset.uses:
            use.target = targets.of(source, use.keys)
        # An asset may be in the file for its own sake, with nothing that refers to it.
        whole = targets.of(source, (asset.node.attributes.get("id", ""),))
        if whole is None and all(use.target is None for use in asset.uses):
            untouched.append(_untouched(asset))
        else:
            edits += _asset_edits(found, asset, _base(asset, whole), taken)
        wanted |= {id(use): _text(asset, use.target) for use in asset.uses}
    targets.check_all_used()
    if not edits:
        return PatchResult(original, (), tuple(untouched))
    data = apply_edits(original, edits)
    verify_patch(found, data, edits)
    if _shown(found, assets, wanted) != _shown(scan(data, _KEEP)):
        raise VerificationError("a clip of the patched timeline has another file than was meant")
    return PatchResult(data, changes_of(found, edits), tuple(untouched))


def _assets(found: Scan) -> dict[str, _Asset]:
    assets: dict[str, _Asset] = {}
    for node in found.nodes:
        if node.name == "asset":
            place = _place(node)
            url = place.attributes.get("src", "").strip() if place else ""
            assets[node.attributes.get("id", "")] = _Asset(node, place, url)
    for node in found.nodes:
        asset = assets.get(node.attributes.get("ref", ""))
        if node.name in _REFERRING and asset is not None:
            asset.uses.append(_use(node))
    return assets


def _place(asset: Node) -> Node | None:
    """The element with the path: of several representations, that of the original media."""
    representations = [node for node in asset.children if node.name == "media-rep"]
    for node in representations:
        if node.attributes.get("kind", "original-media") == "original-media":
            return node
    return asset if not representations else None


def _use(node: Node) -> _Use:
    clip = node.parent if node.parent and node.parent.name == "clip" else None
    # <clip> with one <video> is one clip; what is connected to it has a lane and its own place.
    inside = clip is not None and node.name == "video" and not node.attributes.get("lane")
    lines = (node.line, clip.line) if inside and clip else (node.line,)
    silent = node.name == "audio" or node.attributes.get("srcEnable") == "audio"
    shown = any(n.name in ("sequence", "multicam") for n in node.ancestors())
    return _Use(node, (*lines, node.attributes["ref"]), shown and not silent)


def _base(asset: _Asset, whole: PurePath | None) -> PurePath | None:
    """What the asset itself becomes; uses without a target of their own follow it."""
    deciding = [use for use in asset.uses if use.active] or asset.uses
    targets = [use.target for use in deciding] or [whole]
    base = None if None in targets else targets[0]
    for use in asset.uses:
        if use not in deciding and use.target is None:
            use.target = base
    return base


def _text(asset: _Asset, target: PurePath | None) -> str:
    return asset.url if target is None else url_like(asset.url, target, always_url=True)


def _untouched(asset: _Asset) -> Untouched:
    node = asset.node
    if asset.url:
        return Untouched(node.line, asset.url, "nothing was rendered for it")
    reason = "it has proxy media only" if asset.place is None else "it has no path"
    return Untouched(node.line, node.attributes.get("id", ""), reason)


def _asset_edits(found: Scan, asset: _Asset, base: PurePath | None, taken: set[str]) -> list[Edit]:
    edits = [] if base is None else _relinked(found, asset, base)
    node = asset.node
    ids: dict[PurePath | None, str] = {}
    copies = []
    for use in asset.uses:
        if use.target == base:
            continue
        if use.target not in ids:
            ids[use.target] = new_id(node.attributes["id"], taken)
            inside = [] if use.target is None else _relinked(found, asset, use.target)
            inside.append(set_attribute(found, node, "id", ids[use.target]))
            space = found.data[found.space_before(node.start) : node.start]
            copies.append(space + apply_edits(found.data, inside, node.start, node.end))
        edits.append(set_attribute(found, use.node, "ref", ids[use.target]))
    if copies:
        edits.append(Edit(node.end, node.end, b"".join(copies), node))
    return edits


def _relinked(found: Scan, asset: _Asset, target: PurePath) -> list[Edit]:
    node, place = asset.node, asset.place
    if place is None:
        return []
    edits = [set_attribute(found, place, "src", _text(asset, target))]
    if "uid" in node.attributes:
        edits.append(drop_attribute(found, node, "uid"))
    if place is not node and "sig" in place.attributes:
        edits.append(drop_attribute(found, place, "sig"))
    edits += [drop_element(found, n) for n in place.children if n.name == "bookmark"]
    others = [n for n in node.children if n.name == "media-rep" and n is not place]
    return edits + [drop_element(found, n) for n in others]


def _shown(
    found: Scan, assets: dict[str, _Asset] | None = None, wanted: dict[int, str] | None = None
) -> list[str]:
    """The path behind every reference to an asset, in document order."""
    assets = _assets(found) if assets is None else assets
    uses = [(use.node.start, use, asset) for asset in assets.values() for use in asset.uses]
    uses.sort(key=lambda item: item[0])
    return [asset.url if wanted is None else wanted[id(use)] for _, use, asset in uses]
