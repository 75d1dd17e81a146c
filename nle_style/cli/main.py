"""The command line: parse, make settings, one call. Every import that is slow is inside a command,
so that `nle-style --help` answers at once and never loads torch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nle_style.apply import use_huge_pages
from nle_style.cli.commands.export import export
from nle_style.cli.commands.farm import TaskOptions, farm, run_farm
from nle_style.cli.commands.resolve import PASS_ON, resolve
from nle_style.cli.commands.timelines import batch, revert
from nle_style.cli.commands.train import add_style, train
from nle_style.cli.install.command import install
from nle_style.cli.option_groups import LookOptions, RenderOptions, grouped
from nle_style.cli.options import (
    ColourChoice,
    ColourOption,
    Device,
    Events,
    Folder,
    MatteOption,
    OptionalStyle,
    Pack,
    Resume,
    StrokeScale,
    Style,
    Workers,
    parse_range,
)
from nle_style.cli.requests import clips_job, look_of, matted_looks, renderer_of
from nle_style.errors import InputError, NleStyleError

if TYPE_CHECKING:
    from threading import Event

    from nle_style.render import OnEvent

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
@grouped
def render(
    *,
    clips: Annotated[list[Path], typer.Argument(help="Movies, stills, or name.%06d.exr.")],
    output: Folder,
    style: OptionalStyle = None,
    matte: MatteOption = None,
    controls: LookOptions,
    frames: Annotated[str | None, typer.Option(help="Only these: 0-47, zero-based.")] = None,
    options: RenderOptions,
    workers: Workers = 1,
    resume: Resume = True,
    events: Events = False,
) -> None:
    """Render intermediates of whole clips, or of a range of their frames."""
    from nle_style.cli.console import run_command

    def command(on_event: OnEvent, stop: Event) -> int:
        job = clips_job(
            clips,
            matted_looks(style, matte or (), controls),
            options,
            output,
            frames=None if frames is None else parse_range(frames, "frames"),
            resume=resume,
        )
        return renderer_of(workers)(job, on_event, stop, None).exit_code

    raise typer.Exit(run_command(events, command))


app.command()(batch)
app.command()(revert)
app.command()(farm)
app.command(context_settings=PASS_ON)(resolve)


@app.command()
@grouped
def run(
    *,
    job: Annotated[Path, typer.Argument(help="A job file, YAML or JSON, or a farm's farm.json.")],
    events: Events = False,
    task: TaskOptions,
) -> None:
    """Run a job file, or a task of a farm: what the plugins and farms call."""
    from nle_style.cli.console import run_command
    from nle_style.render.farm import is_farm_job

    if is_farm_job(job):
        raise typer.Exit(run_farm(job, task, as_json=events))
    if task != TaskOptions():
        raise InputError(
            "is not a farm's job, which alone has steps",
            where=str(job),
            remedy="Give the farm.json that `nle-style farm` wrote.",
        )

    def command(on_event: OnEvent, stop: Event) -> int:
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

    def command(on_event: OnEvent, stop: Event) -> int:
        from nle_style.cli.commands.demo import run_demo

        look = look_of(style, LookOptions(stroke_scale=stroke_scale, colour=colour))
        return run_demo(output, look, on_event, stop).exit_code

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
        try:
            app()
        finally:
            sys.stdout.flush()
    except NleStyleError as error:
        print(f"nle-style: error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except (BrokenPipeError, SystemExit) as end:
        # typer and rich end the program with 1 where they meet a pipe that nobody reads.
        if not isinstance(end if isinstance(end, OSError) else end.__context__, BrokenPipeError):
            raise
        _end_unheard()


def _end_unheard() -> None:
    from nle_style.cli.console import hush
    from nle_style.render import READER_GONE

    hush()
    sys.exit(READER_GONE)
