"""Texts that a movie's streams and container carry beside the pictures."""

from __future__ import annotations

from pathlib import Path

import av.container
import av.video.stream

from nle_style.errors import MediaError
from nle_style.media.movie import open_movie
from nle_style.media.source.timecode_track import timecode_track_of

__all__ = ["reel_of", "tag_of"]


def tag_of(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    name: str,
    own: int | None,
) -> tuple[str | None, str]:
    """A tag of the video stream, else of the data streams (MOV's tmcd), else of the container; and
    which of them says it.

    Args:
        own: the number of the data stream that is asked first, see `timecode_track_of`.
    """
    others = [other for other in container.streams if other.type == "data"]
    data = [other.metadata for other in sorted(others, key=lambda other: other.id != own)]
    places = [(stream.metadata, "the video stream"), *((tags, "a data stream") for tags in data)]
    for tags, place in (*places, (container.metadata, "the container")):
        for key, value in tags.items():
            if key.lower() == name and value:
                return value, f"a tag of {place}"
    return None, ""


def reel_of(path: Path) -> str:
    """The reel that a movie says it is from; "" if it says none, or is no movie.

    Only its headers are read.
    """
    try:
        with open_movie(path) as container:
            if not container.streams.video:
                return ""
            stream = container.streams.video[0]
            own = timecode_track_of(path, stream.id)
            return tag_of(container, stream, "reel_name", own)[0] or ""
    except MediaError:
        return ""
