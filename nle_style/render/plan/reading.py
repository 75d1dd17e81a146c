"""An item's source: how it is read, which of its frames are rendered, which of them painted."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo
from nle_style.media.movie import conformed, movie_index, source_frame
from nle_style.media.source import probe_media
from nle_style.render.job import Item, Reading, merge_ranges

__all__ = ["frames_of", "painted_of", "probed", "read_as", "reading_facts"]


def read_as(info: MediaInfo, reading: Reading) -> MediaInfo:
    """A probed source, to be read as a job asks; stills and sequences are read as they are.

    Raises: InputError for a rate that nothing can be conformed to.
    """
    if reading.interlaced == "deinterlace" and info.kind == "movie":
        info = replace(info, deinterlace=True)
    return info if reading.conform is None else conformed(info, Fraction(reading.conform))


def reading_facts(info: MediaInfo) -> dict[str, str]:
    """What a render's key says of how its source is read; empty where it is read as it is."""
    facts = {}
    if info.deinterlace:
        facts["interlaced"] = "deinterlace"
    if info.conform is not None:
        facts["conform"] = str(info.conform)
    return facts


def probed(item: Item, reading: Reading) -> MediaInfo:
    """An item's source, to be read as its job asks, at the rate that the item gives it.

    Raises: MediaError if it cannot be read so.
    """
    info = read_as(probe_media(item.source), reading)
    if item.rate is None or Fraction(item.rate) == info.rate:
        return info
    if info.kind == "movie":
        raise MediaError(
            f"a rate of {item.rate} is asked for, but the movie runs at {info.rate}",
            where=str(item.source),
            remedy="Leave `rate` out: only sequences and stills are played at any rate.",
        )
    return replace(info, rate=Fraction(item.rate))


def frames_of(item: Item, info: MediaInfo, handles: int) -> tuple[int, int]:
    """The first and the last source frame of an item, with handles as far as there are frames.

    Raises: MediaError if the source has not as many.
    """
    first, last = item.frames if item.frames is not None else (0, info.frame_count - 1)
    if last >= info.frame_count:
        raise MediaError(
            f"frames {first}-{last} are asked for, but it has {info.frame_count}",
            where=str(item.source),
            remedy=f"Its frames are 0-{info.frame_count - 1}.",
        )
    return max(first - handles, 0), min(last + handles, info.frame_count - 1)


def painted_of(
    item: Item, info: MediaInfo, handles: int, first: int, last: int
) -> tuple[tuple[int, int], ...]:
    """The ranges to paint, with handles, within `first`..`last`.

    Raises: MediaError if the source has not as many frames, or they cannot be read.
    """
    if item.paint is None:
        return ((first, last),)
    if item.paint[-1][1] > last:
        raise MediaError(
            f"frames {item.paint[-1][0]}-{item.paint[-1][1]} are to be painted, but it has "
            f"{info.frame_count}",
            where=str(item.source),
            remedy=f"Its frames are 0-{info.frame_count - 1}.",
        )
    # Frames that are not painted are not read either, so that nothing else would notice.
    readable = movie_index(info.path).readable if info.kind == "movie" else info.frame_count
    if source_frame(info, last) >= readable:
        raise MediaError(
            f"frame {readable} of {movie_index(info.path).frame_count} cannot be read",
            where=str(item.source),
            remedy="The file is truncated; copy it again from the original.",
        )
    return merge_ranges((max(a - handles, first), min(b + handles, last)) for a, b in item.paint)
