"""MLT's spellings of a time, and OpenTimelineIO's times at a project's rate."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import opentimelineio as otio

__all__ = ["MltTimes"]


@dataclass(frozen=True)
class MltTimes:
    """The times of a project.

    Attributes:
        rate: its frames a second.
    """

    rate: Fraction

    def frames(self, text: str) -> int:
        """The frames of a time: frames, [hours:]minutes:seconds.fraction, or
        [[hours:]minutes:]seconds:frames (mlt_property.c).

        Raises: ValueError for another text.
        """
        text = text.replace(";", ":").replace(",", ".")
        if ":" not in text:
            return int(text or 0)
        clock, _, frames = (text, "", "0") if "." in text else text.rpartition(":")
        total = Fraction(0)
        for part in clock.split(":"):
            total = total * 60 + Fraction(part)
        return round(total * self.rate) + int(frames)

    def time(self, frames: float) -> otio.opentime.RationalTime:
        """So many frames."""
        return otio.opentime.RationalTime(frames, float(self.rate))

    def range(self, start: float, length: float) -> otio.opentime.TimeRange:
        """So many frames from a frame on."""
        return otio.opentime.TimeRange(self.time(start), self.time(length))
