"""`nle-style batch --dry-run`: the plan as tables."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from nle_style.render.cut import DryRun

__all__ = ["print_plan"]


def print_plan(dry: DryRun, console: Console) -> None:
    """Print the clips, the refusals with their remedies, and what it would cost."""
    table = Table(title=f"{escape(dry.timeline.name)}, {escape(dry.look)}", title_justify="left")
    columns = ("clip", "track", "timeline", "source", "frames", "look", "painted at")
    for column in (*columns, "intermediate"):
        table.add_column(column, justify="right" if column == "frames" else "left")
    for clip in dry.clips:
        render = dry.renders[clip.render]
        cells = (
            clip.clip_name,
            clip.track_name,
            " – ".join(clip.record) if clip.record else "–",
            f"{render.source.name} {clip.first}-{clip.last}",
            str(clip.last - clip.first + 1),
            render.look,
            "{}x{}".format(*render.painted_at) if render.painted_at else "–",
            "refused" if render.status == "refused" else Path(render.path).name,
        )
        table.add_row(*map(escape, cells))
    console.print(table)
    for refusal in dry.refusals:
        where = f"{refusal.clip_name} ({refusal.track_name})"
        text = f"{where}: {refusal.reason}. {refusal.remedy}"
        console.print(f"[red]refused[/]  {escape(text)}", soft_wrap=True)
    for render in dry.renders:
        if render.status == "refused":
            text = f"{render.reason}. {render.remedy}"
            console.print(f"[red]refused[/]  {escape(text)}", soft_wrap=True)
    for clip in dry.clips:
        if clip.note:
            text = f"{clip.clip_name} ({clip.track_name}): {clip.note}"
            console.print(f"[yellow]note[/]  {escape(text)}", soft_wrap=True)
    there = sum(render.status == "present" for render in dry.renders)
    console.print(
        f"{dry.frames_to_paint} frames to paint, {dry.saved_frames} saved by sharing, {there} of "
        f"{len(dry.renders)} intermediates are there already"
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
