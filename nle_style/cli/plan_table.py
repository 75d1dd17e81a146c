"""`--dry-run`: the plan as tables."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.filesize import decimal

from nle_style.cli.people import Lines, print_table
from nle_style.render import Outcome
from nle_style.render.cut import DryRun, JobDryRun, note_of, refusal_error

__all__ = ["print_job_plan", "print_plan"]


def print_plan(dry: DryRun, console: Console) -> None:
    """Print the clips, the refusals with their remedies, and what it would cost."""
    batch, rows = dry.batch, []
    for clip in dry.clips():
        render = dry.renders[clip["intermediate"]]
        first, last = clip["frames"]
        rows.append(
            (
                clip["name"],
                clip["track"],
                " – ".join(clip["timeline"]) if clip["timeline"] else "–",
                f"{Path(clip['source']).name} {first}-{last}",
                str(last - first + 1),
                clip["look"],
                "{}x{}".format(*render.painted_at) if render.painted_at else "–",
                render.outcome.words if render.error else Path(render.path).name,
            )
        )
    columns = ("clip", "track", "timeline", "source", "frames", "look", "painted at")
    title = f"{batch.read.path.name}, {batch.label}"
    print_table(console, (*columns, "intermediate"), rows, title=title, numbers=["frames"])
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
    rows = [
        (
            Path(render.source).name,
            "–" if render.error else "{}-{}".format(*render.numbers),
            render.look,
            "{}x{}".format(*render.painted_at) if render.painted_at else "–",
            render.outcome.words if render.error else Path(render.path).name,
        )
        for render in dry.renders
    ]
    columns = ("source", "frames", "look", "painted at", "intermediate")
    print_table(console, columns, rows, title="", numbers=["frames"])
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
