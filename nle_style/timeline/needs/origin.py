"""Where in the timeline's source time the first frame of a file lies, and whether that is a guess.

A timecode begins anew at 24:00:00:00, so that a file which runs over midnight holds times that are
nearly a day below its first one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timecode import DROP_RATES, Timecode, frames_in_a_day
from nle_style.timeline.files import MediaFacts, first_number
from nle_style.timeline.frames import counted, exact_rate, labelled, usable_range
from nle_style.timeline.needs.candidates import Candidate
from nle_style.timeline.parsed import SOURCE_KEY

__all__ = ["Origin", "origin_of"]

# Frames; exports count one more or less, and round.
_SAME_LENGTH = 2


class Origin(NamedTuple):
    """The source time of a file's first frame, in frames at the picture's rate.

    Attributes:
        start: not whole in odd timelines; negative where source times lie past midnight.
        guess: a clause for the user where the timeline does not say it, else "".
    """

    start: Fraction
    guess: str = ""


def origin_of(item: Candidate, facts: MediaFacts, rate: Fraction) -> Origin:
    """The source time that a clip's timeline means by the first frame of its file.

    Its available range says it; without one the file's timecode, then its files' numbers, then 0,
    the first of them that puts the clip's in-point into the file.

    Raises:
        TimelineError: none of them does, or the timeline counts its frames at another rate.
    """
    available, wanted = usable_range(item.reference), item.clip.source_range
    number = facts.first_file_number
    if available is not None:
        if number is None:
            _refuse_interpreted(available.duration, facts)
        stated = _stated(item, available, facts, rate)
        if wanted is None:
            return stated
        day = facts.day or frames_in_a_day(rate, drop=False)
        place = counted(wanted.start_time, rate) - stated.start
        is_next_day = not 0 <= place < facts.frame_count and 0 <= place + day < facts.frame_count
        return stated._replace(start=stated.start - day) if is_next_day else stated
    if wanted is None:
        return Origin(Fraction(facts.start_frame if number is None else number))
    begin, label = counted(wanted.start_time, rate), labelled(wanted.start_time, rate)
    recounted, said = _recounted(item, label, facts, rate)
    guessed = _guessed(recounted, facts)
    return Origin(guessed.start + begin - recounted, guessed.guess or said)


def _refuse_interpreted(length: otio.opentime.RationalTime, facts: MediaFacts) -> None:
    """Refuse media whose frames the editor plays at another rate than the file's.

    Of those the timeline tells as many frames as the file has, at that rate; where it means seconds
    of the file, others.
    """
    told = exact_rate(length.rate, facts.rate)
    apart = abs(Fraction(length.value) * facts.rate / told - facts.frame_count)
    if abs(Fraction(length.value) - facts.frame_count) <= 1 and apart > _SAME_LENGTH:
        raise TimelineError(
            f"the timeline plays its {facts.frame_count} frames at {float(told):.5g} a second, as "
            f"footage that is interpreted so, and the file has {float(facts.rate):.5g}",
            remedy="Give it its own rate in the editor, or write the file anew at that rate.",
        )


def _stated(
    item: Candidate, available: otio.opentime.TimeRange, facts: MediaFacts, rate: Fraction
) -> Origin:
    """What an available range says: where the file begins, or which part of it there is."""
    begin, length = counted(available.start_time, rate), counted(available.duration, rate)
    number, count = facts.first_file_number, facts.frame_count
    if number is None:
        place = labelled(available.start_time, rate) - facts.start_frame
        # FCP7 XML counts from the first frame of its file, wherever its timecode begins.
        is_part = _about(item).get("element") != "clipitem" and length < count - _SAME_LENGTH
        if is_part and _SAME_LENGTH < place <= count - length:
            guess = "its media's range is shorter than its file, and read as a part of it"
            return Origin(begin - place, guess)
        return Origin(begin)
    named = first_number(item.reference)
    if named is not None:
        # File number = named + (source time - start of the available range).
        return Origin(begin + number - named)
    if number <= begin and begin + length <= number + count and number != begin:
        return Origin(Fraction(number), "its source times are taken for the numbers of its files")
    return Origin(begin)


def _about(item: Candidate) -> Mapping[str, object]:
    """What the reader noted of a clip."""
    about = item.clip.metadata.get(SOURCE_KEY)
    return about if isinstance(about, Mapping) else {}


def _recounted(
    item: Candidate, label: Fraction, facts: MediaFacts, rate: Fraction
) -> tuple[Fraction, str]:
    """A list's timecode in its file's count, and a guess where they count differently.

    A list that does not say how it counts has the labels of its file. One that says otherwise may
    mean labels, or have counted the file's frames anew; these are taken.
    """
    about = _about(item)
    if "drop" not in about or rate not in DROP_RATES or not facts.day:
        return label, ""
    is_drop = facts.day == frames_in_a_day(rate, drop=True)
    if bool(about["drop"]) == is_drop:
        return label, ""
    own = "drop-frame" if is_drop else "non-drop"
    if about["drop"] is None and label.denominator == 1:
        code = replace(Timecode.at(int(label), rate, drop=False), drop=is_drop)
        said = f"the list does not say how it counts its timecode: read as its file's, {own}"
        return Fraction(code.frame(rate)), said
    theirs = "drop-frame" if about["drop"] else "non-drop"
    return label, f"the list counts its timecode {theirs} and its file {own}: read as frames"


def _guessed(start: Fraction, facts: MediaFacts) -> Origin:
    """Without an available range the file itself decides, if it can."""
    count, place = facts.frame_count, facts.place_of(start)
    from_zero = 0 <= start < count
    if facts.day and place is not None:
        guess = "the timeline does not say where its media begins: read as the file's timecode"
        return Origin(start - place, guess if from_zero and start != place else "")
    number = facts.first_file_number
    if number is not None and number <= start < number + count:
        return Origin(Fraction(number), "its source times are taken for the numbers of its files")
    if from_zero:
        why = ", for its timecode does not hold them" if facts.day else ""
        guess = f"its source times are counted from the first frame of its file{why}"
        return Origin(Fraction(0), guess)
    raise TimelineError(
        f"it starts at source frame {float(start):g}, but its media has no available range and "
        f"starts at {facts.start_frame} with {count} frames",
        remedy="Relink the clip to the right media, or export the timeline with media ranges.",
    )
