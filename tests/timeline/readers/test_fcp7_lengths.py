"""Clip items of FCP7 XML whose in- and out-point are not as far apart as their ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.timeline.building import remap
from tests.timeline.readers.test_fcp7_items import RATE, file, item, planned, read, shown


def from_to(begin: int, out: int, *inside: str) -> str:
    """An item of 50 frames in the sequence."""
    return item(0, 50, begin, file("a"), *inside).replace(f"<out>{begin + 50}<", f"<out>{out}<")


@pytest.mark.parametrize(
    ("out", "inside", "frames", "said"),
    [
        (150, "", (100, 149), ""),
        (151, "", (100, 149), ""),
        (180, "", (100, 149), "has 80 source frames for 50 of the sequence, without a speed"),
        # At twice the speed the format counts 100 in as frame 200, and 50 frames from it.
        (150, remap(speed="200"), (199, 299), ""),
        (200, remap(speed="200"), (99, 199), "counts its ends in source frames"),
        (125, remap(speed="50"), (99, 125), "counts its ends in source frames"),
    ],
)
def test_a_length_that_its_speed_does_not_explain(
    tmp_path: Path, out: int, inside: str, frames: tuple[int, int], said: str
) -> None:
    made = read(tmp_path, from_to(100, out, inside))
    assert shown(planned(made)) == [("a", *frames)]
    assert [said in warning for warning in made.warnings] == [True] * bool(said)


def test_a_reverse_that_is_a_number(tmp_path: Path) -> None:
    """The file's 1000 frames from their end: 1000 - 150 and up, in both readings."""
    made = read(tmp_path, from_to(100, 150, remap(speed="100", reverse="1")))
    assert shown(planned(made)) == [("a", 800, 900)]


def test_a_clip_with_another_put_over_it_is_as_long_as_it_is_seen(tmp_path: Path) -> None:
    """In reverse 1000 - 150 is its last frame, of which the cut loses 10."""
    backwards = from_to(100, 150, remap(speed="100", reverse="TRUE"))
    over = item(40, 60, 0, file("b"), name="d")
    made = read(tmp_path, backwards, over)
    clip = made.timeline.find_clips()[0]
    assert [effect.time_scalar for effect in clip.effects] == [-1]
    assert clip.source_range.start_time.value == 86400 + 860
    assert len(made.warnings) == 1
    assert "overlaps" in made.warnings[0]


def test_a_nest_at_another_rate_counts_its_in_point_as_the_format_has_it(tmp_path: Path) -> None:
    slower = RATE.replace("24", "12")
    inner = f"<sequence id='n'>{slower}<media><video><track>{item(0, 90, 0, file('a'))}</track>"
    nest = item(0, 50, 20, f"{inner}</video></media></sequence>", name="z", rate=slower)
    (warning,) = read(tmp_path, nest).warnings
    assert "the clip's 12 a second, Premiere and Resolve at the sequence's 24" in warning
    assert "read as by the format" in warning
