"""Relink FCPXML in place: change an asset's `src`, and remove what identifies the old file.

`src` is an attribute of <asset> up to version 1.8 and of <media-rep> since 1.9. Other programs
write both, and a <pathurl> inside, which Apple's DTDs do not have and some read before `src`: all
are changed. Removed are:

- `uid` (asset) and `sig` (media-rep), which name the old file. "Final Cut Pro X locates the asset
  using the uid property value and relinks the media": with it, the import would change the
  library's own clip, or show the old file. Without one, an asset is a new resource and gets its uid
  from Final Cut (Apple, FCPXML Reference, id; Final Cut Pro X XML Format, Resources).
- <bookmark>, a security-scoped bookmark of the old file (Apple, FCPXML Reference, bookmark).
- other representations (kind="proxy-media"), which show the old picture.

These are optional in Apple's DTDs. If some clips of an asset keep the old picture or get another
look, a copy of the asset with another id is added after it, and those clips' `ref` names the copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from nle_style.errors import TimelineError
from nle_style.timeline.files import is_sequence, url_like
from nle_style.timeline.patch.edits import (
    Edit,
    PatchResult,
    copied,
    drop_attribute,
    drop_element,
    new_id,
    patched,
    set_attribute,
    set_content,
    untouched,
)
from nle_style.timeline.patch.scan import Node, Scan, scan
from nle_style.timeline.patch.targets import (
    ClipKey,
    Replacement,
    Targets,
    locator,
    settle_targets,
)
from nle_style.timeline.safe_xml import check_root

__all__ = ["fcpxml_clips", "patch_fcpxml"]

_REFERRING = ("asset-clip", "video", "audio")
_KEEP = ("asset", "media-rep", "bookmark", "pathurl", "sequence", "multicam", "clip", *_REFERRING)


@dataclass(eq=False)
class _Use:
    """An element that refers to an asset; active if a sequence or angle shows its picture.

    `keys` name its clip in a replacement; `url` is the path that it shows.
    """

    node: Node
    keys: tuple[ClipKey, ...]
    active: bool
    url: str
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
) -> PatchResult:
    """Show intermediates in the place of media, and change nothing else.

    Args:
        original: the whole file (of a .fcpxmld bundle: its Info.fcpxml).
        replacements: the media to replace. Audio that plays from a replaced asset, and clips in
            events, follow when every picture of that asset gets the same intermediate (which
            carries the source's sound); otherwise they stay, unless a replacement names them.
        folder: where relative paths start.

    Returns:
        The file, with every byte outside `changed` as it was.

    Raises:
        TimelineError: not FCPXML or not safe to read, a replacement for nothing in the file, or
            an image sequence, which FCPXML cannot name.
        VerificationError: the result does not parse to what was meant.
    """
    found = scan(original, _KEEP)
    check_root(found.root, "fcpxml", remedy="Export the project as XML from Final Cut Pro.")
    for item in replacements:
        if is_sequence(item.target):
            raise TimelineError(
                f"{item.target.name} is an image sequence, which FCPXML cannot name",
                remedy="Render to a movie format such as prores4444.",
            )
    assets = _assets(found)
    find = locator(folder)
    paths = {url: find(url) for url in {asset.url for asset in assets.values()} if url}
    targets = Targets(replacements)
    taken = set(found.ids)
    edits: list[Edit] = []
    left = []
    for asset in assets.values():
        source = paths.get(asset.url)
        for use in asset.uses:
            use.target = targets.of(source, use.keys)
        # Nothing may refer to an asset; then a replacement for the asset itself counts.
        whole = targets.of(source, (asset.node.attributes.get("id", ""),))
        if whole is None and all(use.target is None for use in asset.uses):
            reason = "it has proxy media only" if asset.place is None else "it has no path"
            left.append(untouched(asset.node, asset.url, reason))
        else:
            edits += _asset_edits(found, asset, settle_targets(asset.uses, whole), taken)
        for use in asset.uses:
            use.url = _text(asset, use.target)
    targets.check_all_used()
    return patched(found, edits, left, lambda scan: _shown(_assets(scan)), _shown(assets))


def fcpxml_clips(original: bytes) -> frozenset[int]:
    """The clips that can be given other media: the bytes at which their elements start.

    An asset that has proxies alone has no place for the path of its media.

    Raises:
        TimelineError: not safe to read.
    """
    assets = _assets(scan(original, _KEEP)).values()
    uses = [use for asset in assets if asset.url for use in asset.uses if use.active]
    return frozenset(key for use in uses for key in use.keys if isinstance(key, int))


def _assets(found: Scan) -> dict[str, _Asset]:
    assets: dict[str, _Asset] = {}
    for node in found.nodes:
        if node.name == "asset":
            place = _place(node)
            url = _written(node, place) if place else ""
            assets[node.attributes.get("id", "")] = _Asset(node, place, url)
    for node in found.nodes:
        asset = assets.get(node.attributes.get("ref", ""))
        if node.name in _REFERRING and asset is not None:
            asset.uses.append(_use(node, asset.url))
    return assets


def _place(asset: Node) -> Node | None:
    """The element with the path: of several representations, that of the original media."""
    representations = [node for node in asset.children if node.name == "media-rep"]
    for node in representations:
        if node.attributes.get("kind", "original-media") == "original-media":
            return node
    return asset if not representations else None


def _written(asset: Node, place: Node) -> str:
    """The path as the reader finds it: `src` of the representation, of the asset, or a text."""
    urls = [node.attributes.get("src", "").strip() for node in (place, asset)]
    urls += [node.text.strip() for node in _path_texts(asset, place)]
    return next(filter(None, urls), "")


def _path_texts(asset: Node, place: Node) -> list[Node]:
    """The <pathurl> elements of an asset that name its original media."""
    nodes = [place] if place is asset else [place, asset]
    return [child for node in nodes for child in node.children if child.name == "pathurl"]


def _use(node: Node, url: str) -> _Use:
    clip = node.parent if node.parent and node.parent.name == "clip" else None
    # A <clip> with a <video> is one clip; elements with a lane are clips connected to it.
    inside = clip is not None and node.name == "video" and not node.attributes.get("lane")
    places = (node.start, clip.start) if inside and clip else (node.start,)
    silent = node.name == "audio" or node.attributes.get("srcEnable") == "audio"
    shown = any(n.name in ("sequence", "multicam") for n in node.ancestors())
    return _Use(node, (*places, node.attributes["ref"]), shown and not silent, url)


def _text(asset: _Asset, target: PurePath | None) -> str:
    return asset.url if target is None else url_like(asset.url, target, always_url=True)


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
            copies.append(copied(found, node, inside))
        edits.append(set_attribute(found, use.node, "ref", ids[use.target]))
    if copies:
        edits.append(Edit(node.end, node.end, b"".join(copies), node))
    return edits


def _relinked(found: Scan, asset: _Asset, target: PurePath) -> list[Edit]:
    node, place = asset.node, asset.place
    if place is None:
        return []
    holders = [n for n in dict.fromkeys((place, node)) if n.attributes.get("src", "").strip()]
    edits = [set_attribute(found, n, "src", _text(asset, target)) for n in holders]
    edits += [
        set_content(found, n, url_like(n.text.strip(), target, always_url=True))
        for n in _path_texts(node, place)
    ]
    if "uid" in node.attributes:
        edits.append(drop_attribute(found, node, "uid"))
    if place is not node and "sig" in place.attributes:
        edits.append(drop_attribute(found, place, "sig"))
    edits += [drop_element(found, n) for n in place.children if n.name == "bookmark"]
    others = [n for n in node.children if n.name == "media-rep" and n is not place]
    return edits + [drop_element(found, n) for n in others]


def _shown(assets: dict[str, _Asset]) -> list[str]:
    """The path behind every reference to an asset, in document order."""
    uses = [use for asset in assets.values() for use in asset.uses]
    return [use.url for use in sorted(uses, key=lambda use: use.node.start)]
