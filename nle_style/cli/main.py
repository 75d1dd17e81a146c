"""The command line: parse, make settings, one call. Every import that is slow is inside a command,
so that `nle-style --help` answers at once and never loads torch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from nle_style.apply.allocator import use_huge_pages
from nle_style.cli.export import export
from nle_style.cli.farm import FarmStep, farm, preload, run_farm
from nle_style.cli.install import install
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
from nle_style.cli.resolve import PASS_ON, resolve
from nle_style.cli.timelines import batch, revert, tell_batch
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
    from nle_style.render.farm_job import is_farm_job

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
        from nle_style.render.job import read_job
        from nle_style.render.runner import run_job

        return run_job(read_job(job), on_event, stop).exit_code

    raise typer.Exit(run_command(events, command))


@app.command()
def demo(
    output: Folder = Path("nle_style_demo"),
    style: Style = "blue",
    stroke_scale: StrokeScale = 1.5,
    colour: ColourOption = ColourChoice.poster,
    events: Events = False,
) -> None:
    """Render and relink the bundled timeline, and draw a before/after picture."""
    from nle_style.cli.console import run_command

    def command(on_event, stop):  # type: ignore[no-untyped-def]
        from nle_style.cli.demo import run_demo

        # At 1.5 the cut's 1280 pixels are painted as they are.
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
    from nle_style.cli.packs import list_styles

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
    from nle_style.cli.packs import write_sheet

    write_sheet(source, output, frame, stroke_scale, pack, device)
    print(output)


@app.command()
def doctor() -> None:
    """Check this installation: libraries, devices, style packs, and what hosts start."""
    from nle_style.cli.doctor import examine

    raise typer.Exit(examine())


@app.command()
def train(
    poster: Annotated[
        list[str], typer.Option(help="Poster image, as FILE or NAME=FILE; once for each style.")
    ],
    photos: Annotated[Path, typer.Option(help="Folder of training photographs, as COCO.")],
    out: Annotated[Path, typer.Option(help="The pack to write, .safetensors.")],
    vgg: Annotated[
        Path | None, typer.Option(help="VGG-16 weights; else torchvision downloads them.")
    ] = None,
    checkpoints: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints; else beside the pack.")
    ] = None,
    phase: Annotated[
        list[str] | None, typer.Option(help="SIZE:BATCH:STEPS; several run one after the other.")
    ] = None,
    width: Annotated[int, typer.Option(min=1, help="Channels C of the first layer.")] = 16,
    residual_blocks: Annotated[int, typer.Option(min=0)] = 5,
    poster_size: Annotated[int, typer.Option(min=64, help="Longer side of the posters.")] = 768,
    content_weight: Annotated[float, typer.Option(min=0)] = 1.0,
    style_weight: Annotated[float, typer.Option(min=0)] = 5.0,
    paper_weighting: Annotated[
        bool, typer.Option("--paper-weighting", help="The paper's losses, not normalised.")
    ] = False,
    noise_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the squared noise gain.")
    ] = 0.0,
    motion_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the error under synthetic motion.")
    ] = 0.0,
    tone_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the poster's tones: contrast and palette.")
    ] = 0.0,
    start: Annotated[
        Path | None, typer.Option("--from", help="A pack to go on from, with the same styles.")
    ] = None,
    learning_rate: Annotated[float, typer.Option(min=0)] = 2e-3,
    checkpoint_every: Annotated[int, typer.Option(min=1, help="Steps.")] = 250,
    preview: Annotated[
        list[Path] | None, typer.Option(help="Image for the contact sheets.")
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option(help="Photographs to measure on, never trained on: a folder, or a list."),
    ] = None,
    seed: int = 1,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    device: Device = "auto",
) -> None:
    """Train one network for any number of posters; resumes from its last checkpoint."""
    from nle_style.apply.device import choose_device
    from nle_style.cli.training import DEFAULT_PHASES, parse_phase, parse_poster, run_training
    from nle_style.core.training import TrainingSettings

    phases = tuple(parse_phase(text) for text in phase or DEFAULT_PHASES)
    settings = TrainingSettings(
        posters=dict(parse_poster(text) for text in poster),
        photos=photos,
        out=out,
        checkpoints=checkpoints or out.with_suffix(".training"),
        vgg=vgg,
        width=width,
        residual_blocks=residual_blocks,
        poster_size=poster_size,
        weighting="paper" if paper_weighting else "normalised",
        content_weight=content_weight,
        style_weight=style_weight,
        noise_weight=noise_weight,
        motion_weight=motion_weight,
        tone_weight=tone_weight,
        start=start,
        learning_rate=learning_rate,
        checkpoint_every=checkpoint_every,
        preview=tuple(preview or ()),
        held_out=held_out,
        seed=seed,
        device=choose_device(device).type,
        phases=phases,
    )
    run_training(settings, threads)


@app.command("add-style")
def add_style(
    pack: Annotated[str, typer.Argument(help="The pack to add to: a file or a shipped pack.")],
    poster: Annotated[Path, typer.Option(help="The poster, an image.")],
    name: Annotated[str, typer.Option(help="The new style's name.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="The pack to write; else PACK_NAME.safetensors, here."),
    ] = None,
    photos: Annotated[
        Path | None, typer.Option(help="Folder of photographs; else frames of the demo's clip.")
    ] = None,
    vgg: Annotated[
        Path | None, typer.Option(help="VGG-16 weights; else torchvision downloads them.")
    ] = None,
    artwork: Annotated[str | None, typer.Option(help="For the card: artist, title, year.")] = None,
    licence: Annotated[str | None, typer.Option(help="For the card: the poster's licence.")] = None,
    checkpoints: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints; else beside the pack.")
    ] = None,
    phase: Annotated[
        list[str] | None, typer.Option(help="SIZE:BATCH:STEPS; several run one after the other.")
    ] = None,
    poster_size: Annotated[int, typer.Option(min=64, help="Longer side of the poster.")] = 768,
    style_weight: Annotated[float, typer.Option(min=0)] = 4.0,
    noise_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the squared noise gain.")
    ] = 0.3,
    motion_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the error under synthetic motion.")
    ] = 0.3,
    tone_weight: Annotated[
        float, typer.Option(min=0, help="Weight of the poster's tones: contrast and palette.")
    ] = 2.0,
    learning_rate: Annotated[float, typer.Option(min=0)] = 1e-2,
    checkpoint_every: Annotated[int, typer.Option(min=1, help="Steps.")] = 50,
    preview: Annotated[
        list[Path] | None, typer.Option(help="Image for the contact sheets.")
    ] = None,
    seed: int = 1,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    device: Device = "auto",
) -> None:
    """Add a style of your own to a pack: its other styles stay bit for bit as they are."""
    from nle_style.apply.device import choose_device
    from nle_style.cli.training import (
        ADD_PHASES,
        added_pack,
        parse_phase,
        photos_or_demo,
        run_training,
    )
    from nle_style.core.add_style import check_names
    from nle_style.core.style_pack import load_pack
    from nle_style.core.training import TrainingSettings
    from nle_style.render.bundle import find_pack

    base = find_pack(pack)
    loaded = load_pack(base)
    check_names(loaded, [name])
    path = added_pack(base, name, out)
    card = {"artwork": artwork, "licence": licence}
    with photos_or_demo(photos) as folder:
        settings = TrainingSettings(
            posters={name: poster},
            photos=folder,
            out=path,
            checkpoints=checkpoints or path.with_suffix(".training"),
            phases=tuple(parse_phase(text) for text in phase or ADD_PHASES),
            vgg=vgg,
            width=loaded.network.config.width,
            residual_blocks=loaded.network.config.residual_blocks,
            poster_size=poster_size,
            style_weight=style_weight,
            learning_rate=learning_rate,
            final_rate=learning_rate / 10,
            noise_weight=noise_weight,
            motion_weight=motion_weight,
            tone_weight=tone_weight,
            add_to=base,
            notes={name: {key: text for key, text in card.items() if text is not None}},
            checkpoint_every=checkpoint_every,
            preview=tuple(preview or ()),
            seed=seed,
            device=choose_device(device).type,
        )
        run_training(settings, threads)


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
