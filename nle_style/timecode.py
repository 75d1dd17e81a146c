"""SMPTE ST 12-1 timecode: counting in it, and its binary-coded form in EXR and DPX headers.

Drop-frame timecode (`;` before the frames) leaves out the labels `;00` and `;01` of every minute
that is not a multiple of ten at 30000/1001 fps, and four labels at 60000/1001 fps; no picture is
dropped. A timecode is written `HH:MM:SS:FF`, or `HH:MM:SS;FF` for drop-frame.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from nle_style.errors import MediaError

__all__ = [
    "DROP_RATES",
    "Timecode",
    "advance_timecode",
    "conform_timecode",
    "day_of_timecode",
    "frame_of_timecode",
    "frames_in_a_day",
    "header_timecode",
    "own_timecode",
    "smpte_rate",
    "timecode_from_bcd",
    "timecode_to_bcd",
]

DROP_RATES = (Fraction(30000, 1001), Fraction(60000, 1001))
_RATES = (
    *DROP_RATES,
    *(Fraction(24000, 1001), Fraction(48000, 1001)),
    *map(Fraction, (24, 25, 30, 48, 50, 60)),
)
_WRITTEN = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.])(\d{2,3})")


@dataclass(frozen=True)
class Timecode:
    """The label of a picture; `drop` if it is counted drop-frame."""

    hours: int
    minutes: int
    seconds: int
    frames: int
    drop: bool = False

    @classmethod
    def of(cls, text: str) -> Timecode:
        """The timecode that a text says. Raises: MediaError if it says none."""
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise MediaError(
                f"'{text}' is not a timecode", remedy="Write HH:MM:SS:FF, or HH:MM:SS;FF (drop)."
            )
        hours, minutes, seconds, mark, frames = match.groups()
        return cls(int(hours), int(minutes), int(seconds), int(frames), mark != ":")

    @classmethod
    def at(cls, frame: int, rate: Fraction, *, drop: bool) -> Timecode:
        """The label of the picture `frame` pictures after 00:00:00:00, wrapped at 24 hours.

        Source: SMPTE ST 12-1, 5.2.2 (drop-frame compensation).
        """
        nominal, dropped = _counts(rate, drop)
        per_minute, per_ten = nominal * 60 - dropped, nominal * 600 - dropped * 9
        tens, rest = divmod(frame % frames_in_a_day(rate, drop=drop), per_ten)
        # Nothing is left out in the first minute of each ten.
        late = max(0, rest - nominal * 60)
        left_out = 9 * tens + (1 + late // per_minute if rest >= nominal * 60 else 0)
        seconds, label = divmod(tens * per_ten + rest + dropped * left_out, nominal)
        return cls(seconds // 3600, seconds // 60 % 60, seconds % 60, label, drop)

    def frame(self, rate: Fraction) -> int:
        """Pictures since 00:00:00:00; at 30000/1001 pictures a second it counts in thirties."""
        nominal, dropped = _counts(rate, self.drop)
        minutes = self.hours * 60 + self.minutes
        count = (minutes * 60 + self.seconds) * nominal + self.frames
        return count - dropped * (minutes - minutes // 10)

    def __str__(self) -> str:
        mark = ";" if self.drop else ":"
        return f"{self.hours:02d}:{self.minutes:02d}:{self.seconds:02d}{mark}{self.frames:02d}"


def _has_drop(rate: Fraction) -> bool:
    """Whether drop-frame counting is defined: at multiples of 30000/1001 (an average near one)."""
    nominal = round(rate)
    ntsc = nominal * Fraction(1000, 1001)
    return nominal % 30 == 0 and abs(rate - ntsc) < abs(rate - nominal)


def _exists(code: Timecode, rate: Fraction) -> bool:
    """Whether a count at this rate has the label."""
    nominal, dropped = _counts(rate, code.drop and _has_drop(rate))
    within = code.hours < 24 and code.minutes < 60 and code.seconds < 60 and code.frames < nominal
    return within and not (code.minutes % 10 and code.seconds == 0 and code.frames < dropped)


def _counts(rate: Fraction, drop: bool) -> tuple[int, int]:
    """Labels a second, and labels that are left out in nine minutes of ten."""
    nominal = max(1, round(rate))
    return nominal, round(nominal / 15) if drop else 0


def frames_in_a_day(rate: Fraction, *, drop: bool) -> int:
    """Labels from 00:00:00:00 to 24:00:00:00, where a count begins anew: 2160000 at 25."""
    nominal, dropped = _counts(rate, drop)
    return 24 * 6 * (nominal * 600 - dropped * 9)


def smpte_rate(rate: Fraction | float, tolerance: Fraction = Fraction(1, 1000)) -> Fraction | None:
    """The rate with a timecode of its own, of 23.976 to 60 pictures a second, that is so near."""
    nearest = min(_RATES, key=lambda each: abs(each - Fraction(rate)))
    return nearest if abs(nearest - Fraction(rate)) <= tolerance else None


def frame_of_timecode(text: str | None, rate: Fraction) -> int:
    """Pictures from 00:00:00:00 to a timecode; 0 without one, or at a rate that has none.

    Raises: MediaError if `text` is not a timecode.
    """
    counted = smpte_rate(rate)
    return 0 if text is None or counted is None else Timecode.of(text).frame(counted)


def day_of_timecode(text: str | None, rate: Fraction) -> int:
    """Pictures in a day of the count that a timecode belongs to; 0 where it has no frame.

    Raises: MediaError if `text` is not a timecode.
    """
    counted = smpte_rate(rate)
    if text is None or counted is None:
        return 0
    return frames_in_a_day(counted, drop=Timecode.of(text).drop)


def advance_timecode(text: str, frames: int, rate: Fraction) -> str:
    """The label of the picture `frames` pictures after the one labelled `text`.

    Args:
        text: `HH:MM:SS:FF` or, drop-frame, `HH:MM:SS;FF`.
        frames: pictures to go on by, >= 0.
        rate: pictures a second.
    Returns: the label, wrapped at 24 hours, in the same (drop or non-drop) count.
    Raises: MediaError if `text` is not a timecode.
    """
    begin = Timecode.of(text)
    return str(Timecode.at(begin.frame(rate) + frames, rate, drop=begin.drop))


def conform_timecode(text: str, before: Fraction, rate: Fraction) -> str:
    """The label at another rate of the picture labelled `text` at the rate `before`.

    Hours, minutes and seconds stay: it is a clock for the eye, not a measure of time. The frames
    are counted at the new rate, rounded down. Drop-frame counting ends where the new rate has none
    (it has at 30000/1001 and 60000/1001).
    Raises: MediaError if `text` is not a timecode.
    """
    code = Timecode.of(text)
    frames = code.frames * max(1, round(rate)) // max(1, round(before))
    return str(replace(code, frames=frames, drop=code.drop and _has_drop(rate)))


def own_timecode(text: str, counted: Fraction, rate: Fraction) -> tuple[str | None, str]:
    """The label of a source's first picture in the count of its own pictures.

    Args:
        text: the label as the source states it.
        counted: labels a second of the count that it was stated in: a track of its own may count 30
            under pictures at 60000/1001.
        rate: pictures a second.
    Returns: the label, None if `counted` has no such one; and what was assumed or left out, one
        clause, "" if nothing was.
    """
    try:
        code = Timecode.of(text)
    except MediaError:
        return None, f"its timecode, '{text}', is none and is left out"
    if not _exists(code, counted):
        rate_text = f"{float(counted):.5g}"
        return None, f"its timecode {code} does not exist at {rate_text} a second and is left out"
    own = Timecode.of(conform_timecode(text, counted, rate))
    said = ""
    if own.drop != code.drop:
        said = (
            f"its timecode {code} is marked as drop-frame, which {float(rate):.5g} pictures a "
            f"second do not have; it is counted on from {own} without leaving out labels"
        )
    elif code.frames * _counts(rate, False)[0] != own.frames * _counts(counted, False)[0]:
        said = (
            f"its timecode {code} counts {float(counted):.5g} a second and its pictures are "
            f"{float(rate):.5g}; it begins at {own}"
        )
    return str(own), said


def header_timecode(text: str | None, frames: int, rate: Fraction) -> Timecode | None:
    """The label of the picture `frames` pictures on, for the header of an EXR or DPX.

    None without a timecode, and at more than 30 pictures a second: the time word counts to 29
    (SMPTE ST 12-1, 9.2), and the OpenEXR library refuses more.
    """
    if text is None or round(rate) > 30:
        return None
    return Timecode.of(advance_timecode(text, frames, rate))


def timecode_to_bcd(code: Timecode) -> int:
    """The 32-bit time word of EXR `timeCode` and DPX headers.

    Two binary-coded decimal digits a byte, hours first; bit 6 is the drop-frame flag.
    """
    word = 0
    for field in (code.hours, code.minutes, code.seconds, code.frames):
        word = word << 8 | (field // 10) << 4 | field % 10
    return word | code.drop << 6


def timecode_from_bcd(word: int) -> str | None:
    """The timecode of a 32-bit time word; the inverse of `timecode_to_bcd`.

    Returns: None for what is no label of any count (a digit above 9, minute 60).
    """
    masks = ((24, 0x3F), (16, 0x7F), (8, 0x7F), (0, 0x3F))
    fields = [(word >> shift) & mask for shift, mask in masks]
    hours, minutes, seconds, frames = ((field >> 4) * 10 + (field & 15) for field in fields)
    whole = all(field & 15 < 10 for field in fields)
    if not (whole and hours < 24 and minutes < 60 and seconds < 60):
        return None
    return str(Timecode(hours, minutes, seconds, frames, bool(word & 0x40)))
