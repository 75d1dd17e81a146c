"""Ranges of frame numbers: merged, made of numbers, written."""

from __future__ import annotations

import pytest

from nle_style.spans import merge_spans, spans_of, spans_text


@pytest.mark.parametrize(
    ("spans", "merged"),
    [
        ([], ()),
        ([(4, 4)], ((4, 4),)),
        ([(10, 12), (0, 3)], ((0, 3), (10, 12))),
        ([(0, 3), (4, 9)], ((0, 9),)),
        ([(0, 3), (5, 9)], ((0, 3), (5, 9))),
        ([(0, 9), (2, 4), (8, 11)], ((0, 11),)),
    ],
)
def test_ranges_that_overlap_or_touch_are_one(
    spans: list[tuple[int, int]], merged: tuple[tuple[int, int], ...]
) -> None:
    assert merge_spans(spans) == merged


def test_numbers_as_ranges() -> None:
    assert spans_of({7, 1, 3, 5, 4}) == ((1, 1), (3, 5), (7, 7))
    assert spans_text(spans_of([4, 3, 5, 1])) == "1, 3-5"
