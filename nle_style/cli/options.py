"""Options that several commands share, and what they become. Importing this loads nothing slow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nle_style.errors import InputError

if TYPE_CHECKING:
    from nle_style.apply.look import Look
    from nle_style.render.batch import RunJob
    from nle_style.render.job import (
        ColourJob,
        Control,
        LayerJob,
        LookJob,
        MatteJob,
        Output,
        Reading,
    )

__all__ = [
    "ColourChoice",
    "ColourOption",
    "Conform",
    "Depth",
    "Device",
    "Events",
    "Folder",
    "Format",
    "Handles",
    "InputColour",
    "Interlaced",
    "InterlacedChoice",
    "MatteOption",
    "Memory",
    "OcioFile",
    "OptionalStyle",
    "Pack",
    "Resume",
    "StatisticsChoice",
    "StatisticsOption",
    "Strength",
    "StrokeScale",
    "Style",
    "Workers",
    "colour_job_of",
    "control_of",
    "look_of",
    "matted_looks",
    "output_of",
    "parse_matte",
    "parse_rate",
    "reading_of",
    "runner_of",
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


class InterlacedChoice(StrEnum):
    """`--interlaced`, see `render.job.Reading`."""

    refuse = "refuse"
    deinterlace = "deinterlace"


Folder = Annotated[Path, typer.Option("-o", "--output", help="Folder for the results.")]
Style = Annotated[str, typer.Option(help="A style, or a mix as blue:0.7,fire:0.3.")]
OptionalStyle = Annotated[
    str | None,
    typer.Option(
        "--style",
        help="A style, or a mix as blue:0.7,fire:0.3. May be left out with --matte FILE=MIX.",
    ),
]
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
MatteOption = Annotated[
    list[str] | None,
    typer.Option(
        "--matte",
        metavar="FILE[=MIX]",
        help="FILE: --style only inside this matte (movie, still or name.%06d.exr). FILE=blue:0.7,"
        "fire:0.3: another look inside it, over --style; may be given several times.",
    ),
]
Pack = Annotated[str | None, typer.Option(help="Style pack: a file or a shipped pack's name.")]
Format = Annotated[str, typer.Option(help="auto, png-mov, exr, ffv1, dpx, prores4444 or dnxhr444.")]
Depth = Annotated[str, typer.Option(help="auto, 8, 10, 16, half or float.")]
Handles = Annotated[int, typer.Option(min=0, help="Extra frames before and after each range.")]
Interlaced = Annotated[
    InterlacedChoice, typer.Option(help="Interlaced movies: one picture out for one frame in.")
]
Conform = Annotated[
    str | None,
    typer.Option(help="Read movies at this constant rate: 25, 23.976, 30000/1001."),
]
InputColour = Annotated[
    str,
    typer.Option(
        help="How the clips are encoded: auto, srgb, rec709, linear, or an OpenColorIO name."
    ),
]
OcioFile = Annotated[
    Path | None, typer.Option("--ocio", help="An .ocio or .ocioz; else the built-in configuration.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Memory = Annotated[str, typer.Option(help="What a run may take: auto (2GiB), or a size as 4GiB.")]
Workers = Annotated[
    int, typer.Option(min=1, help="Processes at once: one for each GPU, or group of cores.")
]
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


def parse_matte(text: str) -> tuple[Path, str | None]:
    """ "FILE" or "FILE=MIX" as a path and a mix of styles.

    It is cut at the last "=", if a mix stands behind it and no file has the whole as its name.
    """
    from nle_style.apply.look import parse_styles
    from nle_style.core.style_pack import STYLE_NAME
    from nle_style.errors import LookError

    file, equals, mix = text.rpartition("=")
    if not (equals and file) or Path(text).exists():
        return Path(text), None
    try:
        names = parse_styles(mix)
    except LookError:
        return Path(text), None
    if not all(STYLE_NAME.fullmatch(name) for name in names):
        return Path(text), None
    return Path(file), mix


def matted_looks(
    style: str | None, mattes: Sequence[str], look: Callable[[str], Look]
) -> tuple[LookJob, MatteJob | None, tuple[LayerJob, ...]]:
    """What `--style` and every `--matte` ask for, as a job's item has it.

    Args:
        style: a mix. None: the first FILE=MIX is the item's own look, in its matte, so that
            nothing is painted outside of the mattes.
        mattes: each FILE or FILE=MIX.
        look: a mix as a look, with the command line's other controls.

    Raises:
        InputError: no look at all, or two mattes for `--style`.
        LookError: a value out of its range.
    """
    from nle_style.render.job import LayerJob, LookJob, MatteJob

    parsed = [parse_matte(text) for text in mattes]
    plain = [MatteJob(source=path) for path, mix in parsed if mix is None]
    layers = [
        LayerJob(matte=MatteJob(source=path), look=LookJob.of(look(mix)))
        for path, mix in parsed
        if mix is not None
    ]
    if len(plain) > 1:
        raise InputError(
            "two mattes are given for --style",
            where=f"--matte {plain[1].source}",
            remedy="Give a matte its own look as FILE=fire, or merge the two into one matte.",
        )
    if style is not None:
        return LookJob.of(look(style)), (plain[0] if plain else None), tuple(layers)
    if plain or not layers:
        raise InputError(
            "no style is given",
            where=f"--matte {plain[0].source}" if plain else "",
            remedy="Give --style blue, or a matte with its own look as --matte FILE=blue.",
        )
    return layers[0].look, layers[0].matte, tuple(layers[1:])


def output_of(folder: Path, format_: str, depth: str, handles: int) -> Output:
    """Where and how to write."""
    from nle_style.render.job import Output

    return Output(directory=folder, format=format_, depth=depth, handles=handles)


def colour_job_of(input_colour: str, ocio: Path | None) -> ColourJob:
    """How the sources' colours are to be read.

    Raises:
        InputError: an empty name.
    """
    from nle_style.render.job import ColourJob

    if not input_colour.strip():
        raise InputError(
            "the name of the colour space is empty",
            where="--input-colour",
            remedy="Leave it out, or name one; see docs/colour.md.",
        )
    return ColourJob(input=input_colour, ocio=ocio)


def control_of(resume: bool, device: str, memory: str) -> Control:
    """How to run."""
    from nle_style.render.job import Control

    return Control(resume=resume, device=device, memory=memory)


def runner_of(workers: int) -> RunJob:
    """What renders a job: this process, or several of them."""
    if workers == 1:
        from nle_style.render.runner import run_job

        return run_job
    from functools import partial

    from nle_style.render.farm_workers import run_in_workers

    return partial(run_in_workers, workers=workers)


def reading_of(interlaced: InterlacedChoice, conform: str | None) -> Reading:
    """How movies are read.

    Raises:
        InputError: `conform` is not a rate.
    """
    from nle_style.render.job import Reading

    rate = None if conform is None else str(parse_rate(conform))
    return Reading(interlaced=interlaced.value, conform=rate)


def parse_rate(text: str) -> Fraction:
    """ "25", "23.976" or "24000/1001" as the exact rate it stands for.

    Raises:
        InputError: not a rate between 1 and 240.
    """
    from nle_style.timeline.frames import exact_rate

    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if not 1 <= value <= 240:
        raise InputError(
            f"'{text}' is not a frame rate", remedy="Write --rate 25, 23.976 or 30000/1001."
        )
    return value if "/" in text else exact_rate(float(value))
