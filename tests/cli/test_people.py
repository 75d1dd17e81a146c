"""The bar of a run on a terminal, from its beginning to its end; tables, which lose nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import pytest
from rich.console import Console

from nle_style.cli.people import People, print_table
from nle_style.render import Done, Event, Failed, FramePainted, ItemEnded, Started

COLUMNS = ("clip", "timeline", "frames", "intermediate", "")
ROWS = [
    ("waking", "01:00:00:00 – 01:00:00:16", "16", "A001_C002.fire.000010-000025.mov", ""),
    ("stretching again", "01:00:02:08 – 01:00:02:20", "12", "[b]雪.mov", ""),
]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _painted(done: int, frames: int) -> FramePainted:
    return FramePainted(0, "a.mov", done - 1, done, frames, done, frames, 1.0, None)


def _drawn(events: Sequence[Event]) -> list[str]:
    """Every count that a terminal was shown, in order."""
    stream = _Terminal()
    people = People(Console(file=stream, force_terminal=True, width=120), stdout=False)
    for event in events:
        people(event)
    people.close()
    return re.findall(r"(\d+/[\d?]+)", re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", stream.getvalue()))


DELIVERED = ItemEnded(0, "a", "delivered", "a.mov", 8, outcome="delivered")
PRESENT = ItemEnded(1, "b", "present", "b.mov", 8, outcome="present")
REFUSED = ItemEnded(1, "b", "refused", message="b: no such file.", outcome="missing")


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ((Started(1, 8), _painted(8, 8), DELIVERED, Done(1, 0, 0, 0)), "8/8"),
        ((Started(2, 16), _painted(8, 16), DELIVERED, PRESENT, Done(1, 1, 0, 0)), "16/16"),
        ((Started(2, 16), _painted(8, 16), DELIVERED, REFUSED, Done(1, 0, 1, 3)), "8/8"),
        # A task of a farm: it begins and ends without saying so.
        ((_painted(1, 8), _painted(8, 8)), "8/8"),
    ],
)
def test_it_ends_at_its_end(events: Sequence[Event], end: str) -> None:
    assert _drawn(events)[-1] == end


def test_no_bar_where_nothing_is_painted() -> None:
    assert _drawn((Failed("--conform: '0' is not a frame rate.", 2),)) == []
    stopped = _drawn((Started(2, 16), _painted(3, 16), Failed("the disk is gone", 2)))
    assert stopped[-1] == "3/16", "a run that did not come to its end"


def _printed(width: int) -> list[str]:
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    print_table(console, COLUMNS, ROWS, title="cut.otio, fire", numbers=["frames"])
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_where_the_window_is_narrow_words_stay_whole_and_the_longest_go_on_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "53")
    lines = _printed(53)
    assert lines[:2] + lines[3:] == [
        "cut.otio, fire",
        "clip        timeline     frames  intermediate",
        "waking      01:00:00:00      16  A001_C002.fire.000",
        "            –                    010-000025.mov",
        "            01:00:00:16",
        "stretching  01:00:02:08      12  [b]雪.mov",
        "again       –",
        "            01:00:02:20",
    ]


@pytest.mark.parametrize("width", [20, 80])
def test_a_file_has_every_row_in_one_line(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    lines = _printed(width)
    assert lines[:2] + lines[3:] == [
        "cut.otio, fire",
        "clip              timeline                   frames  intermediate",
        "waking            01:00:00:00 – 01:00:00:16      16  A001_C002.fire.000010-000025.mov",
        "stretching again  01:00:02:08 – 01:00:02:20      12  [b]雪.mov",
    ]
