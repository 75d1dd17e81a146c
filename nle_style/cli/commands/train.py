"""`nle-style train` and `nle-style add-style`: parse, make settings, one call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nle_style.cli.options import Device

__all__ = ["add_style", "train"]


class Recipe:
    """The defaults that docs/training.md found to work, for `train` and `add-style` alike."""

    parent = ("128:2:1000", "192:2:1000")
    phases = ("192:2:2000", "256:2:2000")
    added_phases = ("192:2:300",)
    poster_size = 512
    content, style, tone = 1.0, 5.0, 0.5
    noise, motion = 0.1, 0.2
    layers = (1.0, 1.0, 1.0, 1.0)
    rate = 1e-3
    finish, added_finish = 0.2, 0.4


_PHASES = "SIZE:BATCH:STEPS of every style; several run one after the other."
_NOISE = "Weight of the squared noise gain"
_MOTION = "Weight of the error under synthetic motion"
_OF_STYLES = ": NUMBER for all styles, NAME=NUMBER for one."

Vgg = Annotated[Path | None, typer.Option(help="VGG-16 weights; else torchvision downloads them.")]
Checkpoints = Annotated[
    Path | None, typer.Option(help="Folder for checkpoints; else beside the pack.")
]
PosterSize = Annotated[int, typer.Option(min=64, help="Longer side of the posters, in pixels.")]
ContentWeight = Annotated[float, typer.Option(min=0, help="Weight of the photograph's content.")]
StyleWeight = Annotated[float, typer.Option(min=0, help="Weight of the poster's textures.")]
LayerWeights = Annotated[
    tuple[float, float, float, float],
    typer.Option(help="Of the style loss at relu1_2, relu2_2, relu3_3 and relu4_3."),
]
ToneWeight = Annotated[
    float, typer.Option(min=0, help="Weight of the poster's tones: contrast and palette.")
]
Finish = Annotated[
    float,
    typer.Option(
        min=0, max=1, help="Share of the steps, at the end: the rate falls, the video terms grow."
    ),
]
LearningRate = Annotated[float, typer.Option(min=0, help="Of Adam; it falls to a tenth.")]
CheckpointEvery = Annotated[int, typer.Option(min=1, help="Steps of a style.")]
Preview = Annotated[
    list[Path] | None,
    typer.Option(help="Image for the contact sheets, once for each; else three photographs."),
]
Seed = Annotated[int, typer.Option(help="Of every random draw.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads.")]


def train(
    poster: Annotated[
        list[str], typer.Option(help="Poster image, as FILE or NAME=FILE; once for each style.")
    ],
    photos: Annotated[Path, typer.Option(help="Folder of training photographs, as COCO.")],
    out: Annotated[Path, typer.Option(help="The pack to write, .safetensors.")],
    vgg: Vgg = None,
    checkpoints: Checkpoints = None,
    parent: Annotated[
        list[str] | None,
        typer.Option(
            help="SIZE:BATCH:STEPS of the parent, which is taught all posters at once.",
            show_default=" ".join(Recipe.parent),
        ),
    ] = None,
    phase: Annotated[
        list[str] | None, typer.Option(help=_PHASES, show_default=" ".join(Recipe.phases))
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="A pack to go on from, in place of training a parent."),
    ] = None,
    width: Annotated[int, typer.Option(min=1, help="Channels C of the first layer.")] = 16,
    residual_blocks: Annotated[int, typer.Option(min=0, help="Of two convolutions each.")] = 5,
    poster_size: PosterSize = Recipe.poster_size,
    content_weight: ContentWeight = Recipe.content,
    style_weight: StyleWeight = Recipe.style,
    layer_weights: LayerWeights = Recipe.layers,
    paper_weighting: Annotated[
        bool, typer.Option("--paper-weighting", help="The paper's losses, not normalised.")
    ] = False,
    noise_weight: Annotated[
        list[str] | None, typer.Option(help=_NOISE + _OF_STYLES, show_default=str(Recipe.noise))
    ] = None,
    motion_weight: Annotated[
        list[str] | None, typer.Option(help=_MOTION + _OF_STYLES, show_default=str(Recipe.motion))
    ] = None,
    tone_weight: ToneWeight = Recipe.tone,
    finish: Finish = Recipe.finish,
    learning_rate: LearningRate = Recipe.rate,
    checkpoint_every: CheckpointEvery = 100,
    preview: Preview = None,
    held_out: Annotated[
        Path | None,
        typer.Option(help="Photographs to measure on, never trained on: a folder, or a list."),
    ] = None,
    seed: Seed = 1,
    threads: Threads = None,
    device: Device = "auto",
) -> None:
    """Train a pack: a parent, every style from it, and the video terms last. Resumes anywhere."""
    from nle_style.apply import choose_device
    from nle_style.cli.commands.training_run import (
        parse_phase,
        parse_poster,
        parse_weights,
        run_training,
    )
    from nle_style.core.training import TrainingSettings

    parents = parent or (Recipe.parent if start is None else ())
    noise, noises = parse_weights(noise_weight or (), Recipe.noise)
    motion, motions = parse_weights(motion_weight or (), Recipe.motion)
    settings = TrainingSettings(
        posters=dict(parse_poster(text) for text in poster),
        photos=photos,
        out=out,
        checkpoints=checkpoints or out.with_suffix(".training"),
        parent_phases=tuple(parse_phase(text) for text in parents),
        phases=tuple(parse_phase(text) for text in phase or Recipe.phases),
        start=start,
        vgg=vgg,
        width=width,
        residual_blocks=residual_blocks,
        poster_size=poster_size,
        weighting="paper" if paper_weighting else "normalised",
        content_weight=content_weight,
        style_weight=style_weight,
        layer_weights=layer_weights,
        noise_weight=noise,
        noise_weights=noises,
        motion_weight=motion,
        motion_weights=motions,
        tone_weight=tone_weight,
        finish=finish,
        learning_rate=learning_rate,
        final_rate=learning_rate / 10,
        checkpoint_every=checkpoint_every,
        preview=tuple(preview or ()),
        held_out=held_out,
        seed=seed,
        device=str(choose_device(device)),
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
    phase: Annotated[
        list[str] | None, typer.Option(help=_PHASES, show_default=" ".join(Recipe.added_phases))
    ] = None,
    poster_size: PosterSize = Recipe.poster_size,
    style_weight: StyleWeight = Recipe.style,
    layer_weights: LayerWeights = Recipe.layers,
    noise_weight: Annotated[float, typer.Option(min=0, help=_NOISE + ".")] = Recipe.noise,
    motion_weight: Annotated[float, typer.Option(min=0, help=_MOTION + ".")] = Recipe.motion,
    tone_weight: ToneWeight = Recipe.tone,
    finish: Finish = Recipe.added_finish,
    learning_rate: LearningRate = Recipe.rate,
    checkpoint_every: CheckpointEvery = 50,
    preview: Preview = None,
    seed: Seed = 1,
    threads: Threads = None,
    device: Device = "auto",
) -> None:
    """Add a style of your own to a pack: its other styles stay bit for bit as they are."""
    from nle_style.apply import choose_device
    from nle_style.cli.commands.training_run import (
        added_pack,
        parse_phase,
        photos_or_demo,
        run_training,
    )
    from nle_style.core import load_pack
    from nle_style.core.training import TrainingSettings, check_names
    from nle_style.shipped import find_pack

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
            phases=tuple(parse_phase(text) for text in phase or Recipe.added_phases),
            vgg=vgg,
            width=loaded.config.width,
            residual_blocks=loaded.config.residual_blocks,
            poster_size=poster_size,
            style_weight=style_weight,
            layer_weights=layer_weights,
            finish=finish,
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
            device=str(choose_device(device)),
        )
        run_training(settings, threads)
