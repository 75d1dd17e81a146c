"""Final Cut Pro's FCPXML, 1.8 to 1.14.

Not through otio-fcpx-xml-adapter 1.0: it truncates rates to whole numbers, ignores media-rep
(FCPXML 1.9 on), reads neither retimes nor transitions, and returns empty timelines without an
error.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.parsed import SOURCE_KEY, Parsed, curve_effect
from nle_style.timeline.readers.fcpxml.fcpxml_retime import Retime, conform_scalar, retime_of
from nle_style.timeline.readers.fcpxml.lanes import Dissolve, Lanes, Placed, stack_of
from nle_style.timeline.readers.fcpxml.resources import (
    Resources,
    lost_clip,
    range_at,
    seconds,
    time_at,
)
from nle_style.timeline.safe_xml import XmlDocument, check_root, parse_xml

__all__ = ["read_fcpxml"]

_CLIPS = frozenset(
    {"asset-clip", "clip", "ref-clip", "sync-clip", "mc-clip", "video", "title", "audition", "gap"}
    | {"live-drawing", "audio"}
)
# Elements without a picture of their own; what is connected to them may have one.
_WITHOUT_PICTURE = frozenset({"gap", "audio"})
_MARKERS = frozenset({"marker", "chapter-marker"})
_MOST_ITEMS = 20_000
_DEEPEST = 40


def read_fcpxml(path: Path) -> list[Parsed]:
    """Every project of the file; without one, its only compound clip.

    Args:
        path: an .fcpxml, or a .fcpxmld bundle with Info.fcpxml inside.

    Raises:
        TimelineError: not FCPXML, no project and not exactly one compound clip, clips nested in
            themselves, or a time or reference that cannot be read.
    """
    if path.is_dir():
        path = path / "Info.fcpxml"
    document = parse_xml(path)
    root = document.root
    check_root(root.tag, "fcpxml", where=str(path), remedy="Export the project as FCPXML again.")
    reader = _Reader(document, Resources.of(root))
    try:
        projects = list(root.iter("project"))
        if projects:
            return [reader.project(p.find("./sequence"), p.get("name", "")) for p in projects]
        return [reader.compound(_only_compound(root, path))]
    except TimelineError as error:
        raise TimelineError(error.what, where=str(path), remedy=error.remedy) from error
    except (ValueError, ArithmeticError, LookupError) as error:
        raise TimelineError(
            f"line {reader.line}: the element there cannot be read ({error})",
            where=str(path),
            remedy="Remove or replace that clip in Final Cut and export again.",
        ) from error


def _only_compound(root: ElementTree.Element, path: Path) -> ElementTree.Element:
    """The compound clip of an export that holds clips of the browser and no project."""
    places = [root, *root.iter("event")]
    clips = [e for place in places for e in place if e.tag in _CLIPS]
    compounds = [e for e in clips if e.tag == "ref-clip"]
    if len(compounds) == 1:
        return compounds[0]
    names = ", ".join(repr(e.get("name", e.tag)) for e in (compounds or clips)[:10]) or "nothing"
    raise TimelineError(
        f"the file holds no project, but {names}",
        where=str(path),
        remedy="Export one project: select it in Final Cut's browser, then File > Export XML.",
    )


class _Reader:
    """Turns elements into OpenTimelineIO; `line` is that of the element that it reads."""

    def __init__(self, document: XmlDocument, resources: Resources) -> None:
        self.line = 1
        self._lines, self._places = document.lines, document.places
        self._resources = resources
        self._warnings: list[str] = []
        self._items = 0
        self._depth = 0

    def project(self, sequence: ElementTree.Element | None, name: str) -> Parsed:
        if sequence is None:
            raise TimelineError(f"project '{name}' has no sequence", remedy="Export it again.")
        self._warnings = []
        timeline = otio.schema.Timeline(name)
        stack, rate = self._sequence(sequence)
        tracks = list(stack)
        del stack[:]
        timeline.tracks.extend(tracks)
        start = seconds(sequence.get("tcStart"))
        timeline.global_start_time = time_at(start, rate)
        drop = {"DF": True, "NDF": False}.get(sequence.get("tcFormat", ""))
        return Parsed(timeline, self._warnings, drop=drop)

    def compound(self, clip: ElementTree.Element) -> Parsed:
        return self.project(self._referred(clip), clip.get("name", ""))

    def _sequence(self, sequence: ElementTree.Element) -> tuple[otio.schema.Stack, Fraction]:
        rate = self._resources.rate(sequence.get("format")) or Fraction(24)
        if self._resources.rate(sequence.get("format")) is None:
            self._warn(sequence, "has a sequence without a frame rate; read at 24")
        lanes = Lanes(rate)
        origin = seconds(sequence.get("tcStart"))
        spine = sequence.find("./spine")
        if spine is not None:
            # Offsets in the primary storyline count from the sequence's timecode.
            self._storyline(lanes, spine, lane=0, shift=-origin)
        return stack_of(lanes, self._warnings), rate

    def _warn(self, element: ElementTree.Element, text: str) -> None:
        line = self._lines.get(element, self.line)
        self._warnings.append(f"line {line}: {text}")

    def _storyline(
        self, lanes: Lanes, holder: ElementTree.Element, lane: int, shift: Fraction
    ) -> None:
        """Place items in order; `shift` turns their offsets into the container's time."""
        cursor: Fraction | None = None
        for child in holder:
            if child.tag == "transition":
                at = seconds(child.get("offset"), default=(cursor or Fraction(0)) - shift) + shift
                length = seconds(child.get("duration"))
                lanes.dissolves.append(
                    Dissolve(lane, at, at + length, child.get("name", "transition"))
                )
            elif (child.tag in _CLIPS or holder.tag == "spine") and _lane(child) == 0:
                default = Fraction(0) if cursor is None else cursor - shift
                start = seconds(child.get("offset"), default) + shift
                end = self._place(lanes, child, lane, start)
                # Beside the picture of a clip its sound takes no time.
                cursor = cursor if child.tag == "audio" and holder.tag != "spine" else end

    def _place(
        self, lanes: Lanes, element: ElementTree.Element, lane: int, start: Fraction
    ) -> Fraction:
        """Put an item and what is connected to it on their lanes; returns its end."""
        self.line = self._lines.get(element, self.line)
        self._items += 1
        self._depth += 1
        if self._items > _MOST_ITEMS or self._depth > _DEEPEST:
            raise TimelineError(
                f"line {self.line}: clips are nested in themselves, or there are more than "
                f"{_MOST_ITEMS} counting compound clips at every use",
                remedy="Break the compound clips apart in Final Cut and export again.",
            )
        if element.tag == "audition":
            picks = [child for child in element if child.tag in _CLIPS]
            if not picks:
                raise TimelineError(
                    f"line {self.line}: an audition without a clip", remedy="Export it again."
                )
            element = picks[0]
        referred = self._referred(element)
        natural = Fraction(0) if referred is None else seconds(referred.get("duration"))
        duration = seconds(element.get("duration"), natural)
        item = self._item(element, duration, lanes.rate)
        if item is not None:
            lanes.items.setdefault(lane, []).append(Placed(start, start + duration, item))
        if element.tag != "sync-clip":
            self._connected(lanes, element, lane, start, self._local_start(element))
        self._depth -= 1
        return start + duration

    def _connected(
        self,
        lanes: Lanes,
        element: ElementTree.Element,
        lane: int,
        start: Fraction,
        local: Fraction,
    ) -> None:
        """Place the items connected to an element; their offsets are in its local time.

        That time runs faster than the edit where a rate is conformed; with a timeMap it is the
        retimed one.
        """
        speed = conform_scalar(element, lanes.rate)
        for child in element:
            at = start + (seconds(child.get("offset")) - local) / speed
            if child.tag == "spine" and _lane(child):
                self._storyline(lanes, child, lane + _lane(child), at)
            elif child.tag in _CLIPS and _lane(child):
                self._place(lanes, child, lane + _lane(child), at)

    def _local_start(self, element: ElementTree.Element) -> Fraction:
        """Where the item's own time begins: `start`, that of its timeMap, or the start of what it
        refers to."""
        referred = self._referred(element)
        point = element.find("./timeMap/timept")
        start = element.get("start", None if point is None else point.get("time"))
        if start is None and referred is not None:
            start = referred.get("start" if referred.tag == "asset" else "tcStart")
        return seconds(start)

    def _referred(self, element: ElementTree.Element) -> ElementTree.Element | None:
        """The asset that an element refers to, or the sequence or the angles of its media."""
        asset = self._resources.get(element.get("ref"), "asset")
        media = self._resources.get(element.get("ref"), "media")
        if asset is not None or media is None:
            return asset
        sequence = media.find("./sequence")
        return media.find("./multicam") if sequence is None else sequence

    def _item(
        self, element: ElementTree.Element, duration: Fraction, rate: Fraction
    ) -> otio.schema.Item | None:
        """The item as OpenTimelineIO; None for one without a picture."""
        local = self._local_start(element)
        if element.tag in _WITHOUT_PICTURE or element.get("srcEnable") == "audio":
            return None
        if element.tag in ("title", "live-drawing") or element.tag not in _CLIPS:
            return self._generator(element, element.tag, duration, rate)
        if element.tag in ("ref-clip", "sync-clip", "mc-clip"):
            item = self._nest(element, local, duration, rate)
        elif element.tag == "clip":
            item = self._simple_clip(element, local, duration, rate)
        else:
            item = self._asset_clip(element, element, local, duration, rate)
        if item is None:
            return None
        item.name = element.get("name") or item.name
        item.enabled = element.get("enabled", "1") != "0"
        return item

    def _asset_clip(
        self,
        element: ElementTree.Element,
        picture: ElementTree.Element,
        start: Fraction,
        duration: Fraction,
        rate: Fraction,
        shift: Fraction = Fraction(0),
    ) -> otio.schema.Clip | None:
        """A clip of one asset; `start` is in the clip's local time, before any retime, and the
        asset's time is `shift` ahead of that."""
        asset = self._resources.get(picture.get("ref"), "asset")
        if asset is None:
            effect = self._resources.get(picture.get("ref"), "effect")
            if picture.tag == "video" and effect is not None:
                return self._generator(element, "generator", duration, rate)
            if picture.get("ref"):
                self._warn(picture, f"refers to {picture.get('ref')}, which is no asset")
            clip = otio.schema.Clip(element.get("name", ""), otio.schema.MissingReference())
            clip.source_range = range_at(start, duration, rate)
            return self._noted(clip, element, rate)
        if not self._resources.is_picture(asset):
            return None
        media_rate = self._resources.rate(asset.get("format")) or rate
        retime = retime_of(element, start, duration, rate, asset, shift)
        clip = otio.schema.Clip(
            element.get("name", ""), self._resources.reference(asset, media_rate)
        )
        clip.source_range = range_at(retime.start, duration, media_rate, rate)
        self._retime(clip, element, retime, Fraction(0))
        return self._noted(clip, element, media_rate, asset.get("id"))

    def _simple_clip(
        self, element: ElementTree.Element, local: Fraction, duration: Fraction, rate: Fraction
    ) -> otio.schema.Item | None:
        """<clip> with a <video> in it: the video's offset is in the clip's local time."""
        pictures = [c for c in element if c.tag in _CLIPS - _WITHOUT_PICTURE and _lane(c) == 0]
        spine = next((c for c in element if c.tag == "spine" and _lane(c) == 0), None)
        if spine is not None or len(pictures) != 1:
            return self._nest(element, local, duration, rate)
        video = pictures[0]
        has_speed = any(video.find(f"./{tag}") is not None for tag in ("timeMap", "conform-rate"))
        # What is connected to the video is within the clip, and there alone.
        inside = {child.tag for child in video.iter() if child is not video}
        if video.tag != "video" or has_speed or inside & (_CLIPS - _WITHOUT_PICTURE):
            return self._nest(element, local, duration, rate)
        shift = self._local_start(video) - seconds(video.get("offset"))
        return self._asset_clip(element, video, local, duration, rate, shift)

    def _nest(
        self, element: ElementTree.Element, local: Fraction, duration: Fraction, rate: Fraction
    ) -> otio.schema.Item | None:
        if element.tag in ("ref-clip", "mc-clip"):
            found = self._media(element, rate)
            if found is None:
                lost = lost_clip(element.get("name", ""), duration, rate)
                return self._noted(lost, element, rate)
            stack, inner_rate, origin = found
        else:
            lanes = Lanes(rate)
            first = next((c for c in element if c.tag in _CLIPS and _lane(c) == 0), None)
            origin = local if first is None else seconds(first.get("offset"))
            holder = next((c for c in element if c.tag == "spine" and _lane(c) == 0), element)
            if holder is not element:
                origin = seconds(holder.get("offset"))
            self._storyline(
                lanes, holder, lane=0, shift=-origin if holder is element else Fraction(0)
            )
            if element.tag == "sync-clip":
                self._connected(lanes, element, 0, Fraction(0), origin)
            stack, inner_rate = stack_of(lanes, self._warnings), rate
        if not any(len(track) for track in stack):
            return None
        retime = retime_of(element, local, duration, rate, None)
        stack.source_range = range_at(retime.start - origin, duration, inner_rate, rate)
        self._retime(stack, element, retime, origin)
        return self._noted(stack, element, inner_rate)

    def _media(
        self, element: ElementTree.Element, rate: Fraction
    ) -> tuple[otio.schema.Stack, Fraction, Fraction] | None:
        """Contents, rate and origin of a compound clip, or of a multicam clip's active angle; None
        if they are not in the file."""
        media = self._resources.get(element.get("ref"), "media")
        sequence = None if media is None else media.find("./sequence")
        if sequence is not None:
            stack, inner = self._sequence(sequence)
            return stack, inner, seconds(sequence.get("tcStart"))
        multicam = None if media is None else media.find("./multicam")
        if multicam is None:
            return None
        inner = self._resources.rate(multicam.get("format")) or rate
        origin = seconds(multicam.get("tcStart"))
        sources = element.findall("./mc-source")
        shown = [s for s in sources if s.get("srcEnable", "all") in ("all", "video")]
        lanes = Lanes(inner)
        if shown or not sources:
            angle = shown[0].get("angleID") if shown else None
            angles = [a for a in multicam.iterfind("./mc-angle") if a.get("angleID") == angle]
            if angle is None or not angles:
                return None
            # Offsets count from the angle's start; some writers add the timecode to them.
            first = next((child.get("offset") for child in angles[0] if child.get("offset")), None)
            shift = -origin if seconds(first) >= origin else Fraction(0)
            self._storyline(lanes, angles[0], lane=0, shift=shift)
        return stack_of(lanes, self._warnings), inner, origin

    def _retime(
        self,
        item: otio.schema.Item,
        element: ElementTree.Element,
        retime: Retime,
        origin: Fraction,
    ) -> None:
        """Put a retime on an item whose own time begins at `origin` of that in the file."""
        if retime.curve:
            points = [(time, value - origin) for time, value in retime.curve]
            item.effects.append(curve_effect("timeMap", points))
        elif retime.effect is not None:
            item.effects.append(retime.effect)
        if retime.warning:
            self._warn(element, f"'{element.get('name')}' {retime.warning}")

    def _noted(
        self,
        item: otio.schema.Clip | otio.schema.Stack,
        element: ElementTree.Element,
        rate: Fraction,
        asset: str | None = None,
    ) -> otio.schema.Clip | otio.schema.Stack:
        note = {"element": element.tag, "line": self._lines.get(element, 0)}
        note["place"] = self._places[element]
        if asset is not None:
            note["asset"] = asset
        item.metadata[SOURCE_KEY] = note
        for child in element:
            if child.tag in _MARKERS:
                start, duration = seconds(child.get("start")), seconds(child.get("duration"))
                about = {SOURCE_KEY: {"note": child.get("note", "")}}
                marked = range_at(start, duration, rate)
                item.markers.append(
                    otio.schema.Marker(child.get("value", ""), marked, metadata=about)
                )
        return item

    def _generator(
        self, element: ElementTree.Element, kind: str, duration: Fraction, rate: Fraction
    ) -> otio.schema.Clip:
        reference = otio.schema.GeneratorReference(generator_kind=kind)
        clip = otio.schema.Clip(element.get("name", ""), reference)
        clip.source_range = range_at(Fraction(0), duration, rate)
        clip.enabled = element.get("enabled", "1") != "0"
        self._noted(clip, element, rate)
        return clip


def _lane(element: ElementTree.Element) -> int:
    return int(element.get("lane", "0"))
