"""Parse XML from unknown sources: no entities, no declarations, limited nesting.

Python's parsers expand the entities that a document declares ("billion laughs"), and recursive code
fails on deep nesting, which no edit has. The attacks are described in
docs.python.org/3/library/xml.html#xml-vulnerabilities.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from nle_style.errors import TimelineError
from nle_style.timeline.parsed import file_bytes

__all__ = ["XmlDocument", "check_root", "parse_safely", "parse_xml"]

# Final Cut and Premiere stay below 40; readers recurse once or twice a level.
_DEEPEST = 200


@dataclass(frozen=True)
class XmlDocument:
    """A parsed document.

    Attributes:
        root: its root element.
        lines: the line on which each element starts, from 1.
        places: the byte at which each element starts, which no other one has.
    """

    root: ElementTree.Element
    lines: dict[ElementTree.Element, int]
    places: dict[ElementTree.Element, int]


def parse_xml(path: Path) -> XmlDocument:
    """Parse a file.

    Raises:
        TimelineError: it cannot be read; or as `parse_safely`.
    """
    builder = ElementTree.TreeBuilder()
    lines: dict[ElementTree.Element, int] = {}
    places: dict[ElementTree.Element, int] = {}
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = builder.start(tag, attributes)
        lines[element], places[element] = parser.CurrentLineNumber, parser.CurrentByteIndex

    parser.StartElementHandler = start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parse_safely(parser, file_bytes(path), where=str(path))
    return XmlDocument(builder.close(), lines, places)


def check_root(name: str, wanted: str, *, remedy: str, where: str = "") -> None:
    """Raises: TimelineError if the root element has another name."""
    if name != wanted:
        raise TimelineError(
            f"its root element is <{name}>, not <{wanted}>", where=where, remedy=remedy
        )


class _Forbidden(Exception):
    """Something that no editor writes into an edit."""


def parse_safely(
    parser: expat.XMLParserType,
    data: bytes,
    *,
    where: str = "",
    on_doctype: Callable[..., None] | None = None,
) -> None:
    """Run an expat parser over a whole file.

    Args:
        parser: its handlers are set, except those of the DOCTYPE and of entities.
        data: the file.
        where: the file's name, for messages.
        on_doctype: gets the DOCTYPE's name, system and public identifier.

    Raises:
        TimelineError: not well-formed, a DOCTYPE that declares entities or elements, an entity
            that is declared elsewhere, or elements nested deeper than 200.
    """
    depth = 0
    started: Any = parser.StartElementHandler
    ended: Any = parser.EndElementHandler

    def start(name: str, attributes: Any) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise _Forbidden(f"its elements are nested deeper than {_DEEPEST}")
        started(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        ended(name)

    def doctype(name: str, system: str | None, public: str | None, internal: bool) -> None:
        if internal:
            raise _Forbidden("its DOCTYPE declares entities or elements of its own")
        if on_doctype is not None:
            on_doctype(name, system, public)

    def entity(*declared: object) -> None:
        raise _Forbidden("it uses entities that are not XML's own")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = parser.SkippedEntityHandler = entity
    try:
        parser.Parse(data, True)
    except _Forbidden as error:
        raise TimelineError(
            f"the XML is not read, because {error} (line {parser.CurrentLineNumber})",
            where=where,
            remedy="Do not trust this file; export the timeline again from the editor.",
        ) from error
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise TimelineError(
            f"not well-formed XML ({error})",
            where=where,
            remedy="Export or copy the timeline again.",
        ) from error
