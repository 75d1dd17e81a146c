"""Times and resources of an FCPXML document.

Source: Apple, "Describing final cuts with FCPXML" (developer.apple.com/documentation/
professional_video_applications/fcpxml_reference) and the DTDs 1.8 to 1.13.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from xml.etree import ElementTree

import opentimelineio as otio

from nle_style.timeline.frames import snapped
from nle_style.timeline.parsed import SOURCE_KEY

__all__ = ["Resources", "lost_clip", "range_at", "seconds", "time_at"]

_TIME = re.compile(r"(-?\d+)(?:/(\d+))?s?")
# Apple's own formats: FFVideoFormat1080p2398, FFVideoFormat1080i5994, FFVideoFormatDV720x576i50.
_FORMAT = re.compile(r"FFVideoFormat.*(?P<scan>[pi])(?P<rate>\d{2,5})(?:_.*)?")
_NTSC = {"2398": 24, "2997": 30, "4795": 48, "5994": 60, "11988": 120}


def seconds(text: str | None, default: Fraction = Fraction(0)) -> Fraction:
    """A time of FCPXML in seconds: "1001/30000s", "5s"; `default` without one.

    Raises:
        ValueError: not such a time.
    """
    if text is None:
        return default
    match = _TIME.fullmatch(text.strip())
    if match is None or match[2] == "0" * len(match[2] or ""):
        # Decimal seconds are not in Apple's reference, but other programs write them.
        return Fraction(text.strip().removesuffix("s"))
    return Fraction(int(match[1]), int(match[2] or 1))


def time_at(moment: Fraction, rate: Fraction) -> otio.opentime.RationalTime:
    """Seconds as frames at a rate; within 0.01 frame of a whole number they are that number."""
    return otio.opentime.RationalTime(float(snapped(moment * rate)), float(rate))


def range_at(
    start: Fraction, duration: Fraction, rate: Fraction, edit_rate: Fraction | None = None
) -> otio.opentime.TimeRange:
    """Seconds as a range: `start` in frames at `rate`, `duration` at `edit_rate` or the same."""
    return otio.opentime.TimeRange(time_at(start, rate), time_at(duration, edit_rate or rate))


def lost_clip(name: str, duration: Fraction, rate: Fraction) -> otio.schema.Clip:
    """A compound or multicam clip of which the file does not have what it shows.

    Args:
        duration: seconds.
        rate: of the edit.
    """
    reason = "the compound clip or the angle that it shows is not in the file"
    about = {"reason": reason, "remedy": "Export the whole project again."}
    missing = otio.schema.MissingReference(metadata={SOURCE_KEY: about})
    return otio.schema.Clip(name, missing, range_at(Fraction(0), duration, rate))


@dataclass(frozen=True)
class Resources:
    """The <resources> of a document, by id."""

    by_id: dict[str, ElementTree.Element]

    @classmethod
    def of(cls, root: ElementTree.Element) -> Resources:
        """From the root element."""
        return cls({e.get("id", ""): e for e in root.iterfind("./resources/*")})

    def get(self, reference: str | None, tag: str) -> ElementTree.Element | None:
        """The resource of that id and kind."""
        element = self.by_id.get(reference or "")
        return element if element is not None and element.tag == tag else None

    def rate(self, format_id: str | None) -> Fraction | None:
        """Frames per second of a format, by its frameDuration or by the name of one of Apple's own;
        None for audio and FFVideoFormatRateUndefined."""
        element = self.get(format_id, "format")
        if element is None:
            return None
        length = seconds(element.get("frameDuration") or None)
        if length > 0:
            return 1 / length
        named = _FORMAT.fullmatch(element.get("name", ""))
        if named is None:
            return None
        count = _NTSC.get(named["rate"])
        rate = Fraction(int(named["rate"])) if count is None else Fraction(count * 1000, 1001)
        return rate / 2 if named["scan"] == "i" else rate

    def is_picture(self, asset: ElementTree.Element) -> bool:
        """Whether an asset has a picture; some documents say so by its format alone, of which
        sound has none with a rate."""
        says = asset.get("hasVideo")
        is_sound = asset.get("hasAudio") is not None and self.rate(asset.get("format")) is None
        return says == "1" or (says is None and not is_sound)

    def reference(
        self, asset: ElementTree.Element, rate: Fraction
    ) -> otio.schema.ExternalReference | otio.schema.MissingReference:
        """An asset as a media reference: `src`, or since 1.9 the original media-rep's.

        Without one it is the text of <pathurl>, which other programs write.
        """
        reps = asset.findall("./media-rep")
        original = [r for r in reps if r.get("kind", "original-media") == "original-media"]
        url = next((r.get("src", "") for r in (*original, *reps) if r.get("src")), "")
        texts = [holder.findtext("./pathurl") or "" for holder in (*original, asset)]
        url = url or asset.get("src", "") or next((t.strip() for t in texts if t.strip()), "")
        duration = seconds(asset.get("duration"))
        available = None
        if duration > 0:
            available = range_at(seconds(asset.get("start")), duration, rate)
        metadata = {SOURCE_KEY: {"element": "asset", "asset": asset.get("id", "")}}
        made = (
            otio.schema.ExternalReference(url, available, metadata)
            if url
            else otio.schema.MissingReference(metadata=metadata, available_range=available)
        )
        made.name = asset.get("name", "")
        return made
