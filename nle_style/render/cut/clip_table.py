"""What the batch's report and the dry run both say of a clip of the cut."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from nle_style.timecode import DROP_RATES, Timecode, smpte_rate
from nle_style.timeline import ReadTimeline
from nle_style.timeline.needs import ClipUse, Refusal, Skipped

__all__ = ["clip_identity", "clip_place", "record_timecodes"]


def clip_identity(clip: ClipUse | Refusal | Skipped) -> dict[str, Any]:
    """The clip as an editor finds it: `clip_id`, `name`, `track`."""
    return {"clip_id": clip.clip_id, "name": clip.clip_name, "track": clip.track_name}


def clip_place(read: ReadTimeline, use: ClipUse) -> dict[str, Any]:
    """Where a planned clip stands and what it shows: `timeline`, `source`, `frames`.

    `timeline` is None for a clip whose place the timeline does not say.
    """
    record = None
    if use.record is not None:
        start = read.timeline.global_start_time
        rate = float(use.rate) if start is None or start.rate <= 0 else float(start.rate)
        offset = 0 if start is None else round(start.rescaled_to(rate).value)
        record = record_timecodes(use.record, rate, Fraction(offset) / Fraction(rate))
    return {"timeline": record, "source": str(use.source), "frames": [use.first, use.last]}


def record_timecodes(
    record: tuple[Fraction, Fraction], rate: float, start: Fraction = Fraction(0)
) -> list[str]:
    """In and out (exclusive) of a clip as timecode; as seconds at a rate that has none.

    Args:
        record: seconds from the timeline's start.
        rate: frames a second of the timeline; 29.97 and 59.94 are counted drop-frame.
        start: seconds at which the timeline starts.
    """
    exact = smpte_rate(rate, Fraction(1, 100))
    if exact is None:
        return [f"{float(start + seconds):.3f} s" for seconds in record]
    frames = (round((start + seconds) * exact) for seconds in record)
    return [str(Timecode.at(frame, exact, drop=exact in DROP_RATES)) for frame in frames]
