"""Inclusive ranges of frame numbers, as pairs (first, last).

This module imports nothing from the package, so that every room may import it.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["merge_spans", "spans_of", "spans_text"]


def merge_spans(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Ranges in ascending order, those that overlap or touch made one."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def spans_of(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Numbers as ranges: 5, 3, 4, 1 -> (1, 1), (3, 5)."""
    return merge_spans((number, number) for number in numbers)


def spans_text(spans: Iterable[tuple[int, int]]) -> str:
    """Ranges as people write them: (1, 1), (3, 5) -> "1, 3-5"; (-3, -1) -> "-3 to -1"."""

    def written(first: int, last: int) -> str:
        if first == last:
            return f"{first}"
        return f"{first}-{last}" if first >= 0 else f"{first} to {last}"

    return ", ".join(written(first, last) for first, last in spans)
