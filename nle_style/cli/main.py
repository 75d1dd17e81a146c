"""The command line: parse, make settings, one call. Every import that is slow is inside a command,
so that `nle-style --help` answers at once and never loads torch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nle_style.apply import collect_rarely, use_huge_pages
from nle_style.cli.commands.about import info
from nle_style.cli.commands.desk import desk
from nle_style.cli.commands.export import export
from nle_style.cli.commands.farm import TaskOptions, farm, run_farm
from nle_style.cli.commands.review import review
from nle_style.cli.commands.timelines import batch, revert
from nle_style.cli.commands.train import add_style, train
from nle_style.cli.dry_runs import refuse_plain_json, show_job_plan
from nle_style.cli.install.command import install
from nle_style.cli.install.resolve_command import PASS_ON, resolve
from nle_style.cli.option_groups import App, LookOptions, RenderOptions, grouped
from nle_style.cli.options import (
    READING,
    AsJson,
    ColourChoice,
    ColourOption,
    Device,
    DryRun,
    Events,
    Folder,
    FramesOption,
    MatteOption,
    OptionalStyle,
    Overwrite,
    Pack,
    PlanAsJson,
    Quiet,
    ResultFile,
    Resume,
    StrokeScale,
    Style,
    Workers,
    result_file,
)
from nle_style.cli.requests import clips_job, look_of, matted_looks, renderer_of
from nle_style.errors import InputError, NleStyleError

if TYPE_CHECKING:
    from threading import Event

    from nle_style.render import OnEvent, RenderJob

__all__ = ["app", "main"]

app = App(
    name="nle-style",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
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
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Paint the shots of an edit in the style of a poster: lossless, frame-exact, relinked."""


PAINT, OWN, WORK = "Paint", "Styles of your own", "Hosts, farms, this machine"
"""The groups that `nle-style --help` shows the commands in."""


@app.command(rich_help_panel=PAINT)
@grouped
def render(
    *,
    clips: Annotated[
        list[Path], typer.Argument(help="Movies, stills, or sequences as name.%06d.exr.")
    ],
    style: OptionalStyle = None,
    matte: MatteOption = None,
    controls: LookOptions,
    frames: FramesOption = None,
    output: Folder,
    options: RenderOptions,
    workers: Workers = 1,
    resume: Resume = True,
    dry_run: DryRun = False,
    json_: PlanAsJson = False,
    events: Events = False,
    quiet: Quiet = False,
) -> None:
    """Paint whole clips, or a range of their frames, into intermediates."""
    from nle_style.cli.console import run_command
    from nle_style.cli.run_log import RunLog

    def job() -> RenderJob:
        looks = matted_looks(style, matte or (), controls)
        return clips_job(clips, looks, options, output, frames=frames, resume=resume)

    def command(on_event: OnEvent, stop: Event) -> int:
        planned = job()
        log.note(planned.as_yaml())
        return renderer_of(workers)(planned, on_event, stop, None).exit_code

    log = RunLog(output)
    refuse_plain_json(json_, dry_run)
    if dry_run:
        raise typer.Exit(show_job_plan(job(), as_json=json_))
    raise typer.Exit(run_command(events, command, quiet=quiet, log=log))


app.command(rich_help_panel=PAINT)(batch)
app.command(rich_help_panel=PAINT)(desk)
app.command(rich_help_panel=PAINT)(review)
app.command(rich_help_panel=PAINT)(info)


# What plugins and farms call: docs/job.md and docs/farm.md have it, people need it not.
@app.command(hidden=True)
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
        from nle_style.ownership import Inputs
        from nle_style.render import read_job
        from nle_style.render.item import run_job
        from nle_style.render.record import Sources

        sources = Sources(inputs=Inputs([job]))
        return run_job(read_job(job), on_event, stop, sources).exit_code

    raise typer.Exit(run_command(events, command))


@app.command(rich_help_panel=PAINT)
def demo(
    style: Style = "blue",
    stroke_scale: StrokeScale = 1.0,
    colour: ColourOption = ColourChoice.poster,
    output: Folder = Path("nle_style_demo"),
    overwrite: Overwrite = False,
    events: Events = False,
    quiet: Quiet = False,
) -> None:
    """Render and relink the bundled timeline, and draw a before/after picture."""
    from nle_style.cli.console import run_command
    from nle_style.cli.run_log import RunLog

    def command(on_event: OnEvent, stop: Event) -> int:
        from nle_style.cli.commands.demo import run_demo

        look = look_of(style, LookOptions(stroke_scale=stroke_scale, colour=colour))
        return run_demo(output, look, on_event, stop, overwrite=overwrite).exit_code

    raise typer.Exit(run_command(events, command, quiet=quiet, log=RunLog(output)))


@app.command(rich_help_panel=PAINT)
def styles(pack: Pack = None, json_: AsJson = False) -> None:
    """List the style packs and their styles."""
    from nle_style.cli.commands.packs import list_styles

    list_styles(pack, as_json=json_)


@app.command(rich_help_panel=PAINT)
def sheet(
    *,
    source: Annotated[
        Path, typer.Argument(help="A movie, a still, or a sequence as name.%06d.exr.")
    ],
    frame: Annotated[
        int | None,
        typer.Option(
            help="Of a movie from 0, of a sequence the number in its name.",
            rich_help_panel=READING,
            show_default="the middle one",
        ),
    ] = None,
    stroke_scale: StrokeScale = 1.0,
    pack: Pack = None,
    output: ResultFile,
    device: Device = "auto",
    overwrite: Overwrite = False,
) -> None:
    """Paint one frame in every style of a pack, side by side, as a PNG."""
    from nle_style.cli.commands.packs import write_sheet

    path = result_file(output, f"{source.stem}.sheet.png")
    write_sheet(source, path, frame, stroke_scale, pack, device, overwrite=overwrite)
    print(path)


app.command(rich_help_panel=PAINT)(revert)
app.command(rich_help_panel=OWN)(train)
app.command("add-style", rich_help_panel=OWN)(add_style)
app.command(rich_help_panel=WORK)(farm)
app.add_typer(install, name="install", rich_help_panel=WORK)
app.command(context_settings=PASS_ON, rich_help_panel=WORK)(resolve)
app.add_typer(export, name="export", rich_help_panel=WORK)


@app.command(rich_help_panel=WORK)
def doctor() -> None:
    """Check this installation: libraries, devices, style packs, and what hosts start."""
    from nle_style.cli.commands.doctor import examine

    raise typer.Exit(examine())


def main() -> None:
    """The program's entry: every error of ours is one message and its exit code."""
    use_huge_pages()
    collect_rarely()
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
