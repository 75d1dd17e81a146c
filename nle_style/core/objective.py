"""What a training step minimises: content, style, tones, and steadiness by turns."""

from __future__ import annotations

from collections.abc import Mapping
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
from nle_style.core.temporal import motion_loss, noise_loss
from nle_style.core.tone import PosterTones, poster_tones, tone_loss
from nle_style.core.training_settings import TrainingSettings

__all__ = ["Objective"]


class Objective:
    """The loss of a run, with the posters' side of it computed once.

    Args:
        settings: the run's; its weights, posters and device count here.
        vgg: on that device.
        posters: name -> (3, H, W), RGB, 0-1, in the order of the network's rows.
    """

    def __init__(
        self, settings: TrainingSettings, vgg: Vgg16Features, posters: Mapping[str, Tensor]
    ) -> None:
        self._settings, self._vgg = settings, vgg
        device = torch.device(settings.device)
        with torch.no_grad():
            images = [poster[None].to(device) for poster in posters.values()]
            grams = [style_targets(vgg(image)) for image in images]
            tones = [poster_tones(image) for image in images]
        self.grams = {layer: torch.cat([gram[layer] for gram in grams]) for layer in STYLE_LAYERS}
        self._tones = PosterTones(
            torch.cat([tone.luminance for tone in tones]),
            torch.cat([tone.mean for tone in tones]),
            torch.cat([tone.covariance for tone in tones]),
        )
        self._noise = torch.full((len(posters),), settings.noise_weight, device=device)
        self._motion = torch.tensor(
            [settings.motion_weights.get(name, settings.motion_weight) for name in posters],
            device=device,
        )

    def __call__(
        self, network: StyleNetwork, batch: Tensor, rows: list[int], step: int, place: int = 0
    ) -> tuple[Tensor, dict[str, list[float]]]:
        """The weighted loss of some of a step's images, and its terms without their weights.

        Args:
            network: what is trained.
            batch: (N, 3, H, W), RGB, 0-1, on the run's device.
            rows: the style of every image.
            step: number of the step, from 0: it decides which temporal term has its turn.
            place: of the first image in its step; with the step it decides what is drawn.

        Returns:
            (N,), and name -> N values.
        """
        settings = self._settings
        index = torch.tensor(rows, device=batch.device)
        mix = torch.eye(network.config.styles, device=batch.device)[index]
        with torch.no_grad():
            wanted = self._vgg(batch, (CONTENT_LAYER,))[CONTENT_LAYER]
        paint = partial(paint_with_overscan, partial(network, mix=mix))
        painted = paint(batch)
        features = self._vgg(painted)
        targets = {layer: gram[index] for layer, gram in self.grams.items()}
        terms: dict[str, tuple[Tensor | float, Tensor]] = {
            "content": (
                settings.content_weight,
                content_loss(features[CONTENT_LAYER], wanted, settings.weighting),
            ),
            "style": (settings.style_weight, style_loss(features, targets, settings.weighting)),
        }
        # Half of the steps each: either costs another pass through the network.
        noise = step % 2 == 0
        weights = self._noise if noise else self._motion
        if weights.any():
            chance = np.random.default_rng([settings.seed, 1_000_033, step, place])
            temporal = noise_loss if noise else motion_loss
            value = temporal(paint, batch, painted, chance)
            name = "noise" if noise else "motion"
            terms[name] = settings.grown(step) * (mix @ weights), value
        if settings.tone_weight:
            terms["tone"] = settings.tone_weight, tone_loss(painted, batch, self._tones.rows(index))
        total = torch.stack([weight * value for weight, value in terms.values()]).sum(0)
        return total, {name: value.tolist() for name, (_, value) in terms.items()}
