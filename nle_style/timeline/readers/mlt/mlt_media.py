"""What MLT's producers show: the file behind a proxy, slideshows, what is switched off, markers.

Source: MLT's producer_qimage.c (patterns, ttl) and Kdenlive's dev-docs/fileformat.md: the bin keeps
a clip's markers and its original's path; `set.test_image` hides the picture of a clip.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import opentimelineio as otio

from nle_style.timeline.files import split_name
from nle_style.timeline.frames import exact_rate
from nle_style.timeline.parsed import SOURCE_KEY

__all__ = [
    "MltMedia",
    "Slides",
    "forced_speed",
    "hides_picture",
    "markers_in",
    "mlt_property",
    "other_picture",
    "warp_speed",
]

_PATTERN = re.compile(r"(?P<path>.*%0?(?P<digits>\d*)d[^?/]*)(?:\?begin[=:](?P<begin>\d+).*)?")

# What a timewarp plays: producer_timewarp.c takes "speed:path", whatever else it says.
_WARPED = re.compile(r"(?P<speed>-?\d+(?:\.\d+)?|-?\.\d+):(?P<path>.+)")


class Slides(NamedTuple):
    """Numbered images that a producer plays, each for `hold` frames of the project."""

    reference: otio.core.MediaReference
    hold: int


def mlt_property(element: ElementTree.Element, name: str) -> str:
    """A property of an element, as it is set last; "" if it has none of that name.

    MLT takes the element's own attributes for properties too, and a value for a text.
    """
    found = element.findall(f"./property[@name='{name}']")
    if not found:
        return element.get(name, "")
    return found[-1].get("value", "") + (found[-1].text or "")


def warp_speed(producer: ElementTree.Element) -> Fraction:
    """The speed of a timewarp: what stands before its path, and 1 for 0 or nothing."""
    found = _WARPED.fullmatch(mlt_property(producer, "resource"))
    return Fraction(found["speed"] if found else 1) or Fraction(1)


def forced_speed(producer: ElementTree.Element) -> Fraction | None:
    """How much faster a movie plays whose project gives it a rate (force_fps, producer_avformat.c).

    None where it has its own; 0 if the project does not say what that is.
    """
    forced = float(mlt_property(producer, "force_fps") or 0)
    if forced <= 0:
        return None
    picture = mlt_property(producer, "video_index") or "0"
    own = float(mlt_property(producer, f"meta.media.{picture}.stream.frame_rate") or 0)
    speed = exact_rate(forced) / exact_rate(own) if own > 0 else Fraction(0)
    return None if speed == 1 else speed


def other_picture(producer: ElementTree.Element) -> str:
    """The stream that a producer shows of several pictures, if it is not the first; else ""."""
    count = int(mlt_property(producer, "meta.media.nb_streams") or 0)
    types = [mlt_property(producer, f"meta.media.{n}.stream.type") for n in range(count)]
    shown = mlt_property(producer, "video_index")
    others = [str(n) for n, kind in enumerate(types) if kind == "video"][1:]
    return shown if shown in others else ""


def hides_picture(*elements: ElementTree.Element) -> bool:
    """Whether a clip or its producer is sound alone, or disabled."""
    return any(
        mlt_property(each, "set.test_image") == "1" or mlt_property(each, "video_index") == "-1"
        for each in elements
    )


def markers_in(text: str, rate: Fraction) -> list[otio.schema.Marker]:
    """Kdenlive's markers or guides: a JSON list of comment and position in frames.

    Raises:
        ValueError: not such a list.
    """
    made = []
    for entry in json.loads(text or "[]"):
        if not isinstance(entry, dict):
            raise ValueError(f"a marker is {entry!r}")
        at = otio.opentime.RationalTime(int(entry.get("pos", 0)), float(rate))
        marked = otio.opentime.TimeRange(at, otio.opentime.RationalTime(0, float(rate)))
        made.append(otio.schema.Marker(str(entry.get("comment", "")), marked))
    return made


class MltMedia:
    """The files of a project's producers.

    Args:
        root: where relative paths start.
        by_id: the elements of the document.
    """

    def __init__(self, root: Path, by_id: dict[str, ElementTree.Element]) -> None:
        self._root = root
        self._bin = {}
        entries = by_id["main_bin"].iterfind("./entry") if "main_bin" in by_id else ()
        for entry in entries:
            clip = by_id.get(entry.get("producer", ""))
            if clip is not None and mlt_property(clip, "kdenlive:id"):
                self._bin[mlt_property(clip, "kdenlive:id")] = clip

    def of_clip(self, producer: ElementTree.Element, name: str) -> str:
        """A property of Kdenlive's clip: the producer's own, or else that in the bin."""
        in_bin = self._bin.get(mlt_property(producer, "kdenlive:id"))
        own = mlt_property(producer, name)
        return own if own or in_bin is None else mlt_property(in_bin, name)

    def read_otherwise(self, producer: ElementTree.Element) -> str:
        """As what the project has a movie read, whatever that says itself; "" if it leaves it.

        What the file says is in the `meta.media` that MLT keeps. Source: producer_avformat.c, melt.
        """
        stream = f"meta.media.{mlt_property(producer, 'video_index') or '0'}.codec"
        rotate = mlt_property(producer, "rotate")
        by_itself = rotate or mlt_property(producer, "autorotate") == "0"
        if by_itself and self.of_clip(producer, f"{stream}.rotate") != "0":
            return f"turned by {rotate or 0} degrees"
        space = mlt_property(producer, "force_colorspace")
        if space and space != self.of_clip(producer, f"{stream}.colorspace"):
            return f"of the colour space {space}"
        is_full = self.of_clip(producer, f"{stream}.pix_fmt").startswith("yuvj")
        for name in ("color_range", "force_full_range", "set.force_full_luma"):
            value = mlt_property(producer, name)
            full = value in ("2", "pc", "jpeg") or (value == "1" and name != "color_range")
            if value and full != is_full:
                return f"of {'full' if full else 'limited'} range"
        return ""

    def url(self, producer: ElementTree.Element) -> str:
        """The path of the media; of a clip that plays from its proxy, that of the original."""
        original = self.of_clip(producer, "kdenlive:originalurl")
        if original and self.of_clip(producer, "kdenlive:proxy") != "-":
            return self._located(original)
        if mlt_property(producer, "shotcut:proxy") == "1":
            return self._located(mlt_property(producer, "shotcut:resource"))
        resource = mlt_property(producer, "resource")
        warped = _WARPED.fullmatch(resource)
        if warped and mlt_property(producer, "mlt_service") == "timewarp":
            resource = warped["path"]
        return self._located(resource)

    def slides(self, producer: ElementTree.Element, url: str, rate: Fraction) -> Slides | None:
        """The images of a slideshow; None if the producer is none.

        Images without a number to begin at have a plain reference with the pattern. A folder of
        images in any order has a reference without a path.
        """
        hold = int(mlt_property(producer, "ttl") or 1)
        if "/.all." in url:
            reason = "its slideshow shows all images of a folder, which have no numbers"
            remedy = "Number the images, and put them in as name.%04d.png."
            about = {SOURCE_KEY: {"reason": reason, "remedy": remedy}}
            return Slides(otio.schema.MissingReference(metadata=about), hold)
        found = _PATTERN.fullmatch(url)
        if found is None:
            return None
        if found["begin"] is None:
            return Slides(otio.schema.ExternalReference(found["path"]), hold)
        folder, name = split_name(found["path"])
        before, _, after = name.partition(f"%{'0' if '%0' in name else ''}{found['digits']}d")
        made = otio.schema.ImageSequenceReference(
            target_url_base=folder,
            name_prefix=before,
            name_suffix=after,
            start_frame=int(found["begin"]),
            rate=float(rate),
            frame_zero_padding=int(found["digits"] or 0),
        )
        return Slides(made, hold)

    def _located(self, resource: str) -> str:
        """The file's path; a relative one starts at the project's root, if that exists here."""
        resource = resource.removesuffix("?")
        path, mark, query = resource.partition("?")
        rooted = self._root / path
        there = rooted.exists() or ("%" in rooted.name and rooted.parent.is_dir())
        return f"{rooted}{mark}{query}" if there and path else resource
