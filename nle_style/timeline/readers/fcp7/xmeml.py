"""Final Cut Pro 7 XML (xmeml), as Premiere, Resolve, Hiero and others still write it.

Read by otio-fcp-adapter; this adds what it leaves out: speeds (the timeremap filter), freezes,
subclips, multiclips, the contents of nested sequences, and the ids by which a clip is found in the
file again. Source: Apple, "Final Cut Pro XML Interchange Format".
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.frames import exact_rate
from nle_style.timeline.parsed import SOURCE_KEY, Parsed, curve_effect
from nle_style.timeline.readers.fcp7.xmeml_items import (
    in_order,
    name_unknown_items,
    readable_item,
    with_points,
    with_whole_times,
)
from nle_style.timeline.readers.fcp7.xmeml_times import is_enabled, is_remap, item_time
from nle_style.timeline.safe_xml import XmlDocument, check_root, parse_xml

__all__ = ["read_fcp7"]

_ADAPTER = "fcp_xml"
# A nested sequence is in the file once, and is read for every use.
_MOST_ITEMS = 20_000
_DEEPEST = 40


def read_fcp7(path: Path) -> list[Parsed]:
    """Every top-level sequence of the file.

    Raises:
        TimelineError: not FCP7 XML, no sequence in it, sequences nested in themselves, or an
            element that the adapter cannot read.
    """
    document = parse_xml(path)
    remedy = "Export the sequence as Final Cut Pro XML, FCPXML or .otio."
    check_root(document.root.tag, "xmeml", where=str(path), remedy=remedy)
    # The adapter's time grows with the square of the clips, so they are counted before it starts.
    written = sum(1 for _ in document.root.iter("clipitem"))
    if written > _MOST_ITEMS:
        raise TimelineError(
            f"it holds {written} clips, and no more than {_MOST_ITEMS} are read",
            where=str(path),
            remedy="Export the sequences one by one.",
        )
    try:
        reader = _reader_class()(document)
    except TimelineError as error:
        raise TimelineError(error.what, where=str(path), remedy=error.remedy) from error
    elements = [
        *document.root.iterfind("./sequence"),
        *document.root.iterfind(".//children/sequence"),
    ]
    if not elements:
        raise TimelineError(
            "the file holds no sequence",
            where=str(path),
            remedy="Export the sequence, not a bin or a single clip.",
        )
    try:
        return [reader.parsed(element) for element in elements]
    except TimelineError as error:
        raise TimelineError(error.what, where=str(path), remedy=error.remedy) from error
    # The adapter trusts its input: a missing element is an AttributeError, a bad number a
    # ValueError, a foreign item a TypeError.
    except (AttributeError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise TimelineError(
            f"line {reader.line}: the item there cannot be read ({error})",
            where=str(path),
            remedy="Remove or replace that item in the editor and export again.",
        ) from error


def _reader_class() -> Any:
    """The adapter's parser with our additions.

    Loaded through the plug-in manifest, because the module cannot be imported by its name
    (a relative import leaves its package); its own read_from_string is not used, so that no
    media linker and no hook of the machine runs.
    """
    module = otio.adapters.from_name(_ADAPTER).module()

    class Reader(module.FCP7XMLParser):  # type: ignore[misc, name-defined]
        """otio-fcp-adapter's parser, with nested sequences, speeds and ids added."""

        def __init__(self, document: XmlDocument) -> None:
            with_whole_times(document.root)
            name_unknown_items(document.root)
            self._repairs = [*with_points(document.root), *in_order(document.root)]
            super().__init__(document.root)
            self.line = 1
            self._lines, self._places = document.lines, document.places
            self._warnings: list[str] = []
            self._inside: list[ElementTree.Element] = []
            self._items = 0
            self._whole: dict[tuple[str, str | None], ElementTree.Element] = {}
            for element in document.root.iter():
                if element.get("id") is not None and len(element):
                    self._whole.setdefault((element.tag, element.get("id")), element)

        def _derefed_element(self, element: ElementTree.Element | None) -> Any:
            """The element that an id stands for: the first with contents, wherever it is.

            The adapter takes the first element with that id, even an empty one of another kind.
            """
            if element is None or len(element):
                return element
            return self._whole.get((element.tag, element.get("id")), element)

        def parsed(self, sequence: ElementTree.Element) -> Parsed:
            self._warnings, self._inside = [*self._repairs], [sequence]
            timeline = self.timeline_for_sequence(sequence, module._Context())
            display = (sequence.findtext("./timecode/displayformat") or "").strip().upper()
            return Parsed(timeline, self._warnings, drop={"DF": True, "NDF": False}.get(display))

        def clip_for_element(
            self, element: ElementTree.Element, item_range: Any, start_offset: Any, context: Any
        ) -> Any:
            self.line = self._lines.get(element, self.line)
            line = self.line
            self._items += 1
            if self._items > _MOST_ITEMS:
                raise TimelineError(
                    f"more than {_MOST_ITEMS} clips, counting nested sequences at every use",
                    remedy="Export the sequence without its nests.",
                )
            written, element = element, readable_item(element, self._derefed_element)
            nested = self._derefed_element(element.find("./sequence"))
            if nested in self._inside or len(self._inside) > _DEEPEST:
                raise TimelineError(
                    f"line {line}: sequences are nested in themselves, or deeper than {_DEEPEST}",
                    remedy="Flatten the nests in the editor and export again.",
                )
            item = super().clip_for_element(element, item_range, start_offset, context)
            if nested is not None:
                self._fill(item, nested, context)
                item.name = element.findtext("./name") or item.name
            source = {"element": element.tag, "line": line, "id": element.get("id")}
            source["place"] = self._places[written]
            file = written.find("./file")
            source["file"] = None if file is None else file.get("id")
            item.metadata[SOURCE_KEY] = {k: v for k, v in source.items() if v is not None}
            item.enabled = is_enabled(element)
            self._set_time(item, element, start_offset, line)
            self._note_rates(item, element, item_range.duration.rate)
            return item

        def track_for_element(self, element: ElementTree.Element, kind: str, context: Any) -> Any:
            track = super().track_for_element(element, kind, context)
            track.enabled = is_enabled(element)
            return track

        def _fill(self, stack: Any, sequence: ElementTree.Element, context: Any) -> None:
            """Tracks of a nested sequence, which the adapter leaves empty."""
            media = self._derefed_element(sequence.find("./media"))
            if media is None:
                return
            self._inside.append(sequence)
            inner = self.stack_for_element(media, context.context_pushing_element(sequence))
            self._inside.pop()
            tracks = list(inner)
            del inner[:]
            stack.extend(tracks)

        def _set_time(
            self, item: Any, element: ElementTree.Element, start_offset: Any, line: int
        ) -> None:
            """The source range and the retime, where the element has more than an in-point."""
            rate = item.source_range.start_time.rate
            offset = start_offset.rescaled_to(rate).value
            time = item_time(element, offset, item.source_range.duration.value)
            item.effects[:] = [e for e in item.effects if not is_remap(e)]
            if time.warning:
                self._warnings.append(f"line {line}: '{item.name}' {time.warning}")
            # The adapter has added the in-point as it stands.
            unscaled = float(element.findtext("./in") or 0) + offset
            media_start = item.source_range.start_time.value - unscaled
            moved = media_start + time.start
            if time.curve:
                exact = exact_rate(rate)
                points = [(t / exact, (v + Fraction(media_start)) / exact) for t, v in time.curve]
                item.effects.append(curve_effect("timeremap", points))
            elif time.effect is not None:
                item.effects.append(time.effect)
            item.source_range = otio.opentime.TimeRange(
                otio.opentime.RationalTime(moved, rate), item.source_range.duration
            )

        def _note_rates(self, item: Any, element: ElementTree.Element, edit_rate: float) -> None:
            """Of a clip at another rate than its sequence, what editors make of its in-point."""
            rate, edit = (exact_rate(r) for r in (item.source_range.start_time.rate, edit_rate))
            # From a transition to its cut it is as long in both, so that it counts in neither.
            begin = item_time(element, 0).start
            if rate == edit or not begin:
                return
            shift = Fraction(begin) / edit - Fraction(begin) / rate
            why = (
                f"the format counts its in-point at the clip's {float(rate):.5g} a second, Premiere"
                f" and Resolve at the sequence's {float(edit):.5g}"
            )
            if isinstance(item, otio.schema.Clip):
                item.metadata[SOURCE_KEY].update({"shift": str(shift), "why": why})
            else:
                self._warnings.append(
                    f"line {self.line}: '{item.name}': {why}; read as by the format"
                )

    return Reader
