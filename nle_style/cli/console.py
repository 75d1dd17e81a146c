"""How a run talks to its user, and ends: to its exit code, in the form that was asked for."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from rich.console import Console

from nle_style.cli.people import People
from nle_style.cli.run_log import RunLog
from nle_style.errors import Cancelled, NleStyleError
from nle_style.render import READER_GONE, Done, Event, Failed, ItemEnded, OnEvent, Started, Stopped
from nle_style.render import as_json as json_line

__all__ = ["hush", "run_command", "stop_on_signals"]


class _Programs:
    """Tells a run's events to programs: JSON lines on stdout."""

    def __call__(self, event: Event) -> None:
        print(json_line(event), flush=True)

    def close(self) -> None:
        """Nothing is left open."""


class _Teller:
    """Passes a run's events on, but for its end, and stops the run when nobody reads any more.

    The end is told by `end`, with the exit code that the process has: nothing comes after it.

    Args:
        show: tells an event.
        stop: set to stop the run.
        log: notes every event, whether anybody reads or not.

    Attributes:
        alone: whether nobody reads any more.
    """

    def __init__(
        self, show: People | _Programs, stop: threading.Event, log: RunLog | None = None
    ) -> None:
        self._show, self._stop, self._log = show, stop, log
        self._done: Done | None = None
        self._items = 0
        self._ended: Counter[str] = Counter()
        self.alone = False

    def __call__(self, event: Event) -> None:
        """Hear an event of the run."""
        if isinstance(event, Started):
            self._items = event.items
        elif isinstance(event, ItemEnded):
            self._ended[event.status] += 1
        if isinstance(event, Done):
            self._done = event
        else:
            self._tell(event)

    def end(self, code: int) -> None:
        """The run came to its end."""
        if self._done is not None:
            self._tell(replace(self._done, exit_code=code))

    def fail(self, error: NleStyleError) -> None:
        """The run was stopped, or could not go on."""
        if not isinstance(error, Cancelled):
            self._tell(Failed(str(error), error.exit_code))
            return
        ended = {name: self._ended[name] for name in ("delivered", "present", "refused")}
        left = max(self._items - sum(ended.values()), 0)
        self._tell(Stopped(str(error), **ended, unfinished=left))

    def _tell(self, event: Event) -> None:
        if self._log is not None:
            self._log(event)
        if self.alone:
            return
        try:
            self._show(event)
        except BrokenPipeError:
            self.alone = True
            hush()
            self._stop.set()


class _Console(Console):
    """A console whose reader may go: the run is told, and no exception ends a thread of rich's."""

    def on_broken_pipe(self) -> None:
        """Called by rich where a BrokenPipeError is handled."""
        self.quiet = True
        raise BrokenPipeError


def hush() -> None:
    """Have what is still printed go nowhere, where nobody reads it any more.

    Source: Python's library reference, signal, "Note on SIGPIPE".
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second signal ends the program at once."""
    stop = threading.Event()

    def on_signal(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {n: signal.signal(n, on_signal) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_command(
    as_json: bool,
    command: Callable[[OnEvent, threading.Event], int],
    *,
    stdout: bool = True,
    quiet: bool = False,
    log: RunLog | None = None,
) -> int:
    """Run a rendering command to its exit code, and tell its end in the form that was asked for.

    An `NleStyleError` becomes one message, never a traceback; anything else is a defect of ours
    and is raised on. When nobody reads what is told, the run stops after its frame.

    Args:
        as_json: JSON lines on stdout; else for people.
        stdout: whether what is for people may use it.
        quiet: people are told only what went wrong.
        log: of the run.
    """
    console = _Console(stderr=True, highlight=False)
    show = _Programs() if as_json else People(console, stdout=stdout, quiet=quiet)
    try:
        with stop_on_signals() as stop:
            teller = _Teller(show, stop, log)
            try:
                code = command(teller, stop)
                teller.end(code)
            except NleStyleError as error:
                code = error.exit_code
                teller.fail(error)
            except Exception as error:
                if log is not None and (place := log.crash(error)) is not None:
                    print(f"nle-style: a fault of ours: please send us {place}", file=sys.stderr)
                raise
    finally:
        show.close()
    return READER_GONE if teller.alone else code
