"""`nle-style review`, and what `batch --review` adds. Importing this loads nothing slow."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nle_style.cli.options import MACHINE, TIMELINE, Quiet
from nle_style.errors import InputError, OutputError

if TYPE_CHECKING:
    from threading import Event

    from nle_style.render import OnEvent

__all__ = ["add_review", "review"]

_SOME = 3  # of several clips some have failed, as of a batch


def review(
    folder: Annotated[Path, typer.Argument(help="Where `nle-style batch` rendered into.")],
    timeline: Annotated[
        Path | None,
        typer.Option(
            help="The timeline, where the folder has renders of several.",
            rich_help_panel=TIMELINE,
            show_default=False,
        ),
    ] = None,
    notes: Annotated[
        Path | None,
        typer.Option(
            help="Take in the notes that a page of it saved, and write them as CSV and as markers.",
            rich_help_panel=MACHINE,
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write a page that shows every rendered shot beside its source, to judge it anywhere.

    The page and its movies are DIR/review: a folder that opens in a browser from any disk.
    """
    from nle_style.desk.review import review_timeline

    chosen = review_timeline(folder, timeline)
    code = _take_in(folder, chosen, notes) if notes else _write(folder, chosen, quiet=quiet)
    raise typer.Exit(code)


def _write(folder: Path, timeline: Path, *, quiet: bool) -> int:
    from rich.console import Console
    from rich.markup import escape

    from nle_style.cli.console import stop_on_signals
    from nle_style.cli.people import Lines, progress_bar
    from nle_style.desk.review import write_review
    from nle_style.render import Outcome

    console = Console(stderr=True, highlight=False)
    bar = progress_bar(console, "shots")
    task = bar.add_task("reviewing", total=None, detail="")

    def told(done: int, count: int, name: str) -> None:
        if not quiet:
            bar.start()
        bar.update(task, completed=done, total=count, description=escape(name))

    with stop_on_signals() as stop:
        try:
            page, faults = write_review(folder, timeline, told=told, stop=stop)
        finally:
            bar.stop()
    lines = Lines(console)
    for fault in faults:
        lines.failure(Outcome.refused, fault)
    if not quiet:
        print(page)
    return _SOME if faults else 0


def _take_in(folder: Path, timeline: Path, notes: Path) -> int:
    from nle_style.desk.review import (
        Verdicts,
        notes_csv,
        read_entries,
        verdicts_path,
        write_markers,
    )
    from nle_style.ownership import SafeWriter
    from nle_style.timeline import read_timeline

    entries = read_entries(folder, timeline)
    verdicts = Verdicts(verdicts_path(folder, timeline))
    count, gone = verdicts.take_in(notes, entries)
    if verdicts.warning:
        print(f"nle-style: {verdicts.warning}", file=sys.stderr)
    for name in gone:
        print(f"nle-style: clip '{name}' is not in the cut any more", file=sys.stderr)
    print(f"{count} {'clip' if count == 1 else 'clips'}: {verdicts.path}")
    table = folder / f"{timeline.stem}.review.csv"
    SafeWriter().write(table, notes_csv(entries, verdicts))
    print(table)
    try:
        read = read_timeline(timeline, extract_to=folder / f"{timeline.stem}.media")
        marked = folder / f"{timeline.stem}.review.otio"
        write_markers(read, entries, verdicts, marked)
        print(marked)
    except (InputError, OutputError) as error:
        print(f"nle-style: no markers: {error}", file=sys.stderr)
        return _SOME
    return 0


def add_review(folder: Path, timeline: Path, on_event: OnEvent, stop: Event) -> None:
    """Write the review folder of a batch that has run; why it cannot be written is a warning.

    Args:
        folder, timeline: of the batch.
        on_event: of the run, whose end is told later.

    Raises: Cancelled.
    """
    from nle_style.desk.review import write_review
    from nle_style.render import Warned, Written

    try:
        page, faults = write_review(folder, timeline, stop=stop)
    except (InputError, OutputError) as error:
        on_event(Warned(f"no review was written ({error})"))
        return
    for fault in faults:
        on_event(Warned(fault))
    on_event(Written(str(page), "review"))
