"""Overlapping stages: each stage runs in a thread of its own, a few frames ahead of the next.

PyAV, OpenImageIO and torch release the interpreter's lock while they work, so that decoding, the
network and encoding run at the same time. A bounded queue between them bounds the memory.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["ahead", "in_flight"]

T = TypeVar("T")
R = TypeVar("R")

_END = object()


def ahead(items: Iterable[T], depth: int) -> Generator[T, None, None]:
    """Iterate over `items` in a thread of its own, which makes at most `depth` of them ahead; with
    a depth of 0 in the caller's thread, one after the other.

    An error in the thread is raised here, in its place in the order. Closing the generator stops
    the thread and closes `items` before it returns, so that no file stays open.
    """
    if depth < 1:
        yield from items
        return
    waiting: queue.SimpleQueue[object] = queue.SimpleQueue()
    places = threading.Semaphore(depth)
    stop = threading.Event()

    def work() -> None:
        end: object = _END
        try:
            supply = iter(items)
            # A place is taken before the item is made: frames are large, and one that is made and
            # cannot be put down would be one more than was allowed.
            while places.acquire() and not stop.is_set():
                waiting.put(next(supply))
        except StopIteration:
            pass
        except BaseException as error:  # handed over to the consumer, whatever it is
            end = error
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
            waiting.put(end)

    thread = threading.Thread(target=work, name="nle_style stage", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            places.release()
            yield item  # type: ignore[misc]
            del item  # or it would live on until the next one is there
    finally:
        stop.set()
        places.release()
        thread.join()


def in_flight(
    items: Iterable[T], function: Callable[[T], R], workers: int
) -> Generator[R, None, None]:
    """`function` of every item, in the items' order, `workers` of them at the same time and one
    waiting; with one worker in the caller's thread.

    An error is raised in its place in the order; what was begun is waited for.
    """
    if workers < 2:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="nle_style painter") as pool:
        begun: deque[Future[R]] = deque()
        try:
            for item in items:
                begun.append(pool.submit(function, item))
                if len(begun) > workers:  # one waits, for the worker that is free first
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()
