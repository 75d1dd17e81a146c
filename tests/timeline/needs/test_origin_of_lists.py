"""EDLs beside files that count their timecode otherwise than the list."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from nle_style.timeline import read_timeline
from nle_style.timeline.needs import ClipUse, plan_shots
from tests.timeline.building import Facts, probe_of

R24, R25, R2997 = Fraction(24), Fraction(25), Fraction(30000, 1001)


def use_of(folder: Path, event: str, rate: Fraction, facts: Facts, fcm: str) -> ClipUse:
    """The use of the only event of a list at a rate."""
    path = folder / "cut.edl"
    said = f"FCM: {fcm}\n" if fcm else ""
    path.write_text(f"TITLE: cut\n{said}{event}\n", encoding="utf-8")
    (use,) = plan_shots(read_timeline(path, rate=rate), probe_of(facts)).uses
    return use


@pytest.mark.parametrize(
    ("rate", "own", "start", "first"),
    [
        (R24, Fraction(24000, 1001), 86400, 2880),
        (Fraction(24000, 1001), R24, 86400, 2880),
        (Fraction(30), R2997, 108000, 3600),
        (Fraction(24000, 1001), R25, 90000, 3000),
        (R25, Fraction(50), 180000, 6000),
        (R24, Fraction(24000, 1001), 0, 2880),
    ],
)
def test_a_timecode_is_a_label_at_whatever_rate(
    tmp_path: Path, rate: Fraction, own: Fraction, start: int, first: int
) -> None:
    """Two minutes behind the file's own; frames since midnight would be 90 off at 24 and 23.976."""
    hour = "01" if start else "00"
    event = f"001  A001 V  C  {hour}:02:00:00 {hour}:02:10:00 10:00:00:00 10:00:10:00"
    facts = Facts(own, 10_000, start, day=24 * 3600 * round(own))
    use = use_of(tmp_path, event, rate, facts, "NON-DROP FRAME")
    assert use.first == first - 1
    assert first + 10 * round(own) - 1 <= use.last <= first + 10 * round(own) + 1
    assert "does not count at the media's rate" in use.note


@pytest.mark.parametrize(
    ("fcm", "start", "day", "note"),
    [
        ("NON-DROP FRAME", 107892, 2589408, "the list counts its timecode non-drop and its file d"),
        ("DROP FRAME", 108000, 2592000, "the list counts its timecode drop-frame and its file non"),
        ("DROP FRAME", 107892, 2589408, ""),
        ("NON-DROP FRAME", 108000, 2592000, ""),
        ("NON-DROP FRAME", 0, 0, "counted from the first frame of its file"),
    ],
)
def test_a_list_and_a_file_that_count_differently_are_a_note(
    tmp_path: Path, fcm: str, start: int, day: int, note: str
) -> None:
    hour = "01" if start else "00"
    event = f"001  A001 V  C  {hour}:02:00:02 {hour}:02:10:02 10:00:00:00 10:00:10:00"
    facts = Facts(R2997, 10_000, start, day=day)
    use = use_of(tmp_path, event, R2997, facts, fcm)
    assert note in use.note
    assert bool(use.note) == bool(note)


@pytest.mark.parametrize(
    ("start", "day", "first", "note"),
    [
        # 01:02:00;02 is 3600 - 4 + 2 frames behind 01:00:00;00.
        (107892, 2589408, 3598, "does not say how it counts its timecode: read as its file's, dro"),
        (108000, 2592000, 3602, ""),
    ],
)
def test_a_list_that_does_not_say_how_it_counts_counts_as_its_file(
    tmp_path: Path, start: int, day: int, first: int, note: str
) -> None:
    event = "001  A001 V  C  01:02:00:02 01:02:10:02 10:00:00:00 10:00:10:00"
    facts = Facts(R2997, 10_000, start, day=day)
    use = use_of(tmp_path, event, R2997, facts, "")
    assert (use.first, use.last) == (first, first + 299)
    assert note in use.note
    assert bool(use.note) == bool(note)
