"""Groups of options that commands share: one parameter of a command, several on its line.

Importing this loads nothing slow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import typer
from typer.core import TyperCommand, TyperOption

from nle_style.cli.completion import clip_choices, name_fields
from nle_style.cli.options import (
    LOOK,
    MACHINE,
    OUTPUT,
    READING,
    TIMELINE,
    ColourChoice,
    ColourOption,
    DepthOption,
    Device,
    FormatOption,
    Overwrite,
    Pack,
    StrokeScale,
)

__all__ = ["App", "CutOptions", "LookOptions", "RenderOptions", "grouped"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_PANELS = (LOOK, TIMELINE, READING, OUTPUT, MACHINE)


class StatisticsChoice(StrEnum):
    """`--statistics`, see `apply.look.Statistics`."""

    hybrid = "hybrid"
    shot = "shot"
    frame = "frame"


class BundleChoice(StrEnum):
    """`--bundle`: the form of a bundle."""

    otioz = "otioz"


class InterlacedChoice(StrEnum):
    """`--interlaced`, see `render.job.Reading`."""

    refuse = "refuse"
    deinterlace = "deinterlace"


@dataclass(frozen=True)
class LookOptions:
    """The controls of a look, beside its styles."""

    strength: Annotated[
        float,
        typer.Option(help="How much of it: 0 is the clip, 1 the full look.", rich_help_panel=LOOK),
    ] = 1.0
    stroke_scale: StrokeScale = 1.0
    colour: ColourOption = ColourChoice.poster
    statistics: Annotated[
        StatisticsChoice,
        typer.Option(
            help="hybrid: steady within a shot, and carries fades and exposure along. shot: steady,"
            " whatever the light does. frame: each frame by itself, so that the paint moves when"
            " something enters.",
            rich_help_panel=LOOK,
        ),
    ] = StatisticsChoice.hybrid
    hold: Annotated[
        int,
        typer.Option(
            min=1,
            max=12,
            metavar="FRAMES",
            help="How long a painting is shown: 2 for the look of animation on twos, in half of the"
            " time. Each shot begins with a new one.",
            rich_help_panel=LOOK,
        ),
    ] = 1


@dataclass(frozen=True)
class CutOptions:
    """How a timeline is read."""

    look_map: Annotated[
        Path | None,
        typer.Option(
            "--map",
            help="A looks.yaml: looks by clip, reel, track or colour.",
            rich_help_panel=TIMELINE,
        ),
    ] = None
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHICH",
            help="Only these clips: a name as A00*, track=V2, reel=ZZ*, marker=pink, colour=Iris,"
            " or a range as 01:00:10:00-01:00:20:00. May be given several times. The others stay"
            " as they are.",
            autocompletion=clip_choices,
            rich_help_panel=TIMELINE,
        ),
    ] = None
    rate: Annotated[
        str | None,
        typer.Option(
            help="Frames a second of an EDL, which does not say it: 25, 23.976, 30000/1001.",
            rich_help_panel=TIMELINE,
        ),
    ] = None
    media: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder in which missing media are looked for, by name and timecode; may be given"
            " several times.",
            rich_help_panel=TIMELINE,
        ),
    ] = None
    path_map: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FROM=TO",
            help="Media paths that begin otherwise on this machine: D:/media=/mnt/media.",
            rich_help_panel=TIMELINE,
        ),
    ] = None
    bundle: Annotated[
        BundleChoice | None,
        typer.Option(
            help="Write an .otioz beside the other timelines: one file with all media in it.",
            rich_help_panel=OUTPUT,
        ),
    ] = None


@dataclass(frozen=True)
class RenderOptions:
    """How sources are read, and intermediates painted and written."""

    interlaced: Annotated[
        InterlacedChoice,
        typer.Option(
            help="Interlaced movies: refuse them, or make one whole picture of each frame.",
            rich_help_panel=READING,
        ),
    ] = InterlacedChoice.refuse
    conform: Annotated[
        str | None,
        typer.Option(
            help="Read movies at this constant rate: 25, 23.976, 30000/1001. In a timeline only"
            " those of variable rate.",
            rich_help_panel=READING,
        ),
    ] = None
    stream: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Of a movie that holds several: its number, as ffprobe counts them.",
            rich_help_panel=READING,
        ),
    ] = None
    layer: Annotated[
        str | None,
        typer.Option(
            help="Of an EXR: a layer, or a view, as diffuse or right.", rich_help_panel=READING
        ),
    ] = None
    input_colour: Annotated[
        str,
        typer.Option(
            help="How the clips are encoded: auto, srgb, rec709, linear, or an OpenColorIO name.",
            rich_help_panel=READING,
        ),
    ] = "auto"
    ocio: Annotated[
        Path | None,
        typer.Option(
            "--ocio",
            help="An .ocio or .ocioz; else the built-in configuration.",
            rich_help_panel=READING,
        ),
    ] = None
    pack: Pack = None
    format: FormatOption = "auto"
    depth: DepthOption = "auto"
    name_template: Annotated[
        str | None,
        typer.Option(
            metavar="TEMPLATE",
            help="Names of the results: {clip}_{look}_{first}, or {clip}/{clip}_{look} for a folder"
            " for each shot. Of clip, source, look, first, last, track, cut.",
            autocompletion=name_fields,
            rich_help_panel=OUTPUT,
        ),
    ] = None
    handles: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="FRAMES",
            help="Extra frames before and after each range.",
            rich_help_panel=OUTPUT,
        ),
    ] = 0
    device: Device = "auto"
    memory: Annotated[
        str,
        typer.Option(
            help="What a run may take: auto (2GiB), or a size as 4GiB.", rich_help_panel=MACHINE
        ),
    ] = "auto"
    overwrite: Overwrite = False


class _OnceEach(TyperCommand):
    """A command that refuses an option of one value which is given twice: only the last would
    count, and of `--style blue --style fire` no blue be painted, without a word."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises: UsageError, exit code 2, before anything else is looked at."""
        given = self.make_parser(ctx).parse_args(list(args))[2]
        for each in given:
            if not isinstance(each, TyperOption) or each.is_flag or each.multiple:
                continue
            if (times := given.count(each)) > 1:
                ctx.fail(f"{each.opts[0]} is given {times} times: it takes one value")
        return super().parse_args(ctx, args)


class App(typer.Typer):
    """A program, or a group of its commands, that refuses options given twice."""

    def command(self, *args: Any, **more: Any) -> Callable[[_Function], _Function]:
        """`typer.Typer.command`."""
        return super().command(*args, cls=_OnceEach, **more)


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """A command for typer, which sees every option of its groups where the group stands; those that
    `--help` shows in panels in the order of the panels.

    Args:
        command: with keyword parameters, of which those of a group have no default.
    """
    groups: dict[str, Any] = {}
    flat: list[Parameter] = []
    for parameter in signature(command, eval_str=True).parameters.values():
        group: Any = parameter.annotation
        if not is_dataclass(group):
            flat.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))
            continue
        groups[parameter.name] = group
        hints = get_type_hints(group, include_extras=True)
        flat += [
            Parameter(
                field.name,
                Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=hints[field.name],
            )
            for field in fields(group)
        ]

    panelled = (each for each in flat if _panel_of(each))
    ordered = iter(sorted(panelled, key=lambda each: _PANELS.index(_panel_of(each))))
    flat = [next(ordered) if _panel_of(each) else each for each in flat]

    @wraps(command)
    def call(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        command(**given)

    vars(call)["__signature__"] = Signature(flat)
    return call


def _panel_of(parameter: Parameter) -> str:
    """The panel of a parameter's option; "" without one."""
    infos = get_args(parameter.annotation)[1:]
    return next((info.rich_help_panel or "" for info in infos), "")
