"""What of a source stands in the way of rendering some of its frames, said before the first."""

from __future__ import annotations

from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo, find_sequence
from nle_style.media.movie import movie_index, source_frame

__all__ = ["check_fields", "check_frames", "interlaced"]


def check_frames(info: MediaInfo, first: int, last: int) -> None:
    """Refuse frames that are known not to be there, or not to be like the others.

    Damage that only decoding shows is not seen.

    Args:
        first, last: frames of `info`, inclusive.
    Raises: MediaError if the movie ends before `last`; if files of the sequence are missing, cannot
        be read or differ in size, alpha, colour space or kind of numbers.
    """
    if info.kind == "movie":
        index = movie_index(info.path, info.stream)
        if source_frame(info, last) >= index.readable:
            raise MediaError(
                f"frame {index.readable} of {index.frame_count} cannot be decoded",
                where=str(info.path),
                remedy="The file is truncated or damaged; copy it again from the original (the "
                f"file ends before it; frames 0-{index.readable - 1} are there).",
                outcome="damaged",
            )
    if info.kind == "sequence":
        number = info.first_frame_number
        find_sequence(info.path).check(number + first, number + last)
        for frame, what in info.unlike:
            if first <= frame <= last:
                raise MediaError(
                    what,
                    where=str(info.file_of(frame)),
                    remedy="Render the sequence again with all files alike, or copy it again.",
                )


def check_fields(info: MediaInfo, frame: int = 0) -> None:
    """Raises: MediaError if a movie is known to be interlaced and is not to be deinterlaced."""
    if info.interlaced and not info.deinterlace:
        raise interlaced(info, frame)


def interlaced(info: MediaInfo, frame: int) -> MediaError:
    """The error for a frame of two fields that is not to be deinterlaced."""
    return MediaError(
        f"is interlaced (frame {frame})",
        where=str(info.path),
        remedy="Give --interlaced deinterlace (in a job: reading: {interlaced: deinterlace}).",
    )
