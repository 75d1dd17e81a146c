"""How an item's source is read, which of its frames are rendered and which of those are painted."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo
from nle_style.media.movie import conformed
from nle_style.render.job import Item, Reading
from nle_style.spans import merge_spans
from nle_style.timecode import own_timecode

__all__ = ["frames_of", "item_source", "painted_of", "read_as", "reading_facts"]


def read_as(info: MediaInfo, reading: Reading) -> MediaInfo:
    """A probed source with the settings by which it is read; stills and sequences have none.

    Raises: InputError for a rate to which nothing can be conformed, and for pictures that are not
        shown as they are stored, where that is asked for.
    """
    if reading.as_stored and info.otherwise:
        raise MediaError(
            f"is to be shown {' and '.join(info.otherwise)}, by what its file says, and the host "
            "shows it as it is stored",
            where=str(info.path),
            remedy="Write it anew as it is to be seen, and use that file.",
        )
    if reading.interlaced == "deinterlace" and info.kind == "movie":
        info = replace(info, deinterlace=True)
    return info if reading.conform is None else conformed(info, Fraction(reading.conform))


def reading_facts(info: MediaInfo) -> dict[str, str]:
    """What a render's key says of how its source is read; empty with the default settings."""
    facts = {}
    if info.deinterlace:
        facts["interlaced"] = "deinterlace"
    if info.conform is not None:
        facts["conform"] = str(info.conform)
    if info.stream is not None:
        facts["stream"] = str(info.stream)
    if info.layer:
        facts["layer"] = info.layer
    return facts


def item_source(item: Item, info: MediaInfo, reading: Reading) -> MediaInfo:
    """A probed source as an item uses it: read as its job asks, at the rate that the item gives.

    Raises: MediaError if it cannot be read so.
    """
    info = read_as(info, reading)
    if item.rate is None or Fraction(item.rate) == info.rate:
        return _with_own_timecode(info)
    if info.kind == "movie":
        raise MediaError(
            f"a rate of {item.rate} is asked for, but the movie runs at {info.rate}",
            where=str(item.source),
            remedy="Leave `rate` out: only sequences and stills are played at any rate.",
        )
    return _with_own_timecode(replace(info, rate=Fraction(item.rate)))


def _with_own_timecode(info: MediaInfo) -> MediaInfo:
    """A source whose timecode its rate has: images may state one and leave the other open."""
    if info.timecode is None:
        return info
    timecode, assumed = own_timecode(info.timecode, info.rate, info.rate)
    notes = (*info.notes, f"{info.path.name}: {assumed}") if assumed else info.notes
    return replace(info, timecode=timecode, notes=notes)


def frames_of(item: Item, info: MediaInfo, handles: int) -> tuple[int, int]:
    """The first and the last source frame of an item, with as many handles as the source has.

    Raises: MediaError if the source has fewer frames than the item asks for.
    """
    first, last = item.frames if item.frames is not None else (0, info.frame_count - 1)
    if last >= info.frame_count:
        raise MediaError(
            f"frames {first}-{last} are asked for, but it has {info.frame_count}",
            where=str(item.source),
            remedy=_its_frames(info),
        )
    return max(first - handles, 0), min(last + handles, info.frame_count - 1)


def painted_of(
    item: Item, info: MediaInfo, handles: int, first: int, last: int
) -> tuple[tuple[int, int], ...]:
    """The ranges to paint, with handles, within `first`..`last`.

    Raises: MediaError if the source has fewer frames.
    """
    if item.paint is None:
        return ((first, last),)
    if item.paint[-1][1] > last:
        raise MediaError(
            f"frames {item.paint[-1][0]}-{item.paint[-1][1]} are to be painted, but it has "
            f"{info.frame_count}",
            where=str(item.source),
            remedy=_its_frames(info),
        )
    return merge_spans((max(a - handles, first), min(b + handles, last)) for a, b in item.paint)


def _its_frames(info: MediaInfo) -> str:
    last, number = info.frame_count - 1, info.first_frame_number
    numbers = f", of the files numbered {number}-{number + last}" if info.kind == "sequence" else ""
    return f"Its frames are 0-{last}{numbers}."
