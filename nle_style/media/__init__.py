"""Read exact frames from movies and images, and write intermediates."""

from __future__ import annotations

from nle_style.media.base import INTERMEDIATES, OutputSpec, resolve_format

__all__ = ["INTERMEDIATES", "OutputSpec", "resolve_format"]
