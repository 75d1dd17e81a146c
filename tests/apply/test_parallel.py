"""`parallel_map`: order, errors, closing, bounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from nle_style.apply import parallel_map


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_order(workers: int) -> None:
    """The first of every pair takes longest."""

    def slow(k: int) -> int:
        time.sleep(0.02 * (k % 2 == 0))
        return k * k

    assert list(parallel_map(slow, range(9), workers)) == [k * k for k in range(9)]


def test_as_many_at_once_as_there_are_workers() -> None:
    """Two wait for each other: with one worker neither would ever go on."""
    meet = threading.Barrier(2, timeout=5)
    assert list(parallel_map(lambda k: (meet.wait(), k)[1], range(4), 2)) == [0, 1, 2, 3]


def test_an_error_of_one_comes_in_its_place() -> None:
    def fail(k: int) -> int:
        if k == 2:
            raise ValueError("the third")
        return k

    results = parallel_map(fail, range(9), 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="the third"):
        next(results)


def test_closing_waits_for_what_was_begun() -> None:
    before = threading.active_count()
    results = parallel_map(lambda k: k, range(9), 2)
    next(results)
    results.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("waiting", [0, 1])
def test_no_further_item_is_asked_for_before_the_first_is_done(waiting: int) -> None:
    """What holds memory is what was asked for: two items, and those that wait."""
    asked, may_end = [], [threading.Event() for _ in range(4)]

    def items() -> Iterator[int]:
        for item in range(4):
            asked.append(item)
            yield item

    def work(item: int) -> int:
        assert may_end[item].wait(30)
        return item

    def seen(count: int) -> list[int]:
        """What was asked for, a while after so many had to be."""
        for _ in range(3000):
            if len(asked) >= count:
                break
            time.sleep(0.01)
        time.sleep(0.2)
        return list(asked)

    with ThreadPoolExecutor(1) as aside:
        done = aside.submit(lambda: list(parallel_map(work, items(), 2, waiting)))
        try:
            assert seen(2 + waiting) == list(range(2 + waiting))
            may_end[0].set()
            assert seen(3 + waiting) == list(range(3 + waiting))
        finally:
            for each in may_end:
                each.set()
        assert done.result(30) == [0, 1, 2, 3]
