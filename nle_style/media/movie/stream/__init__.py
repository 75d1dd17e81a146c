"""One video stream: which of a movie's it is, its decoder, what is stated beside its pictures."""

from __future__ import annotations

from nle_style.media.movie.stream.beside import (
    has_dolby_vision,
    hdr_levels,
    icc_profile,
    left_out,
    side_data,
)
from nle_style.media.movie.stream.boxes import SampleEntry, sample_entry
from nle_style.media.movie.stream.choice import choose_stream, video_stream
from nle_style.media.movie.stream.damage import has_hole, is_damaged
from nle_style.media.movie.stream.decoder import decoder_of, has_coded_alpha
from nle_style.media.movie.stream.hevc_alpha import has_alpha_layer
from nle_style.media.movie.stream.matroska import is_cut_in_cluster, pixel_crop

__all__ = [
    "SampleEntry",
    "choose_stream",
    "decoder_of",
    "has_alpha_layer",
    "has_coded_alpha",
    "has_dolby_vision",
    "has_hole",
    "hdr_levels",
    "icc_profile",
    "is_cut_in_cluster",
    "is_damaged",
    "left_out",
    "pixel_crop",
    "sample_entry",
    "side_data",
    "video_stream",
]
