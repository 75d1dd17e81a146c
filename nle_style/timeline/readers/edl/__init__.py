"""CMX 3600 edit decision lists, as OpenTimelineIO."""

from __future__ import annotations

from nle_style.timeline.readers.edl.edl_list import read_edl

__all__ = ["read_edl"]
