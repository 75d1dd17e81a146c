"""What a training run is asked for: everything that decides its weights, and where they go."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from nle_style.core.network import NetworkConfig
from nle_style.core.overscan import OVERSCAN
from nle_style.core.perceptual import STYLE_LAYERS, Weighting
from nle_style.durable import file_sha256
from nle_style.errors import TrainingError

__all__ = ["PARENT", "Phase", "Schedule", "TrainingSettings"]

PARENT = "parent"
"""The name of the run that makes the parent; no poster has it."""

_WARM_UP = 20
_RAMP = 0.25


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
                remedy="A phase is SIZE:BATCH:STEPS with a size of 32 or more, as 192:2:500.",
            )

    def __str__(self) -> str:
        return f"{self.size}:{self.batch}:{self.steps}"


@dataclass(frozen=True)
class Schedule:
    """The steps of the parent or of one style: phases, and what changes over them.

    Attributes:
        phases: crop sizes and lengths, one after the other; () is no training at all.
        learning_rate, final_rate: Adam's rate, and what it falls to.
        finish: share of the steps, 0-1, at the end: in them the rate falls along a cosine, and the
            terms of `losses.temporal` come in. Before them the rate is constant.
    """

    phases: tuple[Phase, ...]
    learning_rate: float
    final_rate: float
    finish: float

    @property
    def steps(self) -> int:
        """Steps of all phases together."""
        return sum(phase.steps for phase in self.phases)

    @property
    def images(self) -> int:
        """Image-steps of all phases together."""
        return sum(phase.steps * phase.batch for phase in self.phases)

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
        """Adam's rate: a linear start over 20 steps, constant, then a cosine to `final_rate`."""
        begin = (1 - self.finish) * self.steps
        progress = max(0.0, (step - begin) / max(self.steps - 1 - begin, 1))
        cosine = 0.5 * (1 + math.cos(math.pi * progress))
        rate = self.final_rate + (self.learning_rate - self.final_rate) * cosine
        return rate * min(1.0, (step + 1) / _WARM_UP)

    def grown(self, step: int) -> float:
        """How far the weights of `losses.temporal` have grown at a step, 0-1: 0 before the finish,
        whole after the first quarter of it."""
        begin = (1 - self.finish) * self.steps
        if step < begin or not self.finish:
            return 0.0
        return min(1.0, (step + 1 - begin) / (_RAMP * self.finish * self.steps))


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that a run depends on.

    Attributes:
        posters: style name -> image file; the order is the order of the styles in the pack.
        photos: folder of training photographs (COCO, for instance).
        out: the pack to write, `.safetensors`.
        checkpoints: folder for checkpoints, metrics, plot and contact sheets.
        phases: of every style.
        parent_phases: of the parent, which is taught all posters at once; () with `start`.
        vgg: VGG-16 weights, see `perceptual.load_vgg16`.
        width, residual_blocks: see `NetworkConfig`.
        poster_size: longer side, in pixels, at which the posters' Gram matrices are taken; a larger
            one paints larger strokes.
        weighting: see `perceptual.Weighting`.
        content_weight, style_weight: α and β of the total loss.
        layer_weights: of the style loss at each of `perceptual.STYLE_LAYERS`.
        learning_rate, final_rate, finish: see `Schedule`; a parent has the same.
        average: decay of the exponential weight average, which is what the pack holds.
        checkpoint_every: steps of a style between its checkpoints; then the next style goes on.
        preview: images for the contact sheets; the first photographs if empty.
        held_out: folder or list of photographs that are left out of `photos` and measured at every
            checkpoint, see `core.held_out`.
        noise_weight, motion_weight: of the two terms of `losses.temporal`, each computed at every
            other step of the finish; a parent has none.
        noise_weights, motion_weights: style name -> its own.
        tone_weight: of `core.tone.tone_loss`.
        start: a pack to go on from: styles of the same name begin with its weights, others with its
            parent, which stays the parent. None trains a parent from random weights.
        add_to: a pack to add the posters to; its styles stay bit for bit as they are, the new ones
            begin with its parent.
        notes: style name -> entries for its card that training cannot know (artwork, licence).
        seed: of every random draw.
        device: `cpu`, `cuda`, `cuda:N` or `mps`.
    """

    posters: Mapping[str, Path]
    photos: Path
    out: Path
    checkpoints: Path
    phases: tuple[Phase, ...]
    parent_phases: tuple[Phase, ...] = ()
    vgg: Path | None = None
    width: int = 16
    residual_blocks: int = 5
    poster_size: int = 512
    weighting: Weighting = "normalised"
    content_weight: float = 1.0
    style_weight: float = 5.0
    layer_weights: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    learning_rate: float = 1e-3
    final_rate: float = 1e-4
    finish: float = 0.2
    average: float = 0.99
    checkpoint_every: int = 100
    preview: tuple[Path, ...] = ()
    held_out: Path | None = None
    noise_weight: float = 0.0
    motion_weight: float = 0.0
    noise_weights: Mapping[str, float] = field(default_factory=dict)
    motion_weights: Mapping[str, float] = field(default_factory=dict)
    tone_weight: float = 0.5
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
        if PARENT in self.posters:
            raise TrainingError(f"a style cannot be called '{PARENT}'", remedy="Rename it.")
        if self.checkpoint_every < 1:
            raise TrainingError(f"a checkpoint every {self.checkpoint_every} steps")
        if self.out.suffix != ".safetensors":
            raise TrainingError("a style pack's name ends in .safetensors", where=str(self.out))
        if len(self.layer_weights) != len(STYLE_LAYERS):
            raise TrainingError(
                f"{len(self.layer_weights)} layer weights",
                remedy=f"Give {len(STYLE_LAYERS)}: of relu1_2, relu2_2, relu3_3 and relu4_3.",
            )
        for term in ("noise", "motion"):
            if unknown := sorted(set(getattr(self, f"{term}_weights")) - set(self.posters)):
                raise TrainingError(
                    f"a {term} weight for {', '.join(unknown)}, which has no poster",
                    remedy=f"Give --{term}-weight NUMBER, or NAME=NUMBER with a --poster's name.",
                )
        if self.start is not None and self.add_to is not None:
            raise TrainingError("a run starts from one pack, or adds to one: not both")
        from_pack = self.start is not None or self.add_to is not None
        if from_pack == bool(self.parent_phases):
            raise TrainingError(
                "a pack that a run starts from has a parent; without one, it must be trained",
                remedy="Give either --parent SIZE:BATCH:STEPS or --from PACK.",
            )

    @property
    def config(self) -> NetworkConfig:
        """The shape of every network of the run."""
        return NetworkConfig(self.width, self.residual_blocks)

    def schedule(self, name: str) -> Schedule:
        """The steps of the parent (`PARENT`) or of a style."""
        phases = self.parent_phases if name == PARENT else self.phases
        return Schedule(phases, self.learning_rate, self.final_rate, self.finish)

    def seed_of(self, name: str) -> int:
        """Where the draws of the parent's or a style's run begin: each has its own, whatever other
        posters there are."""
        return int.from_bytes(hashlib.sha256(f"{self.seed} {name}".encode()).digest()[:6], "big")

    def fingerprint(self, photos: tuple[Path, ...]) -> str:
        """A hash of all that decides the weights; a checkpoint of another run has another one."""
        decides = asdict(self)
        for name in ("out", "checkpoints", "checkpoint_every", "preview", "device", "notes"):
            del decides[name]
        del decides["held_out"]  # seen in `photos`, if it decides anything
        # In their order: it decides which poster a crop of the parent's is for.
        decides["posters"] = [(name, file_sha256(path)) for name, path in self.posters.items()]
        for name, pack in (("start", self.start), ("add_to", self.add_to)):
            if pack is not None:
                decides[name] = file_sha256(pack)
        decides["overscan"] = OVERSCAN
        decides["vgg"] = None if self.vgg is None else self.vgg.name
        decides["photos"] = [(photo.name, photo.stat().st_size) for photo in photos]
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
