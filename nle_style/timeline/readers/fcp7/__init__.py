"""Final Cut Pro 7 XML (xmeml), as OpenTimelineIO."""

from __future__ import annotations

from nle_style.timeline.readers.fcp7.xmeml import read_fcp7

__all__ = ["read_fcp7"]
