"""Stages that run ahead: order, errors, closing, bounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from nle_style.render.item.stages import ahead, in_flight


def test_order_is_kept_and_the_end_is_the_end() -> None:
    assert list(ahead(iter(range(50)), 3)) == list(range(50))
    assert list(ahead(iter(()), 3)) == []


def test_an_error_comes_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("broken at 3")

    stage = ahead(items(), 2)
    assert [next(stage), next(stage)] == [1, 2]
    with pytest.raises(ValueError, match="broken at 3"):
        next(stage)


def test_never_more_than_the_bound_is_waiting() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    stage = ahead(items(), 3)
    assert next(stage) == 0
    time.sleep(0.3)
    assert len(made) <= 1 + 3 + 1  # taken, waiting, and the one that waits for a place
    stage.close()


def test_closing_stops_the_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.set()

    before = threading.active_count()
    stage = ahead(items(), 2)
    next(stage)
    stage.close()
    assert closed.is_set()
    assert threading.active_count() == before


def test_without_a_queue_the_stages_take_turns() -> None:
    log: list[str] = []

    def source() -> Iterator[int]:
        for k in range(3):
            log.append(f"made {k} by {threading.current_thread().name}")
            yield k

    here = threading.current_thread().name
    for k in ahead(source(), 0):
        log.append(f"took {k}")
    assert log == [line for k in range(3) for line in (f"made {k} by {here}", f"took {k}")]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_order(workers: int) -> None:
    """The first of every pair takes longest."""

    def slow(k: int) -> int:
        time.sleep(0.02 * (k % 2 == 0))
        return k * k

    assert list(in_flight(range(9), slow, workers)) == [k * k for k in range(9)]


def test_as_many_at_once_as_there_are_workers() -> None:
    """Two wait for each other: with one worker neither would ever go on."""
    meet = threading.Barrier(2, timeout=5)
    assert list(in_flight(range(4), lambda k: (meet.wait(), k)[1], 2)) == [0, 1, 2, 3]


def test_an_error_of_one_comes_in_its_place() -> None:
    def fail(k: int) -> int:
        if k == 2:
            raise ValueError("the third")
        return k

    results = in_flight(range(9), fail, 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="the third"):
        next(results)


def test_closing_waits_for_what_was_begun() -> None:
    before = threading.active_count()
    results = in_flight(range(9), lambda k: k, 2)
    next(results)
    results.close()
    assert threading.active_count() == before
