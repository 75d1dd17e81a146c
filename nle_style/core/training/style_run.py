"""One network in training: the parent for all posters, or one style for its own.

Every step draws its images and posters from the seed, the run's name and its own number, so a run
that was stopped and resumed ends with the very weights of one that was not. That holds on a CPU, on
one machine, with the same number of threads; CUDA's backward passes add in no fixed order.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from nle_style.core.network import StyleNetwork
from nle_style.core.style_pack import Weights
from nle_style.core.training.losses import Objective
from nle_style.core.training.photos import load_image, training_batch
from nle_style.core.training.run_files import Checkpoint
from nle_style.core.training.settings import TrainingSettings
from nle_style.core.training.typical import typical_statistics
from nle_style.errors import TrainingError

__all__ = ["StyleRun"]

_GRADIENT_LIMIT = 10.0
"""Largest norm of a step's gradient; longer ones are shortened to it, infinite ones left out."""

_TYPICAL, _TYPICAL_SIDE = 16, 320  # photographs that the norms are measured on, and their size

_Part: TypeAlias = tuple[Tensor, dict[str, list[float]], tuple[Tensor, ...]]
"""Of some of a step's images: their share of the loss, their terms, the gradients."""


@dataclass(frozen=True)
class _Images:
    """The images of one step, and whose poster each is for."""

    step: int
    batch: Tensor
    styles: list[str]


class StyleRun:
    """Network, optimiser and weight average of one run.

    Args:
        name: `PARENT`, or the style's.
        settings: of the whole training.
        photos: to draw crops from.
        objective: of the whole training.
        start: the weights to begin with; None for random ones.
    """

    def __init__(
        self,
        name: str,
        settings: TrainingSettings,
        photos: tuple[Path, ...],
        objective: Objective,
        start: Weights | None,
    ) -> None:
        self.name, self.settings, self.photos = name, settings, photos
        self.schedule = settings.schedule(name)
        self.done = 0
        self._objective = objective
        self._styles = [name] if name in settings.posters else list(settings.posters)
        self._device = torch.device(settings.device)
        torch.manual_seed(settings.seed_of(name))
        network = StyleNetwork(settings.config)
        if start is not None:
            network.load_state_dict({key: value.float() for key, value in start.items()})
        # channels_last: a fifth less time a step on an AVX2 CPU, and what tensor cores want.
        self.network = network.to(self._device).to(memory_format=torch.channels_last)
        self.average = StyleNetwork(settings.config).to(self._device).requires_grad_(False).eval()
        self.average.load_state_dict(self.network.state_dict())
        self._optimiser = torch.optim.Adam(self.network.parameters(), settings.learning_rate)

    @property
    def left(self) -> int:
        """Steps that are still to do."""
        return self.schedule.steps - self.done

    @property
    def images(self) -> int:
        """Image-steps done."""
        return self.schedule.at(self.done - 1)[1] + self._batch(self.done - 1) if self.done else 0

    def train(self, steps: int) -> Iterator[dict[str, Any]]:
        """The next steps; a record of metrics after each, as `metrics.jsonl` has it.

        Raises: TrainingError if the loss is no number any more, or a photograph cannot be read.
        """
        for images in self._supply(range(self.done, self.done + steps)):
            metrics = self._step(images)
            self.done = images.step + 1
            yield {"step": self.done, "images": self.images, **metrics}

    def _batch(self, step: int) -> int:
        return self.schedule.at(step)[0].batch

    def _supply(self, steps: range) -> Iterator[_Images]:
        """The images of some steps, in order, as many steps ahead as there are readers."""
        readers = 1 if self._device.type == "cpu" else min(16, os.cpu_count() or 1)
        with ThreadPoolExecutor(readers, "photographs") as pool:
            coming: deque[Future[_Images]] = deque()
            for step in steps:
                coming.append(pool.submit(self._read, step))
                if len(coming) > readers:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()

    def _read(self, step: int) -> _Images:
        phase, before = self.schedule.at(step)
        seed = self.settings.seed_of(self.name)
        batch = training_batch(self.photos, phase.size, phase.batch, seed=seed, step=step)
        return _Images(step, batch, self._posters(before, phase.batch))

    def _posters(self, before: int, batch: int) -> list[str]:
        """The poster of every image of a step: each is used once before any is used again."""
        count = len(self._styles)
        found = []
        for image in range(before, before + batch):
            turn, place = divmod(image, count)
            order = np.random.default_rng([self.settings.seed, 1_000_003, turn]).permutation(count)
            found.append(self._styles[int(order[place])])
        return found

    def _step(self, images: _Images) -> dict[str, Any]:
        """One step of Adam; returns the losses of every image and the styles they were for."""
        for group in self._optimiser.param_groups:
            group["lr"] = self.schedule.rate(images.step)
        parameters = list(self.network.parameters())
        # Images do not know of each other (the norms are the instance's own), and two cores share
        # the work of two images better than that of one layer after the other.
        count = len(images.batch)
        size = 1 if self._device.type == "cpu" else count

        def part(place: int) -> _Part:
            some = images.batch[place : place + size]
            some = some.to(self._device, memory_format=torch.channels_last)
            styles = images.styles[place : place + size]
            losses, terms = self._objective(
                self.network, some, styles, self.name, images.step, place
            )
            loss = losses.sum() / count
            return loss.detach(), terms, torch.autograd.grad(loss, parameters)

        parts = _at_once(part, range(0, count, size))
        gradients = (gradients for *_, gradients in parts)
        for parameter, *each in zip(parameters, *gradients, strict=True):
            parameter.grad = torch.stack(each).sum(0)
        norm = torch.nn.utils.clip_grad_norm_(parameters, _GRADIENT_LIMIT)
        if torch.isfinite(norm):
            self._optimiser.step()
            self._average(images.step)
        elif not torch.isfinite(loss := torch.stack([loss for loss, *_ in parts]).sum()):
            raise TrainingError(
                f"the loss became {loss.item()} at step {images.step + 1} of {self.name}",
                remedy="Lower --learning-rate and resume from the last checkpoint.",
            )
        terms = [terms for _, terms, _ in parts]
        return {
            "styles": images.styles,
            "gradient": float(norm),
            **{name: [value for some in terms for value in some[name]] for name in terms[0]},
        }

    @torch.no_grad()
    def _average(self, step: int) -> None:
        # A short memory at first, or the start would stay in the average for long.
        decay = min(self.settings.average, (step + 1) / (step + 10))
        for mean, value in zip(self.average.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)

    def weights(self) -> dict[str, Tensor]:
        """The weight average, on the CPU, with what its norms meet in some of the photographs: what
        a pack holds of this run."""
        step = max(1, len(self.photos) // _TYPICAL)
        some = self.photos[::step][:_TYPICAL]
        pictures = (load_image(path, longest=_TYPICAL_SIDE)[None] for path in some)
        weights = {name: value.cpu().clone() for name, value in self.average.state_dict().items()}
        return weights | typical_statistics(self.average, pictures)

    def checkpoint(self) -> Checkpoint:
        """The whole state of the run."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        for name, parameter in self.network.named_parameters():
            state = self._optimiser.state[parameter]
            tensors[f"adam.exp_avg.{name}"] = state["exp_avg"]
            tensors[f"adam.exp_avg_sq.{name}"] = state["exp_avg_sq"]
            tensors["adam.step"] = state["step"]
        return Checkpoint(self.done, tensors)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of this run."""

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
        taken = float(checkpoint.tensors["adam.step"])
        for name, parameter in self.network.named_parameters():
            self._optimiser.state[parameter] = {
                "step": torch.tensor(taken),
                # The optimiser's state must be laid out in memory as its parameter is.
                "exp_avg": torch.empty_like(parameter).copy_(first[name]),
                "exp_avg_sq": torch.empty_like(parameter).copy_(second[name]),
            }
        self.done = checkpoint.step


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
