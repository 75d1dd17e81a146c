"""Put intermediates into a copy of a timeline, and take them out again."""

from __future__ import annotations

from nle_style.timeline.relink.linking import link_media_reference
from nle_style.timeline.relink.relinker import (
    Rendered,
    SequenceName,
    intermediate_of,
    portable_copy,
    relink,
)
from nle_style.timeline.relink.resolve_rules import resolve_faults
from nle_style.timeline.relink.reverting import revert
from nle_style.timeline.relink.writing import write_timeline

__all__ = [
    "Rendered",
    "SequenceName",
    "intermediate_of",
    "link_media_reference",
    "portable_copy",
    "relink",
    "resolve_faults",
    "revert",
    "write_timeline",
]
