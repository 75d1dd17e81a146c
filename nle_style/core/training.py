"""Training: posters and photographs go in, a style pack comes out.

Johnson et al. 2016 section 3 and 4.1 with one conditional network for all posters (Dumoulin et al.
2017). A run is a pure function of its settings: every step draws its images and styles from the
seed and its own number, so a run that was stopped and resumed ends with the weights of one that
was not (on the same machine with the same number of threads).
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nle_style.core.add_style import (
    check_names,
    check_output,
    first_rows,
    with_rows,
    write_added_card,
)
from nle_style.core.card import recent_losses, write_card
from nle_style.core.network import NetworkConfig, StyleNetwork
from nle_style.core.perceptual import (
    CONTENT_LAYER,
    STYLE_LAYERS,
    Vgg16Features,
    Weighting,
    content_loss,
    load_vgg16,
    style_loss,
    style_targets,
)
from nle_style.core.photos import find_images, load_image, training_batch
from nle_style.core.style_pack import StylePack, load_pack, save_pack
from nle_style.core.temporal import motion_loss, noise_loss
from nle_style.core.tone import PosterTones, poster_tones, tone_loss
from nle_style.core.training_files import Checkpoint, TrainingFiles
from nle_style.errors import TrainingError

_GRADIENT_LIMIT = 10.0
"""Largest norm of a step's gradient; longer ones are shortened to it, infinite ones left out."""

__all__ = ["Phase", "TrainingProgress", "TrainingSettings", "train"]


@dataclass(frozen=True)
class Phase:
    """A stretch of training: `steps` steps of `batch` crops of `size` × `size` pixels."""

    size: int
    batch: int
    steps: int

    def __post_init__(self) -> None:
        if self.size < 32 or self.batch < 1 or self.steps < 1:
            raise TrainingError(
                f"a phase of {self.size} px, batch {self.batch}, {self.steps} steps",
                remedy="A phase is SIZE:BATCH:STEPS with a size of 32 or more, as 128:2:2000.",
            )


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that a run depends on.

    Attributes:
        posters: style name -> image file; the order is the order of the rows in the pack.
        photos: folder of training photographs (COCO, for instance).
        out: the pack to write, `.safetensors`.
        checkpoints: folder for checkpoints, metrics, plot and contact sheets.
        phases: crop sizes and lengths, one after the other.
        vgg: VGG-16 weights, see `perceptual.load_vgg16`.
        width, residual_blocks: see `NetworkConfig`.
        poster_size: longer side, in pixels, at which the posters' Gram matrices are taken; a larger
            one paints larger strokes.
        weighting: see `perceptual.Weighting`.
        content_weight, style_weight: α and β of the total loss.
        learning_rate, final_rate: Adam's rate at the start and at the end of its cosine.
        average: decay of the exponential weight average, which is what the pack holds.
        checkpoint_every: steps between checkpoints.
        preview: images for the contact sheets; the first photographs if empty.
        noise_weight, motion_weight: of the two terms of `core.temporal`, each computed at every
            other step; they grow from nothing over the first tenth of the run.
        tone_weight: of `core.tone.tone_loss`.
        start: a pack to start from, with the same styles; None starts from random weights.
        add_to: a pack to add the posters to: its convolutions and rows stay bit for bit as they
            are, only the rows of the new styles are trained, see `core.add_style`.
        notes: style name -> entries for its card that training cannot know (artwork, licence).
        seed: of every random draw.
        device: `cpu`, `cuda` or `mps`.
    """

    posters: Mapping[str, Path]
    photos: Path
    out: Path
    checkpoints: Path
    phases: tuple[Phase, ...]
    vgg: Path | None = None
    width: int = 16
    residual_blocks: int = 5
    poster_size: int = 768
    weighting: Weighting = "normalised"
    content_weight: float = 1.0
    style_weight: float = 5.0
    learning_rate: float = 2e-3
    final_rate: float = 2e-4
    average: float = 0.999
    checkpoint_every: int = 250
    preview: tuple[Path, ...] = ()
    noise_weight: float = 0.0
    motion_weight: float = 0.0
    tone_weight: float = 0.0
    start: Path | None = None
    add_to: Path | None = None
    notes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    seed: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not self.posters:
            raise TrainingError("no posters", remedy="Give at least one --poster.")
        if not self.phases:
            raise TrainingError("no phases", remedy="Give at least one --phase.")
        if self.checkpoint_every < 1:
            raise TrainingError(f"a checkpoint every {self.checkpoint_every} steps")
        if self.out.suffix != ".safetensors":
            raise TrainingError("a style pack's name ends in .safetensors", where=str(self.out))
        if self.start is not None and self.add_to is not None:
            raise TrainingError("a run starts from one pack, or adds to one: not both")

    @property
    def steps(self) -> int:
        """Steps of all phases together."""
        return sum(phase.steps for phase in self.phases)

    def at(self, step: int) -> tuple[Phase, int]:
        """The phase of a step, and how many images the steps before it have used."""
        images = 0
        for phase in self.phases:
            if step < phase.steps:
                return phase, images + step * phase.batch
            step -= phase.steps
            images += phase.steps * phase.batch
        raise IndexError(step)

    def rate(self, step: int) -> float:
        """Adam's learning rate: a linear start over 50 steps, then a cosine to `final_rate`."""
        progress = step / max(self.steps - 1, 1)
        cosine = 0.5 * (1 + math.cos(math.pi * progress))
        rate = self.final_rate + (self.learning_rate - self.final_rate) * cosine
        return rate * min(1.0, (step + 1) / 50)

    def fingerprint(self, photos: tuple[Path, ...]) -> str:
        """A hash of all that decides the weights; a checkpoint of another run has another one."""
        decides = asdict(self)
        for name in ("out", "checkpoints", "checkpoint_every", "preview", "device", "photos"):
            del decides[name]
        del decides["notes"]
        decides["posters"] = {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in self.posters.items()
        }
        for name in ("noise_weight", "motion_weight", "tone_weight", "start", "add_to"):
            if not decides[name]:
                del decides[name]  # a run without them is the run it was before they were there
        for name, pack in (("start", self.start), ("add_to", self.add_to)):
            if pack is not None:
                decides[name] = hashlib.sha256(pack.read_bytes()).hexdigest()
        decides["vgg"] = None if self.vgg is None else self.vgg.name
        decides["photos"] = [(photo.name, photo.stat().st_size) for photo in photos]
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class TrainingProgress:
    """Sent after every step.

    Attributes:
        step, steps: done and in all.
        images: image-steps so far (steps × batch).
        content, style: this step's mean losses, unweighted.
        seconds: that this step took.
        sheet: the contact sheet, at steps that made a checkpoint.
    """

    step: int
    steps: int
    images: int
    content: float
    style: float
    seconds: float
    sheet: Path | None = None


def train(
    settings: TrainingSettings,
    on_progress: Callable[[TrainingProgress], None] = lambda progress: None,
) -> Path:
    """Train, or go on with, one network for all posters.

    Returns:
        the pack's path; it is also written at every checkpoint.

    Raises:
        TrainingError: posters, photos, weights or checkpoint are missing or do not fit.
        OutputError: the pack or a checkpoint cannot be written.
    """
    base = None if settings.add_to is None else load_pack(settings.add_to)
    if base is not None:
        check_names(base, tuple(settings.posters))
    photos = find_images(settings.photos)
    posters = {
        name: load_image(path, longest=settings.poster_size)
        for name, path in settings.posters.items()
    }
    files = TrainingFiles(
        settings.checkpoints,
        settings.fingerprint(photos),
        tuple(posters),
        [load_image(path, longest=480) for path in settings.preview or photos[:3]],
    )
    checkpoint = files.latest()
    if base is not None:
        check_output(settings.out, base, tuple(posters), begun=checkpoint is not None)
    run = _Run(settings, load_vgg16(settings.vgg), posters, base)
    if checkpoint is not None:
        run.restore(checkpoint)
    done = checkpoint.step if checkpoint is not None else 0
    files.rewind_metrics(done)
    if done:
        # The pack of this checkpoint may be missing: killed before it was written, or a new --out.
        phase, before = settings.at(done - 1)
        _publish(settings, run, files, len(photos), before + phase.batch)
    for step, batch in _batches(settings, photos, done):
        started = time.monotonic()
        phase, before = settings.at(step)
        metrics = run.step(step, batch, _rows(settings, before, phase.batch))
        files.log({"step": step + 1, "images": before + phase.batch, **metrics})
        sheet = None
        if (step + 1) % settings.checkpoint_every == 0 or step + 1 == settings.steps:
            files.save(run.checkpoint(step + 1))
            sheet = files.report(run.average, settings.device)
            _publish(settings, run, files, len(photos), before + phase.batch)
        on_progress(
            TrainingProgress(
                step + 1,
                settings.steps,
                before + phase.batch,
                float(np.mean(metrics["content"])),
                float(np.mean(metrics["style"])),
                time.monotonic() - started,
                sheet,
            )
        )
    return settings.out


def _publish(
    settings: TrainingSettings, run: _Run, files: TrainingFiles, photos: int, images: int
) -> None:
    """Write the pack as it is now, and its card."""
    save_pack(settings.out, *run.result())
    losses = recent_losses(files.records(), tuple(settings.posters))
    styles = {
        name: {**settings.notes.get(name, {}), "poster": path.name, **losses.get(name, {})}
        for name, path in settings.posters.items()
    }
    training = {
        "image_steps": images,
        "phases": [f"{p.size}:{p.batch}:{p.steps}" for p in settings.phases],
        "photos": photos,
        "weighting": settings.weighting,
        "content_weight": settings.content_weight,
        "style_weight": settings.style_weight,
        "poster_size": settings.poster_size,
        "width": settings.width,
        "residual_blocks": settings.residual_blocks,
        "noise_weight": settings.noise_weight,
        "motion_weight": settings.motion_weight,
        "tone_weight": settings.tone_weight,
    }
    if run.base is not None:
        training["learning_rate"] = settings.learning_rate
        write_added_card(run.base, settings.out, styles, training)
        return
    write_card(settings.out, styles, training)


def _batches(
    settings: TrainingSettings, photos: tuple[Path, ...], start: int
) -> Iterator[tuple[int, Tensor]]:
    """The steps from `start` on with their images, the next one being read meanwhile."""

    def read(step: int) -> Tensor:
        phase, _ = settings.at(step)
        return training_batch(photos, phase.size, phase.batch, seed=settings.seed, step=step)

    with ThreadPoolExecutor(1) as reader:
        steps = range(start, settings.steps)
        coming = reader.submit(read, start) if steps else None
        for step in steps:
            assert coming is not None  # noqa: S101  (for the type checker)
            batch = coming.result()
            if step + 1 < settings.steps:
                coming = reader.submit(read, step + 1)
            yield step, batch


def _rows(settings: TrainingSettings, before: int, batch: int) -> list[int]:
    """The style of every image of a step: each is used once before any is used again."""
    count = len(settings.posters)
    rows = []
    for image in range(before, before + batch):
        turn, place = divmod(image, count)
        order = np.random.default_rng([settings.seed, 1_000_003, turn]).permutation(count)
        rows.append(int(order[place]))
    return rows


def _start_from(path: Path, config: NetworkConfig, styles: tuple[str, ...]) -> dict[str, Tensor]:
    pack = load_pack(path)
    if pack.network.config != config or pack.styles != styles:
        raise TrainingError(
            f"it holds {', '.join(pack.styles)} in {pack.network.config}, the run is of"
            f" {', '.join(styles)} in {config}",
            where=str(path),
            remedy="Give the posters in the order of its styles, and its width and blocks.",
        )
    return pack.network.state_dict()


class _Run:
    """Network, optimiser, weight average and loss of one run."""

    def __init__(
        self,
        settings: TrainingSettings,
        vgg: Vgg16Features,
        posters: Mapping[str, Tensor],
        base: StylePack | None = None,
    ) -> None:
        self.settings, self.base = settings, base
        device = torch.device(settings.device)
        # channels_last: a fifth less time a step on an AVX2 CPU, and what tensor cores want.
        self.vgg = vgg.to(device).to(memory_format=torch.channels_last)
        torch.manual_seed(settings.seed)
        config = NetworkConfig(len(posters), settings.width, settings.residual_blocks)
        self.network = StyleNetwork(config).to(device).to(memory_format=torch.channels_last)
        if settings.start is not None:
            self.network.load_state_dict(_start_from(settings.start, config, tuple(posters)))
        if base is not None:
            self.network.load_state_dict(first_rows(base, config))
            # No gradients for the shared weights: they cannot move, and a step has less to do.
            self.network.convolutions.requires_grad_(False)
        self.average = StyleNetwork(config).to(device).requires_grad_(False).eval()
        self.average.load_state_dict(self.network.state_dict())
        self.trained = {n: p for n, p in self.network.named_parameters() if p.requires_grad}
        self.optimiser = torch.optim.Adam(self.trained.values(), settings.learning_rate)
        grams, tones = [], []
        with torch.no_grad():
            for poster in posters.values():
                grams.append(style_targets(self.vgg(poster[None].to(device))))
                tones.append(poster_tones(poster[None].to(device)))
        self.grams = {layer: torch.cat([gram[layer] for gram in grams]) for layer in STYLE_LAYERS}
        self.tones = PosterTones(
            torch.cat([tone.luminance for tone in tones]),
            torch.cat([tone.mean for tone in tones]),
            torch.cat([tone.covariance for tone in tones]),
        )

    def step(self, step: int, batch: Tensor, rows: list[int]) -> dict[str, list[float]]:
        """One step of Adam; returns the losses of every image and the styles they were for."""
        settings = self.settings
        device = torch.device(settings.device)
        batch = batch.to(device, memory_format=torch.channels_last)
        index = torch.tensor(rows, device=device)
        mix = torch.eye(self.network.config.styles, device=device)[index]
        for group in self.optimiser.param_groups:
            group["lr"] = settings.rate(step)
        with torch.no_grad():
            wanted = self.vgg(batch, (CONTENT_LAYER,))[CONTENT_LAYER]
        painted = self.network(batch, mix)
        features = self.vgg(painted)
        content = content_loss(features[CONTENT_LAYER], wanted, settings.weighting)
        targets = {layer: gram[index] for layer, gram in self.grams.items()}
        style = style_loss(features, targets, settings.weighting)
        loss = (settings.content_weight * content + settings.style_weight * style).mean()
        others = self._temporal(step, batch, mix, painted)
        if settings.tone_weight:
            values = tone_loss(painted, batch, self.tones.rows(index))
            others["tone"] = settings.tone_weight, values
        for weight, values in others.values():
            loss = loss + weight * values.mean()
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), _GRADIENT_LIMIT)
        if torch.isfinite(norm):
            self.optimiser.step()
            self._average(step)
        elif not torch.isfinite(loss):
            raise TrainingError(
                f"the loss became {loss.item()} at step {step + 1}",
                remedy="Lower --learning-rate and resume from the last checkpoint.",
            )
        return {
            "rows": list(rows),
            "content": content.tolist(),
            "style": style.tolist(),
            "gradient": [float(norm)],
            **{name: values.tolist() for name, (_, values) in others.items()},
        }

    def _temporal(
        self, step: int, batch: Tensor, mix: Tensor, painted: Tensor
    ) -> dict[str, tuple[float, Tensor]]:
        """The temporal term whose turn it is: its name, weight and value for every image."""
        settings = self.settings
        name = "noise" if step % 2 == 0 else "motion"
        weight = settings.noise_weight if name == "noise" else settings.motion_weight
        if weight == 0:
            return {}
        weight *= min(1.0, (step + 1) / (0.1 * settings.steps))
        chance = np.random.default_rng([settings.seed, 1_000_033, step])
        loss = noise_loss if name == "noise" else motion_loss
        return {name: (weight, loss(lambda x: self.network(x, mix), batch, painted, chance))}

    @torch.no_grad()
    def _average(self, step: int) -> None:
        # A short memory at first, or the random start would stay in the average for long.
        decay = min(self.settings.average, (step + 1) / (step + 10))
        for mean, value in zip(self.average.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)

    def result(self) -> tuple[StyleNetwork, tuple[str, ...]]:
        """What goes into the pack: the weight average and the names of its rows."""
        names = tuple(self.settings.posters)
        if self.base is None:
            return self.average, names
        return with_rows(self.base, self.average), (*self.base.styles, *names)

    def checkpoint(self, step: int) -> Checkpoint:
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for name, parameter in self.trained.items():
            state = self.optimiser.state[parameter]
            tensors[f"adam.exp_avg.{name}"] = state["exp_avg"]
            tensors[f"adam.exp_avg_sq.{name}"] = state["exp_avg_sq"]
            tensors["adam.step"] = state["step"]
        return Checkpoint(step, tensors)

    def restore(self, checkpoint: Checkpoint) -> None:
        def part(prefix: str) -> dict[str, Tensor]:
            return {
                name.removeprefix(prefix): tensor
                for name, tensor in checkpoint.tensors.items()
                if name.startswith(prefix)
            }

        self.network.load_state_dict(part("network."))
        self.average.load_state_dict(part("average."))
        first, second = part("adam.exp_avg."), part("adam.exp_avg_sq.")
        # Fewer than the run's steps, if some were left out for an infinite gradient.
        taken = float(checkpoint.tensors.get("adam.step", torch.tensor(checkpoint.step)))
        for name, parameter in self.trained.items():
            self.optimiser.state[parameter] = {
                "step": torch.tensor(taken),
                # The optimiser's state must be laid out in memory as its parameter is.
                "exp_avg": torch.empty_like(parameter).copy_(first[name]),
                "exp_avg_sq": torch.empty_like(parameter).copy_(second[name]),
            }
