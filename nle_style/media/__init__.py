"""Media in and out: exact frames from movies and image files, and intermediates written whole."""

from __future__ import annotations

from nle_style.media.formats import INTERMEDIATES, OutputSpec, resolve_format

__all__ = [
    "INTERMEDIATES",
    "OutputSpec",
    "resolve_format",
]
