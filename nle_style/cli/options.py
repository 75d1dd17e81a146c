"""Options that several commands share, and what they become. Importing this loads nothing slow."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nle_style.apply.look import Look
    from nle_style.render.job import Control, Output

__all__ = [
    "ColourChoice",
    "ColourOption",
    "Depth",
    "Device",
    "Events",
    "Folder",
    "Format",
    "Handles",
    "Pack",
    "Resume",
    "StatisticsChoice",
    "StatisticsOption",
    "Strength",
    "StrokeScale",
    "Style",
    "control_of",
    "look_of",
    "output_of",
]


class StatisticsChoice(StrEnum):
    """`--statistics`, see `apply.look.Statistics`."""

    hybrid = "hybrid"
    shot = "shot"
    frame = "frame"


class ColourChoice(StrEnum):
    """`--colour`, see `apply.look.Colour`."""

    poster = "poster"
    source = "source"


Folder = Annotated[Path, typer.Option("-o", "--output", help="Folder for the results.")]
Style = Annotated[str, typer.Option(help="A style, or a mix as blue:0.7,fire:0.3.")]
Strength = Annotated[float, typer.Option(help="0 is the source, 1 the full look.")]
StatisticsOption = Annotated[
    StatisticsChoice, typer.Option(help="Where the norms take mean and variance from.")
]
StrokeScale = Annotated[
    float, typer.Option(help="Size of the strokes in the picture, 0.25 to 4, at any resolution.")
]
ColourOption = Annotated[
    ColourChoice, typer.Option(help="The poster's colours, or the clip's own under its strokes.")
]
Pack = Annotated[str | None, typer.Option(help="Style pack: a file or a shipped pack's name.")]
Format = Annotated[str, typer.Option(help="auto, png-mov, exr, ffv1, dpx, prores4444 or dnxhr444.")]
Depth = Annotated[str, typer.Option(help="auto, 8, 10, 16, half or float.")]
Handles = Annotated[int, typer.Option(min=0, help="Extra frames before and after each range.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Resume = Annotated[
    bool, typer.Option("--resume/--no-resume", help="Go on where an interrupted run stopped.")
]
Events = Annotated[bool, typer.Option("--events", help="JSON lines on stdout, for programs.")]


def look_of(
    style: str,
    strength: float,
    statistics: StatisticsChoice,
    stroke_scale: float,
    colour: ColourChoice,
) -> Look:
    """The look of the options.

    Raises:
        LookError: a value out of its range.
    """
    from nle_style.apply.look import Look, parse_styles

    return Look(parse_styles(style), strength, statistics.value, stroke_scale, colour.value)


def output_of(folder: Path, format_: str, depth: str, handles: int) -> Output:
    """Where and how to write."""
    from nle_style.render.job import Output

    return Output(directory=folder, format=format_, depth=depth, handles=handles)


def control_of(resume: bool, device: str) -> Control:
    """How to run."""
    from nle_style.render.job import Control

    return Control(resume=resume, device=device)
