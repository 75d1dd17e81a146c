"""`nle-style train` and `nle-style add-style`: parse, make settings, one call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nle_style.cli.completion import pack_names
from nle_style.cli.options import MACHINE, OUTPUT, Device

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


_LEARNT, _RECIPE, _LOSS = "What is learnt", "Recipe", "Weights of the loss"
_PHASES = "SIZE:BATCH:STEPS of every style; several run one after the other."
_NOISE = "How much against noise: the squared noise gain"
_MOTION = "How much for steadiness: the error under made motion"
_OF_STYLES = ". NUMBER for all styles, NAME=NUMBER for one."

PackFile = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        "--out",
        help="Where the result goes: a .safetensors file.",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
OptionalPackFile = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        "--out",
        help="Where the result goes: a .safetensors file, or a folder for it.",
        rich_help_panel=OUTPUT,
        show_default="PACK_NAME.safetensors",
    ),
]
Vgg = Annotated[
    Path | None,
    typer.Option(help="VGG-16 weights; else torchvision downloads them.", rich_help_panel=_LEARNT),
]
Checkpoints = Annotated[
    Path | None,
    typer.Option(
        help="Folder for checkpoints, from which a run that was stopped goes on.",
        rich_help_panel=OUTPUT,
        show_default="beside the pack",
    ),
]
PosterSize = Annotated[
    int,
    typer.Option(min=64, help="Longer side of the posters, in pixels.", rich_help_panel=_RECIPE),
]
ContentWeight = Annotated[
    float, typer.Option(min=0, help="Of the photograph's content.", rich_help_panel=_LOSS)
]
StyleWeight = Annotated[
    float, typer.Option(min=0, help="Of the poster's textures.", rich_help_panel=_LOSS)
]
LayerWeights = Annotated[
    tuple[float, float, float, float],
    typer.Option(
        help="Of the style loss at relu1_2, relu2_2, relu3_3 and relu4_3.", rich_help_panel=_LOSS
    ),
]
ToneWeight = Annotated[
    float,
    typer.Option(min=0, help="Of the poster's tones: contrast and palette.", rich_help_panel=_LOSS),
]
Finish = Annotated[
    float,
    typer.Option(
        min=0,
        max=1,
        help="Share of the steps, at the end: the rate falls, the video terms grow.",
        rich_help_panel=_RECIPE,
    ),
]
LearningRate = Annotated[
    float, typer.Option(min=0, help="Of Adam; it falls to a tenth.", rich_help_panel=_RECIPE)
]
CheckpointEvery = Annotated[
    int, typer.Option(min=1, help="Steps of a style.", rich_help_panel=OUTPUT)
]
Preview = Annotated[
    list[Path] | None,
    typer.Option(
        help="Image for the contact sheets, once for each; else three photographs.",
        rich_help_panel=OUTPUT,
    ),
]
Seed = Annotated[int, typer.Option(help="Of every random draw.", rich_help_panel=_RECIPE)]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads.", rich_help_panel=MACHINE)]


def train(
    *,
    poster: Annotated[
        list[str],
        typer.Option(
            help="Poster image, as FILE or NAME=FILE; once for each style.",
            rich_help_panel=_LEARNT,
        ),
    ],
    photos: Annotated[
        Path,
        typer.Option(help="Folder of training photographs, as COCO.", rich_help_panel=_LEARNT),
    ],
    vgg: Vgg = None,
    held_out: Annotated[
        Path | None,
        typer.Option(
            help="Photographs to measure on, never trained on: a folder, or a list.",
            rich_help_panel=_LEARNT,
        ),
    ] = None,
    parent: Annotated[
        list[str] | None,
        typer.Option(
            help="SIZE:BATCH:STEPS of the parent, which is taught all posters at once.",
            show_default=" ".join(Recipe.parent),
            rich_help_panel=_RECIPE,
        ),
    ] = None,
    phase: Annotated[
        list[str] | None,
        typer.Option(help=_PHASES, show_default=" ".join(Recipe.phases), rich_help_panel=_RECIPE),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="A pack to go on from, in place of training a parent.",
            rich_help_panel=_RECIPE,
        ),
    ] = None,
    width: Annotated[
        int, typer.Option(min=1, help="Channels C of the first layer.", rich_help_panel=_RECIPE)
    ] = 16,
    residual_blocks: Annotated[
        int, typer.Option(min=0, help="Of two convolutions each.", rich_help_panel=_RECIPE)
    ] = 5,
    poster_size: PosterSize = Recipe.poster_size,
    finish: Finish = Recipe.finish,
    learning_rate: LearningRate = Recipe.rate,
    seed: Seed = 1,
    content_weight: ContentWeight = Recipe.content,
    style_weight: StyleWeight = Recipe.style,
    layer_weights: LayerWeights = Recipe.layers,
    paper_weighting: Annotated[
        bool,
        typer.Option(
            "--paper-weighting",
            help="The paper's losses, not normalised.",
            rich_help_panel=_LOSS,
        ),
    ] = False,
    noise_weight: Annotated[
        list[str] | None,
        typer.Option(
            help=_NOISE + _OF_STYLES, show_default=str(Recipe.noise), rich_help_panel=_LOSS
        ),
    ] = None,
    motion_weight: Annotated[
        list[str] | None,
        typer.Option(
            help=_MOTION + _OF_STYLES, show_default=str(Recipe.motion), rich_help_panel=_LOSS
        ),
    ] = None,
    tone_weight: ToneWeight = Recipe.tone,
    out: PackFile,
    checkpoints: Checkpoints = None,
    checkpoint_every: CheckpointEvery = 100,
    preview: Preview = None,
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
    *,
    pack: Annotated[
        str,
        typer.Argument(
            help="The pack to add to: a file or a shipped pack.", autocompletion=pack_names
        ),
    ],
    poster: Annotated[Path, typer.Option(help="The poster, an image.", rich_help_panel=_LEARNT)],
    name: Annotated[str, typer.Option(help="The new style's name.", rich_help_panel=_LEARNT)],
    photos: Annotated[
        Path | None,
        typer.Option(
            help="Folder of photographs; else frames of the demo's clip.", rich_help_panel=_LEARNT
        ),
    ] = None,
    vgg: Vgg = None,
    artwork: Annotated[
        str | None,
        typer.Option(help="For the card: artist, title, year.", rich_help_panel=_LEARNT),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(help="For the card: the poster's licence.", rich_help_panel=_LEARNT),
    ] = None,
    phase: Annotated[
        list[str] | None,
        typer.Option(
            help=_PHASES, show_default=" ".join(Recipe.added_phases), rich_help_panel=_RECIPE
        ),
    ] = None,
    poster_size: PosterSize = Recipe.poster_size,
    finish: Finish = Recipe.added_finish,
    learning_rate: LearningRate = Recipe.rate,
    seed: Seed = 1,
    style_weight: StyleWeight = Recipe.style,
    layer_weights: LayerWeights = Recipe.layers,
    noise_weight: Annotated[
        float, typer.Option(min=0, help=f"{_NOISE}.", rich_help_panel=_LOSS)
    ] = Recipe.noise,
    motion_weight: Annotated[
        float, typer.Option(min=0, help=f"{_MOTION}.", rich_help_panel=_LOSS)
    ] = Recipe.motion,
    tone_weight: ToneWeight = Recipe.tone,
    out: OptionalPackFile = None,
    checkpoints: Checkpoints = None,
    checkpoint_every: CheckpointEvery = 50,
    preview: Preview = None,
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
