"""Units written at the same time: while one is encoded, those before it are decoded back.

The caller's thread takes the frames in order and hands each to the thread that writes its unit.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from nle_style.media.write import Unit, UnitRecord

__all__ = ["write_units"]

_OVERLAP = 3  # frames of a unit that are handed over before all units before it must be finished:
# a kill costs what is not, and these are enough to keep the cores busy

Write = Callable[[Unit, Iterable[np.ndarray]], UnitRecord]


def write_units(
    write: Write, units: Sequence[Unit], frames: Iterator[np.ndarray], at_once: int
) -> Generator[tuple[Unit, UnitRecord], None, None]:
    """Write units that follow one another, at most `at_once` at the same time.

    Each is yielded when it is finished, in the order of the units, and before the fourth frame of
    the next. An error, of `write` or of
    `frames`, is raised when the units before are yielded; `write` gets an error of `frames` in the
    place of the frame. Threads have ended when the generator has.

    Args:
        write: writes one unit, from its frames; called in threads.
        frames: of all units, in order. Beside those that writers hold one waits.
        at_once: with 1 everything is done in the caller's thread.
    """
    if at_once < 2:
        for unit in units:
            yield unit, write(unit, itertools.islice(frames, unit.last - unit.first + 1))
        return
    begun: deque[Future[UnitRecord]] = deque()
    finished = iter(units)
    place = threading.Semaphore(1)
    feed = _Feed(place)
    with ThreadPoolExecutor(at_once, thread_name_prefix="nle_style unit") as pool:
        try:
            for unit in units:
                if len(begun) == at_once:
                    yield next(finished), begun.popleft().result()
                feed = _Feed(place)
                writing = pool.submit(write, unit, feed)
                writing.add_done_callback(feed.close)
                begun.append(writing)
                carried = 0
                while carried <= unit.last - unit.first and feed.carry(frames):
                    carried += 1
                    while begun and (begun[0].done() or (carried == _OVERLAP and len(begun) > 1)):
                        yield next(finished), begun.popleft().result()
                feed.end()
                if carried <= unit.last - unit.first:
                    break  # the frames or the writer failed: the unit's result raises it
            while begun:
                yield next(finished), begun.popleft().result()
        finally:
            feed.end()  # else a thread would wait for its frames


class _Feed:
    """The frames of one unit, on their way to the thread that writes it.

    Args:
        place: for the one frame that waits.
    """

    def __init__(self, place: threading.Semaphore) -> None:
        self._made: queue.SimpleQueue[np.ndarray | BaseException] = queue.SimpleQueue()
        self._place = place
        self._closed = False

    def carry(self, frames: Iterator[np.ndarray]) -> bool:
        """Take a frame and hand it over when the one before is taken.

        Returns: False if there is none, or no one to take it any more.
        """
        self._place.acquire()  # before the frame is made, which would wait in memory
        if self._closed:
            return False
        try:
            self._made.put(next(frames))
        except BaseException as error:  # of whatever kind: the writer raises it
            self._made.put(error)
            return False
        return True

    def end(self) -> None:
        """No frame follows."""
        self._made.put(StopIteration())

    def close(self, writing: Future[UnitRecord]) -> None:
        """No frame is taken any more; one that still waits gives its place free."""
        if writing.exception() is not None:
            self._closed = True
            self._place.release()

    def __iter__(self) -> Iterator[np.ndarray]:
        return self

    def __next__(self) -> np.ndarray:  # not a generator, which would hold the frame
        item = self._made.get()
        if isinstance(item, BaseException):
            raise item
        self._place.release()
        return item
