"""The memory budget by hand, and what is said when it is too small."""

from __future__ import annotations

import pytest

from nle_style.apply.memory import Budget, automatic_memory, parse_memory
from nle_style.errors import InputError

MIB, GIB = 2**20, 2**30


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auto", None),
        ("2GiB", 2 * GIB),
        ("1.5 gib", 3 * GIB // 2),
        ("1500MB", 1_500_000_000),
        ("800000000", 800_000_000),
        ("640 MiB", 640 * MIB),
    ],
)
def test_parse(text: str, expected: int | None) -> None:
    assert parse_memory(text) == expected


@pytest.mark.parametrize("text", ["", "much", "2TiB", "-1GiB", "1,5GiB"])
def test_not_an_amount(text: str) -> None:
    with pytest.raises(InputError, match=r"not an amount of memory.*2GiB"):
        parse_memory(text)


def test_automatic_is_at_most_2_gib() -> None:
    assert 0 < automatic_memory() <= 2 * GIB


def test_what_fits_is_painted_in_one_piece() -> None:
    budget = Budget(2 * GIB, frames=200 * MIB)
    assert budget.frozen_rows(1080, 1920) >= 1080
    assert budget.following_rows(1080, 1920) is None


def test_strips_by_hand() -> None:
    """740 MiB and 360 kB a row: 700 rows fit, of which 112 are halo; 2160 rows make four of 540."""
    budget = Budget(740 * MIB + 700 * 180 * 2000)
    assert budget.frozen_rows(2160, 2000) == 540
    assert budget.frozen_rows(500, 2000) == 500


def test_maps_that_are_kept_whole_count() -> None:
    """Two maps of 16 bytes a pixel, then 100 rows of 180, of which 16 are halo: 13 of 84."""
    kept = 32 * 1000 * 1000
    assert Budget(740 * MIB + kept + 100 * 180 * 1000).following_rows(1000, 1000) == 84
    assert Budget(740 * MIB + kept + 200 * 180 * 1000).following_rows(1000, 1000) == 168


def test_too_little() -> None:
    with pytest.raises(InputError, match=r"0.73 GiB of memory are too little to paint 7680x4320"):
        Budget(750 * MIB).frozen_rows(4320, 7680)
