"""A process with everything loaded, from which the tasks of a session are forked: a fork server.

Loading torch costs a process three seconds, which a farm's task of 48 frames would pay every time.
A session starts this process once, by `nle-style preload`; where its address is in the environment,
`nle-style run` hands it the command line, the working folder, the environment and its three streams
over a Unix socket, waits, and ends as the task ended. The task is a process of its own as before:
its memory is freed and its crash is its own. Signals are passed on to it, and it is killed when the
`nle-style run` that waits for it is gone.

Only on Linux: a fork without an exec is not safe with the frameworks of macOS, and Windows has
none. Elsewhere, and wherever the process cannot be reached, `nle-style run` does the task itself.
This module loads nothing but the standard library: it is what a task's start consists of.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

__all__ = [
    "ADDRESS",
    "NUMBER",
    "SERVE",
    "STREAMS",
    "Preloaded",
    "Program",
    "end_with",
    "run_preloaded",
    "start_preloaded",
    "stop_preloaded",
    "with_package",
    "woken_by_signals",
]

Program = Callable[[], None]
"""Runs the command line that is in `sys.argv`; it may end with SystemExit."""

ADDRESS = "NLE_STYLE_PRELOADED"
"""The environment variable with the socket's path."""

SERVE = ("preload", "--serve")
"""How the process is started, before the number of its socket and that one's folder."""

STREAMS = (0, 1, 2)
_PACKAGES = Path(__file__).resolve().parents[2]
_PASSED_ON = (signal.SIGINT, signal.SIGTERM)
NUMBER = struct.Struct("!Q")
"""The length of a request, before it: 0 asks the process to end. The answers: the number of the
task's process, and later its exit code."""


@dataclass(frozen=True)
class Preloaded:
    """The process.

    Attributes:
        address: what the environment variable ADDRESS is to be for the tasks.
        process: it outlives the program that starts it, where that does not end it.
    """

    address: str
    process: subprocess.Popen[bytes]

    def end(self) -> None:
        """End it at once, tasks or not, and wait for that."""
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(Path(self.address).parent, ignore_errors=True)


def start_preloaded(environment: Mapping[str, str] | None = None) -> Preloaded | None:
    """Start the process; it takes requests from now on, and serves them once it has loaded.

    Args:
        environment: the process's own; None for this one's. What libraries read while they are
            loaded (OMP_NUM_THREADS) counts as it is here, whatever a task's says.

    Returns:
        None where there can be none: not on Linux, no temporary folder, or one whose path is too
        long for a socket.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        folder = Path(tempfile.mkdtemp(prefix="nle_style_preloaded_"))  # nobody else may enter it
    except OSError:
        return None
    address = folder / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(str(address))
        except OSError:
            shutil.rmtree(folder)
            return None
        listener.listen()
        process = subprocess.Popen(
            [sys.executable, "-m", "nle_style", *SERVE, str(listener.fileno()), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
            env=with_package(os.environ if environment is None else environment),
            start_new_session=True,
        )
    return Preloaded(str(address), process)


def with_package(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which `python -m nle_style` is this program, in any folder: a checkout that
    is run in place is found by its path."""
    paths = [str(_PACKAGES), *filter(None, [environment.get("PYTHONPATH")])]
    return {**environment, "PYTHONPATH": os.pathsep.join(paths)}


def stop_preloaded(address: str) -> None:
    """Have the process end after its tasks, if it is there."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        connection.sendall(NUMBER.pack(0))


def run_preloaded(arguments: Sequence[str]) -> int | None:
    """Run `nle-style ARGUMENTS` in a fork of the process that ADDRESS names.

    Returns:
        its exit code, 128 and the number for a signal that ended it, 1 if the process went away;
        None if nothing was begun, because there is no such process.
    """
    address = os.environ.get(ADDRESS)
    if not address or not sys.platform.startswith("linux"):
        return None
    with socket.socket(socket.AF_UNIX) as connection, woken_by_signals() as woken:
        signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)  # until there is a task to have them
        try:
            task = _begin(connection, address, arguments)
        except OSError:
            return None
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
        while task is not None and connection not in select.select([connection, woken], [], [])[0]:
            woken.recv(1024)  # its handler has run by now, or does before the next wait
        ended = None if task is None else _answer(connection)
    if ended is not None:
        return ended
    if task is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(task, signal.SIGKILL)  # or it would work on while it is being run again
    print("nle-style: error: the preloaded process was killed", file=sys.stderr)
    return 1


@contextlib.contextmanager
def woken_by_signals() -> Iterator[socket.socket]:
    """A socket that has something to read after every signal with a handler, for `select`.

    A handler in Python runs when the interpreter goes on. A signal that comes just before the
    program blocks in a call does not interrupt that call, and would be handled when it returns,
    which may be minutes later (`signal.set_wakeup_fd` in Python's documentation is for this).
    """
    woken, wakes = socket.socketpair()
    with woken, wakes:
        wakes.setblocking(False)
        before = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        try:
            yield woken
        finally:
            signal.set_wakeup_fd(before)


def _begin(connection: socket.socket, address: str, arguments: Sequence[str]) -> int | None:
    """Ask for a task; returns its process's number, or None if the other went away over it.

    Raises: OSError if nothing was asked.
    """
    request = {"arguments": [*arguments], "folder": os.getcwd(), "environment": {**os.environ}}
    body = json.dumps(request).encode("ascii")
    connection.connect(address)
    socket.send_fds(connection, [NUMBER.pack(len(body))], STREAMS)
    connection.sendall(body)
    task = _answer(connection)
    if task is not None:

        def pass_on(number: int, frame: object) -> None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(task, number)

        for number in _PASSED_ON:
            signal.signal(number, pass_on)
    return task


def _answer(connection: socket.socket) -> int | None:
    with contextlib.suppress(OSError, struct.error):  # reset, or closed
        return int(*NUMBER.unpack(connection.recv(NUMBER.size, socket.MSG_WAITALL)))
    return None


def end_with(program: Program) -> NoReturn:
    """Run a program, and end the process with its exit code.

    It ends at once: taking torch's modules apart object by object costs most of a second, which
    every task of a farm would pay. What is written is flushed; nothing waits for an `atexit`.
    """
    code = 1
    try:
        program()
        code = 0
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            code = end.code or 0
        else:  # a message, as `sys.exit` has it
            print(end.code, file=sys.stderr)
    except BaseException:  # a defect: told as Python tells it at the end of a process
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
