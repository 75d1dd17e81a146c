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
)
from nle_style.media.movie.packets import demuxed
from nle_style.media.movie.siting import is_subsampled, sited
from nle_style.media.movie.stream import (
    SampleEntry,
    choose_stream,
    decoder_of,
    has_alpha_layer,
    has_coded_alpha,
    has_dolby_vision,
    hdr_levels,
    icc_profile,
    is_damaged,
    left_out,
    pixel_crop,
    sample_entry,
    video_stream,
)
from nle_style.media.movie.yuv import (
    FrameConverter,
    display_matrix,
    has_alpha,
    orientation_filters,
    rgb_format,
    shown_size,
    yuv_matrix,
)

__all__ = [
    "FrameConverter",
    "KeyPacket",
    "MovieIndex",
    "SampleEntry",
    "choose_stream",
    "conformed",
    "decoder_of",
    "deinterlaced",
    "demuxed",
    "display_matrix",
    "file_url",
    "has_alpha",
    "has_alpha_layer",
    "has_coded_alpha",
    "has_dolby_vision",
    "hdr_levels",
    "icc_profile",
    "is_damaged",
    "is_subsampled",
    "left_out",
    "movie_index",
    "open_movie",
    "orientation_filters",
    "pixel_crop",
    "rgb_format",
    "sample_entry",
    "shown_size",
    "sited",
    "source_frame",
    "video_stream",
    "yuv_matrix",
]
