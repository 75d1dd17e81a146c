"""Stages that run ahead: order, errors, closing, bounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from nle_style.render.item.stages import prefetch


def test_order_is_kept_and_the_end_is_the_end() -> None:
    assert list(prefetch(iter(range(50)), 3)) == list(range(50))
    assert list(prefetch(iter(()), 3)) == []


def test_an_error_comes_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("broken at 3")

    stage = prefetch(items(), 2)
    assert [next(stage), next(stage)] == [1, 2]
    with pytest.raises(ValueError, match="broken at 3"):
        next(stage)


def test_never_more_than_the_bound_is_waiting() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    stage = prefetch(items(), 3)
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
    stage = prefetch(items(), 2)
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
    for k in prefetch(source(), 0):
        log.append(f"took {k}")
    assert log == [line for k in range(3) for line in (f"made {k} by {here}", f"took {k}")]
