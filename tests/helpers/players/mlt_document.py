"""A timeline as an MLT document, written from the OpenTimelineIO objects alone.

What each kind of thing becomes, and whose arithmetic decides the frames:

- Cuts, gaps, stacked tracks, dissolves: playlists with blanks, a tractor, `composite`, `luma`.
- Nests: a tractor within the tractor; melt counts.
- Freezes: melt's `hold` producer, exact with melt 7.12 at every rate that is tested.
- Retimes as "law" or "from start": playlist entries of one frame each, computed by `otio_frames`.
- Retimes as "engine": melt's `timewarp:SPEED:FILE`. It counts frames from the file's start at the
  new speed, so that it can begin on whole multiples of the speed only: at 2x on even frames. On
  those, and at -1x, it shows the law's frames. Between two frames it takes the nearest (0.5x shows
  0 1 1 2 2, the law 0 0 1 1 2), and at 23.976 a half falls to either side.
- Image sequences: an `avformat` producer for each file, EXR included, decoded by melt itself; its
  producers of whole sequences (`avformat` with %04d, `pixbuf`, `qimage`) did not show them.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from tests.helpers.players.otio_frames import Reading, file_start, media_of, played, speed_of, whole
from tests.helpers.stamps import HEIGHT, WIDTH

__all__ = ["Document"]


class Document:
    """The MLT document of a timeline; `length` is its number of frames."""

    def __init__(
        self,
        timeline: otio.schema.Timeline,
        rate: Fraction,
        media_starts: Mapping[str, int],
        reading: Reading,
    ) -> None:
        self.media_starts = media_starts
        self.reading = reading
        self.producers: dict[tuple[str, ...], str] = {}
        self.nests: dict[int, tuple[str, int]] = {}
        # Python's object of a nest lives as long as somebody holds it, and its id no longer.
        self.alive: list[otio.core.Composition] = []
        self.names = 0
        self.root = ET.Element("mlt", {"LC_NUMERIC": "C"})
        profile = {
            "width": WIDTH,
            "height": HEIGHT,
            "progressive": 1,
            "sample_aspect_num": 1,
            "sample_aspect_den": 1,
            "display_aspect_num": WIDTH,
            "display_aspect_den": HEIGHT,
            "frame_rate_num": rate.numerator,
            "frame_rate_den": rate.denominator,
            "colorspace": 709,
        }
        ET.SubElement(self.root, "profile", {key: str(value) for key, value in profile.items()})
        # Where every track is blank melt shows no defined picture, so black lies under all.
        _, self.length = self._layers(timeline.tracks, "#ff000000")

    def write(self, path: Path) -> None:
        ET.ElementTree(self.root).write(path, encoding="utf-8", xml_declaration=True)

    def _name(self, kind: str) -> str:
        self.names += 1
        return f"{kind}{self.names}"

    def _layers(self, nest: otio.schema.Stack | otio.schema.Track, colour: str) -> tuple[str, int]:
        """A tractor of a stack's tracks over a colour; its name and length."""
        layers = [nest] if isinstance(nest, otio.schema.Track) else list(nest)
        lists = [
            self._playlist(list(layer) if isinstance(layer, otio.schema.Track) else [layer])
            for layer in layers
            if layer.enabled and getattr(layer, "kind", "Video") == "Video"
        ]
        length = max(count for _, count in lists)
        ground = self._producer("color", resource=colour)
        # The producer alone would play for its default 15000 frames.
        background = self._list([_entry(ground, 0, length - 1)])
        names = [background, *(name for name, _ in lists)]
        tractor = self._tractor(names, length)
        for upper in range(1, len(names)):
            _mix(tractor, "composite", 0, upper, length, {"progressive": "1"})
        return tractor.attrib["id"], length

    def _playlist(self, items: Sequence[otio.core.Composable]) -> tuple[str, int]:
        """Items give the frames of a dissolve to a small tractor between them."""
        entries: list[ET.Element] = []
        total = 0
        for i, item in enumerate(items):
            if isinstance(item, otio.schema.Transition):
                before, after = whole(item.in_offset), whole(item.out_offset)
                dissolve = self._dissolve(items[i - 1], items[i + 1], before, after)
                entries.append(_entry(dissolve, 0, before + after - 1))
                total += before + after
                continue
            left = items[i - 1] if i else None
            right = items[i + 1] if i + 1 < len(items) else None
            begin = whole(left.out_offset) if isinstance(left, otio.schema.Transition) else 0
            end = self._length(item)
            end -= whole(right.in_offset) if isinstance(right, otio.schema.Transition) else 0
            if isinstance(item, otio.schema.Gap):
                entries.append(ET.Element("blank", {"length": str(end - begin)}))
            else:
                entries += self._shown(item, begin, end)
            total += end - begin
        return self._list(entries), total

    def _length(self, item: otio.schema.Item) -> int:
        """Output frames between the cuts; a retime does not change them."""
        if item.source_range is None and isinstance(item, otio.core.Composition):
            return self._nest(item)[1]
        return whole(item.trimmed_range().duration)

    def _nest(self, nest: otio.core.Composition) -> tuple[str, int]:
        if id(nest) not in self.nests:
            # Transparent, so that what lies under a nest's gaps is seen.
            self.alive.append(nest)
            self.nests[id(nest)] = self._layers(nest, "#00000000")
        return self.nests[id(nest)]

    def _shown(self, item: otio.schema.Item, begin: int, end: int) -> list[ET.Element]:
        """Entries for the output frames `begin` to `end` - 1, counted from the item's start."""
        length, speed = self._length(item), speed_of(item)
        if isinstance(item, otio.core.Composition):
            name, count = self._nest(item)
            start = 0 if item.source_range is None else whole(item.source_range.start_time)
            frames = played(start, length, speed, begin, end, self.reading)
            # melt goes on with a tractor's last frame where the nest has none.
            assert min(frames) >= 0, f"{item.name} needs {frames} of {count} frames"
            assert max(frames) < count, f"{item.name} needs {frames} of {count} frames"
            return [_entry(name, first, last) for first, last in _runs(frames)]
        start = file_start(item, self.media_starts)
        frames = played(start, length, speed, begin, end, self.reading)
        media = media_of(item, at_least=max(frames) + 1)
        held = speed != 1 or media.count == 1
        if held:
            frames = [min(max(frame, 0), media.count - 1) for frame in frames]
        # melt hangs on frames that no file has, so they fail here.
        needs = f"{item.name} needs {min(frames)}-{max(frames)} of {media.count} frames"
        assert 0 <= min(frames) <= max(frames) < media.count, needs
        if len(media.files) > 1:
            return [
                _entry(self._producer("avformat", resource=str(media.files[frame])), 0, 0)
                for frame in frames
            ]
        path = str(media.files[0])
        if held and len(set(frames)) == 1:
            producer = self._producer("hold", resource=path, frame=str(frames[0]))
            return [_entry(producer, 0, end - begin - 1)]
        if speed != 1 and self.reading == "engine":
            producer = self._producer("timewarp", resource=f"{float(speed)}:{path}")
            at = _warped(start, length, speed, media.count)
            return [_entry(producer, at + begin, at + end - 1)]
        producer = self._producer("avformat", resource=path)
        return [_entry(producer, first, last) for first, last in _runs(frames)]

    def _dissolve(
        self, left: otio.schema.Item, right: otio.schema.Item, before: int, after: int
    ) -> str:
        cut = self._length(left)
        sides = [
            self._list(self._shown(left, cut - before, cut + after)),
            self._list(self._shown(right, -before, after)),
        ]
        tractor = self._tractor(sides, before + after)
        _mix(tractor, "luma", 0, 1, before + after, {})
        return tractor.attrib["id"]

    def _list(self, entries: list[ET.Element]) -> str:
        playlist = ET.SubElement(self.root, "playlist", {"id": self._name("list")})
        playlist.extend(entries)
        return playlist.attrib["id"]

    def _producer(self, service: str, **properties: str) -> str:
        key = (service, *properties.values())
        if key not in self.producers:
            self.producers[key] = self._name(service)
            producer = ET.SubElement(self.root, "producer", {"id": self.producers[key]})
            for name, value in {"mlt_service": service, **properties}.items():
                _property(producer, name, value)
        return self.producers[key]

    def _tractor(self, tracks: list[str], length: int) -> ET.Element:
        tractor = ET.SubElement(self.root, "tractor", {"id": self._name("tractor")})
        tractor.set("in", "0")
        tractor.set("out", str(length - 1))
        for track in tracks:
            ET.SubElement(tractor, "track", {"producer": track})
        return tractor


def _warped(start: int, length: int, speed: Fraction, count: int) -> int:
    """Where a clip begins, counted in the frames of melt's timewarp of its whole file."""
    if speed < 0:
        assert speed == -1, f"melt's own reverse is exact at -1 only, not at {speed}"
        return count - start - length
    position = start / speed
    assert position.denominator == 1, f"melt's timewarp cannot begin on frame {start} at {speed}"
    return int(position)


def _runs(frames: list[int]) -> list[tuple[int, int]]:
    """First and last of each stretch that plays forward frame by frame."""
    runs: list[tuple[int, int]] = []
    for frame in frames:
        if runs and frame == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], frame)
        else:
            runs.append((frame, frame))
    return runs


def _mix(
    tractor: ET.Element,
    service: str,
    lower: int,
    upper: int,
    length: int,
    properties: Mapping[str, str],
) -> None:
    transition = ET.SubElement(tractor, "transition", {"in": "0", "out": str(length - 1)})
    _property(transition, "mlt_service", service)
    _property(transition, "a_track", str(lower))
    _property(transition, "b_track", str(upper))
    for name, value in properties.items():
        _property(transition, name, value)


def _entry(producer: str, first: int, last: int) -> ET.Element:
    return ET.Element("entry", {"producer": producer, "in": str(first), "out": str(last)})


def _property(element: ET.Element, name: str, value: str) -> None:
    ET.SubElement(element, "property", {"name": name}).text = value
