"""What people see: of a run lines and a progress bar on stderr, and what was made on stdout; tables
of what there is and what would be done."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

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

__all__ = ["Lines", "People", "print_table", "progress_bar"]


def print_table(
    console: Console,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str,
    numbers: Sequence[str] = (),
) -> None:
    """Print a table in which nothing is cut off: on a terminal what does not fit goes on in the
    next line, and in a file or a pipe every row is one line.

    Args:
        rows: plain text, as many cells each as there are columns.
        numbers: the columns that are set to the right.
    """
    # In a file nobody can make the window wider.
    bounded = console.is_terminal or "COLUMNS" in os.environ
    widths = _widths([columns, *rows], console.width if bounded else sys.maxsize)
    table = Table(
        title=escape(title),
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        width=_together(widths),
    )
    for name, width in zip(columns, widths, strict=True):
        side: JustifyMethod = "right" if name in numbers else "left"
        table.add_column(name, justify=side, overflow="fold", width=width)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table, crop=False)


def _widths(rows: Sequence[Sequence[str]], most: int) -> list[int]:
    """Characters for every column, so that all with two between them are `most` together.

    What is too much is taken from columns that can break between words, then from the widest.
    """
    columns = list(zip(*rows, strict=True))
    widths = [max(1, *map(cell_len, cells)) for cells in columns]
    words = [max(map(cell_len, " ".join(cells).split()), default=0) for cells in columns]
    places = range(len(columns))
    while _together(widths) > most and max(widths) > 1:
        widths[max(places, key=lambda place: (widths[place] > words[place], widths[place]))] -= 1
    return widths


def _together(widths: Sequence[int]) -> int:
    """Characters of a row of columns, with two between them."""
    return sum(widths) + 2 * (len(widths) - 1)


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
