"""Where a file's first frame lies in source time: midnight, and guesses that are said."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.timeline.building import Facts, clip, track
from tests.timeline.needs.planning import Made, frames

DAY = 24 * 3600 * 24
# From 23:59:58:00 on, 100 frames at 24: midnight is frame 48.
NIGHT = Facts(start_frame=DAY - 48, day=DAY)


@pytest.mark.parametrize(
    ("start", "available", "first"),
    [
        (DAY - 38, None, 10),
        (10, None, 58),
        (51, None, 99),
        (52, None, 52),  # past the file's end in timecode; counted from 0 it is in the file
        (DAY + 10, None, 58),  # written on beyond 24:00:00:00
        (10, (DAY - 48, 100), 58),
        (DAY - 38, (DAY - 48, 100), 10),
    ],
)
def test_a_file_over_midnight(
    planned: Made, start: int, available: tuple[int, int] | None, first: int
) -> None:
    plan = planned(track(clip("a", (start, 1), available)), a=NIGHT)
    assert frames(plan) == [(first, first)]


def test_without_a_timecode_in_the_file_the_timelines_own_wraps_too(planned: Made) -> None:
    plan = planned(track(clip("a", (10, 5), (DAY - 48, 100))), a=Facts(day=0))
    assert frames(plan) == [(58, 62)]


@pytest.mark.parametrize(
    ("facts", "start", "available", "note"),
    [
        (NIGHT, 10, None, "the timeline does not say where its media begins"),
        (NIGHT, 60, None, "counted from the first frame of its file, for its timecode"),
        (Facts(day=0), 10, None, "its source times are counted from the first frame of its file"),
        (Facts(first_file_number=1001, day=0), 1010, None, "taken for the numbers of its files"),
        (Facts(first_file_number=1001), 1010, (1010, 5), "taken for the numbers of its files"),
        (NIGHT, DAY - 38, None, ""),
        (NIGHT, 10, (0, 100), ""),
        (Facts(), 10, None, ""),  # a timecode that begins at 00:00:00:00
    ],
)
def test_a_guess_is_a_note(
    planned: Made, facts: Facts, start: int, available: tuple[int, int] | None, note: str
) -> None:
    (use,) = planned(track(clip("a", (start, 2), available)), a=facts).uses
    assert note in use.note
    assert bool(use.note) == bool(note)


@pytest.mark.parametrize(
    ("facts", "available", "first", "is_part"),
    [
        # A part of a file whose timecode begins before it.
        (Facts(start_frame=86400), (86440, 50), 50, True),
        (Facts(start_frame=0, day=0), (40, 50), 50, True),
        # The whole file, or as good as that; and a range that its timecode does not hold.
        (Facts(start_frame=86400), (86440, 100), 10, False),
        (Facts(start_frame=86400), (86402, 98), 10, False),
        (Facts(start_frame=86400), (86402, 50), 10, False),
        (Facts(start_frame=86400), (86460, 50), 10, False),
        (Facts(start_frame=86400), (0, 50), 10, False),
        (Facts(start_frame=86400), (86390, 50), 10, False),
    ],
)
def test_a_media_range_may_be_a_part_of_the_file(
    planned: Made, facts: Facts, available: tuple[int, int], first: int, is_part: bool
) -> None:
    shot = clip("a", (available[0] + 10, 5), available)
    (use,) = planned(track(shot), a=facts).uses
    assert (use.first, use.last) == (first, first + 4)
    assert ("read as a part of it" in use.note) == is_part
    # Without a trim the range is what is shown.
    (whole,) = planned(track(clip("a", None, available)), a=facts).uses
    assert whole.first == first - 10


@pytest.mark.parametrize(
    ("rate", "count", "length", "refused"),
    [
        (50, 100, 100, True),  # 50 a second, played at 24: slow motion
        (50, 100, 48, False),  # 2 seconds of it
        (50, 100, 101, True),
        (Fraction(24000, 1001), 100, 100, False),  # as long as 100.1 of 24
        (Fraction(24000, 1001), 9000, 9000, True),  # 9 frames apart at its end
        (Fraction(24000, 1001), 9000, 9009, False),
    ],
)
def test_footage_that_is_interpreted_at_another_rate_is_refused(
    planned: Made, rate: Fraction, count: int, length: int, refused: bool
) -> None:
    """Frame n of the cut would be frame n of the file, and not that at its time."""
    plan = planned(track(clip("a", (10, 5), (0, length))), a=Facts(Fraction(rate), count))
    assert ["as footage that is interpreted so" in r.reason for r in plan.refusals] == (
        [True] * refused
    )
