"""Stages that run ahead: order, errors, closing, bounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from nle_style.render.pipeline import ahead, queue_depth


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


@pytest.mark.parametrize(
    ("width", "height", "channels", "depth"),
    [
        (64, 48, 3, 4),
        (1920, 1080, 3, 4),  # 24.9 MB: eight would fit
        (1920, 1080, 6, 4),  # 49.8 MB
        (3840, 2160, 3, 2),  # 99.5 MB
        (3840, 2160, 4, 1),  # 132.7 MB
        (7680, 4320, 3, 1),  # 398 MB: not even one fits, but one has to wait
    ],
)
def test_large_frames_wait_in_shorter_queues(
    width: int, height: int, channels: int, depth: int
) -> None:
    assert queue_depth(width * height * channels * 4) == depth
