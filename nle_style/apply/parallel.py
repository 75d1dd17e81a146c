"""`map` in several threads, with a bound on how many items are in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["parallel_map"]

T = TypeVar("T")
R = TypeVar("R")


def parallel_map(
    function: Callable[[T], R], items: Iterable[T], workers: int, waiting: int = 1
) -> Generator[R, None, None]:
    """`map` with `workers` items at a time, each in a thread; the results come in the items' order.
    With one worker it is `map` in the caller's thread.

    An error is raised in its place in the order. Items that were begun are waited for.

    Args:
        waiting: items that are taken beyond those, for the worker that is free first.
    """
    if workers < 2:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="nle_style worker") as pool:
        begun: deque[Future[R]] = deque()
        try:
            for item in items:
                begun.append(pool.submit(function, item))
                del item  # or it would be held until the next one is taken
                if len(begun) == workers + waiting:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()
