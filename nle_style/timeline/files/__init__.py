"""Where the media of a timeline are: URLs, paths, image sequences, folders to search."""

from __future__ import annotations

from nle_style.timeline.files.locate import absolute_url, media_path, reference_url
from nle_style.timeline.files.media_finder import MediaFacts, MediaFinder
from nle_style.timeline.files.sequences import check_sequence, first_number, source_path
from nle_style.timeline.files.urls import is_sequence, url_like

__all__ = [
    "MediaFacts",
    "MediaFinder",
    "absolute_url",
    "check_sequence",
    "first_number",
    "is_sequence",
    "media_path",
    "reference_url",
    "source_path",
    "url_like",
]
