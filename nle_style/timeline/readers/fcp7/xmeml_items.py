"""Elements of FCP7 XML that otio-fcp-adapter cannot read, in a form that it can.

Source: Apple, "Final Cut Pro XML Interchange Format", Encoding a Multiclip, Timing Values and the
elements' catalog: a <multiclip> has angles, each of which holds a clip with tracks of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from xml.etree import ElementTree

from nle_style.errors import TimelineError

__all__ = [
    "in_order",
    "name_unknown_items",
    "readable_item",
    "with_points",
    "with_whole_times",
]

_Deref = Callable[[ElementTree.Element | None], ElementTree.Element | None]


def with_whole_times(root: ElementTree.Element) -> None:
    """Complete rates and timecodes, and trim paths, where the adapter trusts what is written.

    A <rate> of 0 frames a second, as placeholders for missing media have, is removed: what has no
    rate of its own has that of what it is in. A <timebase> without <ntsc> has that of what it is
    in, which for 25 and 50 is none. A file's <timecode> without a rate counts at the file's; one
    that holds a reel alone says that the file starts at 0.
    """
    for parent in list(root.iter()):
        for rate in parent.findall("./rate"):
            base = (rate.findtext("./timebase") or "").strip()
            if base in ("", "0"):
                parent.remove(rate)
            elif base.isdigit() and int(base) % 24 and int(base) % 30:
                for ntsc in rate.findall("./ntsc"):
                    rate.remove(ntsc)
                ElementTree.SubElement(rate, "ntsc").text = "FALSE"
    for file in root.iter("file"):
        own, timecode = file.find("./rate"), file.find("./timecode")
        if own is not None and timecode is not None and timecode.find("./rate") is None:
            timecode.append(own)
    for timecode in root.iter("timecode"):
        for said in [*timecode.findall("./string"), *timecode.findall("./frame")]:
            if not (said.text or "").strip():
                timecode.remove(said)
        known = len(timecode) == 0 or {"string", "frame"} & {said.tag for said in timecode}
        if not known:
            ElementTree.SubElement(timecode, "frame").text = "0"
    for path in root.iter("pathurl"):
        path.text = (path.text or "").strip()


def with_points(root: ElementTree.Element) -> list[str]:
    """Give the items of tracks, and markers, the points that they leave out.

    A clip without an in-point begins with its media, as one with -1 does, by which the format says
    that none is set. Without a start it follows the item before it; without an end it is as long
    as from its in- to its out-point. A transition without an alignment lies about its cut.

    Returns:
        A sentence for each clip that did not say where it is.
    """
    guessed: list[str] = []
    for track in root.iter("track"):
        cursor = 0
        for item in track:
            if item.tag not in ("clipitem", "generatoritem") or not _has_numbers(item):
                continue
            begin = max(0.0, _point(item, "in") or 0.0)
            _set_point(item, "in", begin)
            start, end, out = (_point(item, tag) for tag in ("start", "end", "out"))
            if start is None or end is None:
                start = cursor if start is None else start
                if end is None and (out is None or out <= begin):
                    raise TimelineError(
                        f"'{item.findtext('./name')}' does not say where it ends",
                        remedy="Remove or replace that clip in the editor and export again.",
                    )
                length = 0.0 if out is None else out - begin
                end = max(start, 0) + length if end is None else end
                name = item.findtext("./name")
                guessed.append(f"'{name}' does not say where it is; put at {start:g}-{end:g}")
            _set_point(item, "start", start)
            _set_point(item, "end", end)
            cursor = round(max(cursor, start, end))
    for transition in root.iter("transitionitem"):
        if transition.find("./alignment") is None:
            ElementTree.SubElement(transition, "alignment").text = "center"
    for marker in root.iter("marker"):
        for tag, unset in (("in", 0), ("out", -1)):
            if _point(marker, tag) is None:
                _set_point(marker, tag, unset)
    return guessed


def _has_numbers(item: ElementTree.Element) -> bool:
    """Whether its points can be read; else the adapter refuses it by its line."""
    try:
        return all(math.isfinite(_point(item, tag) or 0) for tag in ("in", "out", "start", "end"))
    except ValueError:
        return False


def _point(item: ElementTree.Element, tag: str) -> float | None:
    text = (item.findtext(f"./{tag}") or "").strip()
    return float(text) if text else None


def _set_point(item: ElementTree.Element, tag: str, value: float) -> None:
    """Write a whole number of frames as one, which the adapter wants of some."""
    said = item.find(f"./{tag}")
    said = ElementTree.SubElement(item, tag) if said is None else said
    said.text = str(round(value)) if value == round(value) else repr(value)


def in_order(root: ElementTree.Element) -> list[str]:
    """Sort the items of every track by time, as the adapter places them one behind the other.

    Clips that overlap as far as a transition between them goes get the -1 that the format writes
    for an end there. Other pictures end where the next one begins, as where it is put over them.

    Returns:
        A sentence for each clip that was cut.
    """
    cut: list[str] = []
    pictures = set(root.iterfind(".//video/track"))
    for track in root.iter("track"):
        items = [child for child in track if child.tag in _ITEMS]
        begins: list[int] = []
        for item in items:
            start = _frame(item, "start")
            # Without a start of its own an item begins in the transition before it.
            begins.append(start if start >= 0 else max(begins[-1:], default=0))
        if any(later < earlier for earlier, later in pairwise(begins)):
            places = sorted(range(len(items)), key=begins.__getitem__)
            items = [items[place] for place in places]
            track[:] = items + [child for child in track if child.tag not in _ITEMS]
        for before, between, after in zip(items, items[1:], items[2:], strict=False):
            start, end = _frame(between, "start"), _frame(between, "end")
            is_transition = between.tag == "transitionitem" and start < end
            if is_transition and (_frame(after, "start"), _frame(before, "end")) == (start, end):
                for item, tag in ((before, "end"), (after, "start")):
                    item.find(f"./{tag}").text = "-1"  # type: ignore[union-attr]
        clips = [each for each in items if track in pictures and each.tag != "transitionitem"]
        for before, after in pairwise(clips):
            start, end = _frame(after, "start"), _frame(before, "end")
            if _frame(before, "start") < start < end:
                before.find("./end").text = str(start)  # type: ignore[union-attr]
                if (out := _point(before, "out")) is not None:
                    _set_point(before, "out", out - (end - start))
                name, over = before.findtext("./name"), after.findtext("./name")
                cut.append(f"'{name}' overlaps '{over}' by {end - start} frames; cut at {start}")
    return cut


def _frame(item: ElementTree.Element, tag: str) -> int:
    """A frame of the sequence; -1 where none is said."""
    text = (item.findtext(f"./{tag}") or "").strip()
    return int(text) if text.isdigit() else -1


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
