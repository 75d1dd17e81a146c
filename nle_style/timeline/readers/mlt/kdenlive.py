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
from nle_style.timeline.parsed import SOURCE_KEY, Parsed, refused_effect
from nle_style.timeline.readers.mlt.mlt_clips import MltClips
from nle_style.timeline.readers.mlt.mlt_cuts import (
    HOLDERS,
    Entry,
    cut_of,
    part_of,
    refuse_frozen,
    trim,
)
from nle_style.timeline.readers.mlt.mlt_media import (
    MltMedia,
    hides_picture,
    markers_in,
    mlt_property,
)
from nle_style.timeline.readers.mlt.mlt_spelling import spell_plainly
from nle_style.timeline.readers.mlt.mlt_times import MltTimes
from nle_style.timeline.safe_xml import XmlDocument, parse_xml

__all__ = ["read_kdenlive"]

# The black below all tracks, in Kdenlive and in Shotcut.
_BACKGROUNDS = frozenset({"black_track", "background"})
_PRODUCERS = frozenset({"producer", "chain"}) | HOLDERS
_DEEPEST = 20


def read_kdenlive(path: Path) -> Parsed:
    """The project's timeline; of several sequences the open one.

    Raises:
        TimelineError: not an MLT project, or something in it that cannot be read.
    """
    document = parse_xml(path)
    profile = document.root.find("./profile")
    spell_plainly(document.root)
    # melt plays the last one; the bin is no timeline.
    played = [e for e in document.root if e.tag in _PRODUCERS and e.get("id") != "main_bin"]
    if document.root.tag != "mlt" or profile is None or not played or played[-1].tag not in HOLDERS:
        raise TimelineError(
            "not a Kdenlive or Shotcut project (MLT XML with a profile, that ends with a tractor)",
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
        self._earlier = {e.get("id"): e for e in named if self._by_id[e.get("id", "")] is not e}
        self._media = MltMedia(folder / document.root.get("root", ""), self._by_id)
        number, divisor = profile.get("frame_rate_num", "25"), profile.get("frame_rate_den", "1")
        self._times = MltTimes(Fraction(int(number), int(divisor)))
        self._clips = MltClips(self._media, self._times, self._warn)
        self._warnings: list[str] = []
        self._depth = 0

    def project(self, main: ElementTree.Element, name: str) -> Parsed:
        if mlt_property(main, "kdenlive:projectTractor") == "1":
            # Since 23.04 the last tractor only wraps the sequence that was open.
            track = main.find("./track")
            main = self._by_id[track.get("producer", "") if track is not None else ""]
        timeline = otio.schema.Timeline(mlt_property(main, "kdenlive:clipname") or name)
        timeline.global_start_time = self._times.time(0)
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
            begin = self._times.frames(place.get("in") or "0")
            found = self._part(found, place)
        entries = sorted(found, key=lambda e: e.start)
        mixes = {}
        for mix in holder.iterfind("./transition"):
            if mlt_property(mix, "kdenlive:mixcut"):
                at = self._times.frames(mix.get("in", "0")) - begin
                mixes[at] = int(mlt_property(mix, "kdenlive:mixcut"))
        self._join(track, entries, mixes)
        refuse_frozen(track, holder, *map(self._producer, refs))
        return track

    def _join(self, track: otio.schema.Track, entries: list[Entry], mixes: dict[int, int]) -> None:
        cursor = 0
        for number, entry in enumerate(entries):
            start, following = entry.start, entries[number + 1 : number + 2]
            if start > cursor:
                track.append(otio.schema.Gap(source_range=self._times.range(0, start - cursor)))
            head = max(0, cursor - start)
            tail = 0
            if following and following[0].start < entry.end:
                # The cut lies `mixcut` frames before the end of the mix.
                overlap = entry.end - following[0].start
                tail = min(overlap, mixes.get(following[0].start, overlap // 2))
            trim(entry.item, head, tail, self._times.rate)
            track.append(entry.item)
            cursor = entry.end - tail
            if tail or (following and following[0].start < entry.end):
                track.append(
                    otio.schema.Transition(
                        name="mix",
                        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
                        in_offset=self._times.time(cursor - following[0].start),
                        out_offset=self._times.time(tail),
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
        begin = self._times.frames(playlist.get("in") or "0")
        found = part_of(self._items(playlist), begin, None, self._times.rate)
        if track is playlist:
            return found
        return self._part(found, track)

    def _part(self, entries: list[Entry], place: ElementTree.Element) -> list[Entry]:
        """What a track shows of a playlist or a tractor."""
        out = place.get("out")
        last = None if out is None else self._times.frames(out)
        return part_of(entries, self._times.frames(place.get("in") or "0"), last, self._times.rate)

    def _items(self, children: Iterable[ElementTree.Element]) -> list[Entry]:
        found, cursor = [], 0
        for child in children:
            self.line = self._lines.get(child, self.line)
            if child.tag == "blank":
                cursor += self._times.frames(child.get("length", "0"))
            elif child.tag in ("entry", "track") or child.tag in _PRODUCERS:
                producer = self._producer(child)
                name = producer.get("id", "")
                first, last = cut_of(child, producer, self._times.frames)
                for _ in range(int(child.get("repeat") or 1)):
                    item = self._item(producer, first, last)
                    length = int(item.source_range.duration.value)
                    if producer.tag in HOLDERS:
                        refuse_frozen(item, child)
                    else:
                        self._clips.freeze(item, child, producer, first)
                        refuse_frozen(item, *([] if producer is child else [producer]))
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

    def _item(
        self, producer: ElementTree.Element, first: int, last: int | None
    ) -> otio.schema.Item:
        """What a producer shows from frame `first` to `last`, or to its end."""
        if producer.tag in HOLDERS:
            return self._nest(producer, first, last)
        return self._clips.clip(producer, first, last)

    def _mark(self, item: otio.schema.Item, text: str) -> None:
        try:
            item.markers.extend(markers_in(text, self._times.rate))
        except (ValueError, TypeError) as error:
            self._warn(f"its markers cannot be read ({error})")

    def _warn(self, text: str) -> None:
        self._warnings.append(f"line {self.line}: {text}")

    def _refuse_earlier(
        self, item: otio.schema.Item, place: ElementTree.Element, producer: ElementTree.Element
    ) -> None:
        """Refuse a clip of which melt shows an earlier element than the last that has its id."""
        earlier = self._earlier.get(producer.get("id"))
        if earlier is None or place is producer:
            return
        if self._places[earlier] < self._places[place] < self._places[producer]:
            reason = f"two elements have its producer's id ({producer.get('id')})"
            about = {"remedy": "Give them ids of their own."}
            item.effects.append(refused_effect("id", reason, about))

    def _nest(self, holder: ElementTree.Element, first: int, last: int | None) -> otio.schema.Stack:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("sequences are nested in themselves, or too deep")
        stack = otio.schema.Stack(mlt_property(holder, "kdenlive:clipname"))
        stack.extend(self._tracks(holder))
        length = max((int(track.duration().value) for track in stack), default=0)
        last = length - 1 if last is None else min(last, max(first, length - 1))
        stack.source_range = self._times.range(first, last - first + 1)
        self._depth -= 1
        return stack
