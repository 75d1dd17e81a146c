"""Training: posters and photographs go in, a style pack comes out.

Johnson et al. 2016, sections 3 and 4.1, one network a poster. First a parent is taught all posters
at once; then every style begins with its weights and is fine-tuned for its own poster, so that
mixes of weights are mixes of styles (Wang et al. 2019, "Deep network interpolation"). Styles take
turns, a checkpoint each; the terms for video come in at the end of each (`Schedule.finish`). The
run resumes at any of these places.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from nle_style.core.perceptual import load_vgg16
from nle_style.core.style_pack import StylePack, Weights, load_pack
from nle_style.core.training.gates import Fault
from nle_style.core.training.held_out import find_held_out, held_out_losses, without
from nle_style.core.training.losses import Objective
from nle_style.core.training.pack_in_training import PackInTraining, check_names, check_output
from nle_style.core.training.photos import find_images, load_image
from nle_style.core.training.plot import plot_losses
from nle_style.core.training.run_files import RunFiles
from nle_style.core.training.settings import PARENT, TrainingSettings
from nle_style.core.training.style_run import StyleRun
from nle_style.errors import TrainingError
from nle_style.ownership import Inputs

__all__ = ["TrainingProgress", "train"]


@dataclass(frozen=True)
class TrainingProgress:
    """Sent after every step.

    Attributes:
        name: of the style, or `PARENT`.
        step, steps: of it, done and in all.
        total, totals: steps of the whole run, done and in all.
        images: image-steps of this style so far.
        content, style: this step's mean losses, unweighted.
        seconds: that this step took.
        sheet: the contact sheet, at steps that made a checkpoint.
        faults: what its gates found, see `core.gates`.
    """

    name: str
    step: int
    steps: int
    total: int
    totals: int
    images: int
    content: float
    style: float
    seconds: float
    sheet: Path | None = None
    faults: tuple[Fault, ...] = ()


OnProgress = Callable[[TrainingProgress], None]


def train(settings: TrainingSettings, on_progress: OnProgress = lambda progress: None) -> Path:
    """Train, or go on with, a pack of styles.

    Returns:
        the pack's path; it is also written at every checkpoint, but a style that fails its gates
        does not replace one of this run that passed them.

    Raises:
        TrainingError: posters, photos, weights or a checkpoint are missing or do not fit, or the
            loss became no number.
        InputError: a file that is read would be written over.
        OutputError: the pack or a checkpoint cannot be written, or `out` is not this run's file.
        PackError: the pack to start from, or to add to, is missing or damaged, or the card beside
            `out` is.
    """
    training = _Training(settings, on_progress)
    training.make_parent()
    training.make_styles()
    return settings.out


class _Training:
    """What the runs of one training share. Nothing is written until all of it fits."""

    def __init__(self, settings: TrainingSettings, on_progress: OnProgress) -> None:
        self.settings, self.on_progress = settings, on_progress
        names = tuple(settings.posters)
        self.base = None if settings.add_to is None else load_pack(settings.add_to)
        self.start = None if settings.start is None else load_pack(settings.start)
        source = self.base or self.start
        if source is not None:
            _check_shape(source, settings)
        if self.base is not None:
            check_names(self.base, names)
        photos = find_images(settings.photos)
        self.held_out: tuple[Path, ...] = ()
        if settings.held_out is not None:
            self.held_out = find_held_out(settings.held_out, settings.photos)
            photos = without(photos, self.held_out)
        self.photos = photos
        self.preview = [load_image(path, longest=480) for path in settings.preview or photos[:3]]
        self.posters = {
            name: load_image(path, longest=settings.poster_size)
            for name, path in settings.posters.items()
        }
        self.fingerprint = settings.fingerprint(photos)
        runs = (*([PARENT] if settings.parent_phases else []), *names)
        self.files = {
            name: RunFiles(settings.checkpoints / name, self.fingerprint) for name in runs
        }
        self.checkpoints = {name: files.latest() for name, files in self.files.items()}
        begun = any(checkpoint is not None for checkpoint in self.checkpoints.values())
        check_output(settings, self.base, begun=begun)
        inputs = Inputs(_files_read(settings, (*photos, *self.held_out)))
        for path in (settings.out, settings.out.with_suffix(".yaml")):
            inputs.refuse(path)
        for files in self.files.values():
            inputs.refuse(files.folder)
        if settings.device.startswith("cuda"):
            torch.set_float32_matmul_precision("high")  # TF32, which cuDNN takes by itself
        self.vgg = load_vgg16(settings.vgg).to(settings.device)
        self.vgg = self.vgg.to(memory_format=torch.channels_last)
        self.objective = Objective(settings, self.vgg, self.posters)
        self.totals = sum(settings.schedule(name).steps for name in runs)
        self.done = dict.fromkeys(runs, 0)
        self.parent: Weights = {} if source is None else source.parent

    def make_parent(self) -> None:
        """Train the parent, if the run has one to train."""
        if not self.settings.parent_phases:
            return
        run = self._resumed(PARENT, None)
        while run.left:
            self._train(run)
            self.files[PARENT].save(run.checkpoint())
        self.parent = run.weights()

    def make_styles(self) -> None:
        """Train the styles, the one that is furthest behind first, and write the pack."""
        settings = self.settings
        known = {} if self.start is None else self.start.weights
        starts = {name: known.get(name, self.parent) for name in settings.posters}
        runs = [self._resumed(name, start) for name, start in starts.items()]
        pack = PackInTraining(
            settings,
            self.fingerprint,
            len(self.photos),
            self.parent,
            self.posters,
            starts,
            self.base,
        )
        for run in runs:
            # The pack of this checkpoint may be missing: killed before, or a new --out.
            if run.done:
                pack.put(run, self.files[run.name])
        if any(run.done for run in runs):
            pack.write()
        while left := [run for run in runs if run.left]:
            self._turn(min(left, key=lambda run: run.done), pack)
            plot_losses(
                {run.name: self.files[run.name].metrics.read() for run in runs},
                settings.checkpoints / "loss.png",
                {run.name: self.files[run.name].held_out.read() for run in runs},
            )

    def _turn(self, run: StyleRun, pack: PackInTraining) -> None:
        """The steps of one style to its next checkpoint, and all that is made of them."""
        files = self.files[run.name]
        last = self._train(run)
        # Before the checkpoint: what a killed run left behind it is measured again.
        if self.held_out:
            grams = {run.name: self.objective.grams[run.name]}
            losses = held_out_losses({run.name: run.average}, self.vgg, grams, self.held_out)
            files.held_out.append({"step": run.done, "images": run.images, **losses[run.name]})
        files.save(run.checkpoint())
        sheet = files.draw_sheet(run.done, run.average, self.preview, self.settings.device)
        faults = pack.put(run, files)
        pack.write()
        self.on_progress(replace(last, sheet=sheet, faults=faults))

    def _resumed(self, name: str, start: Weights | None) -> StyleRun:
        """A run as its last checkpoint left it, or as it begins."""
        run = StyleRun(name, self.settings, self.photos, self.objective, start)
        checkpoint = self.checkpoints.pop(name)
        if checkpoint is not None:
            run.restore(checkpoint)
        self.files[name].begin(run.done)
        self.done[name] = run.done
        return run

    def _train(self, run: StyleRun) -> TrainingProgress:
        """The steps of a run to its next checkpoint; returns the progress of the last one.

        The others are reported here, and so is a parent's last, of which nothing more is made.
        """
        steps = min(self.settings.checkpoint_every, run.left)
        progress: TrainingProgress | None = None
        begun = time.monotonic()
        for metrics in run.train(steps):
            if progress is not None:
                self.on_progress(progress)
            self.files[run.name].metrics.append(metrics)
            self.done[run.name] = run.done
            now = time.monotonic()
            progress = TrainingProgress(
                run.name,
                run.done,
                run.schedule.steps,
                sum(self.done.values()),
                self.totals,
                run.images,
                float(np.mean(metrics["content"])),
                float(np.mean(metrics["style"])),
                now - begun,
            )
            begun = now
        assert progress is not None  # noqa: S101  (a turn has steps)
        if run.name == PARENT:
            self.on_progress(progress)
        return progress


def _files_read(settings: TrainingSettings, photos: Sequence[Path]) -> Iterator[Path]:
    """The files that a run reads, or may read."""
    yield from (*settings.posters.values(), *photos, *settings.preview)
    if settings.vgg is not None:
        yield settings.vgg
    for pack in (settings.start, settings.add_to):
        if pack is not None:
            yield from (pack, pack.with_suffix(".yaml"))


def _check_shape(pack: StylePack, settings: TrainingSettings) -> None:
    """Refuse a pack whose networks are of another shape than the run's."""
    if pack.config != settings.config:
        raise TrainingError(
            f"it is of {pack.config}, the run of {settings.config}",
            where=f"pack '{pack.name}'",
            remedy="Give its width and its number of residual blocks.",
        )
