"""Overlapping stages: each stage runs in a thread of its own, a few frames ahead of the next.

PyAV, OpenImageIO and torch release the interpreter's lock while they work, so that decoding, the
network and encoding run at the same time. A bounded queue between them bounds the memory.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

__all__ = ["ahead", "queue_depth"]

T = TypeVar("T")

_END = object()
_DEEPEST = 4  # more than evens out the stages' unequal paces is wasted memory
_WAITING_BYTES = 200_000_000


def queue_depth(bytes_each: int) -> int:
    """How many frames may wait between two stages: 4 up to 50 MB a frame (1080p is 25 MB), fewer
    of larger ones, so that no more than 200 MB wait; always 1, or nothing would overlap.

    Args:
        bytes_each: size of a frame in memory.
    """
    return max(1, min(_DEEPEST, _WAITING_BYTES // bytes_each))


def ahead(items: Iterable[T], depth: int) -> Generator[T, None, None]:
    """Iterate over `items` in a thread of its own, at most `depth` of them waiting.

    An error in the thread is raised here, in its place in the order. Closing the generator stops
    the thread and closes `items` before it returns, so that no file stays open.
    """
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
