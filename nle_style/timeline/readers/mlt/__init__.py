"""MLT XML, the projects of Kdenlive and Shotcut, as OpenTimelineIO."""

from __future__ import annotations

from nle_style.timeline.readers.mlt.kdenlive import read_kdenlive

__all__ = ["read_kdenlive"]
