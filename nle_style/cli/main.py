"""The command line: parse, make settings, one call. Every import that is slow is inside a command,
so that `nle-style --help` answers at once and never loads torch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from nle_style.apply import use_huge_pages
from nle_style.cli.commands.export import export
from nle_style.cli.commands.farm import FarmStep, farm, preload, run_farm
from nle_style.cli.commands.resolve import PASS_ON, resolve
from nle_style.cli.commands.timelines import batch, revert, tell_batch
from nle_style.cli.commands.train import add_style, train
from nle_style.cli.install.command import install
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
    MatteOption,
    Memory,
    OcioFile,
    OptionalStyle,
    Pack,
    Resume,
    StatisticsChoice,
    StatisticsOption,
    Strength,
    StrokeScale,
    Style,
    Workers,
    parse_range,
)
from nle_style.cli.requests import (
    clips_job,
    colour_job_of,
    control_of,
    look_of,
    matted_looks,
    output_of,
    reading_of,
    runner_of,
)
from nle_style.errors import InputError, NleStyleError

__all__ = ["app", "main"]

app = typer.Typer(
    name="nle-style",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("nle-style"))
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Paint the shots of an edit in the style of a poster: lossless, frame-exact, relinked."""


@app.command()
def render(
    clips: Annotated[list[Path], typer.Argument(help="Movies, stills, or name.%06d.exr.")],
    output: Folder,
    style: OptionalStyle = None,
    matte: MatteOption = None,
    strength: Strength = 1.0,
    stroke_scale: StrokeScale = 1.0,
    colour: ColourOption = ColourChoice.poster,
    statistics: StatisticsOption = StatisticsChoice.hybrid,
    frames: Annotated[str | None, typer.Option(help="Only these: 0-47, zero-based.")] = None,
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
    events: Events = False,
) -> None:
    """Render intermediates of whole clips, or of a range of their frames."""
    from nle_style.cli.console import run_command

    def command(on_event, stop):  # type: ignore[no-untyped-def]
        looks = matted_looks(
            style, matte or (), lambda mix: look_of(mix, strength, statistics, stroke_scale, colour)
        )
        job = clips_job(
            clips,
            looks,
            None if frames is None else parse_range(frames, "frames"),
            output=output_of(output, format, depth, handles),
            reading=reading_of(interlaced, conform),
            colour=colour_job_of(input_colour, ocio),
            control=control_of(resume, device, memory),
            pack=pack,
        )
        return runner_of(workers)(job, on_event, stop).exit_code

    raise typer.Exit(run_command(events, command))


app.command()(batch)
app.command()(revert)
app.command()(farm)
app.command()(preload)
app.command(context_settings=PASS_ON)(resolve)


@app.command()
def run(
    job: Annotated[Path, typer.Argument(help="A job file, YAML or JSON, or a farm's farm.json.")],
    events: Events = False,
    step: Annotated[
        FarmStep | None, typer.Option(help="Of farm.json: only this step; see docs/farm.md.")
    ] = None,
    items: Annotated[
        str | None, typer.Option(help="With --step measure: which items, as 0-7.")
    ] = None,
    pieces: Annotated[
        str | None, typer.Option(help="With --step render: which pieces, as 12-17.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Of farm.json: another folder for the results.")
    ] = None,
    path_mapping: Annotated[
        Path | None, typer.Option(help="Of farm.json: Open Job Description's path mapping rules.")
    ] = None,
    openjd: Annotated[
        bool, typer.Option("--openjd", help="Of farm.json: progress as openjd_progress lines.")
    ] = False,
) -> None:
    """Run a job file, or a task of a farm: what the plugins and farms call."""
    from nle_style.cli.console import run_command
    from nle_style.render.farm import is_farm_job

    if is_farm_job(job):
        raise typer.Exit(
            run_farm(
                job,
                step=step,
                items=items,
                pieces=pieces,
                output=output,
                path_mapping=path_mapping,
                openjd=openjd,
                as_json=events,
            )
        )
    if openjd or any(given is not None for given in (step, items, pieces, output, path_mapping)):
        raise InputError(
            "is not a farm's job, which alone has steps",
            where=str(job),
            remedy="Give the farm.json that `nle-style farm` wrote.",
        )

    def command(on_event, stop):  # type: ignore[no-untyped-def]
        from nle_style.render import read_job
        from nle_style.render.item import run_job

        return run_job(read_job(job), on_event, stop).exit_code

    raise typer.Exit(run_command(events, command))


@app.command()
def demo(
    output: Folder = Path("nle_style_demo"),
    style: Style = "blue",
    stroke_scale: StrokeScale = 1.0,
    colour: ColourOption = ColourChoice.poster,
    events: Events = False,
) -> None:
    """Render and relink the bundled timeline, and draw a before/after picture."""
    from nle_style.cli.console import run_command

    def command(on_event, stop):  # type: ignore[no-untyped-def]
        from nle_style.cli.commands.demo import run_demo

        look = look_of(style, 1.0, StatisticsChoice.hybrid, stroke_scale, colour)
        result, picture = run_demo(output, look, on_event, stop)
        if not events:
            tell_batch(result)
            print(f"before and after: {picture}")
        return result.exit_code

    raise typer.Exit(run_command(events, command))


@app.command()
def styles(
    pack: Pack = None,
    json_: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List the style packs and their styles."""
    from nle_style.cli.commands.packs import list_styles

    list_styles(pack, as_json=json_)


@app.command()
def sheet(
    source: Annotated[Path, typer.Argument(help="A movie or an image.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The PNG to write.")],
    frame: Annotated[
        int | None, typer.Option(help="Zero-based; the middle one if left out.")
    ] = None,
    stroke_scale: StrokeScale = 1.0,
    pack: Pack = None,
    device: Device = "auto",
) -> None:
    """Every style of a pack on one frame, labelled."""
    from nle_style.cli.commands.packs import write_sheet

    write_sheet(source, output, frame, stroke_scale, pack, device)
    print(output)


@app.command()
def doctor() -> None:
    """Check this installation: libraries, devices, style packs, and what hosts start."""
    from nle_style.cli.commands.doctor import examine

    raise typer.Exit(examine())


app.command()(train)
app.command("add-style")(add_style)
app.add_typer(export, name="export")
app.add_typer(install, name="install")


def main() -> None:
    """The program's entry: every error of ours is one message and its exit code."""
    use_huge_pages()
    try:
        app()
    except NleStyleError as error:
        print(f"nle-style: error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
