"""What a command's options ask for, as a job has it. Importing this loads nothing slow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nle_style.cli.options import (
    ColourChoice,
    InterlacedChoice,
    StatisticsChoice,
    parse_matte,
    parse_rate,
)
from nle_style.errors import InputError

if TYPE_CHECKING:
    from nle_style.apply import Look
    from nle_style.render import (
        ColourJob,
        Control,
        LayerJob,
        LookJob,
        MatteJob,
        Output,
        Reading,
        RenderJob,
    )
    from nle_style.render.cut import RunJob

__all__ = [
    "clips_job",
    "colour_job_of",
    "control_of",
    "look_of",
    "matted_looks",
    "optional_look_of",
    "output_of",
    "reading_of",
    "refuse_mattes",
    "runner_of",
]


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
    from nle_style.apply import Look, parse_styles

    return Look(parse_styles(style), strength, statistics.value, stroke_scale, colour.value)


def optional_look_of(
    style: str | None,
    strength: float,
    statistics: StatisticsChoice,
    stroke_scale: float,
    colour: ColourChoice,
) -> Look | None:
    """The look of a timeline's clips that ask for none themselves; None: they stay as they are.

    Raises:
        InputError: a control of the look without a style.
        LookError: a value out of its range.
    """
    if style is not None:
        return look_of(style, strength, statistics, stroke_scale, colour)
    given = (strength, stroke_scale, colour, statistics)
    if given != (1.0, 1.0, ColourChoice.poster, StatisticsChoice.hybrid):
        raise InputError(
            "a control of the look is given, and no --style that it is for",
            remedy="Give --style, or put the control into the markers or the --map.",
        )
    return None


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
    from nle_style.render import LayerJob, LookJob, MatteJob

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


def refuse_mattes(mattes: Sequence[str] | None) -> None:
    """For the clips of a timeline.

    Raises:
        InputError: a matte is given.
    """
    if mattes:
        raise InputError(
            "a matte belongs to one clip, and a timeline has many",
            where=f"--matte {mattes[0]}",
            remedy="Render that clip with `nle-style render --matte`, or with a job file.",
        )


def clips_job(
    clips: Sequence[Path],
    looks: tuple[LookJob, MatteJob | None, tuple[LayerJob, ...]],
    frames: tuple[int, int] | None = None,
    *,
    output: Output,
    reading: Reading,
    colour: ColourJob,
    control: Control,
    pack: str | None,
) -> RenderJob:
    """One item a clip, all with the same looks.

    Args:
        looks: as `matted_looks` gives them.
        frames: of every clip, first and last; None for all.
    """
    from nle_style.render import Item, RenderJob

    look, inside, layers = looks
    return RenderJob(
        items=tuple(
            Item(source=clip, frames=frames, look=look, matte=inside, layers=layers)
            for clip in clips
        ),
        output=output,
        reading=reading,
        colour=colour,
        control=control,
        pack=pack,
    )


def output_of(folder: Path, format_: str, depth: str, handles: int) -> Output:
    """Where and how to write."""
    from nle_style.render import Output

    return Output(directory=folder, format=format_, depth=depth, handles=handles)


def colour_job_of(input_colour: str, ocio: Path | None) -> ColourJob:
    """How the sources' colours are to be read.

    Raises:
        InputError: an empty name.
    """
    from nle_style.render import ColourJob

    if not input_colour.strip():
        raise InputError(
            "the name of the colour space is empty",
            where="--input-colour",
            remedy="Leave it out, or name one; see docs/colour.md.",
        )
    return ColourJob(input=input_colour, ocio=ocio)


def control_of(resume: bool, device: str, memory: str) -> Control:
    """How to run."""
    from nle_style.render import Control

    return Control(resume=resume, device=device, memory=memory)


def runner_of(workers: int) -> RunJob:
    """What renders a job: this process, or several of them.

    Raises:
        InputError: what several need is not installed.
    """
    if workers == 1:
        from nle_style.render.item import run_job

        return run_job
    from functools import partial

    from nle_style.render.farm import run_in_workers, session_workers

    session_workers()  # before a timeline is read and a bundle unpacked
    return partial(run_in_workers, workers=workers)


def reading_of(interlaced: InterlacedChoice, conform: str | None) -> Reading:
    """How movies are read.

    Raises:
        InputError: `conform` is not a rate.
    """
    from nle_style.render import Reading

    rate = None if conform is None else str(parse_rate(conform))
    return Reading(interlaced=interlaced.value, conform=rate)
