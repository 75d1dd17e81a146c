"""Movies through PyAV: their frames and times, RGB, deinterlacing, a constant rate."""

from __future__ import annotations

from nle_style.media.movie.conform import conformed, source_frame
from nle_style.media.movie.deinterlace import deinterlaced
from nle_style.media.movie.index import (
    KeyPacket,
    MovieIndex,
    file_url,
    movie_index,
    open_movie,
    video_stream,
)
from nle_style.media.movie.yuv import (
    FrameConverter,
    display_matrix,
    orientation_filters,
    yuv_matrix,
)

__all__ = [
    "FrameConverter",
    "KeyPacket",
    "MovieIndex",
    "conformed",
    "deinterlaced",
    "display_matrix",
    "file_url",
    "movie_index",
    "open_movie",
    "orientation_filters",
    "source_frame",
    "video_stream",
    "yuv_matrix",
]
