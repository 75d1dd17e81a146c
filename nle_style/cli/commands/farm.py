"""`nle-style farm`, and what `nle-style run` does with the job of a farm. Importing this loads
nothing slow."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nle_style.cli.commands.timelines import show_plan
from nle_style.cli.dry_runs import refuse_plain_json, show_job_plan
from nle_style.cli.option_groups import CutOptions, LookOptions, RenderOptions, grouped
from nle_style.cli.options import (
    OUTPUT,
    DryRun,
    FramesOption,
    MatteOption,
    OptionalStyle,
    PlanAsJson,
    parse_range,
)
from nle_style.cli.requests import (
    batch_options_of,
    clips_job,
    cut_batch,
    matted_looks,
    optional_look_of,
    refuse_cut_options,
)
from nle_style.errors import Cancelled, InputError, NleStyleError

if TYPE_CHECKING:
    import threading

    from nle_style.apply import Look
    from nle_style.cli.people import Lines
    from nle_style.render import Event, OnEvent, RenderJob
    from nle_style.render.cut import BatchOptions, PlannedBatch
    from nle_style.render.farm import FarmBatch

__all__ = ["TaskOptions", "farm", "run_farm"]

_STATUS_LENGTH = 1024


class FarmStep(StrEnum):
    """A step of a farm's job; see docs/farm.md."""

    measure = "measure"
    render = "render"
    assemble = "assemble"


@dataclass(frozen=True)
class TaskOptions:
    """Which part of a farm's job `nle-style run` does, and how; without a step all of it."""

    step: Annotated[
        FarmStep | None, typer.Option(help="Of farm.json: only this step; see docs/farm.md.")
    ] = None
    items: Annotated[str | None, typer.Option(help="With --step measure: which items, as 0-7.")] = (
        None
    )
    pieces: Annotated[
        str | None, typer.Option(help="With --step render: which pieces, as 12-17.")
    ] = None
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Of farm.json: another folder for the results."),
    ] = None
    path_mapping: Annotated[
        Path | None, typer.Option(help="Of farm.json: Open Job Description's path mapping rules.")
    ] = None
    openjd: Annotated[
        bool, typer.Option("--openjd", help="Of farm.json: progress as openjd_progress lines.")
    ] = False


@grouped
def farm(
    *,
    sources: Annotated[
        list[Path], typer.Argument(help="One timeline, or clips: movies, stills, name.%06d.exr.")
    ],
    style: OptionalStyle = None,
    matte: MatteOption = None,
    controls: LookOptions,
    cut: CutOptions,
    frames: FramesOption = None,
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            help="Where the results go: a folder for the bundle, and in it `output` for what the"
            " workers paint.",
            rich_help_panel=OUTPUT,
            show_default=False,
        ),
    ],
    results: Annotated[
        Path | None,
        typer.Option(
            help="Another folder for what the workers paint, which all of them see.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    chunk: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="FRAMES",
            help="Frames of a task, in steps of 8 as movies are cut.",
            rich_help_panel=OUTPUT,
        ),
    ] = 96,
    name: Annotated[
        str | None,
        typer.Option(help="Of the job, for the farm's manager.", rich_help_panel=OUTPUT),
    ] = None,
    options: RenderOptions,
    dry_run: DryRun = False,
    json_: PlanAsJson = False,
) -> None:
    """Write an Open Job Description bundle: the same render, cut into tasks for a farm."""
    from nle_style.ownership import Inputs, SafeWriter
    from nle_style.render import Outcome
    from nle_style.render.farm import (
        RESULTS,
        batch_options,
        bundle_files,
        make_farm_job,
        write_bundle,
    )

    refuse_plain_json(json_, dry_run)
    batch: FarmBatch | None = None
    refused = 0
    folder = results or output / RESULTS
    SafeWriter(Inputs(sources), options.overwrite).check(bundle_files(output))
    if _is_timeline(sources):
        _refuse_for_timelines(matte, frames)
        look, reading = optional_look_of(style, controls), batch_options_of(cut, options)
        batch = _farm_batch(sources[0], look, options.handles, reading)
        reading = batch_options(batch)
        if dry_run:

            def plan(media: Path) -> PlannedBatch:
                aside = replace(reading, unpack_to=media)
                return cut_batch(sources[0].absolute(), look, aside, options, folder)

            raise typer.Exit(show_plan(plan, json_))
        job, refused = _job_of(cut_batch(batch.timeline, look, reading, options, folder))
    else:
        refuse_cut_options(cut, sources[0])
        looks = matted_looks(style, matte or (), controls)
        job = clips_job(sources, looks, options, folder, frames=frames)
        if dry_run:
            raise typer.Exit(show_job_plan(job, as_json=json_))
    planned = make_farm_job(job, batch)
    lines = _lines()
    for item in planned.items:
        if item.refused:
            refused += 1
            lines.failure(Outcome(item.outcome), item.refused)
    if not planned.pieces:
        raise InputError("nothing of it can be rendered", where=str(sources[0]))
    written = write_bundle(
        planned, output, chunk=chunk, name=name or f"nle-style {sources[0].stem}"
    )
    for step, tasks in written.tasks.items():
        print(f"{step}: {tasks} task{'s' if tasks > 1 else ''}")
    print(written.folder / "template.yaml")
    raise typer.Exit(3 if refused else 0)


def _is_timeline(sources: list[Path]) -> bool:
    from nle_style.timeline import SUPPORTED

    timelines = [path for path in sources if path.suffix.lower() in SUPPORTED]
    if timelines and len(sources) > 1:
        raise InputError(
            "a timeline makes a bundle of its own",
            where=str(timelines[0]),
            remedy="Give one timeline, or clips only.",
        )
    return bool(timelines)


def _refuse_for_timelines(mattes: list[str] | None, frames: str | None) -> None:
    """Raises: InputError for options that are of one clip."""
    if mattes:
        raise InputError(
            "a matte belongs to one clip, and a timeline has many",
            where=f"--matte {mattes[0]}",
            remedy="Render that clip with `nle-style render --matte`, or with a job file.",
        )
    if frames is not None:
        raise InputError(
            "a timeline says itself which frames it shows",
            where=f"--frames {frames}",
            remedy="Leave it out, or give clips.",
        )


def _farm_batch(
    timeline: Path, look: Look | None, handles: int, reading: BatchOptions
) -> FarmBatch:
    """What the last step needs to plan the timeline again, with absolute paths."""
    from nle_style.render import LookJob
    from nle_style.render.farm import FarmBatch

    return FarmBatch(
        timeline=timeline.absolute(),
        look=None if look is None else LookJob.of(look),
        handles=handles,
        rate=None if reading.rate is None else str(reading.rate),
        media=tuple(folder.absolute() for folder in reading.media),
        path_maps=reading.path_maps,
        look_map=None if reading.look_map is None else reading.look_map.absolute(),
        only=reading.only,
        bundle=reading.bundle,
        name_template=reading.name_template,
        reading=reading.reading,
    )


def _job_of(planned: PlannedBatch) -> tuple[RenderJob, int]:
    """The job of a timeline, and how many of its clips are refused; says which ones, and why."""
    from nle_style.render import Outcome
    from nle_style.render.cut import check_batch, refusal_error

    lines = _lines()
    for note in planned.notes:
        lines.note(note)
    for refusal in planned.plan.refusals:
        lines.failure(Outcome(refusal.outcome), str(refusal_error(refusal)))
    if planned.job is None:
        raise InputError("none of its clips can be rendered", where=str(planned.read.path))
    check_batch(planned)
    return planned.job, len(planned.plan.refusals)


def _lines() -> Lines:
    from rich.console import Console

    from nle_style.cli.people import Lines

    return Lines(Console(stderr=True, highlight=False))


def run_farm(path: Path, task: TaskOptions, *, as_json: bool) -> int:
    """Do a part of a farm's job, or all of it, to its exit code.

    Args:
        path: `farm.json`.
        as_json: tell the progress as `--events` does.
    """
    from nle_style.cli.console import run_command

    def command(on_event: OnEvent, stop: threading.Event) -> int:
        from nle_style.render.farm import (
            FarmRun,
            PathRules,
            mapped_job,
            read_farm_job,
            read_path_rules,
        )

        rules = PathRules() if task.path_mapping is None else read_path_rules(task.path_mapping)
        job = read_farm_job(path)
        folder = (task.output or job.job.output.directory).absolute()
        run = FarmRun(mapped_job(job, rules, folder), on_event, stop, rules)
        if task.step in (FarmStep.measure, None):
            all_items = 0, len(run.farm.items) - 1
            run.measure(*(all_items if task.items is None else parse_range(task.items, "items")))
        if task.step in (FarmStep.render, None):
            whole = 0, run.farm.pieces - 1
            run.render(*(whole if task.pieces is None else parse_range(task.pieces, "pieces")))
        if task.step in (FarmStep.assemble, None):
            return run.exit_code_now(run.assemble())
        return 0

    return _run_openjd(command) if task.openjd else run_command(as_json, command)


def _run_openjd(command: Callable[[OnEvent, threading.Event], int]) -> int:
    """`run_command`, telling what happens in the lines that a session of Open Job Description
    understands ("How Jobs Are Run", Stdout/Stderr Messages)."""
    from nle_style.cli.console import stop_on_signals
    from nle_style.render import FramePainted, ItemEnded, Scanning, Warned

    def tell(kind: str, message: str) -> None:
        print(f"openjd_{kind}: {' '.join(message.split())[:_STATUS_LENGTH]}", flush=True)

    def on_event(event: Event) -> None:
        if isinstance(event, FramePainted):
            tell("progress", f"{100 * event.done / max(event.frames, 1):.1f}")
            tell("status", f"{event.name}: frame {event.frame}, {event.frames_per_second:.2f}/s")
        elif isinstance(event, Scanning):
            tell("progress", f"{100 * event.item_done / max(event.item_frames, 1):.1f}")
            tell("status", f"{event.name}: finding cuts, frame {event.frame}")
        elif isinstance(event, Warned):
            print(f"note: {event.message}", flush=True)
        elif isinstance(event, ItemEnded):
            tell("status", f"{event.outcome}: {event.path or event.source} {event.message}")
            if event.message:
                print(f"nle-style: {event.outcome}: {event.message}", file=sys.stderr)

    try:
        with stop_on_signals() as stop:
            return command(on_event, stop)
    except Cancelled as error:
        tell("status", str(error))
        return error.exit_code
    except NleStyleError as error:
        tell("fail", str(error))
        print(f"nle-style: error: {error}", file=sys.stderr)
        return error.exit_code
