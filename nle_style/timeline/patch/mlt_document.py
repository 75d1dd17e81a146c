"""What an MLT project says of its media: which elements are files, and which places show them.

Kdenlive and Shotcut write MLT XML with properties of their own. A `producer` (since MLT 7 also a
`chain`) is a file; an `entry` of a playlist or a `track` of a tractor shows it. Sources: MLT's
mlt-xml.dtd; Kdenlive's dev-docs/fileformat.md; Shotcut's notes "MLT XML Annotations".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from nle_style.timeline.patch.scan import Node, Scan

__all__ = ["BIN", "KEEP", "Medium", "MltDocument", "Use"]

BIN = "main_bin"
"""The id of the playlist that is the project's bin, in Kdenlive and Shotcut."""

_MEDIA = ("producer", "chain")
_SHOWING = ("entry", "track")
# What else has properties: theirs are not those of the element around them.
_OTHERS = ("filter", "link", "transition", "consumer")
KEEP = ("mlt", "playlist", "tractor", "property", "properties", *_MEDIA, *_SHOWING, *_OTHERS)

_SOUND = frozenset({"kdenlive:audio_track", "shotcut:audio"})
# Without a service MLT takes the one that opens the file.
_MOVIES = frozenset({"avformat", "avformat-novalidate", "timewarp", ""})
_IMAGES = frozenset({"qimage", "pixbuf"})
# Properties that hold a path; of the file itself, of wipes, of tables and of subtitles.
_PATHS = frozenset(
    {"resource", "warp_resource", "kdenlive:originalurl", "shotcut:resource", "luma", "src"}
    | {"filename", "av.file", "av.filename", "composite.luma", "luma.resource"}
)


@dataclass(eq=False)
class Use:
    """A place that shows a file.

    Attributes:
        node: the entry or track.
        in_bin: whether it is the project's bin, which shows nothing.
        active: whether its picture is meant, on a track that may be hidden; else it is sound, or
            in the bin.
        target: what is to be shown instead.
    """

    node: Node
    in_bin: bool
    active: bool
    target: PurePath | None = None


@dataclass(eq=False)
class Medium:
    """A file of the project.

    Attributes:
        node: its producer or chain.
        properties: its properties, by name; the last of each, which is what MLT takes.
        uses: the places that show it, in their order.
    """

    node: Node
    properties: dict[str, Node]
    uses: list[Use] = field(default_factory=list)

    def text(self, name: str) -> str:
        """A property's text, "" without it; MLT takes attributes of the producer for some too."""
        if name not in self.properties:
            return self.node.attributes.get(name, "")
        return property_text(self.properties[name])

    @property
    def id(self) -> str:
        """By which entries and tracks name it."""
        return self.node.attributes.get("id", "")

    @property
    def family(self) -> str:
        """Kdenlive's number of the clip in the bin that it belongs to; "" in other projects."""
        return self.text("kdenlive:id")

    @property
    def is_images(self) -> bool:
        """Whether it is one image file or many, not a movie."""
        return self.text("mlt_service") in _IMAGES

    @property
    def resource(self) -> str:
        """Its path as written, without the speed that stands before that of a timewarp."""
        text = self.text("resource")
        return text.partition(":")[2] if self.text("mlt_service") == "timewarp" else text

    def moved_streams(self) -> dict[str, str]:
        """`video_index` and `audio_index` as they are in an intermediate, where they are set.

        Its picture is stream 0 and the source's sound follows, in its order. MLT shows black where
        `video_index` is not of a picture. Where the types of the streams are not noted, all but
        the picture are taken for sound.
        """
        picture, sound = self.text("video_index"), self.text("audio_index")
        moved = {"video_index": "0"} if picture.isdecimal() else {}
        if sound.isdecimal():
            place = int(sound)
            if self.text("meta.media.nb_streams"):
                types = [self.text(f"meta.media.{n}.stream.type") for n in range(place)]
                before = types.count("audio")
            else:
                before = place - (int(picture if picture.isdecimal() else 0) < place)
            moved["audio_index"] = str(1 + before)
        return moved


class MltDocument:
    """The media of a project and the places that show them.

    Attributes:
        scan: the file.
        root: the element around all.
        media: its files, in document order.
    """

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.root = scan.nodes[0]
        self.media = [medium for node in scan.nodes if (medium := _medium(node)) is not None]
        by_id = {medium.id: medium for medium in self.media}
        sounds = _sounds(scan.nodes)
        for node in scan.nodes:
            medium = by_id.get(node.attributes.get("producer", ""))
            if medium is None or node.name not in _SHOWING:
                continue
            holder = node.parent.attributes.get("id", "") if node.parent else ""
            is_sound = holder in sounds or medium.text("set.test_image") == "1"
            in_bin = holder == BIN
            medium.uses.append(Use(node, in_bin, not is_sound and not in_bin))

    def families(self) -> list[list[Medium]]:
        """Media that are one clip to the editor, in document order."""
        found: dict[object, list[Medium]] = {}
        for medium in self.media:
            found.setdefault(medium.family or medium, []).append(medium)
        return list(found.values())

    def shown(self) -> list[str]:
        """The path at every place outside the bin, and that of its clip in the bin, in order."""
        in_bin = {
            medium.family: medium.resource
            for medium in self.media
            if medium.family and any(use.in_bin for use in medium.uses)
        }
        pairs = [
            (use.node.start, (medium.resource, in_bin.get(medium.family, "")))
            for medium in self.media
            for use in medium.uses
            if not use.in_bin
        ]
        return [text for _, pair in sorted(pairs) for text in pair]

    def free_number(self) -> int:
        """A number above those of all clips and folders of Kdenlive's bin."""
        numbers = [0]
        for node in self.scan.nodes:
            name = node.attributes.get("name", "") if node.name == "property" else ""
            folder = re.fullmatch(r"kdenlive:folder\.-?\d+\.(\d+)", name)
            text = folder[1] if folder else property_text(node) if name == "kdenlive:id" else ""
            numbers += [int(text)] if text.isdecimal() else []
        return max(numbers) + 1

    def stray_root(self, folder: Path) -> bool:
        """Whether relative paths start at the project's own folder, and there are any.

        They do where no root is written, or one that is not there, as after a move. That of
        another system, D:/film, stays: it is there on the editor's machine.
        """
        root = self.root.attributes.get("root", "")
        if root and (Path(root).is_dir() or not root.startswith("/")):
            return False
        texts = (
            property_text(node)
            for node in self.scan.nodes
            if node.name == "property" and node.attributes.get("name") in _PATHS
        )
        return any(text and not text.startswith("/") and _is_there(folder, text) for text in texts)


def property_text(node: Node) -> str:
    """What a property says: its value, or the text in it."""
    return (node.attributes.get("value", "") + node.text).strip()


def _is_there(folder: Path, text: str) -> bool:
    """Whether a relative path leads to a file, or a pattern of numbered ones to its folder."""
    name = re.sub(r"^-?[\d.]+:", "", text).partition("?")[0]
    path = folder / name
    return path.exists() or ("%" in name and path.parent.is_dir())


def _properties(node: Node) -> Iterator[Node]:
    """Its properties, those in groups without a name too, in document order."""
    for child in node.children:
        if child.name == "property":
            yield child
        elif child.name == "properties" and not child.attributes.get("name"):
            yield from _properties(child)


def _medium(node: Node) -> Medium | None:
    if node.name not in _MEDIA:
        return None
    medium = Medium(node, {each.attributes.get("name", ""): each for each in _properties(node)})
    is_file = medium.text("mlt_service") in _MOVIES | _IMAGES and medium.text("resource")
    return medium if is_file else None


def _sounds(nodes: Iterable[Node]) -> frozenset[str]:
    """The ids of the tracks for sound, which are tractors or playlists, and of what they play."""
    found = set()
    for node in nodes:
        names = {child.attributes.get("name") for child in node.children if property_text(child)}
        if node.name in ("tractor", "playlist") and names & _SOUND:
            found.add(node.attributes.get("id", ""))
            tracks = (child for child in node.children if child.name == "track")
            found |= {track.attributes.get("producer", "") for track in tracks}
    return frozenset(found)
