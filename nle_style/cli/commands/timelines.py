"""`nle-style batch` and `nle-style revert`. Importing this loads nothing slow."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nle_style.cli.options import (
    ColourChoice,
    ColourOption,
    Conform,
    Depth,
    Device,
    Events,
    Folder,
    Format,
    Handles,
    InputColour,
    Interlaced,
    InterlacedChoice,
    LookMap,
    MatteOption,
    Media,
    Memory,
    OcioFile,
    Pack,
    PathMap,
    Rate,
    Resume,
    StatisticsChoice,
    StatisticsOption,
    Strength,
    StrokeScale,
    Workers,
    parse_path_map,
    parse_rate,
)
from nle_style.cli.requests import (
    colour_job_of,
    control_of,
    optional_look_of,
    output_of,
    reading_of,
    refuse_mattes,
    runner_of,
)
from nle_style.errors import InputError, OutputError

if TYPE_CHECKING:
    from nle_style.apply import Look
    from nle_style.render import Output
    from nle_style.render.cut import BatchResult

__all__ = ["batch", "revert", "tell_batch"]


def batch(
    timeline: Annotated[
        Path,
        typer.Argument(
            help=".otio, .otioz, .otiod, .xml (FCP7), .fcpxml, .edl, .aaf or .kdenlive."
        ),
    ],
    output: Folder,
    style: Annotated[
        str | None,
        typer.Option(
            help="A style, or a mix as blue:0.7,fire:0.3, for clips that ask for none themselves."
            " Left out: those stay as they are."
        ),
    ] = None,
    matte: MatteOption = None,
    strength: Strength = 1.0,
    stroke_scale: StrokeScale = 1.0,
    colour: ColourOption = ColourChoice.poster,
    statistics: StatisticsOption = StatisticsChoice.hybrid,
    look_map: LookMap = None,
    rate: Rate = None,
    media: Media = None,
    path_map: PathMap = None,
    interlaced: Interlaced = InterlacedChoice.refuse,
    conform: Conform = None,
    pack: Pack = None,
    format: Format = "auto",
    depth: Depth = "auto",
    handles: Handles = 0,
    input_colour: InputColour = "auto",
    ocio: OcioFile = None,
    device: Device = "auto",
    memory: Memory = "auto",
    workers: Workers = 1,
    resume: Resume = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the plan, its time and its disk space.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="The plan of --dry-run as JSON.")] = False,
    events: Events = False,
) -> None:
    """Render what a timeline needs and write relinked timelines; the original is kept."""
    from nle_style.cli.console import run_command

    def asked() -> tuple[tuple[Path, Look | None, Output], dict[str, Any]]:
        from nle_style.render.cut import BatchOptions

        refuse_mattes(matte)
        look = optional_look_of(style, strength, statistics, stroke_scale, colour)
        options = BatchOptions(
            rate=None if rate is None else parse_rate(rate),
            media=tuple(media or ()),
            path_maps=tuple(parse_path_map(text) for text in path_map or ()),
            look_map=look_map,
            reading=reading_of(interlaced, conform),
        )
        more = {
            "options": options,
            "pack": pack,
            "control": control_of(resume, device, memory),
            "colour": colour_job_of(input_colour, ocio),
        }
        return (timeline, look, output_of(output, format, depth, handles)), more

    def command(on_event, stop):  # type: ignore[no-untyped-def]
        from nle_style.render.cut import run_batch

        what, more = asked()
        result = run_batch(*what, **more, on_event=on_event, stop=stop, render=runner_of(workers))
        if not events:
            tell_batch(result)
        return result.exit_code

    if dry_run:
        raise typer.Exit(_show_plan(*asked(), json_))
    raise typer.Exit(run_command(events, command))


def _show_plan(what: tuple[Path, Look | None, Output], more: dict[str, Any], as_json: bool) -> int:
    from rich.console import Console

    from nle_style.cli.plan_table import print_plan
    from nle_style.render.cut import as_data, dry_run_batch

    dry = dry_run_batch(*what, **more)
    if as_json:
        print(json.dumps(as_data(dry), indent=2))
    else:
        print_plan(dry, Console(highlight=False))
    return 0 if dry.clips else InputError.exit_code


def tell_batch(result: BatchResult) -> None:
    """Say on stdout what was delivered and where."""
    print(f"{len(result.plan.uses)} clips styled, {len(result.plan.refusals)} left as they are")
    for path in (*result.timelines, *result.reports):
        print(path)


def revert(
    timeline: Annotated[Path, typer.Argument(help="A relinked .otio, not the .baked one.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The .otio to write; else NAME.reverted.otio."),
    ] = None,
    keep_styled: Annotated[
        bool, typer.Option("--keep-styled", help="Keep the intermediates beside the originals.")
    ] = False,
) -> None:
    """Make the original media active again in a relinked timeline, in a new file."""
    from nle_style.timeline import read_timeline
    from nle_style.timeline.relink import revert as reverted
    from nle_style.timeline.relink import write_timeline

    target = output or timeline.with_name(f"{timeline.stem}.reverted.otio")
    if target.exists():
        raise OutputError(
            "there is such a file already",
            where=str(target),
            remedy="Give another name with -o.",
        )
    read = read_timeline(timeline, extract_to=target.parent / f"{timeline.stem}.media")
    result = reverted(read.timeline, folder=target.absolute().parent, keep_styled=keep_styled)
    write_timeline(result, target)
    print(target, file=sys.stdout)
