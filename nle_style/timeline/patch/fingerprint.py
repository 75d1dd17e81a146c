"""A hash of the content of an XML file, to show that two files have the same."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from xml.parsers import expat

from nle_style.timeline.safe_xml import parse_safely

__all__ = ["fingerprint"]


def fingerprint(
    data: bytes,
    hidden: Sequence[tuple[int, int]] = (),
    dropped: Mapping[int, Collection[str]] | None = None,
) -> str:
    """Hash the content of an XML file, but for some places.

    Args:
        data: a whole XML file.
        hidden: byte ranges that do not count, each of whole elements or of whole text, in order.
        dropped: attributes that do not count, by the place of their start tag.

    Returns:
        The hash of elements, attributes in their order, text, comments and declarations.

    Raises:
        TimelineError: as `parse_safely`.
    """
    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    total = hashlib.blake2b(digest_size=16)
    skip = dropped or {}
    seen, coming = 0, len(hidden)
    shown: list[bool] = []
    # XML cannot hold these control characters, so that different parts never join to one text.
    parts: list[str] = []
    add = parts.append

    def is_hidden() -> bool:
        nonlocal seen
        place = parser.CurrentByteIndex
        while seen < coming and place >= hidden[seen][1]:
            seen += 1
        return seen < coming and place >= hidden[seen][0]

    def flush() -> None:
        total.update("".join(parts).encode("utf-8", "surrogatepass"))
        parts.clear()

    def start(name: str, attributes: list[str]) -> None:
        visible = seen == coming or not is_hidden()
        shown.append(visible)
        if not visible:
            return
        if attributes:
            pairs = list(zip(attributes[::2], attributes[1::2], strict=True))
            if unseen := skip.get(parser.CurrentByteIndex, ()) if skip else ():
                pairs = [pair for pair in pairs if pair[0] not in unseen]
            name = "\x01".join((name, *(f"{key}\x03{value}" for key, value in pairs)))
        add(f"\x02{name}\x04")
        if len(parts) > 10_000:
            flush()

    def end(name: str) -> None:
        if shown.pop():
            add("\x05")

    def text(data: str) -> None:
        if seen == coming or not is_hidden():
            add(data)

    def event(*what: object) -> None:
        if seen == coming or not is_hidden():
            add("\x01".join(("\x06", *map(str, what))))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.CommentHandler = parser.XmlDeclHandler = event
    parser.ProcessingInstructionHandler = event
    parser.StartCdataSectionHandler = parser.EndCdataSectionHandler = event
    parse_safely(parser, data, on_doctype=event)
    flush()
    return total.hexdigest()
