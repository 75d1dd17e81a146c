"""`nle-style train` and `nle-style add-style`: parse, make settings, one call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nle_style.cli.options import Device

__all__ = ["add_style", "train"]

Vgg = Annotated[Path | None, typer.Option(help="VGG-16 weights; else torchvision downloads them.")]
Checkpoints = Annotated[
    Path | None, typer.Option(help="Folder for checkpoints; else beside the pack.")
]
Phases = Annotated[
    list[str] | None, typer.Option(help="SIZE:BATCH:STEPS; several run one after the other.")
]
Weight = Annotated[float, typer.Option(min=0)]
NoiseWeight = Annotated[float, typer.Option(min=0, help="Weight of the squared noise gain.")]
MotionWeight = Annotated[
    float, typer.Option(min=0, help="Weight of the error under synthetic motion.")
]
ToneWeight = Annotated[
    float, typer.Option(min=0, help="Weight of the poster's tones: contrast and palette.")
]
LearningRate = Annotated[float, typer.Option(min=0)]
CheckpointEvery = Annotated[int, typer.Option(min=1, help="Steps.")]
Preview = Annotated[list[Path] | None, typer.Option(help="Image for the contact sheets.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads.")]


def train(
    poster: Annotated[
        list[str], typer.Option(help="Poster image, as FILE or NAME=FILE; once for each style.")
    ],
    photos: Annotated[Path, typer.Option(help="Folder of training photographs, as COCO.")],
    out: Annotated[Path, typer.Option(help="The pack to write, .safetensors.")],
    vgg: Vgg = None,
    checkpoints: Checkpoints = None,
    phase: Phases = None,
    width: Annotated[int, typer.Option(min=1, help="Channels C of the first layer.")] = 16,
    residual_blocks: Annotated[int, typer.Option(min=0)] = 5,
    poster_size: Annotated[int, typer.Option(min=64, help="Longer side of the posters.")] = 768,
    content_weight: Weight = 1.0,
    style_weight: Weight = 5.0,
    paper_weighting: Annotated[
        bool, typer.Option("--paper-weighting", help="The paper's losses, not normalised.")
    ] = False,
    noise_weight: NoiseWeight = 0.0,
    motion_weight: Annotated[
        list[str] | None,
        typer.Option(
            help="Weight of the error under synthetic motion: NUMBER, and NAME=NUMBER for a style."
        ),
    ] = None,
    ramp: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of the run in which noise and motion weight grow."),
    ] = 0.1,
    tone_weight: ToneWeight = 0.0,
    start: Annotated[
        Path | None, typer.Option("--from", help="A pack to go on from, with the same styles.")
    ] = None,
    learning_rate: LearningRate = 2e-3,
    checkpoint_every: CheckpointEvery = 250,
    preview: Preview = None,
    held_out: Annotated[
        Path | None,
        typer.Option(help="Photographs to measure on, never trained on: a folder, or a list."),
    ] = None,
    seed: int = 1,
    threads: Threads = None,
    device: Device = "auto",
) -> None:
    """Train one network for any number of posters; resumes from its last checkpoint."""
    from nle_style.apply.device import choose_device
    from nle_style.cli.training import (
        DEFAULT_PHASES,
        parse_phase,
        parse_poster,
        parse_weights,
        run_training,
    )
    from nle_style.core.training import TrainingSettings

    phases = tuple(parse_phase(text) for text in phase or DEFAULT_PHASES)
    motion, of_styles = parse_weights(motion_weight or ())
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
        motion_weight=motion,
        motion_weights=of_styles,
        ramp=ramp,
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
    vgg: Vgg = None,
    artwork: Annotated[str | None, typer.Option(help="For the card: artist, title, year.")] = None,
    licence: Annotated[str | None, typer.Option(help="For the card: the poster's licence.")] = None,
    checkpoints: Checkpoints = None,
    phase: Phases = None,
    poster_size: Annotated[int, typer.Option(min=64, help="Longer side of the poster.")] = 768,
    style_weight: Weight = 4.0,
    noise_weight: NoiseWeight = 0.3,
    motion_weight: MotionWeight = 0.3,
    tone_weight: ToneWeight = 2.0,
    learning_rate: LearningRate = 1e-2,
    checkpoint_every: CheckpointEvery = 50,
    preview: Preview = None,
    seed: int = 1,
    threads: Threads = None,
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
