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
            "refused" if render.status == "refused" else Path(render.path).name,
        )
        table.add_row(*map(escape, cells))
    console.print(table)
    refused = [
        f"{clip.clip_name} ({clip.track_name}): {clip.reason}. {clip.remedy}"
        for clip in batch.plan.refusals
    ]
    refused += [f"{r.reason}. {r.remedy}" for r in dry.renders if r.status == "refused"]
    for text in refused:
        console.print(f"[red]refused[/]  {escape(text)}", soft_wrap=True)
    for clip in clips:
        if clip["note"]:
            text = f"{clip['name']} ({clip['track']}): {clip['note']}"
            console.print(f"[yellow]note[/]  {escape(text)}", soft_wrap=True)
    for text in dict.fromkeys(note for render in dry.renders for note in render.notes):
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
