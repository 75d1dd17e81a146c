"""Overlapping stages: each stage runs in a thread of its own, a few frames ahead of the next.

PyAV, OpenImageIO and torch release the interpreter's lock while they work, so that decoding, the
network and encoding run at the same time. A bounded queue between them bounds the memory.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

__all__ = ["prefetch"]

T = TypeVar("T")

_END = object()


def prefetch(items: Iterable[T], depth: int) -> Generator[T, None, None]:
    """Iterate over `items` in a thread of its own, at most `depth` items ahead of the caller; with
    a depth of 0 in the caller's thread.

    An error in the thread is raised here, in its place in the order. Closing the generator stops
    the thread and closes `items` before it returns, so that no file stays open.
    """
    if depth < 1:
        yield from items
        return
    made: queue.SimpleQueue[object] = queue.SimpleQueue()
    places = threading.Semaphore(depth)
    stop = threading.Event()

    def work() -> None:
        end: object = _END
        try:
            source = iter(items)
            # A place is taken before the item is made: frames are large, and one that is made and
            # has to wait for a place would be one more than `depth`.
            while places.acquire() and not stop.is_set():
                made.put(next(source))
        except StopIteration:
            pass
        except BaseException as error:  # of whatever kind: the consumer raises it
            end = error
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
            made.put(end)

    thread = threading.Thread(target=work, name="nle_style stage", daemon=True)
    thread.start()
    try:
        while (item := made.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            places.release()
            yield item  # type: ignore[misc]
            del item  # or it would be held until the next one is there
    finally:
        stop.set()
        places.release()
        thread.join()
