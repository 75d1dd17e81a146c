"""Byte positions of elements in an XML file.

Python's XML writers do not write a file as it was: quotes, entities, line ends, the order of
declarations and spaces within tags change. To change one path and nothing else, its exact position
must be known. expat, Python's own parser, tells at which byte each event begins, in the file's own
encoding (docs.python.org/3/library/pyexpat.html, CurrentByteIndex); a tag ends where the next
event begins.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from xml.parsers import expat

from nle_style.timeline.safe_xml import parse_safely

__all__ = ["Node", "Scan", "scan"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_ATTRIBUTE = re.compile(r"""(\s+)([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*')""")


@dataclass(eq=False, slots=True)
class Node:
    """An element whose position is kept. All positions are byte offsets into the file.

    Attributes:
        name, attributes: as written, entities resolved.
        line: on which its start tag begins, from 1.
        parent: the nearest enclosing element that is kept too.
        children: kept elements inside it, of any depth below it that no other kept one encloses.
        elements: how many child elements it has, kept or not.
        text: its own text.
        start, head_end: its start tag.
        close, end: its end tag; for <a/>, both are head_end.
    """

    name: str
    attributes: dict[str, str]
    line: int
    parent: Node | None
    start: int
    head_end: int = -1
    close: int = -1
    end: int = -1
    elements: int = 0
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def ancestors(self) -> list[Node]:
        """Kept elements around it, the innermost first."""
        found, node = [], self.parent
        while node is not None:
            found.append(node)
            node = node.parent
        return found


@dataclass(frozen=True)
class Scan:
    """A file and its kept elements.

    Attributes:
        data: the file.
        codec: its encoding, by Python's name, without a byte order mark.
        root: the root element's name.
        nodes: kept elements in document order.
        keep: names of the kept elements.
        ids: every `id` attribute in the file.
    """

    data: bytes
    codec: str
    root: str
    nodes: tuple[Node, ...]
    ids: frozenset[str]
    keep: Collection[str]

    def text(self, start: int, end: int) -> str:
        """The text between two positions, entities unresolved."""
        return self.data[start:end].decode(self.codec)

    def attribute(self, node: Node, name: str) -> tuple[int, int, int]:
        """Where an attribute is: the space before it, its value's first byte, and its end.

        The value is followed by its closing quote, and the end is after that.

        Raises:
            KeyError: the element has no such attribute.
        """
        tag = self.text(node.start, node.head_end)
        for found in _ATTRIBUTE.finditer(tag):
            if found[2] == name:
                places = (found.start(1), found.start(3) + 1, found.end(3))
                space, value, end = (len(tag[:at].encode(self.codec)) for at in places)
                return node.start + space, node.start + value, node.start + end
        raise KeyError(name)

    def space_before(self, place: int) -> int:
        """The first byte of the white space that ends at a position."""
        spaces = {character.encode(self.codec) for character in " \t\r\n"}
        unit = len(" ".encode(self.codec))
        while self.data[place - unit : place] in spaces:
            place -= unit
        return place


def scan(data: bytes, keep: Collection[str]) -> Scan:
    """Find elements by name.

    Args:
        data: a whole XML file, in UTF-8, UTF-16 or a one-byte encoding that it declares.
        keep: names of the elements to keep.

    Raises:
        TimelineError: as `parse_safely`.
    """
    scanner = _Scanner(data, keep)
    parse_safely(scanner.parser, data)
    scanner.settle(len(data))
    codec = _codec(data, scanner.encoding)
    return Scan(data, codec, scanner.root, tuple(scanner.nodes), frozenset(scanner.ids), keep)


class _Scanner:
    def __init__(self, data: bytes, keep: Collection[str]) -> None:
        self.parser = parser = expat.ParserCreate()
        self.nodes: list[Node] = []
        self.root = ""
        self.encoding: str | None = None
        self._keep = frozenset(keep)
        self.ids: set[str] = set()
        # None stands for an open element that is not kept.
        self._open: list[Node | None] = []
        self._kept: list[Node] = []
        self._head: Node | None = None
        self._tail: Node | None = None
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.XmlDeclHandler = self._declaration
        # Any of these may be the event after a tag, which shows where the tag ends.
        parser.CommentHandler = parser.StartCdataSectionHandler = self._other
        parser.ProcessingInstructionHandler = parser.DefaultHandler = self._other

    def settle(self, place: int) -> None:
        """Note the end of the tag before this position."""
        if self._head is not None:
            self._head.head_end = place
            self._head = None
        if self._tail is not None:
            self._tail.end = place
            self._tail = None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        place = self.parser.CurrentByteIndex
        self.settle(place)
        self.root = self.root or name
        if "id" in attributes:
            self.ids.add(attributes["id"])
        if self._open and self._open[-1] is not None:
            self._open[-1].elements += 1
        if name not in self._keep:
            self._open.append(None)
            return
        parent = self._kept[-1] if self._kept else None
        node = Node(name, attributes, self.parser.CurrentLineNumber, parent, place)
        if parent is not None:
            parent.children.append(node)
        self.nodes.append(node)
        self._open.append(node)
        self._kept.append(node)
        self._head = node

    def _end(self, name: str) -> None:
        place = self.parser.CurrentByteIndex
        self.settle(place)
        node = self._open.pop()
        if node is not None:
            self._kept.pop()
            node.close = place
            self._tail = node

    def _characters(self, text: str) -> None:
        if self._head is not None or self._tail is not None:
            self.settle(self.parser.CurrentByteIndex)
        if self._open and self._open[-1] is not None:
            self._open[-1].text += text

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        self.encoding = encoding

    def _other(self, *event: object) -> None:
        if self._head is not None or self._tail is not None:
            self.settle(self.parser.CurrentByteIndex)


def _codec(data: bytes, declared: str | None) -> str:
    found = next((codec for mark, codec in _BOMS if data.startswith(mark)), None)
    return found or codecs.lookup(declared or "utf-8").name
