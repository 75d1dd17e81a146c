"""`--dry-run`: the plan as tables."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from nle_style.cli.people import Lines
from nle_style.render import Outcome
from nle_style.render.cut import DryRun, JobDryRun, note_of, refusal_error

__all__ = ["print_job_plan", "print_plan"]


def print_plan(dry: DryRun, console: Console) -> None:
    """Print the clips, the refusals with their remedies, and what it would cost."""
    batch, clips = dry.batch, dry.clips()
    title = f"{escape(batch.read.path.name)}, {escape(batch.label)}"
    table = Table(title=title, title_justify="left")
    columns = ("clip", "track", "timeline", "source", "frames", "look", "painted at")
    for column in (*columns, "intermediate"):
        table.add_column(column, justify="right" if column == "frames" else "left")
    for clip in clips:
        render = dry.renders[clip["intermediate"]]
        first, last = clip["frames"]
        cells = (
            clip["name"],
            clip["track"],
            " – ".join(clip["timeline"]) if clip["timeline"] else "–",
            f"{Path(clip['source']).name} {first}-{last}",
            str(last - first + 1),
            clip["look"],
            "{}x{}".format(*render.painted_at) if render.painted_at else "–",
            render.outcome.words if render.error else Path(render.path).name,
        )
        table.add_row(*map(escape, cells))
    console.print(table)
    say = Lines(console)
    for note in batch.notes:
        say.note(note)
    for refusal in batch.plan.refusals:
        say.failure(Outcome(refusal.outcome), str(refusal_error(refusal)))
    for use in batch.plan.uses:
        if use.note:
            say.note(note_of(use))
    _print_renders(dry, say)
    _print_totals(dry, console, f"{dry.saved_frames} saved by sharing, ")


def print_job_plan(dry: JobDryRun, console: Console) -> None:
    """Print the items, the refusals with their remedies, and what it would cost."""
    table = Table()
    for column in ("source", "frames", "look", "painted at", "intermediate"):
        table.add_column(column, justify="right" if column == "frames" else "left")
    for render in dry.renders:
        cells = (
            Path(render.source).name,
            "–" if render.error else "{}-{}".format(*render.numbers),
            render.look,
            "{}x{}".format(*render.painted_at) if render.painted_at else "–",
            render.outcome.words if render.error else Path(render.path).name,
        )
        table.add_row(*map(escape, cells))
    console.print(table)
    _print_renders(dry, Lines(console))
    _print_totals(dry, console)


def _print_renders(dry: DryRun | JobDryRun, say: Lines) -> None:
    for render in dry.renders:
        for text in render.notes:
            say.note(f"{Path(render.path).name}: {text}")
        if render.error is not None:
            say.failure(render.outcome, str(render.error))


def _print_totals(dry: DryRun | JobDryRun, console: Console, more: str = "") -> None:
    there = sum(render.status == "present" for render in dry.renders)
    console.print(dry.summary)
    console.print(
        f"{dry.frames_to_paint} frames to paint, {more}{there} of {len(dry.renders)} intermediates "
        "are there already"
    )
    console.print(
        f"about {duration(dry.seconds)}, {decimal(dry.bytes)} on disk ({decimal(dry.peak_bytes)} "
        f"while rendering; {decimal(dry.free_bytes)} are free)"
    )
    if dry.peak_bytes > dry.free_bytes:
        console.print("[red]the disk will not do[/]: free some space, or choose another folder")


def duration(seconds: float) -> str:
    """Seconds as people say them: "48 s", "12 min", "3 h 05 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
