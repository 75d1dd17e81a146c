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
    """Iterate over `items` in a thread of its own, at most `depth` of them waiting; with a depth of
    0 in the caller's thread, one after the other.

    An error in the thread is raised here, in its place in the order. Closing the generator stops
    the thread and closes `items` before it returns, so that no file stays open.
    """
    if depth < 1:
        yield from items
        return
    waiting: queue.Queue[object] = queue.Queue(maxsize=depth)
    stop = threading.Event()

    def offer(item: object) -> bool:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        end: object = _END
        try:
            for item in items:
                if not offer(item):
                    break
        except BaseException as error:  # handed over to the consumer, whatever it is
            end = error
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
            offer(end)

    thread = threading.Thread(target=work, name="nle_style stage", daemon=True)
    thread.start()
    try:
        while (item := waiting.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item  # type: ignore[misc]
    finally:
        stop.set()
        thread.join()


def in_flight(
    items: Iterable[T], function: Callable[[T], R], workers: int
) -> Generator[R, None, None]:
    """`function` of every item, in the items' order, `workers` of them at the same time; with one
    worker in the caller's thread.

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
                if len(begun) == workers:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()
