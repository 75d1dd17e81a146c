"""What makes pictures: a thread that takes the newest wish first, and what is kept of its work."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

__all__ = ["Kept", "Wish", "Worker"]


class Wish(Future[bytes]):
    """A picture that was asked for; `cancel` it when nobody waits for it any more."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        super().__init__()
        self.make = make


class Kept(OrderedDict[Hashable, Any]):
    """The last things that were made, as many as there is room for.

    Args:
        room: for all of them, in the unit of `size`.
        size: of one of them.
    """

    def __init__(self, room: int, size: Callable[[Any], int] = lambda value: 1) -> None:
        super().__init__()
        self._room, self._size, self._used = room, size, 0

    def get_or(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is kept under a key, made if it is not there."""
        if key not in self:
            self[key] = value = make()
            self._used += self._size(value)
            while self._used > self._room and len(self) > 1:
                self._used -= self._size(self.popitem(last=False)[1])
        self.move_to_end(key)
        return self[key]


class Worker:
    """One thread, which makes what is wished, the newest wish first: what a page has scrolled past
    is wanted least.

    Args:
        name: of the thread.
        room: bytes of the results that are kept.
    """

    def __init__(self, name: str, room: int) -> None:
        self._wishes: list[Wish] = []
        self._change = threading.Condition()
        self._closed = False
        self._done = Kept(room, len)
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def wish(self, key: Hashable, make: Callable[[], bytes]) -> Wish:
        """What `make` gives, or what it gave under the same key."""
        wish = Wish(lambda: self._done.get_or(key, make))
        known = self._done.get(key)
        with self._change:
            if known is not None:
                wish.set_result(known)
            elif self._closed:
                wish.cancel()
            else:
                self._wishes.append(wish)
                self._change.notify()
        return wish

    def close(self) -> None:
        """End the thread, after what it is at."""
        with self._change:
            self._closed = True
            for wish in self._wishes:
                wish.cancel()
            self._change.notify()
        self._thread.join(timeout=30)

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._closed or bool(self._wishes))
                if self._closed:
                    return
                wish = self._wishes.pop()
            if not wish.set_running_or_notify_cancel():
                continue
            try:
                wish.set_result(wish.make())
            except Exception as error:  # told to whoever asked
                wish.set_exception(error)
