"""How a run talks to its user: a progress bar on stderr, or JSON lines on stdout."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nle_style.errors import Cancelled, NleStyleError
from nle_style.render import events

__all__ = ["reporting", "run_command", "stop_on_signals"]


@contextmanager
def reporting(as_json: bool) -> Iterator[events.OnEvent]:
    """An event handler that prints: JSON lines on stdout, or a bar and messages on stderr."""
    if as_json:
        yield lambda event: print(events.as_json(event), flush=True)
        return
    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("frames  {task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("starting", total=None, rate="")

        def show(event: events.Event) -> None:
            if isinstance(event, events.Started):
                bar.update(task, total=event.frames, description="rendering")
            elif isinstance(event, events.Scanning):
                seen = f"looked at {event.item_done} of {event.item_frames}"
                bar.update(task, description=f"{escape(event.name)}: finding cuts", rate=seen)
            elif isinstance(event, events.Progress):
                rate = f"{event.frames_per_second:.2f}/s" if event.frames_per_second else ""
                bar.update(task, completed=event.done, description=escape(event.name), rate=rate)
            elif isinstance(event, events.Warned):
                console.print(f"[yellow]note[/]  {escape(event.message)}", soft_wrap=True)
            elif isinstance(event, events.ItemEnded):
                if event.status == "refused":
                    console.print(f"[red]refused[/]  {escape(event.message)}", soft_wrap=True)
                else:
                    told = "done" if event.status == "delivered" else "was there already"
                    path = escape(event.path)
                    console.print(
                        f"[green]{told}[/]  {path}  ({event.frames} frames)", soft_wrap=True
                    )

        yield show


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


def run_command(as_json: bool, command: Callable[[events.OnEvent, threading.Event], int]) -> int:
    """Run a rendering command to its exit code, and tell its end in the form that was asked for.

    An `NleStyleError` becomes one message, never a traceback; anything else is a defect of ours
    and is raised on.
    """
    try:
        with reporting(as_json) as on_event, stop_on_signals() as stop:
            return command(on_event, stop)
    except Cancelled as error:
        _end(as_json, events.Stopped(str(error)), str(error))
        return error.exit_code
    except NleStyleError as error:
        _end(as_json, events.Failed(str(error), error.exit_code), f"error: {error}")
        return error.exit_code


def _end(as_json: bool, event: events.Event, message: str) -> None:
    if as_json:
        print(events.as_json(event), flush=True)
    else:
        print(f"nle-style: {message}", file=sys.stderr)
