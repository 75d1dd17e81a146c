"""What a training step minimises: content, style, tones, and steadiness by turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor

from nle_style.core.network import StyleNetwork
from nle_style.core.overscan import paint_with_overscan
from nle_style.core.perceptual import (
    CONTENT_LAYER,
    STYLE_LAYERS,
    Vgg16Features,
    content_loss,
    style_loss,
    style_targets,
)
from nle_style.core.training.losses.temporal import motion_loss, noise_loss
from nle_style.core.training.losses.tone import PosterTones, poster_tones, tone_loss
from nle_style.core.training.settings import PARENT, TrainingSettings

__all__ = ["Objective", "computes_in_bfloat16"]

_TYPICAL_ENERGY = 1e5
"""Mean square of relu2_2 of a photograph, Oxford's VGG-16: 1.2e5 in the median of crops of COCO, a
quarter of them below 6e4. The normalised content loss of images with less energy is scaled down: a
dark or flat frame, divided by its own energy alone, had a loss of 5 to 15, and its gradient
outweighed those of the other images of its batch."""


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether a device multiplies matrices of bfloat16 at least twice as fast as of float32: CUDA,
    and CPUs with AMX or AVX512-BF16, where a step of training takes half of the time
    (`benchmarks/training/step_cost.py`). Others are slower in it."""
    if device.type == "cpu":
        # Where torch does not know (before 2.10) it is not used.
        known: Callable[[], dict[str, bool]] = getattr(torch.cpu, "get_capabilities", dict)
        found = known()
        return bool(found.get("amx_bf16") or found.get("avx512_bf16"))
    return device.type == "cuda"


class Objective:
    """The loss of a run, with the posters' side of it computed once.

    Where bfloat16 is fast (`computes_in_bfloat16`) the loss network, the products of its Gram
    matrices and the painting network's convolutions compute in it; half precision ends below
    VGG-16's maps. Losses are float32, and so is all painting at a step with a temporal term: the
    two paintings of a noise term differ by less than bfloat16 resolves.

    Args:
        settings: the run's; its weights, posters and device count here.
        vgg: on that device.
        posters: name -> (3, H, W), RGB, 0-1.

    Attributes:
        bfloat16: whether the two networks compute in it.
        grams: name -> the Gram matrices of its poster, see `perceptual.style_targets`.
    """

    def __init__(
        self, settings: TrainingSettings, vgg: Vgg16Features, posters: Mapping[str, Tensor]
    ) -> None:
        self._settings, self._vgg = settings, vgg
        self._device = torch.device(settings.device)
        self.bfloat16 = computes_in_bfloat16(self._device)
        self._layers = dict(zip(STYLE_LAYERS, settings.layer_weights, strict=True))
        self.grams: dict[str, dict[int, Tensor]] = {}
        self._tones: dict[str, PosterTones] = {}
        with torch.no_grad():
            for name, poster in posters.items():
                image = poster[None].to(self._device)
                self.grams[name] = style_targets(vgg(image))
                self._tones[name] = poster_tones(image)

    def features(self, image: Tensor, layers: tuple[int, ...] = STYLE_LAYERS) -> dict[int, Tensor]:
        """`Vgg16Features.forward`, in bfloat16 where it computes in that."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self.bfloat16):
            found: dict[int, Tensor] = self._vgg(image, layers)
        return found

    def __call__(
        self,
        network: StyleNetwork,
        batch: Tensor,
        styles: list[str],
        run: str,
        step: int,
        place: int = 0,
    ) -> tuple[Tensor, dict[str, list[float]]]:
        """The weighted loss of some of a step's images, and its terms without their weights.

        Args:
            network: what is trained.
            batch: (N, 3, H, W), RGB, 0-1, on the run's device.
            styles: whose poster every image is for.
            run: `PARENT`, or the style that is trained.
            step: number of the step, from 0: it decides which temporal term has its turn.
            place: of the first image in its step; with the step it decides what is drawn.

        Returns:
            (N,), and name -> N values; a temporal term only where it counts.
        """
        settings = self._settings
        with torch.no_grad():
            wanted = self.features(batch, (CONTENT_LAYER,))[CONTENT_LAYER].float()
        # Half of the steps each: either costs another pass through the network.
        name = "noise" if step % 2 == 0 else "motion"
        weight = self._temporal_weight(name, run, step)
        paint = partial(paint_with_overscan, network)
        low = self.bfloat16 and not weight
        with torch.autocast(self._device.type, torch.bfloat16, enabled=low):
            painted = paint(batch)
        painted = painted.float()
        features = self.features(painted)
        targets = {
            layer: torch.cat([self.grams[style][layer] for style in styles])
            for layer in STYLE_LAYERS
        }
        style = style_loss(features, targets, settings.weighting, self._layers)
        content = content_loss(features[CONTENT_LAYER].float(), wanted, settings.weighting)
        if settings.weighting == "normalised":
            energy = wanted.square().mean(dim=(1, 2, 3))
            content = content * (energy / _TYPICAL_ENERGY).clamp_max(1)
        terms: dict[str, tuple[float, Tensor]] = {
            "content": (settings.content_weight, content),
            "style": (settings.style_weight, style),
        }
        if weight:
            chance = np.random.default_rng([settings.seed_of(run), 1_000_033, step, place])
            loss = noise_loss if name == "noise" else motion_loss
            terms[name] = weight, loss(paint, batch, painted, chance)
        if settings.tone_weight:
            tones = PosterTones.of([self._tones[style] for style in styles])
            terms["tone"] = settings.tone_weight, tone_loss(painted, batch, tones)
        total = torch.stack([weight * value for weight, value in terms.values()]).sum(0)
        return total, {name: value.tolist() for name, (_, value) in terms.items()}

    def _temporal_weight(self, term: str, run: str, step: int) -> float:
        """What the noise or the motion term counts at a step."""
        if run == PARENT:
            return 0.0
        settings = self._settings
        every: float = getattr(settings, f"{term}_weight")
        own: Mapping[str, float] = getattr(settings, f"{term}_weights")
        return settings.schedule(run).grown(step) * own.get(run, every)
