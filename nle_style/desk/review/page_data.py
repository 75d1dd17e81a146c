"""A clip as the page has it that judges."""

from __future__ import annotations

from typing import Any

from nle_style.desk.review.entries import Entry
from nle_style.desk.review.verdicts import Verdict

__all__ = ["entry_data"]


def entry_data(entry: Entry, said: Verdict) -> dict[str, Any]:
    """A clip and what is said of it, as plain data.

    The page also wants `id`, `proxy` (an address) and `stills`: an address with {frame} and {side}
    in it, or a list of {frame, source, painted}.
    """
    return {
        "name": entry.name,
        "track": entry.track,
        "timeline": entry.timeline,
        "frames": entry.frames,
        "numbers": entry.numbers,
        "count": entry.count,
        "rate": [entry.rate.numerator, entry.rate.denominator],
        "width": entry.size[0],
        "height": entry.size[1],
        "look": entry.label,
        "checked": entry.checked,
        "steadiness": [
            {key: shot.get(key) for key in ("frames", "painted", "source")}
            for shot in entry.stability
        ],
        "notes": entry.notes,
        "verdict": said.verdict,
        "note": said.note,
        "note_frame": said.frame,
    }
