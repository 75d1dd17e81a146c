"""Elements of FCP7 XML that otio-fcp-adapter cannot read, in a form that it can.

Source: Apple, "Final Cut Pro XML Interchange Format", Encoding a Multiclip and the elements'
catalog: a <multiclip> has angles, each of which holds a clip with tracks of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

__all__ = ["name_unknown_items", "readable_item", "without_empty_rates"]

_Deref = Callable[[ElementTree.Element | None], ElementTree.Element | None]


def without_empty_rates(root: ElementTree.Element) -> None:
    """Remove every <rate> of 0 frames a second, as placeholders for missing media have.

    What has no rate of its own has that of what it is in.
    """
    for parent in list(root.iter()):
        for rate in parent.findall("./rate"):
            if (rate.findtext("./timebase") or "").strip() in ("", "0"):
                parent.remove(rate)


def name_unknown_items(root: ElementTree.Element) -> None:
    """Make clips without a file of the items of tracks that the format does not have.

    The adapter leaves them out; so they are refused by name.
    """
    for track in root.iter("track"):
        for child in track:
            if child.tag not in _ITEMS and child.find("./start") is not None:
                child.tag = "clipitem"
                ElementTree.SubElement(child, "file")


def readable_item(element: ElementTree.Element, deref: _Deref) -> ElementTree.Element:
    """A clip item with a multiclip as one with a nested sequence, that of its active angle.

    An item that shows nothing which can be read, or a sequence that is not in the file, gets an
    empty <file>: it is refused by name, and the timeline is not. Anything else comes
    back as it is. Copies share the elements within.

    Args:
        element: a <clipitem> or <generatoritem>.
        deref: the element that an id stands for.
    """
    nested = deref(element.find("./sequence"))
    if element.find("./file") is not None or (nested is not None and len(nested)):
        return element
    if element.find("./effect[effecttype='generator']") is not None:
        return element
    copy = ElementTree.Element(element.tag, element.attrib)
    copy.extend(child for child in element if child.tag not in ("multiclip", "sequence"))
    multiclip = deref(element.find("./multiclip"))
    clip = None if multiclip is None else _active(multiclip, deref)
    if clip is not None and clip.find("./media") is not None:
        nest = ElementTree.SubElement(copy, "sequence")
        nest.extend(clip)
    elif clip is not None and clip.find("./file") is not None:
        copy.extend(clip.findall("./file"))
    else:
        ElementTree.SubElement(copy, "file")
    return copy


_ITEMS = ("clipitem", "generatoritem", "transitionitem")


def _active(multiclip: ElementTree.Element, deref: _Deref) -> ElementTree.Element | None:
    """The clip of the angle that is seen; None where no angle is marked."""
    for angle in multiclip.iterfind("./angle"):
        if (angle.findtext("./activevideoangle") or "").strip().upper() == "TRUE":
            return deref(angle.find("./clip"))
    return None
