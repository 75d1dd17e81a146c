"""`nle-style batch` and `nle-style revert`. Importing this loads nothing slow."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nle_style.cli.commands.review import add_review
from nle_style.cli.completion import style_names
from nle_style.cli.option_groups import CutOptions, LookOptions, RenderOptions, grouped
from nle_style.cli.options import (
    LOOK,
    MACHINE,
    OUTPUT,
    DryRun,
    Events,
    Folder,
    OptionalResultFile,
    Quiet,
    Resume,
    Workers,
    result_file,
)
from nle_style.cli.requests import batch_options_of, cut_batch, optional_look_of, renderer_of
from nle_style.errors import InputError, OutputError

if TYPE_CHECKING:
    from threading import Event

    from nle_style.render import OnEvent
    from nle_style.render.cut import PlannedBatch

__all__ = ["batch", "revert", "show_plan"]


@grouped
def batch(
    *,
    timeline: Annotated[
        Path,
        typer.Argument(
            help=".otio, .otioz, .otiod, .xml (FCP7), .fcpxml, .edl, .aaf, .kdenlive or .mlt."
        ),
    ],
    style: Annotated[
        str | None,
        typer.Option(
            help="A style, or a mix as blue:0.7,fire:0.3, for clips that ask for none themselves;"
            " '0: blue, 48: fire' changes over each of them. Left out: those stay as they are.",
            autocompletion=style_names,
            rich_help_panel=LOOK,
        ),
    ] = None,
    controls: LookOptions,
    cut: CutOptions,
    output: Folder,
    options: RenderOptions,
    workers: Workers = 1,
    resume: Resume = True,
    review: Annotated[
        bool,
        typer.Option(
            "--review",
            help="Write a page too that shows every shot beside its source: review/index.html.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    dry_run: DryRun = False,
    json_: Annotated[
        bool,
        typer.Option(
            "--json", help="The report, or the plan of --dry-run, as JSON.", rich_help_panel=MACHINE
        ),
    ] = False,
    events: Events = False,
    quiet: Quiet = False,
) -> None:
    """Render what a timeline needs and write relinked timelines; the original is kept."""
    from nle_style.cli.console import run_command
    from nle_style.cli.run_log import RunLog

    def planned(unpack_to: Path | None = None) -> PlannedBatch:
        look, reading = optional_look_of(style, controls), batch_options_of(cut, options)
        reading = replace(reading, unpack_to=unpack_to)
        return cut_batch(timeline, look, reading, options, output, resume=resume)

    def command(on_event: OnEvent, stop: Event) -> int:
        from nle_style.render.cut import run_batch

        planned_batch = planned()
        if planned_batch.job is not None:
            log.note(planned_batch.job.as_yaml())
        result = run_batch(planned_batch, on_event, stop, renderer_of(workers))
        if review:
            add_review(output, timeline, on_event, stop)
        if json_:
            print(json.dumps(result.report, indent=2, ensure_ascii=False))
        return result.exit_code

    if json_ and events:
        raise InputError(
            "both write to stdout",
            where="--json and --events",
            remedy="Give one of them: --events tells the outcome of every item too.",
        )
    if dry_run:
        raise typer.Exit(show_plan(planned, json_))
    log = RunLog(output)
    raise typer.Exit(run_command(events, command, stdout=not json_, quiet=quiet, log=log))


def show_plan(planned: Callable[[Path], PlannedBatch], as_json: bool) -> int:
    """Print what a batch would do, to the exit code that it would have.

    Args:
        planned: plans it, with a folder for the media of an .otioz, which is gone afterwards.
    """
    from rich.console import Console

    from nle_style.cli.plan_table import print_plan
    from nle_style.render.cut import dry_run_batch

    with tempfile.TemporaryDirectory(prefix="nle_style-") as media:
        dry = dry_run_batch(planned(Path(media)))
    if as_json:
        print(_with_places(dry.batch, json.dumps(dry.as_data(), indent=2)))
    else:
        print_plan(dry, Console(highlight=False))
    return dry.exit_code


def _with_places(batch: PlannedBatch, text: str) -> str:
    """JSON with the places that an .otioz's media will have for those where they are now."""
    if batch.read.path.suffix.lower() != ".otioz":
        return text
    place = (batch.output.directory / f"{batch.read.path.stem}.media").absolute()
    now, then = (json.dumps(str(path))[1:-1] for path in (batch.read.media_root, place))
    return text.replace(now, then)


def revert(
    timeline: Annotated[Path, typer.Argument(help="A relinked .otio, not the .baked one.")],
    output: OptionalResultFile = None,
    keep_styled: Annotated[
        bool,
        typer.Option(
            "--keep-styled",
            help="Keep the intermediates in it, beside the originals.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
) -> None:
    """Make the original media active again in a relinked timeline, as NAME.reverted.otio."""
    from nle_style.timeline import read_timeline
    from nle_style.timeline.relink import revert as reverted
    from nle_style.timeline.relink import write_timeline

    target = result_file(output or timeline.parent, f"{timeline.stem}.reverted.otio")
    if os.path.lexists(target):
        raise OutputError(
            "there is such a file already",
            where=str(target),
            remedy="Give another name with -o.",
        )
    read = read_timeline(timeline, extract_to=target.parent / f"{timeline.stem}.media")
    result = reverted(read.timeline, folder=target.absolute().parent, keep_styled=keep_styled)
    write_timeline(result, target)
    print(target)
