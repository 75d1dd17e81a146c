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
from typing import Annotated, Any, get_type_hints

import typer

from nle_style.cli.options import ColourChoice, ColourOption, Device, Pack, StrokeScale

__all__ = ["CutOptions", "LookOptions", "RenderOptions", "grouped"]


class StatisticsChoice(StrEnum):
    """`--statistics`, see `apply.look.Statistics`."""

    hybrid = "hybrid"
    shot = "shot"
    frame = "frame"


class InterlacedChoice(StrEnum):
    """`--interlaced`, see `render.job.Reading`."""

    refuse = "refuse"
    deinterlace = "deinterlace"


@dataclass(frozen=True)
class LookOptions:
    """The controls of a look, beside its styles."""

    strength: Annotated[float, typer.Option(help="0 is the source, 1 the full look.")] = 1.0
    stroke_scale: StrokeScale = 1.0
    colour: ColourOption = ColourChoice.poster
    statistics: Annotated[
        StatisticsChoice, typer.Option(help="Where the norms take mean and variance from.")
    ] = StatisticsChoice.hybrid


@dataclass(frozen=True)
class CutOptions:
    """How a timeline is read."""

    look_map: Annotated[
        Path | None, typer.Option("--map", help="Looks by clip, reel, track or colour: looks.yaml.")
    ] = None
    rate: Annotated[
        str | None, typer.Option(help="Frames a second of an EDL: 25, 23.976, 30000/1001.")
    ] = None
    media: Annotated[
        list[Path] | None, typer.Option(help="Folder to search for media by name and timecode.")
    ] = None
    path_map: Annotated[
        list[str] | None, typer.Option(help="FROM=TO: media paths that begin otherwise here.")
    ] = None


@dataclass(frozen=True)
class RenderOptions:
    """How sources are read, and intermediates painted and written."""

    interlaced: Annotated[
        InterlacedChoice, typer.Option(help="Interlaced movies: one picture out for one frame in.")
    ] = InterlacedChoice.refuse
    conform: Annotated[
        str | None,
        typer.Option(help="Read movies at this constant rate: 25, 23.976, 30000/1001."),
    ] = None
    pack: Pack = None
    format: Annotated[
        str, typer.Option(help="auto, png-mov, exr, ffv1, dpx, prores4444 or dnxhr444.")
    ] = "auto"
    depth: Annotated[str, typer.Option(help="auto, 8, 10, 16, half or float.")] = "auto"
    handles: Annotated[
        int, typer.Option(min=0, help="Extra frames before and after each range.")
    ] = 0
    input_colour: Annotated[
        str,
        typer.Option(
            help="How the clips are encoded: auto, srgb, rec709, linear, or an OpenColorIO name."
        ),
    ] = "auto"
    ocio: Annotated[
        Path | None,
        typer.Option("--ocio", help="An .ocio or .ocioz; else the built-in configuration."),
    ] = None
    device: Device = "auto"
    memory: Annotated[
        str, typer.Option(help="What a run may take: auto (2GiB), or a size as 4GiB.")
    ] = "auto"


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """A command for typer, which sees every option of its groups where the group stands.

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

    @wraps(command)
    def call(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        command(**given)

    vars(call)["__signature__"] = Signature(flat)
    return call
