"""The process that a session's tasks are forked from; see `preloaded`."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import selectors
import shutil
import signal
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from nle_style.render.farm.preloaded import (
    ADDRESS,
    NUMBER,
    STREAMS,
    Program,
    end_with,
    woken_by_signals,
)

__all__ = ["serve_preloaded"]

_IDLE_SECONDS = 300
"""Without a task for so long, the process ends: a session that was killed says no farewell."""

_REQUEST_SECONDS = 10


class _Server:
    """The loop of the process.

    Args:
        listener: where requests come in.
        woken: has something to read after a signal; its handler ends the process.
        program: what a forked task runs.
    """

    def __init__(self, listener: socket.socket, woken: socket.socket, program: Program) -> None:
        self._listener, self._program = listener, program
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._selector.register(woken, selectors.EVENT_READ, lambda: woken.recv(1024))
        self._tasks = 0

    def serve(self) -> None:
        """Until it is asked to end, or idle for long."""
        while self._tasks or self._listener.fileno() >= 0:
            ready = self._selector.select(None if self._tasks else _IDLE_SECONDS)
            if not ready:
                return
            key, _ = ready[0]  # no other: what is done for it may close them
            key.data()

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        # Who asks has all of it to send, and waits; stopped in the middle it must not stop others.
        connection.settimeout(_REQUEST_SECONDS)
        streams: Sequence[int] = ()
        try:
            first, streams, _, _ = socket.recv_fds(connection, NUMBER.size, len(STREAMS))
            (length,) = NUMBER.unpack(first)
            if length:
                with connection.makefile("rb") as stream:
                    request = json.loads(stream.read(length))
                self._fork(connection, streams, request)
                return
            self._selector.unregister(self._listener)
            self._listener.close()
        except (OSError, ValueError, struct.error):  # gone before it had asked
            pass
        finally:
            for each in streams:
                os.close(each)
        connection.close()

    def _fork(self, connection: socket.socket, streams: Sequence[int], request: Any) -> None:
        alive, held = os.pipe()  # the task holds one end: it is closed when the task has ended
        task = os.fork()
        if task == 0:
            self._become(streams, request, connection)
        os.close(held)
        self._tasks += 1

        def end() -> None:
            """Of the task, or of the program that waits for it."""
            with contextlib.suppress(OSError):
                if not select.select([alive], [], [], 0)[0]:
                    os.kill(task, signal.SIGKILL)
            for each in (alive, connection):
                self._selector.unregister(each)
            _, status = os.waitpid(task, 0)
            code = os.waitstatus_to_exitcode(status)
            with contextlib.suppress(OSError):
                connection.sendall(NUMBER.pack(code if code >= 0 else 128 - code))
            connection.close()
            os.close(alive)
            self._tasks -= 1

        self._selector.register(alive, selectors.EVENT_READ, end)
        self._selector.register(connection, selectors.EVENT_READ, end)
        with contextlib.suppress(OSError):
            connection.sendall(NUMBER.pack(task))

    def _become(self, streams: Sequence[int], request: Any, connection: socket.socket) -> NoReturn:
        """Be the task: in its folder, with its environment, streams and command line."""

        def task() -> None:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.close(signal.set_wakeup_fd(-1))
            # Held open here, nobody would see that the other end is gone.
            connection.close()
            for key in self._selector.get_map().values():
                os.close(key.fd)
            self._selector.close()
            for stream, number in zip(streams, STREAMS, strict=True):
                os.dup2(stream, number)
                os.close(stream)
            os.chdir(request["folder"])
            os.environ.clear()
            os.environ.update(request["environment"])
            del os.environ[ADDRESS]
            sys.argv = ["nle-style", *request["arguments"]]
            self._program()

        end_with(task)


def serve_preloaded(listener: int, folder: Path, load: Callable[[], Program]) -> None:
    """Be the process that `start_preloaded` starts, until it is stopped or idle for five minutes.

    Args:
        listener: the number of the socket, which listens already.
        folder: of the socket; it is removed at the end.
        load: loads what a task needs, and returns what runs one, from `sys.argv`. It must start no
            thread: there is none in a fork.
    """
    signal.signal(signal.SIGTERM, _leave)  # not without removing the folder
    try:
        with socket.socket(fileno=listener) as requests, woken_by_signals() as woken:
            server = _Server(requests, woken, load())
            gc.collect()
            gc.freeze()  # a collector that looks at the shared memory in a task would copy it
            server.serve()
    finally:
        shutil.rmtree(folder)


def _leave(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)
