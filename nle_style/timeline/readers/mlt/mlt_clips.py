"""The clips that MLT's producers make: media, speed, curve and freeze.

Source: MLT's producer_timewarp.c, producer_avformat.c (force_fps) and link_timeremap.c.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple
from xml.etree import ElementTree

import opentimelineio as otio

from nle_style.timeline.parsed import CURVE_NOTE, SOURCE_KEY, curve_effect, refused_effect
from nle_style.timeline.readers.mlt.mlt_cuts import freeze_of, is_frozen, past_end_of
from nle_style.timeline.readers.mlt.mlt_media import (
    MltMedia,
    forced_speed,
    mlt_property,
    other_picture,
    warp_speed,
)
from nle_style.timeline.readers.mlt.mlt_timeremap import remapped, straightened
from nle_style.timeline.readers.mlt.mlt_times import MltTimes

__all__ = ["MltClips"]

_MOVIES = frozenset({"avformat", "avformat-novalidate", "timewarp"})
_FILES = _MOVIES | {"qimage", "pixbuf"}
_GENERATED = frozenset({"color", "colour", "kdenlivetitle", "noise", "count", "qtext", "pango"})
_PROJECTS = frozenset({"xml", "xml-clip", "xml-nogl", "xml-string", "consumer"})
# Speeds are written with six digits and more.
_SAME_SPEED = Fraction(1, 100_000)
_NAMES = ("kdenlive:clipname", "shotcut:caption")


class _Cut(NamedTuple):
    """What a clip shows of a producer.

    Attributes:
        service: of MLT, by which the producer is played.
        url: of its media; "" without any.
        first, length: frames of the project.
        total: as many as the producer has, by what the project says; 0 if it says nothing.
    """

    producer: ElementTree.Element
    service: str
    url: str
    first: int
    length: int
    total: int


@dataclass(frozen=True)
class MltClips:
    """Makes the clips of a project.

    Attributes:
        media: what its producers show.
        times: of the project.
        warn: is told what an editor should know, with the clip's name.
    """

    media: MltMedia
    times: MltTimes
    warn: Callable[[str], None]

    def clip(self, producer: ElementTree.Element, first: int, last: int | None) -> otio.schema.Clip:
        """What a producer shows from frame `first` to `last`, in frames of the project.

        Args:
            last: None where nothing says where it ends: one frame, refused by name.
        Raises: ValueError, ArithmeticError: a time or a speed cannot be read.
        """
        url = self.media.url(producer)
        # Without a service MLT takes the one that opens the file.
        service = mlt_property(producer, "mlt_service") or ("avformat" if url else "")
        if url.lower().endswith((".mlt", ".kdenlive")):
            service = "xml"
        names = (mlt_property(producer, each) for each in _NAMES)
        name = next(filter(None, names), url.rsplit("/", 1)[-1] or producer.get("id", ""))
        if last is None:
            return self._endless(name)
        total = self.times.frames(mlt_property(producer, "length") or producer.get("out") or "0")
        cut = _Cut(producer, service, url, first, last - first + 1, total)
        clip = otio.schema.Clip(name)
        self._retime(clip, cut)
        self._refer(clip, cut)
        self._go_past(clip, cut)
        return clip

    def freeze(
        self,
        item: otio.schema.Item,
        entry: ElementTree.Element,
        producer: ElementTree.Element,
        first: int,
    ) -> None:
        """Put the freeze of an entry on what it shows: frame `first` and more of a producer."""
        if item.effects:
            if is_frozen(entry):
                item.effects.append(refused_effect("freeze", "it has a freeze and a speed"))
            return
        count = int(item.source_range.duration.value)
        shown = freeze_of(entry, producer, first, count, self.times.frames)
        if shown is not None:
            self._show(item, shown, first)

    def _show(self, item: otio.schema.Item, shown: list[int], first: int) -> None:
        """Have an item that would begin with frame `first` show these, one after another."""
        if len(set(shown)) == 1:
            start = item.source_range.start_time + self.times.time(shown[0] - first)
            item.source_range = otio.opentime.TimeRange(start, item.source_range.duration)
            item.effects.append(otio.schema.FreezeFrame())
        else:
            rate = self.times.rate
            points = [(number / rate, frame / rate) for number, frame in enumerate(shown)]
            points.append((len(shown) / rate, points[-1][1]))
            item.effects.append(curve_effect("freeze", straightened(points)))
            self.warn(f"'{item.name}': {CURVE_NOTE}")

    def _go_past(self, clip: otio.schema.Clip, cut: _Cut) -> None:
        """Hold the last frame, or play anew, what goes past the end of its producer."""
        reference = clip.media_reference
        is_movie = cut.url and cut.service in _MOVIES
        if not is_movie and not isinstance(reference, otio.schema.ImageSequenceReference):
            return
        anew = mlt_property(cut.producer, "eof") == "loop"
        # Past their last image the first one follows, unless the producer says otherwise.
        if anew or (not is_movie and mlt_property(cut.producer, "loop") != "0"):
            reference.metadata[SOURCE_KEY] = {"past_end": "begins anew"}
        shown = past_end_of(cut.producer, cut.first, cut.length, self.times.frames)
        if shown is None:
            return
        if not clip.effects:
            self._show(clip, shown, cut.first)
        elif anew:
            reason = "it has a speed, and begins anew past the end of its producer (eof=loop)"
            clip.effects.append(refused_effect("loop", reason))

    def _endless(self, name: str) -> otio.schema.Clip:
        reason = "the project does not say where it ends"
        about = {SOURCE_KEY: {"reason": reason, "remedy": "Save the project again."}}
        self.warn(f"'{name}': {reason}")
        missing = otio.schema.MissingReference(metadata=about)
        return otio.schema.Clip(name, missing, self.times.range(0, 1))

    def _retime(self, clip: otio.schema.Clip, cut: _Cut) -> None:
        """Give a clip its source range and its speed."""
        producer, first, length = cut.producer, cut.first, cut.length
        speed = warp_speed(producer) if cut.service == "timewarp" else Fraction(1)
        forced = forced_speed(producer) if cut.service in _FILES else None
        speed *= forced or 1
        start = Fraction(first)
        if speed < 0:
            # producer_timewarp.c counts from the out-point of the retimed clip.
            out = producer.get("out")
            end = cut.total if out is None else self.times.frames(out) + 1
            start = (max(end, first + length) - first - length) * -speed
        elif speed != 1:
            start = first * speed
        clip.source_range = self.times.range(float(start), length)
        if speed != 1:
            clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(speed)))
        reason = ""
        if speed < 0 and self.times.frames(producer.get("in") or "0"):
            reason = "it is reversed, and its producer has an in-point"
        elif speed < 0 and not cut.total:
            reason = "it is reversed, and the project does not say how long its producer is"
        said = mlt_property(producer, "warp_speed") if cut.service == "timewarp" else ""
        if said and abs(Fraction(said) - warp_speed(producer)) > _SAME_SPEED:
            reason = f"its speed is {said}, and another before its path, which melt takes"
        if reason:
            clip.effects.append(refused_effect("timewarp", reason))
        if forced == 0:
            reason = "it plays at another rate than its file's (force_fps), and does not say which"
            clip.effects.append(refused_effect("force_fps", reason))
        if cut.service in _MOVIES and float(mlt_property(producer, "video_delay") or 0):
            reason = "its picture is shifted against its sound (Sync in Shotcut, video_delay)"
            remedy = "Set Sync to 0, and shift the sound on a track of its own."
            clip.effects.append(refused_effect("video_delay", reason, {"remedy": remedy}))
        if cut.service in _MOVIES and (otherwise := self.media.read_otherwise(producer)):
            reason = f"the project has its file read as {otherwise}, whatever that says itself"
            remedy = "Leave the clip's properties as its file has them, or write the file anew."
            clip.effects.append(refused_effect("reading", reason, {"remedy": remedy}))
        for link in producer.iter("link"):
            if mlt_property(link, "mlt_service") == "timeremap":
                clip.effects.append(self._remap(link, clip.name, first, length))

    def _remap(
        self, link: ElementTree.Element, name: str, first: int, length: int
    ) -> otio.schema.TimeEffect:
        """The curve of a clip of `length` frames from `first` on."""
        what = CURVE_NOTE
        try:
            points = remapped(link, first, length, self.times.rate, self.times.frames)
            effect = curve_effect("timeremap", points)
        except (ValueError, ArithmeticError) as error:
            what = str(error)
            effect = refused_effect("timeremap", what)
        self.warn(f"'{name}': {what}")
        return effect

    def _refer(self, clip: otio.schema.Clip, cut: _Cut) -> None:
        """Give a clip its media; images that are held have a speed."""
        producer, service, first, length = cut.producer, cut.service, cut.first, cut.length
        slides = None
        if service in _FILES:
            slides = self.media.slides(producer, cut.url, self.times.rate)
        if (stream := other_picture(producer)) and service in _FILES:
            what = f"shows the video stream {stream} of its file, one of several: give --stream"
            self.warn(f"'{clip.name}' {what} {stream}")
        if service in _GENERATED or service.startswith("frei0r"):
            clip.media_reference = otio.schema.GeneratorReference(generator_kind=service)
        elif slides is not None:
            # They count from the first image, whatever its number.
            images = Fraction(max(cut.total, first + length), slides.hold)
            slides.reference.available_range = self.times.range(0, float(images))
            clip.media_reference = slides.reference
            if slides.hold != 1:
                clip.source_range = self.times.range(float(Fraction(first, slides.hold)), length)
                clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=1 / slides.hold))
        elif service in _FILES and cut.url:
            available = None
            if cut.total > 0 and service.startswith("avformat"):
                # A movie that is given another rate has its own time all the same.
                available = self.times.range(0, float(cut.total * (forced_speed(producer) or 1)))
            clip.media_reference = otio.schema.ExternalReference(cut.url, available)
        else:
            what = f"is a {service or 'clip'}, no file"
            remedy = "Render it as a movie and cut that in."
            if service in _PROJECTS:
                what = "is a project of its own, whose clips are not in this one"
                remedy = "Style that project by itself, or expand it into this one."
            self.warn(f"'{clip.name}' {what}")
            about = {SOURCE_KEY: {"reason": f"it {what}", "remedy": remedy}} if service else {}
            clip.media_reference = otio.schema.MissingReference(metadata=about)
