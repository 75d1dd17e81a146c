"""Which file frames an OpenTimelineIO item shows, by the tests' own arithmetic.

Nothing here comes from nle_style, so that what is computed here can find it wrong. It covers cuts
whose times all count at the rate of the timeline.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import opentimelineio as otio

__all__ = [
    "Media",
    "Reading",
    "file_start",
    "local_path",
    "media_of",
    "played",
    "speed_of",
    "whole",
]

Reading = Literal["law", "from start", "engine"]
"""How a player reads a retime.

"law": Avid's, start + floor(i x speed); in reverse down from the last frame that is shown forward.
"from start": the same, but in reverse down from the source range's start.
"engine": whatever the player's own retime does.
"""


@dataclass(frozen=True)
class Media:
    """A clip's active media: one movie or still, or the files of an image sequence in order."""

    files: tuple[Path, ...]
    count: int


def whole(time: otio.opentime.RationalTime) -> int:
    """The value of a time that must be on a frame."""
    assert abs(time.value - round(time.value)) < 0.01, f"{time} is not on a frame"
    return round(time.value)


def local_path(url: str) -> Path:
    """The path of a file URL or of a bare path."""
    return Path(unquote(urlsplit(url).path) if url.startswith("file:") else url)


def media_of(clip: otio.schema.Clip, *, at_least: int = 0) -> Media:
    """What the active reference points at; without available range it has `at_least` frames."""
    reference = clip.media_reference
    available = reference.available_range
    count = whole(available.duration) if available else at_least
    if isinstance(reference, otio.schema.ImageSequenceReference):
        folder, first = local_path(reference.target_url_base), reference.start_frame
        prefix, suffix = reference.name_prefix, reference.name_suffix
        digits = reference.frame_zero_padding
    else:
        path = local_path(reference.target_url)
        # Resolve writes the numbers of the first and the last file into the name.
        named = re.fullmatch(r"(.*)\[(\d+)-\d+\](.*)", path.name)
        if named is None:
            return Media((path,), count)
        folder, first = path.parent, int(named[2])
        prefix, suffix, digits = named[1], named[3], len(named[2])
    numbers = range(first, first + count)
    files = tuple(folder / f"{prefix}{number:0{digits}d}{suffix}" for number in numbers)
    return Media(files, count)


def file_start(clip: otio.schema.Clip, media_starts: Mapping[str, int]) -> int:
    """The file frame at the start of the clip's source range, zero-based.

    Args:
        media_starts: the first frame's timecode, by path, for media without available range.
    """
    start = clip.trimmed_range().start_time
    available = clip.media_reference.available_range
    if available is None:
        return whole(start) - media_starts[str(local_path(clip.media_reference.target_url))]
    return whole(start - available.start_time)


def speed_of(item: otio.schema.Item) -> Fraction:
    """The product of the item's time scalars, each as the decimal number that is written."""
    speed = Fraction(1)
    for effect in item.effects:
        assert isinstance(effect, otio.schema.LinearTimeWarp), f"{effect} is no linear retime"
        speed *= Fraction(repr(effect.time_scalar))
    return speed


def played(
    start: int, length: int, speed: Fraction, begin: int, end: int, reading: Reading
) -> list[int]:
    """The source frame at each of the output frames `begin` to `end` - 1.

    Args:
        start: the source range's first frame, which output frame 0 shows if it plays forward.
        length: output frames between the cuts; transitions reach beyond them.
    """
    if speed < 0 and reading != "from start":
        start += math.ceil(length * -speed) - 1
    return [start + math.floor(i * speed) for i in range(begin, end)]
