"""`nle-style farm`, and what `nle-style run` does with the job of a farm. Importing this loads
nothing slow."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nle_style.cli.options import (
    ColourChoice,
    ColourOption,
    Conform,
    Depth,
    Device,
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
    OptionalStyle,
    Pack,
    PathMap,
    Rate,
    StatisticsChoice,
    StatisticsOption,
    Strength,
    StrokeScale,
    parse_path_map,
    parse_range,
    parse_rate,
)
from nle_style.cli.requests import (
    clips_job,
    colour_job_of,
    control_of,
    look_of,
    matted_looks,
    optional_look_of,
    output_of,
    reading_of,
    refuse_mattes,
)
from nle_style.errors import Cancelled, InputError, NleStyleError

if TYPE_CHECKING:
    import threading

    from nle_style.apply import Look
    from nle_style.render import ColourJob, Control, Event, OnEvent, Output, RenderJob
    from nle_style.render.farm import FarmBatch

__all__ = ["FarmStep", "farm", "preload", "run_farm"]

_STATUS_LENGTH = 1024


class FarmStep(StrEnum):
    """A step of a farm's job; see docs/farm.md."""

    measure = "measure"
    render = "render"
    assemble = "assemble"


def farm(
    sources: Annotated[
        list[Path], typer.Argument(help="One timeline, or clips: movies, stills, name.%06d.exr.")
    ],
    bundle: Annotated[Path, typer.Option("-o", "--output", help="Folder for the bundle.")],
    results: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the intermediates, which all workers see; else BUNDLE/output."
        ),
    ] = None,
    chunk: Annotated[
        int, typer.Option(min=1, help="Frames of a task, in steps of 8 as movies are cut.")
    ] = 48,
    name: Annotated[str | None, typer.Option(help="Of the job, for the farm's manager.")] = None,
    style: OptionalStyle = None,
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
) -> None:
    """Write an Open Job Description bundle: the same render, cut into tasks for a farm."""
    from nle_style.render.farm import RESULTS, make_farm_job, write_bundle

    batch: FarmBatch | None = None
    refused = 0
    out = output_of(results or bundle / RESULTS, format, depth, handles)
    reading = reading_of(interlaced, conform)
    colours, control = colour_job_of(input_colour, ocio), control_of(True, device, memory)
    if _is_timeline(sources):
        refuse_mattes(matte)
        from nle_style.render import LookJob
        from nle_style.render.farm import FarmBatch

        base = optional_look_of(style, strength, statistics, stroke_scale, colour)
        cut = batch = FarmBatch(
            timeline=sources[0].absolute(),
            look=None if base is None else LookJob.of(base),
            handles=handles,
            rate=None if rate is None else str(parse_rate(rate)),
            media=tuple(folder.absolute() for folder in media or ()),
            path_maps=tuple(parse_path_map(text) for text in path_map or ()),
            look_map=None if look_map is None else look_map.absolute(),
            reading=reading,
        )
        job, refused = _timeline_job(cut, base, out, pack, control, colours)
    else:
        looks = matted_looks(
            style, matte or (), lambda mix: look_of(mix, strength, statistics, stroke_scale, colour)
        )
        job = clips_job(
            sources,
            looks,
            output=out,
            reading=reading,
            colour=colours,
            control=control,
            pack=pack,
        )
    planned = make_farm_job(job, batch)
    for item in planned.items:
        if item.refused:
            refused += 1
            print(f"refused: {item.refused}", file=sys.stderr)
    if not planned.pieces:
        raise InputError("nothing of it can be rendered", where=str(sources[0]))
    written = write_bundle(
        planned, bundle, chunk=chunk, name=name or f"nle-style {sources[0].stem}"
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


def _timeline_job(
    batch: FarmBatch,
    base: Look | None,
    out: Output,
    pack: str | None,
    control: Control,
    colours: ColourJob,
) -> tuple[RenderJob, int]:
    """The job of a timeline, and how many of its clips are refused."""
    from nle_style.render.cut import plan_batch
    from nle_style.render.farm import batch_options

    planned = plan_batch(
        batch.timeline,
        base,
        out,
        options=batch_options(batch),
        pack=pack,
        control=control,
        colour=colours,
    )
    for note in planned.notes:
        print(f"note: {note}", file=sys.stderr)
    for refusal in planned.plan.refusals:
        clip = f"clip '{refusal.clip_name}' on {refusal.track_name}"
        print(f"refused: {clip}: {refusal.reason}. {refusal.remedy}", file=sys.stderr)
    if planned.job is None:
        raise InputError("none of its clips can be rendered", where=str(batch.timeline))
    return planned.job, len(planned.plan.refusals)


def preload(
    stop: Annotated[bool, typer.Option("--stop", help="End it: the session is over.")] = False,
) -> None:
    """Keep a process with everything loaded, from which this session's `nle-style run` start."""
    from nle_style.render.farm import ADDRESS, start_preloaded, stop_preloaded

    if stop:
        stop_preloaded(os.environ.get(ADDRESS, ""))
    elif preloaded := start_preloaded():
        print(f"openjd_env: {ADDRESS}={preloaded.address}")
    else:
        print("note: not on this system; every task loads what it needs")


def run_farm(
    path: Path,
    *,
    step: FarmStep | None,
    items: str | None,
    pieces: str | None,
    output: Path | None,
    path_mapping: Path | None,
    openjd: bool,
    as_json: bool,
) -> int:
    """One task of a farm's job, or without a step all of it, to its exit code.

    Args:
        path: `farm.json`.
        items: of the measure step, as "0-7"; None for all.
        pieces: of the render step, as "12-17"; None for all.
        output: folder for the results; None for the one that the bundle was made with.
        path_mapping: a session's file of path mapping rules.
        openjd: tell the progress as Open Job Description has it.
        as_json: tell it as `--events` does.
    """
    from nle_style.cli.console import run_command

    def command(on_event: OnEvent, stop: threading.Event) -> int:
        # Every task of a farm pays for what it loads: without the collector, which finds nothing to
        # collect meanwhile, a tenth less.
        gc.disable()
        from nle_style.render.farm import (
            FarmRun,
            PathRules,
            mapped_job,
            read_farm_job,
            read_path_rules,
        )

        gc.enable()
        rules = PathRules() if path_mapping is None else read_path_rules(path_mapping)
        job = read_farm_job(path)
        folder = (output or job.job.output.directory).absolute()
        run = FarmRun(mapped_job(job, rules, folder), on_event, stop, rules)
        if step in (FarmStep.measure, None):
            run.measure(
                *((0, len(run.farm.items) - 1) if items is None else parse_range(items, "items"))
            )
        if step in (FarmStep.render, None):
            run.render(
                *((0, run.farm.pieces - 1) if pieces is None else parse_range(pieces, "pieces"))
            )
        if step in (FarmStep.assemble, None):
            refused = run.refused_now(run.assemble())
            for error in refused:
                print(f"nle-style: error: {error}", file=sys.stderr)
            return refused[0].exit_code if refused else 0
        return 0

    return _run_openjd(command) if openjd else run_command(as_json, command)


def _run_openjd(command: Callable[[OnEvent, threading.Event], int]) -> int:
    """`run_command`, telling what happens in the lines that a session of Open Job Description
    understands ("How Jobs Are Run", Stdout/Stderr Messages)."""
    from nle_style.cli.console import stop_on_signals
    from nle_style.render import events

    def tell(kind: str, message: str) -> None:
        print(f"openjd_{kind}: {' '.join(message.split())[:_STATUS_LENGTH]}", flush=True)

    def on_event(event: Event) -> None:
        if isinstance(event, events.Progress):
            tell("progress", f"{100 * event.done / max(event.frames, 1):.1f}")
            tell("status", f"{event.name}: frame {event.frame}, {event.frames_per_second:.2f}/s")
        elif isinstance(event, events.Scanning):
            tell("progress", f"{100 * event.item_done / max(event.item_frames, 1):.1f}")
            tell("status", f"{event.name}: finding cuts, frame {event.frame}")
        elif isinstance(event, events.Warned):
            print(f"note: {event.message}", flush=True)
        elif isinstance(event, events.ItemEnded):
            tell("status", f"{event.status}: {event.path or event.source} {event.message}")

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
