"""Training: posters and photographs go in, a style pack comes out.

Johnson et al. 2016 section 3 and 4.1 with one conditional network for all posters (Dumoulin et al.
2017). A run is a pure function of its settings: every step draws its images and styles from the
seed and its own number, so a run that was stopped and resumed ends with the weights of one that
was not (on the same machine with the same number of threads).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

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
from nle_style.core.card import passed_gates, recent_losses, training_runs, write_card
from nle_style.core.gates import Fault, examine, speckle
from nle_style.core.held_out import find_held_out, held_out_losses, without
from nle_style.core.network import NetworkConfig, StyleNetwork
from nle_style.core.objective import Objective
from nle_style.core.perceptual import Vgg16Features, load_vgg16
from nle_style.core.photos import find_images, load_image, training_batch
from nle_style.core.style_pack import StylePack, load_pack, save_pack
from nle_style.core.training_files import Checkpoint, TrainingFiles
from nle_style.core.training_settings import Phase, TrainingSettings
from nle_style.errors import TrainingError

_GRADIENT_LIMIT = 10.0
"""Largest norm of a step's gradient; longer ones are shortened to it, infinite ones left out."""

_Part: TypeAlias = tuple[Tensor, dict[str, list[float]], tuple[Tensor, ...]]
"""Of some of a step's images: their share of the loss, their terms, the gradients."""

__all__ = ["Phase", "TrainingProgress", "TrainingSettings", "train"]


@dataclass(frozen=True)
class TrainingProgress:
    """Sent after every step.

    Attributes:
        step, steps: done and in all.
        images: image-steps so far (steps × batch).
        content, style: this step's mean losses, unweighted.
        seconds: that this step took.
        sheet: the contact sheet, at steps that made a checkpoint.
        faults: what its gates found, see `core.gates`.
    """

    step: int
    steps: int
    images: int
    content: float
    style: float
    seconds: float
    sheet: Path | None = None
    faults: tuple[Fault, ...] = ()


def train(
    settings: TrainingSettings,
    on_progress: Callable[[TrainingProgress], None] = lambda progress: None,
) -> Path:
    """Train, or go on with, one network for all posters.

    Returns:
        the pack's path; it is also written at every checkpoint, but one that fails its gates does
        not replace one of this run that passed them.

    Raises:
        TrainingError: posters, photos, weights or checkpoint are missing or do not fit.
        OutputError: the pack or a checkpoint cannot be written.
    """
    base = None if settings.add_to is None else load_pack(settings.add_to)
    if base is not None:
        check_names(base, tuple(settings.posters))
    photos = find_images(settings.photos)
    held_out: tuple[Path, ...] = ()
    if settings.held_out is not None:
        held_out = find_held_out(settings.held_out, settings.photos)
        photos = without(photos, held_out)
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
        faults: tuple[Fault, ...] = ()
        if (step + 1) % settings.checkpoint_every == 0 or step + 1 == settings.steps:
            # Before the checkpoint: what a killed run left behind it is measured again.
            if held_out:
                files.log_held_out(run.held_out(step + 1, before + phase.batch, held_out))
            files.save(run.checkpoint(step + 1))
            sheet = files.report(run.average, settings.device)
            faults = _publish(settings, run, files, len(photos), before + phase.batch)
        on_progress(
            TrainingProgress(
                step + 1,
                settings.steps,
                before + phase.batch,
                float(np.mean(metrics["content"])),
                float(np.mean(metrics["style"])),
                time.monotonic() - started,
                sheet,
                faults,
            )
        )
    return settings.out


def _publish(
    settings: TrainingSettings, run: _Run, files: TrainingFiles, photos: int, images: int
) -> tuple[Fault, ...]:
    """Write the pack as it is now, and its card, if the gates allow it; returns their findings."""
    faults = examine(run.average, tuple(settings.posters), run.grains, settings.device)
    if faults and passed_gates(settings.out, files.fingerprint):
        return faults
    save_pack(settings.out, *run.result())
    losses = recent_losses(files.records(), tuple(settings.posters))
    styles = {
        name: {**settings.notes.get(name, {}), "poster": path.name, **losses.get(name, {})}
        for name, path in settings.posters.items()
    }
    phases = [f"{p.size}:{p.batch}:{p.steps}" for p in settings.phases]
    weights: dict[str, Any] = {
        f"{term}_weight": getattr(settings, f"{term}_weight")
        for term in ("content", "style", "noise", "motion", "tone")
    }
    if settings.motion_weights:
        weights["motion_weights"] = dict(settings.motion_weights)
    runs = training_runs(settings.start, phases, weights, images)
    training = {
        "image_steps": sum(entry["image_steps"] for entry in runs),
        "phases": phases,
        "photos": photos,
        "weighting": settings.weighting,
        "poster_size": settings.poster_size,
        "width": settings.width,
        "residual_blocks": settings.residual_blocks,
        **weights,
        "ramp": settings.ramp,
        "fingerprint": files.fingerprint,
        "gates": [str(fault) for fault in faults] or "passed",
        "runs": runs,
    }
    if run.base is not None:
        training["learning_rate"] = settings.learning_rate
        write_added_card(run.base, settings.out, styles, training)
    else:
        write_card(settings.out, styles, training)
    return faults


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


def _at_once(work: Callable[[int], _Part], places: range) -> list[_Part]:
    """The parts of a step, each by a thread, which share the threads that torch has."""
    if len(places) == 1:
        return [work(places[0])]
    threads = torch.get_num_threads()
    count = min(len(places), threads)
    try:
        with ThreadPoolExecutor(count, "step", torch.set_num_threads, (threads // count,)) as pool:
            return list(pool.map(work, places))
    finally:
        torch.set_num_threads(threads)  # a thread begins with what was set last, wherever


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
        self.grains = [float(speckle(poster[None])) for poster in posters.values()]
        self.objective = Objective(settings, self.vgg, posters)

    def step(self, step: int, batch: Tensor, rows: list[int]) -> dict[str, list[float]]:
        """One step of Adam; returns the losses of every image and the styles they were for."""
        settings = self.settings
        device = torch.device(settings.device)
        for group in self.optimiser.param_groups:
            group["lr"] = settings.rate(step)
        # Images do not know of each other (the norms are the instance's own), and two cores share
        # the work of two images better than that of one layer after the other.
        size = 1 if device.type == "cpu" else len(batch)

        def part(place: int) -> _Part:
            images = batch[place : place + size].to(device, memory_format=torch.channels_last)
            styles = rows[place : place + size]
            losses, terms = self.objective(self.network, images, styles, step, place)
            loss = losses.sum() / len(batch)
            return loss.detach(), terms, torch.autograd.grad(loss, list(self.trained.values()))

        parts = _at_once(part, range(0, len(batch), size))
        for parameter, *gradients in zip(
            self.trained.values(), *(gradients for *_, gradients in parts), strict=True
        ):
            parameter.grad = torch.stack(gradients).sum(0)
        norm = torch.nn.utils.clip_grad_norm_(self.trained.values(), _GRADIENT_LIMIT)
        if torch.isfinite(norm):
            self.optimiser.step()
            self._average(step)
        elif not torch.isfinite(loss := torch.stack([loss for loss, *_ in parts]).sum()):
            raise TrainingError(
                f"the loss became {loss.item()} at step {step + 1}",
                remedy="Lower --learning-rate and resume from the last checkpoint.",
            )
        terms = [terms for _, terms, _ in parts]
        return {
            "rows": list(rows),
            "gradient": [float(norm)],
            **{name: [value for some in terms for value in some[name]] for name in terms[0]},
        }

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

    def held_out(self, step: int, images: int, photos: tuple[Path, ...]) -> dict[str, Any]:
        """A line for held_out.jsonl."""
        names = tuple(self.settings.posters)
        losses = held_out_losses(self.average, self.vgg, self.objective.grams, photos, names)
        return {"step": step, "images": images, "styles": losses}

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
