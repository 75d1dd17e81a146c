"""How long a movie says that it is: what is missing at its end shows by that alone."""

from __future__ import annotations

import re
from fractions import Fraction

import av.container
import av.video.stream

__all__ = ["listed_frames", "stated_end", "stated_end_of_picture"]

_CLOCK = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")
_BY_STREAM = ("avi", "ivf", "mxf")  # whose headers state the length of the picture
_BY_FILE = ("flv", "matroska")  # and of everything


def listed_frames(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> int:
    """Packets listed in the header of MOV and MP4, truncated or not; 0 for other containers."""
    if "mov" not in container.format.name:
        return 0
    return sum(not entry.is_discard for entry in stream.index_entries)


def stated_end_of_picture(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream, begin: Fraction
) -> Fraction:
    """Seconds at which the header says that the picture ends (Matroska: the DURATION tag); 0 if it
    does not say.

    Args:
        begin: seconds at which the first packet's picture is shown.
    """
    clock = _CLOCK.match(stream.metadata.get("DURATION", ""))
    if "matroska" in container.format.name and clock:
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + Fraction(clock[3])
    if container.format.name in _BY_STREAM and stream.time_base:
        ticks = stream.duration or 0
        if container.format.name == "avi":  # a tick is a frame; ffmpeg's duration is what is there
            ticks = max(ticks, stream.frames)
        return begin + ticks * stream.time_base if ticks else Fraction(0)
    return Fraction(0)


def stated_end(container: av.container.InputContainer) -> Fraction:
    """Seconds at which the header says that everything ends; 0 if it does not say."""
    if container.duration and container.format.name.partition(",")[0] in _BY_FILE:
        return Fraction(container.duration, 1_000_000)
    return Fraction(0)
