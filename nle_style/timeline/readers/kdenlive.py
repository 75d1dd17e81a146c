"""MLT XML: the projects of Kdenlive and Shotcut, which have properties of their own.

Not through otio-kdenlive-adapter 0.0.3: it is declared inactive, prints on standard output,
reads no speeds, and takes unknown services for missing media. Source: MLT's XML DTD and
producer_timewarp.c, Kdenlive's dev-docs/fileformat.md, Shotcut's notes "MLT XML Annotations".
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.parsed import CURVE_NOTE, SOURCE_KEY, Parsed, curve_effect
from nle_style.timeline.readers.mlt_cuts import (
    HOLDERS,
    Entry,
    cut_of,
    freeze_of,
    part_of,
    refuse_frozen,
    trim,
)
from nle_style.timeline.readers.mlt_media import (
    MltMedia,
    forced_speed,
    hides_picture,
    markers_in,
    mlt_property,
    other_picture,
    warp_speed,
)
from nle_style.timeline.readers.mlt_timeremap import remapped, straightened
from nle_style.timeline.safe_xml import XmlDocument, parse_xml

__all__ = ["read_kdenlive"]

_FILES = frozenset({"avformat", "avformat-novalidate", "qimage", "pixbuf", "timewarp"})
_GENERATED = frozenset({"color", "colour", "kdenlivetitle", "noise", "count", "qtext", "pango"})
# The black below all tracks, in Kdenlive and in Shotcut.
_BACKGROUNDS = frozenset({"black_track", "background"})
_PRODUCERS = frozenset({"producer", "chain"}) | HOLDERS
_NAMES = ("kdenlive:clipname", "shotcut:caption")
_DEEPEST = 20


def read_kdenlive(path: Path) -> Parsed:
    """The project's timeline; of several sequences the open one.

    Raises:
        TimelineError: not an MLT project, or something in it that cannot be read.
    """
    document = parse_xml(path)
    profile = document.root.find("./profile")
    # melt plays the last one; the bin is no timeline.
    played = [e for e in document.root if e.tag in HOLDERS and e.get("id") != "main_bin"]
    if document.root.tag != "mlt" or profile is None or not played:
        raise TimelineError(
            "not a Kdenlive or Shotcut project (MLT XML with a profile and a tractor)",
            where=str(path),
            remedy="Put the clips on a timeline and save the project again.",
        )
    reader = _Reader(document, profile, path.parent)
    try:
        return reader.project(played[-1], path.stem)
    except (ValueError, KeyError, ZeroDivisionError, AttributeError) as error:
        raise TimelineError(
            f"line {reader.line}: the element there cannot be read ({error})",
            where=str(path),
            remedy="Save the project again, or export .otio from Kdenlive 25.04 or newer.",
        ) from error


class _Reader:
    def __init__(self, document: XmlDocument, profile: ElementTree.Element, folder: Path) -> None:
        self.line = 1
        self._root = document.root
        self._lines, self._places = document.lines, document.places
        named = [e for e in document.root.iter() if e.tag in _PRODUCERS]
        self._by_id = {e.get("id", ""): e for e in named}
        self._order = {e: number for number, e in enumerate(document.root.iter())}
        self._earlier = {e.get("id"): e for e in named if self._by_id[e.get("id", "")] is not e}
        self._media = MltMedia(folder / document.root.get("root", ""), self._by_id)
        self._rate = Fraction(
            int(profile.get("frame_rate_num", "25")), int(profile.get("frame_rate_den", "1"))
        )
        self._warnings: list[str] = []
        self._depth = 0

    def project(self, main: ElementTree.Element, name: str) -> Parsed:
        if mlt_property(main, "kdenlive:projectTractor") == "1":
            # Since 23.04 the last tractor only wraps the sequence that was open.
            track = main.find("./track")
            main = self._by_id[track.get("producer", "") if track is not None else ""]
        timeline = otio.schema.Timeline(mlt_property(main, "kdenlive:clipname") or name)
        timeline.global_start_time = self._time(0)
        timeline.tracks.extend(self._tracks(main))
        refuse_frozen(timeline.tracks, self._root)
        guides = mlt_property(main, "kdenlive:sequenceproperties.guides")
        if not guides and "main_bin" in self._by_id:
            guides = mlt_property(self._by_id["main_bin"], "kdenlive:docproperties.guides")
        self._mark(timeline.tracks, guides)
        return Parsed(timeline, self._warnings)

    def _tracks(self, sequence: ElementTree.Element) -> list[otio.schema.Track]:
        if sequence.tag == "playlist":
            return [self._track(sequence, sequence)]
        made: list[otio.schema.Track] = []
        # Older MLT has a <multitrack> around them, with the producers themselves in it.
        around = sequence.find("./multitrack")
        for entry in (*sequence.iterfind("./track"), *(() if around is None else around)):
            if entry.tag != "track" and entry.tag not in _PRODUCERS:
                continue
            holder = self._producer(entry)
            self.line = self._lines.get(holder, self.line)
            names = {mlt_property(holder, "kdenlive:playlistid"), entry.get("producer")}
            if not names & _BACKGROUNDS:
                made.append(self._track(holder, entry))
        for track in made:
            refuse_frozen(track, sequence)
        return made

    def _track(self, holder: ElementTree.Element, place: ElementTree.Element) -> otio.schema.Track:
        """A track's two playlists as one; where they overlap, Kdenlive mixes their clips.

        The tracks of Shotcut's transitions, which are tractors, are clips without a playlist.
        """
        hidden, refs = place.get("hide", ""), [place]
        if holder.tag == "tractor":
            refs = holder.findall("./track")
            hides = {ref.get("hide", "") for ref in refs}
            hidden = hidden or (hides.pop() if len(hides) == 1 else "")
        is_audio = any(
            mlt_property(holder, name) for name in ("kdenlive:audio_track", "shotcut:audio")
        )
        track = otio.schema.Track(
            mlt_property(holder, "kdenlive:track_name") or mlt_property(holder, "shotcut:name"),
            kind=otio.schema.TrackKind.Audio if is_audio else otio.schema.TrackKind.Video,
        )
        track.enabled = hidden not in ("both", "audio" if is_audio else "video")
        found = [entry for ref in refs for entry in self._entries(ref)]
        begin = 0
        if holder.tag == "tractor":
            begin = self._frames(place.get("in") or "0")
            found = self._part(found, place)
        entries = sorted(found, key=lambda e: e.start)
        mixes = {}
        for mix in holder.iterfind("./transition"):
            if mlt_property(mix, "kdenlive:mixcut"):
                at = self._frames(mix.get("in", "0")) - begin
                mixes[at] = int(mlt_property(mix, "kdenlive:mixcut"))
        self._join(track, entries, mixes)
        refuse_frozen(track, holder, *map(self._producer, refs))
        return track

    def _join(self, track: otio.schema.Track, entries: list[Entry], mixes: dict[int, int]) -> None:
        cursor = 0
        for number, entry in enumerate(entries):
            start, following = entry.start, entries[number + 1 : number + 2]
            if start > cursor:
                track.append(otio.schema.Gap(source_range=self._range(0, start - cursor)))
            head = max(0, cursor - start)
            tail = 0
            if following and following[0].start < entry.end:
                # The cut lies `mixcut` frames before the end of the mix.
                overlap = entry.end - following[0].start
                tail = min(overlap, mixes.get(following[0].start, overlap // 2))
            trim(entry.item, head, tail, self._rate)
            track.append(entry.item)
            cursor = entry.end - tail
            if tail or (following and following[0].start < entry.end):
                track.append(
                    otio.schema.Transition(
                        name="mix",
                        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
                        in_offset=self._time(cursor - following[0].start),
                        out_offset=self._time(tail),
                    )
                )

    def _producer(self, place: ElementTree.Element) -> ElementTree.Element:
        """What an entry or track shows: itself, if it is a producer that stands there.

        What the project does not have is a clip without a file, and refused by its id.
        """
        name = place.get("producer", "")
        missing = ElementTree.Element("producer", {"id": name})
        return place if place.tag in _PRODUCERS else self._by_id.get(name, missing)

    def _entries(self, track: ElementTree.Element) -> list[Entry]:
        """The items of what a track shows: of a playlist, or a clip alone."""
        playlist = self._producer(track)
        if playlist.tag != "playlist":
            return self._items([track])
        # Its own `out` MLT writes over with its length.
        begin = self._frames(playlist.get("in") or "0")
        found = part_of(self._items(playlist), begin, None, self._rate)
        if track is playlist:
            return found
        return self._part(found, track)

    def _part(self, entries: list[Entry], place: ElementTree.Element) -> list[Entry]:
        """What a track shows of a playlist or a tractor."""
        out = place.get("out")
        last = None if out is None else self._frames(out)
        return part_of(entries, self._frames(place.get("in") or "0"), last, self._rate)

    def _items(self, children: Iterable[ElementTree.Element]) -> list[Entry]:
        found, cursor = [], 0
        for child in children:
            self.line = self._lines.get(child, self.line)
            if child.tag == "blank":
                cursor += self._frames(child.get("length", "0"))
            elif child.tag in ("entry", "track") or child.tag in _PRODUCERS:
                producer = self._producer(child)
                name = producer.get("id", "")
                first, last = cut_of(child, producer, self._frames)
                for _ in range(int(child.get("repeat") or 1)):
                    item = self._item(producer, first, last)
                    length = int(item.source_range.duration.value)
                    self._freeze(item, child, first)
                    if producer.tag not in HOLDERS and producer is not child:
                        refuse_frozen(item, producer)
                    self._refuse_earlier(item, child, producer)
                    item.enabled = not hides_picture(producer, child)
                    self._mark(item, self._media.of_clip(producer, "kdenlive:markers"))
                    item.metadata[SOURCE_KEY] = {
                        "element": child.tag,
                        "line": self._lines.get(child, 0),
                        "place": self._places[child],
                        "id": name,
                    }
                    found.append(Entry(cursor, cursor + length, item))
                    cursor += length
        return found

    def _endless(self, item: otio.schema.Item, name: str) -> otio.schema.Clip:
        """In place of an item without an end, a clip of one frame that is refused by name."""
        reason = "the project does not say where it ends"
        about = {SOURCE_KEY: {"reason": reason, "remedy": "Save the project again."}}
        missing = otio.schema.MissingReference(metadata=about)
        self._warnings.append(f"line {self.line}: '{item.name or name}': {reason}")
        return otio.schema.Clip(item.name or name, missing, self._range(0, 1))

    def _item(
        self, producer: ElementTree.Element, first: int, last: int | None
    ) -> otio.schema.Item:
        """What a producer shows from frame `first` to `last`, or to its end."""
        if producer.tag in HOLDERS:
            return self._nest(producer, first, last)
        length = 1 if last is None else last - first + 1
        clip = self._clip(producer, first, length)
        return self._endless(clip, producer.get("id", "")) if last is None else clip

    def _clip(self, producer: ElementTree.Element, first: int, length: int) -> otio.schema.Clip:
        url = self._media.url(producer)
        # Without a service MLT takes the one that opens the file.
        service = mlt_property(producer, "mlt_service") or ("avformat" if url else "")
        slides = None
        if service in _FILES:
            slides = self._media.slides(producer, url, self._rate)
        names = (mlt_property(producer, each) for each in _NAMES)
        name = next(filter(None, names), url.rsplit("/", 1)[-1] or producer.get("id", ""))
        clip = otio.schema.Clip(name)
        speed = warp_speed(producer) if service == "timewarp" else Fraction(1)
        forced = None if service not in _FILES else forced_speed(producer)
        speed *= forced or 1
        total = self._frames(mlt_property(producer, "length") or producer.get("out") or "0")
        start = Fraction(first)
        if speed < 0:
            # producer_timewarp.c counts from the out-point of the retimed clip.
            out = producer.get("out")
            end = total if out is None else self._frames(out) + 1
            start = (max(end, first + length) - first - length) * -Fraction(speed)
        elif speed != 1:
            start = first * Fraction(speed)
        clip.source_range = self._range(float(start), length)
        if speed != 1:
            clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(speed)))
        if (stream := other_picture(producer)) and service in _FILES:
            what = f"shows the video stream {stream} of its file, one of several: give --stream"
            self._warnings.append(f"line {self.line}: '{name}' {what} {stream}")
        if speed < 0 and self._frames(producer.get("in") or "0"):
            about = {SOURCE_KEY: {"reason": "it is reversed, and its producer has an in-point"}}
            clip.effects.append(otio.schema.TimeEffect("timewarp", metadata=about))
        if forced == 0:
            reason = "it plays at another rate than its file's (force_fps), and does not say which"
            about = {SOURCE_KEY: {"reason": reason}}
            clip.effects.append(otio.schema.TimeEffect("force_fps", metadata=about))
        for link in producer.iter("link"):
            if mlt_property(link, "mlt_service") == "timeremap":
                clip.effects.append(self._remap(link, name, first, length))
        if service in _GENERATED or service.startswith("frei0r"):
            clip.media_reference = otio.schema.GeneratorReference(generator_kind=service)
        elif slides is not None:
            # They count from the first image, whatever its number.
            images = Fraction(max(total, first + length), slides.hold)
            slides.reference.available_range = self._range(0, float(images))
            clip.media_reference = slides.reference
            if slides.hold != 1:
                clip.source_range = self._range(float(Fraction(first, slides.hold)), length)
                clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=1 / slides.hold))
        elif service in _FILES and url:
            available = None
            if total > 0 and service.startswith("avformat"):
                available = self._range(0, total)
            clip.media_reference = otio.schema.ExternalReference(url, available)
        else:
            self._warnings.append(f"line {self.line}: '{name}' is a {service or 'clip'}, no file")
        return clip

    def _remap(
        self, link: ElementTree.Element, name: str, first: int, length: int
    ) -> otio.schema.TimeEffect:
        """The curve of a clip of `length` frames from `first` on."""
        what = CURVE_NOTE
        try:
            points = remapped(link, first, length, self._rate, self._frames)
            effect = curve_effect("timeremap", points)
        except (ValueError, ArithmeticError) as error:
            what = str(error)
            effect = otio.schema.TimeEffect("timeremap", metadata={SOURCE_KEY: {"reason": what}})
        self._warnings.append(f"line {self.line}: '{name}': {what}")
        return effect

    def _mark(self, item: otio.schema.Item, text: str) -> None:
        try:
            item.markers.extend(markers_in(text, self._rate))
        except (ValueError, TypeError) as error:
            self._warnings.append(f"line {self.line}: its markers cannot be read ({error})")

    def _freeze(self, item: otio.schema.Item, entry: ElementTree.Element, first: int) -> None:
        """Put the freeze that an entry has on what it shows."""
        count = int(item.source_range.duration.value)
        shown = freeze_of(entry, first, count, self._frames)
        if shown is None:
            return
        if item.effects:
            about = {SOURCE_KEY: {"reason": "it has a freeze and a speed"}}
            item.effects.append(otio.schema.TimeEffect("freeze", metadata=about))
        elif len(set(shown)) == 1:
            start = item.source_range.start_time + self._time(shown[0] - first)
            item.source_range = otio.opentime.TimeRange(start, item.source_range.duration)
            item.effects.append(otio.schema.FreezeFrame())
        else:
            points = [(n / self._rate, frame / self._rate) for n, frame in enumerate(shown)]
            points.append(((len(shown)) / self._rate, points[-1][1]))
            item.effects.append(curve_effect("freeze", straightened(points)))
            self._warnings.append(f"line {self.line}: '{item.name}': {CURVE_NOTE}")

    def _refuse_earlier(
        self, item: otio.schema.Item, place: ElementTree.Element, producer: ElementTree.Element
    ) -> None:
        """Refuse a clip of which melt shows an earlier element than the last that has its id."""
        earlier = self._earlier.get(producer.get("id"))
        if earlier is None or place is producer:
            return
        if self._order[earlier] < self._order[place] < self._order[producer]:
            reason = f"two elements have its producer's id ({producer.get('id')})"
            about = {SOURCE_KEY: {"reason": reason, "remedy": "Give them ids of their own."}}
            item.effects.append(otio.schema.TimeEffect("id", metadata=about))

    def _nest(self, holder: ElementTree.Element, first: int, last: int | None) -> otio.schema.Stack:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("sequences are nested in themselves, or too deep")
        stack = otio.schema.Stack(mlt_property(holder, "kdenlive:clipname"))
        stack.extend(self._tracks(holder))
        length = max((int(track.duration().value) for track in stack), default=0)
        last = length - 1 if last is None else min(last, max(first, length - 1))
        stack.source_range = self._range(first, last - first + 1)
        self._depth -= 1
        return stack

    def _frames(self, text: str) -> int:
        """MLT's time: frames, [hours:]minutes:seconds.fraction, or [[hours:]minutes:]seconds:frames
        (mlt_property.c)."""
        text = text.replace(";", ":").replace(",", ".")
        if ":" not in text:
            return int(text or 0)
        clock, _, frames = (text, "", "0") if "." in text else text.rpartition(":")
        total = Fraction(0)
        for part in clock.split(":"):
            total = total * 60 + Fraction(part)
        return round(total * self._rate) + int(frames)

    def _time(self, frames: float) -> otio.opentime.RationalTime:
        return otio.opentime.RationalTime(frames, float(self._rate))

    def _range(self, start: float, length: float) -> otio.opentime.TimeRange:
        return otio.opentime.TimeRange(self._time(start), self._time(length))
