"""Find the files of a timeline's media: URLs, paths, image sequences, folders to search."""

from __future__ import annotations

from nle_style.timeline.files.locate import (
    absolute_url,
    begun_sequence,
    check_sequence,
    first_number,
    media_path,
    reference_url,
    source_path,
    split_name,
)
from nle_style.timeline.files.media_finder import MediaFacts, MediaFinder
from nle_style.timeline.files.path_maps import PathMaps
from nle_style.timeline.files.spelling import composed
from nle_style.timeline.files.urls import MOVIES, is_sequence, url_like

__all__ = [
    "MOVIES",
    "MediaFacts",
    "MediaFinder",
    "PathMaps",
    "absolute_url",
    "begun_sequence",
    "check_sequence",
    "composed",
    "first_number",
    "is_sequence",
    "media_path",
    "reference_url",
    "source_path",
    "split_name",
    "url_like",
]
