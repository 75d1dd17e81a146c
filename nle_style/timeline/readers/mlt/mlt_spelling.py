"""Spellings of MLT XML that mean the same as plainer ones.

Source: MLT's producer_xml.c and mlt_producer.c; played with melt 7.12.
"""

from __future__ import annotations

from xml.etree import ElementTree

from nle_style.timeline.readers.mlt.mlt_media import mlt_property

__all__ = ["spell_plainly"]

# What takes its ends as properties, too; an entry does not.
_WITH_ENDS = frozenset({"producer", "chain", "filter"})


def spell_plainly(root: ElementTree.Element) -> None:
    """Take properties out of groups without a name, ends out of properties; remove ends below 0.

    An in-point below 0 is the first frame, an out-point below 0 the last one.
    """
    for element in root.iter():
        while groups := [e for e in element if e.tag == "properties" and not e.get("name")]:
            place = list(element).index(groups[0])
            element[place : place + 1] = list(groups[0])
        for side in ("in", "out"):
            if element.tag in _WITH_ENDS and (said := mlt_property(element, side)):
                element.set(side, said)
            if element.get(side, "").strip().startswith("-"):
                del element.attrib[side]
