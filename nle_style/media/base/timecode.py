"""SMPTE ST 12-1 timecode: counting in it, and its binary-coded form in EXR and DPX headers.

Drop-frame timecode (`;` before the frames) leaves out the labels `;00` and `;01` of every minute
that is not a multiple of ten at 30000/1001 fps, and four labels at 60000/1001 fps; no picture is
dropped. A timecode is written `HH:MM:SS:FF`, or `HH:MM:SS;FF` for drop-frame.
"""

from __future__ import annotations

import re
from fractions import Fraction

from nle_style.errors import MediaError

__all__ = ["advance_timecode", "conform_timecode", "timecode_from_bcd", "timecode_to_bcd"]

_DROP_RATES = (Fraction(30000, 1001), Fraction(60000, 1001))
_TIMECODE = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.])(\d{2,3})")


def _parts(timecode: str) -> tuple[int, int, int, int, bool]:
    match = _TIMECODE.fullmatch(timecode)
    if match is None:
        raise MediaError(
            f"'{timecode}' is not a timecode", remedy="Write HH:MM:SS:FF, or HH:MM:SS;FF (drop)."
        )
    hours, minutes, seconds, mark, frames = match.groups()
    return int(hours), int(minutes), int(seconds), int(frames), mark != ":"


def advance_timecode(timecode: str, frames: int, rate: Fraction) -> str:
    """The label of the picture `frames` pictures after the one labelled `timecode`.

    Args:
        timecode: `HH:MM:SS:FF` or, drop-frame, `HH:MM:SS;FF`.
        frames: pictures to go on by, >= 0.
        rate: pictures a second; 30000/1001 counts in thirties.
    Returns: the label, wrapped at 24 hours, in the same (drop or non-drop) count.
    Raises: MediaError if `timecode` is not a timecode.
    Source: SMPTE ST 12-1, 5.2.2 (drop-frame compensation).
    """
    hours, minutes, seconds, label, drop = _parts(timecode)
    nominal = max(1, round(rate))
    dropped = round(nominal / 15) if drop else 0
    per_minute = nominal * 60 - dropped
    per_ten = nominal * 600 - dropped * 9
    all_minutes = hours * 60 + minutes
    count = (all_minutes * 60 + seconds) * nominal + label
    count -= dropped * (all_minutes - all_minutes // 10)
    count = (count + frames) % (per_ten * 6 * 24)

    tens, rest = divmod(count, per_ten)
    if rest >= nominal * 60:  # past the one whole minute that opens each ten
        count += dropped * (9 * tens + 1 + (rest - nominal * 60) // per_minute)
    else:
        count += dropped * 9 * tens
    total_seconds, label = divmod(count, nominal)
    mark = ";" if drop else ":"
    return (
        f"{total_seconds // 3600:02d}:{total_seconds // 60 % 60:02d}:{total_seconds % 60:02d}"
        f"{mark}{label:02d}"
    )


def conform_timecode(timecode: str, before: Fraction, rate: Fraction) -> str:
    """The label at another rate of the picture labelled `timecode` at the rate `before`.

    Hours, minutes and seconds stay: it is a clock for the eye, not a measure of time. The frames
    are counted at the new rate, rounded down. Drop-frame counting ends where the new rate has none
    (it has at 30000/1001 and 60000/1001).
    Raises: MediaError if `timecode` is not a timecode.
    """
    hours, minutes, seconds, label, drop = _parts(timecode)
    label = label * max(1, round(rate)) // max(1, round(before))
    mark = ";" if drop and rate in _DROP_RATES else ":"
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{label:02d}"


def timecode_to_bcd(timecode: str) -> int | None:
    """The 32-bit time word of EXR `timeCode` and DPX headers; None above 39 frames a second.

    Two binary-coded decimal digits a byte, hours first; bit 6 is the drop-frame flag. The tens of
    frames have two bits, so a label of 40 and more has no such word (SMPTE ST 12-1, 9.2).
    """
    hours, minutes, seconds, frames, drop = _parts(timecode)
    if frames > 39:
        return None
    word = 0
    for field in (hours, minutes, seconds, frames):
        word = word << 8 | (field // 10) << 4 | field % 10
    return word | drop << 6


def timecode_from_bcd(word: int) -> str:
    """The timecode of a 32-bit time word; the inverse of `timecode_to_bcd`."""
    masks = ((24, 0x3F), (16, 0x7F), (8, 0x7F), (0, 0x3F))
    fields = [(word >> shift) & mask for shift, mask in masks]
    hours, minutes, seconds, frames = ((field >> 4) * 10 + (field & 15) for field in fields)
    mark = ";" if word & 0x40 else ":"
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{frames:02d}"
