"""Final Cut Pro's FCPXML, 1.8 to 1.14, as OpenTimelineIO."""

from __future__ import annotations

from nle_style.timeline.readers.fcpxml.document import read_fcpxml

__all__ = ["read_fcpxml"]
