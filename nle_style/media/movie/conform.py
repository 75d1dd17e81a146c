"""A movie read at a constant rate: which of its frames is shown as which output frame.

The rule is that of ffmpeg's `fps=RATE` with its default rounding: every source frame is put on the
nearest frame of the new rate, halves upwards, and stays until the next one comes. So output frame k
shows the last source frame whose time lies before (k + 1/2) / RATE, counted from the movie's first
frame. Where time stamps jitter around an even rate, as a phone's do, each frame is shown once, and
the picture is never more than half a frame early or late. (`fps=RATE:round=up` would show what is
on screen at exactly k / RATE, and repeats and drops frames at every jitter.)
"""

from __future__ import annotations

import dataclasses
import math
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from nle_style.errors import InputError
from nle_style.media.base import MediaInfo
from nle_style.media.movie.index import MovieIndex, movie_index
from nle_style.timecode import conform_timecode

__all__ = ["conformed", "source_frame"]

_SLOWEST, _FASTEST = 1, 240


def conformed(info: MediaInfo, rate: Fraction) -> MediaInfo:
    """A movie's properties when it is read at a constant rate.

    Its sound, its first frame and its length in seconds (to half a frame) stay. The timecode keeps
    its hours, minutes and seconds, see `timecode.conform_timecode`.

    Args:
        rate: frames a second, 1 to 240.
    Returns: `info` itself where there is nothing to do: a movie that keeps this very rate, and
        stills and image sequences, which have no clock of their own.
    Raises: InputError for another rate.
    """
    if not _SLOWEST <= rate <= _FASTEST:
        raise InputError(
            f"{rate} frames a second is no rate to conform to",
            where="--conform",
            remedy=f"Give {_SLOWEST} to {_FASTEST}, as 25 or 24000/1001.",
        )
    if info.kind != "movie" or (rate == info.rate and not info.variable_rate):
        return info
    index = movie_index(info.path, info.stream)
    ticks, time_base = _times(index)
    seconds = (ticks[-1] - ticks[0] + _last_duration(index)) * time_base
    seconds += (index.frame_count - index.readable) / index.rate
    timecode = info.timecode and conform_timecode(info.timecode, info.rate, rate)
    return dataclasses.replace(
        info,
        rate=rate,
        frame_count=max(1, _nearest(seconds * rate)),
        variable_rate=False,
        timecode=timecode,
        conform=rate,
    )


def source_frame(info: MediaInfo, frame: int) -> int:
    """The number in the file of the frame that is shown as frame `frame` of `info`.

    The missing frames of a truncated movie are assumed to follow at its average rate, so that the
    reader can name the first one that cannot be read.
    """
    if info.conform is None:
        return frame
    index = movie_index(info.path, info.stream)
    ticks, time_base = _times(index)
    step = info.conform * time_base

    def place(tick: int) -> int:
        return _nearest((tick - ticks[0]) * step)

    shown = bisect_right(ticks, frame, key=place) - 1
    if shown == index.readable - 1 and index.frame_count > index.readable:
        late = (frame + Fraction(1, 2)) / info.conform - (ticks[-1] - ticks[0]) * time_base
        shown = min(shown + math.ceil(late * index.rate) - 1, index.frame_count - 1)
    return shown


def _times(index: MovieIndex) -> tuple[Sequence[int], Fraction]:
    """Ticks of the readable frames and seconds a tick; even where the stream carries no times."""
    if index.pts:
        return index.pts, index.time_base
    return range(index.readable), 1 / index.rate


def _last_duration(index: MovieIndex) -> int:
    return index.last_duration if index.pts else 1


def _nearest(value: Fraction) -> int:
    """The nearest whole number, halves upwards (ffmpeg's AV_ROUND_NEAR_INF of what is positive)."""
    return math.floor(value + Fraction(1, 2))
