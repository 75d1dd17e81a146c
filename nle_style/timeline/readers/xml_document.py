"""Parse the XML of an edit safely: no entities, no DTD, no bottomless nesting, with line numbers.

Python's ElementTree expands entities that a document declares ("billion laughs"), and readers
that walk a tree recursively fail on nesting that no edit has. Source of the attack's description:
docs.python.org/3/library/xml.html#xml-vulnerabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from nle_style.errors import TimelineError

__all__ = ["XmlDocument", "parse_xml"]

# Final Cut and Premiere stay below 40; readers recurse once or twice a level.
_DEEPEST = 200


@dataclass(frozen=True)
class XmlDocument:
    """A parsed document.

    Attributes:
        root: its root element.
        lines: the line on which each element starts, from 1.
    """

    root: ElementTree.Element
    lines: dict[ElementTree.Element, int]


class _Forbidden(Exception):
    """Something that no editor writes into an edit."""


def parse_xml(path: Path) -> XmlDocument:
    """Parse a file whose XML comes from somebody else.

    Raises:
        TimelineError: unreadable, not well-formed, a DOCTYPE with declarations of its own, or
            elements nested deeper than 200.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TimelineError(
            f"the file cannot be read ({error})", where=str(path), remedy="Check its rights."
        ) from error
    builder = ElementTree.TreeBuilder()
    lines: dict[ElementTree.Element, int] = {}
    depth = 0
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def doctype(name: str, system: str | None, public: str | None, internal: bool) -> None:
        if internal:
            raise _Forbidden("its DOCTYPE declares entities or elements of its own")

    def entity(*declared: object) -> None:
        raise _Forbidden("it declares entities")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise _Forbidden(f"its elements are nested deeper than {_DEEPEST}")
        lines[builder.start(tag, attributes)] = parser.CurrentLineNumber

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = entity
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(data, True)
        return XmlDocument(builder.close(), lines)
    except _Forbidden as error:
        raise TimelineError(
            f"the XML is not read, because {error} (line {parser.CurrentLineNumber})",
            where=str(path),
            remedy="Do not trust this file; export the timeline again from the editor.",
        ) from error
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise TimelineError(
            f"not well-formed XML ({error})",
            where=str(path),
            remedy="Export or copy the timeline again.",
        ) from error
