"""What a fake Resolve keeps behind its objects: media, clips with takes, tracks, bins, a page.

The law of retimes is written here a second time and on its own: frame i of a clip shows
start + floor(i x step), or end - floor(i x step) in reverse, within its take.
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

__all__ = ["Clip", "Media", "Take", "Track", "Variant", "World"]


@dataclass(frozen=True)
class Variant:
    """How this Resolve behaves where reports differ.

    Attributes:
        inclusive: the end frame of AddTake and AppendToTimeline counts.
        slip: added to GetSourceStartFrame: 0 or -1.
        recent: 21.1, which tells selection and speed; else 19.1.3.
        lies: takes are answered with True and not added; appends answer with an item that is on
            no track; colours and properties are answered with True and not set.
        imported: clips are of an imported XML: both source frames are 0 (19.1.3, measured by
            davinci-resolve-mcp).
    """

    inclusive: bool = False
    slip: int = 0
    recent: bool = True
    lies: bool = False
    imported: bool = False

    def __str__(self) -> str:
        words = ["inclusive" if self.inclusive else "exclusive", f"slip{self.slip}"]
        words += ["21.1" if self.recent else "19.1", *(["lies"] if self.lies else [])]
        words += ["imported"] if self.imported else []
        return "-".join(words)


@dataclass
class Media:
    """A Media Pool clip: `first` is the file number of a sequence's first frame, or the frame of
    its movie that a subclip begins with."""

    path: str
    frames: int
    rate: Fraction
    first: int = 0
    still: bool = False
    properties: dict[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, str]:
        """As GetClipProperty() gives them: strings."""
        rate = f"{float(self.rate):.3f}".rstrip("0").rstrip(".")
        return {
            "File Path": self.path,
            "FPS": rate,
            "Frames": str(self.frames),
            "Start": str(self.first),
            "End": str(self.first + self.frames - 1),
            "Data Level": "Auto",
            "Input Color Space": "",
        } | self.properties


@dataclass
class Take:
    """Frames start to end (exclusive) of a medium; `asked` is what AddTake was given."""

    media: Media
    start: int
    end: int
    asked: tuple[int, int] = (0, 0)


@dataclass
class Clip:
    """A timeline item. `media` None: a title. `speed` is negative in reverse."""

    name: str
    start: int
    duration: int
    takes: list[Take]
    speed: Fraction = Fraction(1)
    selector: bool = False
    chosen: int = 0
    colour: str = ""
    markers: dict[int, dict[str, Any]] = field(default_factory=dict)
    uid: str = ""
    full: int = 0

    @property
    def take(self) -> Take | None:
        return self.takes[self.chosen] if self.takes else None

    def step(self, rate: Fraction) -> Fraction:
        assert self.take is not None
        return abs(self.speed) * self.take.media.rate / rate

    def shown(self, rate: Fraction) -> list[int]:
        """The frame of its take's medium that each of its frames shows."""
        take = self.take
        assert take is not None
        if take.media.still:
            return [0] * self.duration
        offsets = [math.floor(i * self.step(rate)) for i in range(self.duration)]
        frames = [take.end - 1 - o if self.speed < 0 else take.start + o for o in offsets]
        assert all(0 <= frame < take.media.frames for frame in frames), "beyond the medium"
        return frames

    @property
    def counted_from(self) -> int:
        """What the source frames of a subclip count from: its movie's first frame (measured by a
        user of gyroflow-plugins). Of a sequence that is not documented; here from its own."""
        take = self.take
        assert take is not None
        return 0 if "[" in take.media.path else take.media.first

    def left(self, rate: Fraction) -> int:
        take = self.take
        assert take is not None
        before = take.media.frames - take.end if self.speed < 0 else take.start
        return round(before / self.step(rate))

    def right(self, rate: Fraction) -> int:
        take = self.take
        assert take is not None
        return round(take.media.frames / self.step(rate)) - self.left(rate) - self.duration


@dataclass
class Track:
    name: str
    locked: bool = False
    clips: list[Clip] = field(default_factory=list)


@dataclass
class World:
    """A project with one timeline, as it is behind the fake's objects."""

    variant: Variant
    rate: Fraction = Fraction(24)
    start: int = 86400
    tracks: list[Track] = field(default_factory=lambda: [Track("Video 1")])
    bins: dict[str, list[Media]] = field(default_factory=lambda: {"Master": []})
    folder: str = "Master"
    page: str = "edit"
    playhead: str = "01:00:02:00"
    marks: dict[str, Any] = field(default_factory=dict)
    selected: list[Clip] = field(default_factory=list)
    product: str = "DaVinci Resolve Studio"
    version: list[Any] | None = None
    refuses_import: bool = False
    take_lengths: str = "trimmed"  # to the clip's; or "own"; or "ignored"
    keeps_takes: bool = False  # whatever it is asked to delete
    appended: list[tuple[int, int]] = field(default_factory=list)  # frames, as they were asked for
    _ids: Any = field(default_factory=itertools.count)

    def add(self, clip: Clip, track: int = 1) -> Clip:
        """Put a clip on a track at its start."""
        clip.uid = clip.uid or f"uid-{next(self._ids)}"
        clip.full = clip.duration
        self.tracks[track - 1].clips.append(clip)
        self.tracks[track - 1].clips.sort(key=lambda each: each.start)
        return clip

    def media(self) -> list[Media]:
        return [media for clips in self.bins.values() for media in clips]

    def snapshot(self) -> str:
        """Everything that an editor could find changed, as text."""

        def of_media(media: Media) -> list[Any]:
            return [media.path, media.frames, str(media.rate), media.properties]

        def of_clip(clip: Clip) -> list[Any]:
            takes = [[*of_media(take.media), take.start, take.end] for take in clip.takes]
            about = [clip.uid, clip.name, clip.start, clip.duration, str(clip.speed), clip.colour]
            return [*about, takes, clip.selector, clip.chosen, sorted(clip.markers.items())]

        tracks = [[t.name, t.locked, [of_clip(c) for c in t.clips]] for t in self.tracks]
        bins = {name: [of_media(media) for media in clips] for name, clips in self.bins.items()}
        open_now = [self.folder, self.page, self.playhead, self.marks]
        return json.dumps([tracks, bins, open_now], indent=1, default=str)
