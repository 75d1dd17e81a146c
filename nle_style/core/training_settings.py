"""What a training run is asked for: everything that decides its weights, and where they go."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from nle_style.core.overscan import OVERSCAN
from nle_style.core.perceptual import Weighting
from nle_style.errors import TrainingError

__all__ = ["Phase", "TrainingSettings"]


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
        held_out: folder or list of photographs that are left out of `photos` and measured at every
            checkpoint, see `core.held_out`.
        noise_weight, motion_weight: of the two terms of `core.temporal`, each computed at every
            other step.
        motion_weights: style name -> its own in place of `motion_weight`.
        ramp: share of the run, 0-1, over which those weights grow from nothing. 0 suits a `start`
            that was trained with them: it would forget how to be steady.
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
    held_out: Path | None = None
    noise_weight: float = 0.0
    motion_weight: float = 0.0
    motion_weights: Mapping[str, float] = field(default_factory=dict)
    ramp: float = 0.1
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
        if unknown := sorted(set(self.motion_weights) - set(self.posters)):
            raise TrainingError(
                f"a motion weight for {', '.join(unknown)}, which has no poster",
                remedy="Give --motion-weight NUMBER, or NAME=NUMBER with the name of a --poster.",
            )
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

    def grown(self, step: int) -> float:
        """How far the weights of `core.temporal` have grown at a step, 0-1."""
        return min(1.0, (step + 1) / (self.ramp * self.steps)) if self.ramp else 1.0

    def fingerprint(self, photos: tuple[Path, ...]) -> str:
        """A hash of all that decides the weights; a checkpoint of another run has another one."""
        decides = asdict(self)
        for name in ("out", "checkpoints", "checkpoint_every", "preview", "device", "photos"):
            del decides[name]
        del decides["notes"]
        del decides["held_out"]  # seen in `photos`, if it decides anything
        decides["posters"] = {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in self.posters.items()
        }
        # A run without these is the run it was before they were there.
        for name in ("noise_weight", "motion_weight", "tone_weight", "start", "add_to"):
            if not decides[name]:
                del decides[name]
        for name, default in (("motion_weights", {}), ("ramp", 0.1)):
            if decides[name] == default:
                del decides[name]
        for name, pack in (("start", self.start), ("add_to", self.add_to)):
            if pack is not None:
                decides[name] = hashlib.sha256(pack.read_bytes()).hexdigest()
        decides["overscan"] = OVERSCAN
        decides["vgg"] = None if self.vgg is None else self.vgg.name
        decides["photos"] = [(photo.name, photo.stat().st_size) for photo in photos]
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
