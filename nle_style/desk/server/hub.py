"""Server-sent events: what changed, told to every page that listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

__all__ = ["Hub"]

_BEAT = 15.0  # seconds of silence before a comment shows that the line is alive
_BEHIND = 64  # events that a page may not have taken yet


class Hub:
    """Passes events of any thread to the listeners of one event loop."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def tell(self, kind: str, data: Mapping[str, Any]) -> None:
        """Tell every listener; from any thread."""
        line = f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
        self._call(line)

    def close(self) -> None:
        """End every listener's stream; from any thread."""
        self._call(None)

    async def listen(self) -> AsyncIterator[str]:
        """The events from now on, as the text of the stream. A page that is too far behind is cut
        off: it comes back, and asks for everything anew."""
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[str | None] = asyncio.Queue(_BEHIND)
        self._listeners.add(queue)
        try:
            yield ": here\n\n"
            while True:
                try:
                    line = await asyncio.wait_for(queue.get(), _BEAT)
                except TimeoutError:
                    line = ": still here\n\n"
                if line is None:
                    return
                yield line
        finally:
            self._listeners.discard(queue)

    def _call(self, line: str | None) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._pass_on, line)

    def _pass_on(self, line: str | None) -> None:
        for queue in tuple(self._listeners):
            if queue.full():
                self._listeners.discard(queue)
                queue.get_nowait()
                queue.put_nowait(None)
            else:
                queue.put_nowait(line)
