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
from nle_style.render import (
    Event,
    Failed,
    FramePainted,
    ItemEnded,
    OnEvent,
    Scanning,
    Started,
    Stopped,
    Warned,
)
from nle_style.render import as_json as json_line

__all__ = ["progress_bar", "reporting", "run_command", "stop_on_signals"]


def progress_bar(console: Console, unit: str) -> Progress:
    """A bar of so many `unit` done and in all; its tasks have a field `detail` to show behind."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit + "  {task.fields[detail]}"),
        TimeRemainingColumn(),
        console=console,
    )


@contextmanager
def reporting(as_json: bool) -> Iterator[OnEvent]:
    """An event handler that prints: JSON lines on stdout, or a bar and messages on stderr."""
    if as_json:
        yield lambda event: print(json_line(event), flush=True)
        return
    console = Console(stderr=True, highlight=False)
    with progress_bar(console, "frames") as bar:
        task = bar.add_task("starting", total=None, detail="")

        def show(event: Event) -> None:
            if isinstance(event, Started):
                bar.update(task, total=event.frames, description="rendering")
            elif isinstance(event, Scanning):
                seen = f"looked at {event.item_done} of {event.item_frames}"
                bar.update(task, description=f"{escape(event.name)}: finding cuts", detail=seen)
            elif isinstance(event, FramePainted):
                rate = f"{event.frames_per_second:.2f}/s" if event.frames_per_second else ""
                bar.update(task, completed=event.done, description=escape(event.name), detail=rate)
            elif isinstance(event, Warned):
                console.print(f"[yellow]note[/]  {escape(event.message)}", soft_wrap=True)
            elif isinstance(event, ItemEnded):
                if event.status == "refused":
                    console.print(f"[red]refused[/]  {escape(event.message)}", soft_wrap=True)
                else:
                    ending = "done" if event.status == "delivered" else "was there already"
                    path = escape(event.path)
                    console.print(
                        f"[green]{ending}[/]  {path}  ({event.frames} frames)", soft_wrap=True
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


def run_command(as_json: bool, command: Callable[[OnEvent, threading.Event], int]) -> int:
    """Run a rendering command to its exit code, and tell its end in the form that was asked for.

    An `NleStyleError` becomes one message, never a traceback; anything else is a defect of ours
    and is raised on.
    """
    try:
        with reporting(as_json) as on_event, stop_on_signals() as stop:
            return command(on_event, stop)
    except Cancelled as error:
        _end(as_json, Stopped(str(error)), str(error))
        return error.exit_code
    except NleStyleError as error:
        _end(as_json, Failed(str(error), error.exit_code), f"error: {error}")
        return error.exit_code


def _end(as_json: bool, event: Event, message: str) -> None:
    if as_json:
        print(json_line(event), flush=True)
    else:
        print(f"nle-style: {message}", file=sys.stderr)
