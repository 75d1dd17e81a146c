"""A run as people see it: lines and a progress bar on stderr, and what was made on stdout."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nle_style.render import (
    Done,
    Event,
    Failed,
    FramePainted,
    ItemEnded,
    Outcome,
    Scanning,
    Started,
    Stopped,
    Warned,
    Written,
    summary,
)

__all__ = ["Lines", "People", "progress_bar"]


def progress_bar(console: Console, unit: str) -> Progress:
    """A bar of so many `unit` done and in all; its tasks have a field `detail` to show behind.

    It shows nothing unless the console is a terminal: a log has lines.
    """
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit + "  {task.fields[detail]}"),
        TimeRemainingColumn(),
        console=console,
        redirect_stdout=False,  # what is asked for goes where it was sent
        disable=not (console.is_interactive and console.file.isatty()),
    )


class Lines:
    """The lines of a run for people; what is true of the whole job is said once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: set[str] = set()

    def note(self, text: str) -> None:
        """Something that an editor must know."""
        self._say("yellow", "note", text)

    def failure(self, outcome: Outcome, text: str) -> None:
        """An item or a clip that is not styled, and why."""
        self._say("red", outcome.words, text)

    def ended(self, event: ItemEnded) -> None:
        """An item that ended, in whatever way."""
        outcome = Outcome(event.outcome)
        if event.message:
            self.failure(outcome, event.message)
        else:
            self._say("green", outcome.words, f"{event.path}  ({event.frames} frames)")

    def _say(self, colour: str, word: str, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._console.print(f"[{colour}]{word}[/]  {escape(text)}", soft_wrap=True)


class People:
    """Tells a run's events to people: a bar on a terminal, a line for each item, and at the end
    what was made, on stdout.

    Args:
        console: on stderr.
        stdout: whether it may be used.
        quiet: only what went wrong is told.
    """

    def __init__(self, console: Console, *, stdout: bool = True, quiet: bool = False) -> None:
        self._console, self._lines = console, Lines(console)
        self._stdout, self._quiet = stdout and not quiet, quiet
        self._bar = progress_bar(console, "frames")
        self._task = self._bar.add_task("starting", total=None, detail="")
        self._painted = False
        self._items = 0
        self._written: list[str] = []

    def __call__(self, event: Event) -> None:
        if self._quiet and not _went_wrong(event):
            return
        if isinstance(event, Warned):
            if event.outcome:
                self._lines.failure(Outcome(event.outcome), event.message)
            else:
                self._lines.note(event.message)
        elif isinstance(event, ItemEnded):
            self._lines.ended(event)
        elif isinstance(event, Written):
            self._written.append(event.path)
        elif isinstance(event, Done):
            self._end(event)
        elif isinstance(event, Failed | Stopped):
            self.close()
            error = "error: " if isinstance(event, Failed) else ""
            print(f"nle-style: {error}{event.message}", file=sys.stderr)
        else:
            self._move(event)

    def _move(self, event: Event) -> None:
        bar, task = self._bar, self._task
        bar.start()
        if isinstance(event, Started):
            self._items = event.items
            bar.update(task, total=event.frames or None, description="rendering")
        elif isinstance(event, Scanning):
            seen = f"looked at {event.item_done} of {event.item_frames}"
            bar.update(task, description=f"{escape(event.name)}: finding cuts", detail=seen)
        elif isinstance(event, FramePainted):
            self._painted = True
            rate = f"{event.frames_per_second:.2f}/s" if event.frames_per_second else ""
            name = escape(event.name)
            bar.update(task, total=event.frames, completed=event.done)
            bar.update(task, description=name, detail=rate)

    def _end(self, done: Done) -> None:
        """A run that came to its end: so does its bar. What is refused is not waited for."""
        bar = self._bar.tasks[0]
        frames = bar.completed if done.refused or bar.total is None else bar.total
        self._bar.update(self._task, total=frames, completed=frames, visible=self._painted)
        self._bar.update(self._task, description="painted", detail="")
        self.close()
        if not self._stdout:
            return
        if done.clips is not None:
            print(summary({Outcome(name): count for name, count in done.clips.items()}))
        elif self._items > 1:
            print(summary(_of_items(done)))
        for path in self._written:
            print(path)

    def close(self) -> None:
        """Take the bar off the terminal, as far as it came."""
        self._bar.stop()


def _went_wrong(event: Event) -> bool:
    if isinstance(event, Warned):
        return bool(event.outcome)
    return isinstance(event, Failed | Stopped) or (
        isinstance(event, ItemEnded) and bool(event.message)
    )


def _of_items(done: Done) -> dict[Outcome, int]:
    return {
        Outcome.delivered: done.delivered,
        Outcome.present: done.present,
        Outcome.missing: done.missing,
        Outcome.damaged: done.damaged,
        Outcome.refused: done.refused - done.missing - done.damaged,
    }
