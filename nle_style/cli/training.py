"""`nle-style train`: parsing its options and showing its progress."""

from __future__ import annotations

from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nle_style.core.style_pack import STYLE_NAME
from nle_style.core.training import Phase, TrainingProgress, TrainingSettings, train
from nle_style.errors import TrainingError

__all__ = ["DEFAULT_PHASES", "parse_phase", "parse_poster", "run_training"]

DEFAULT_PHASES = ("128:2:2000", "192:2:6000")


def parse_poster(text: str) -> tuple[str, Path]:
    """ "NAME=FILE", or "FILE" under its stem, as (name, file).

    Raises:
        TrainingError: no file, or a name that could not stand in a mix or a file name.
    """
    name, equals, file = text.partition("=")
    path = Path(file if equals else text)
    name = name if equals else path.stem
    if not STYLE_NAME.fullmatch(name):
        raise TrainingError(
            f"'{name}' is not a style's name",
            where=str(path),
            remedy="Use letters, digits and underscores: --poster my_name=FILE.",
        )
    if not path.is_file():
        raise TrainingError("no such poster", where=str(path), remedy="Check --poster.")
    return name, path


def parse_phase(text: str) -> Phase:
    """ "128:2:2000" as a `Phase`.

    Raises:
        TrainingError: not three whole numbers, or out of range.
    """
    try:
        size, batch, steps = (int(part) for part in text.split(":"))
    except ValueError as error:
        raise TrainingError(
            f"'{text}' is not a phase", remedy="Write SIZE:BATCH:STEPS, as 128:2:2000."
        ) from error
    return Phase(size, batch, steps)


def run_training(settings: TrainingSettings, threads: int | None) -> None:
    """Train with a progress bar on stderr; prints the pack's path at the end."""
    if threads is not None:
        torch.set_num_threads(threads)
    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("steps  {task.fields[losses]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("training", total=settings.steps, losses="")

        def show(progress: TrainingProgress) -> None:
            losses = f"content {progress.content:.3f} style {progress.style:.3f}"
            bar.update(task, completed=progress.step, losses=losses)
            if progress.sheet is not None:
                found = "; ".join(str(fault) for fault in progress.faults)
                gates = f"  gates: {found}" if found else ""
                console.print(f"step {progress.step}: {progress.sheet}{gates}", soft_wrap=True)

        pack = train(settings, show)
    print(pack)
