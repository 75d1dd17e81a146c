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
    path: Path,
) -> tuple[str | None, str]:
    """A tag of the video stream, else of the data streams (MOV's tmcd, first the one that the video
    stream refers to), else of the container; and which of them says it."""
    own = timecode_track_of(path, stream.id) if "mov" in container.format.name else None
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
            streams = container.streams.video
            return (tag_of(container, streams[0], "reel_name", path)[0] or "") if streams else ""
    except MediaError:
        return ""
