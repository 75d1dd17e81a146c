"""Readers of timeline formats, one each, from a file to OpenTimelineIO."""

from __future__ import annotations

from nle_style.timeline.readers.aaf import read_aaf
from nle_style.timeline.readers.mlt import read_kdenlive
from nle_style.timeline.readers.otio_bundle import opened, unpack
from nle_style.timeline.readers.otio_json import timelines_in

__all__ = ["opened", "read_aaf", "read_kdenlive", "timelines_in", "unpack"]
