"""How a pack should hold its styles: the same image-steps spent in four ways, measured alike.

    python benchmarks/training/pack_formats.py --photos DIR --posters DIR [--vgg FILE] [--from PACK]
        [--images N] [--size PIXELS] [--only WAY ...] [--json]

Every way paints three posters and has had N image-steps in all:

rows       one network (C = 16) for all posters, a row of γ and β for each (Dumoulin et al. 2017)
whole      a third of the steps for a parent that is taught all posters at once, the rest for whole
           weights a poster, fine-tuned from it (Wang et al. 2019, "Deep network interpolation")
rows32     `rows` with C = 32, at 3.6 times the cost a frame
separable  `whole` with C = 24 and separable residual convolutions, at the cost a frame of C = 16
rows+, whole+   as above, from the weights of PACK in place of random ones; `rows+` trains the new
           rows alone, `whole+` has no parent to make

style, content   normalised losses on every other held-out photograph (256 px of the centre), means
half             of the middle of a mix: style loss to the nearer poster, mean over the pairs, over
                 that of the means of the two paintings, as a cross-fade in an editor gives it
gates            paintings of plain frames that fail (core.gates)
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from copy import deepcopy
from itertools import combinations
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nle_style.core import StyleNetwork, load_pack
from nle_style.core.network import NetworkConfig
from nle_style.core.overscan import paint_with_overscan
from nle_style.core.perceptual import (
    CONTENT_LAYER,
    Vgg16Features,
    content_loss,
    load_vgg16,
    style_loss,
)
from nle_style.core.style_pack import mean_weights, network_of
from nle_style.core.training import PARENT, Phase, TrainingSettings
from nle_style.core.training.gates import examine, speckle
from nle_style.core.training.held_out import centre_crop, find_held_out, without
from nle_style.core.training.losses import Objective
from nle_style.core.training.photos import find_images, load_image, training_batch

STYLES = ("blue", "snow", "dark")
BATCH = 2
POSTER_SIZE = 512
WAYS = ("rows", "whole", "rows32", "separable", "rows+", "whole+")
Networks = dict[str, StyleNetwork]


class Bench:
    """Posters, photographs and VGG-16, and one way after the other trained and measured."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.size, self.images, self.start = args.size, args.images, args.start
        self.vgg: Vgg16Features = load_vgg16(args.vgg).to(memory_format=torch.channels_last)
        self.held_out = find_held_out(
            Path(__file__).resolve().parents[1] / "heldout_photos.txt", args.photos
        )
        self.photos = without(find_images(args.photos), self.held_out)
        self.posters = {
            name: load_image(args.posters / f"{name}.png", longest=POSTER_SIZE)[None]
            for name in STYLES
        }
        settings = TrainingSettings(
            posters={name: args.posters / f"{name}.png" for name in STYLES},
            photos=args.photos,
            out=Path("unused.safetensors"),
            checkpoints=Path("unused"),
            phases=(Phase(self.size, BATCH, 1),),
            parent_phases=(Phase(self.size, BATCH, 1),),
            poster_size=POSTER_SIZE,
            style_weight=8.0,
        )
        images = {name: poster[0] for name, poster in self.posters.items()}
        self.objective = Objective(settings, self.vgg, images)

    def losses(self, network: nn.Module, name: str, image: Tensor) -> tuple[float, float]:
        """Style and content loss of one image (1, 3, H, W) in one style."""
        wanted = self.vgg(image, (CONTENT_LAYER,))[CONTENT_LAYER]
        features = self.vgg(paint_with_overscan(network, image))
        style = style_loss(features, self.objective.grams[name], "normalised")
        content = content_loss(features[CONTENT_LAYER], wanted, "normalised")
        return float(style), float(content)

    def train(
        self, networks: Networks, steps: int, rate: float, *, mixed: bool, seed: int
    ) -> Networks:
        """Train networks, which may share parts; returns the running averages of their weights.

        Args:
            steps: of `BATCH` images, in all.
            mixed: whether a step has images of different styles, as suits shared weights.
        """
        names = list(networks)
        parameters = list(
            dict.fromkeys(p for n in networks.values() for p in n.parameters() if p.requires_grad)
        )
        optimiser = torch.optim.Adam(parameters, rate)
        averages = deepcopy(networks)
        for step in range(steps):
            progress = step / max(steps - 1, 1)
            for group in optimiser.param_groups:
                cosine = 0.55 + 0.45 * math.cos(math.pi * progress)
                group["lr"] = rate * cosine * min(1.0, (step + 1) / 20)
            batch = training_batch(self.photos, self.size, BATCH, seed=seed, step=step)
            total = torch.zeros(())
            for place in range(BATCH):
                turn = step * BATCH + place if mixed else step
                name = names[turn % len(names)]
                image = batch[place : place + 1].contiguous(memory_format=torch.channels_last)
                loss, _ = self.objective(networks[name], image, [name], PARENT, step, place)
                total = total + loss.sum() / BATCH
            optimiser.zero_grad(set_to_none=True)
            total.backward()
            if torch.isfinite(nn.utils.clip_grad_norm_(parameters, 10.0)):
                optimiser.step()
            decay = min(0.98, (step + 1) / (step + 10))
            with torch.no_grad():
                for name, network in networks.items():
                    pairs = zip(averages[name].parameters(), network.parameters(), strict=True)
                    for mean, value in pairs:
                        mean.lerp_(value, 1 - decay)
        return averages

    @torch.no_grad()
    def measure(self, networks: Networks) -> dict[str, Any]:
        """The figures of one way, see the module's first lines."""
        found: dict[str, Any] = {}
        images = [centre_crop(path, 256)[None] for path in self.held_out[::2]]
        for name, network in networks.items():
            pairs = [self.losses(network, name, image) for image in images]
            style, content = (statistics.mean(values) for values in zip(*pairs, strict=True))
            faults = examine(name, network, float(speckle(self.posters[name])))
            found[name] = {"style": style, "content": content, "gates": len(faults)}
        ratios = []
        for pair in combinations(networks, 2):
            middle = deepcopy(networks[pair[0]])
            middle.load_state_dict(
                mean_weights([(networks[name].state_dict(), 0.5) for name in pair])
            )
            for image in images[:4]:
                faded = sum(paint_with_overscan(networks[n], image) for n in pair) / 2
                features = [self.vgg(p) for p in (paint_with_overscan(middle, image), faded)]
                nearest = [
                    min(float(style_loss(f, self.objective.grams[n], "normalised")) for n in pair)
                    for f in features
                ]
                ratios.append(nearest[0] / nearest[1])
        found["half"] = statistics.mean(ratios)
        return found


class Separable(nn.Sequential):
    """A 3×3 convolution a channel and one across the channels (Howard et al. 2017)."""

    def __init__(self, channels: int) -> None:
        depthwise = nn.Conv2d(
            channels, channels, 3, padding=1, padding_mode="reflect", groups=channels
        )
        super().__init__(depthwise, nn.Conv2d(channels, channels, 1))


def separable_network() -> StyleNetwork:
    """C = 24 with separable residual convolutions: 44,000 multiplications a pixel, as C = 16."""
    network = StyleNetwork(NetworkConfig(24))
    for index in range(3, 13):
        network.convolutions[index] = Separable(96)
    return network


def shared(network: StyleNetwork) -> Networks:
    """A network a style, whose convolutions are the same objects and whose norms are their own."""
    networks = {}
    for name in STYLES:
        networks[name] = deepcopy(network)
        networks[name].convolutions = network.convolutions
    return networks


def trained(bench: Bench, way: str) -> Networks:
    """The networks of one way after the bench's image-steps."""
    torch.manual_seed(1)
    steps = bench.images // BATCH
    if way.endswith("+"):
        pack = load_pack(bench.start)
        parent = network_of(pack.config, pack.parent).to(memory_format=torch.channels_last)
        if way == "rows+":
            parent.convolutions.requires_grad_(False)
            parent.norms.requires_grad_(True)
            return bench.train(shared(parent), steps, 1e-2, mixed=True, seed=3)
        return bench.train(
            {n: deepcopy(parent).requires_grad_() for n in STYLES}, steps, 1e-3, mixed=False, seed=3
        )
    if way.startswith("rows"):
        network = StyleNetwork(NetworkConfig(32 if way == "rows32" else 16))
        return bench.train(shared(network), steps, 2e-3, mixed=True, seed=3)
    network = separable_network() if way == "separable" else StyleNetwork(NetworkConfig(16))
    parents = bench.train(dict.fromkeys(STYLES, network), steps // 3, 2e-3, mixed=True, seed=3)
    parent = parents[STYLES[0]]
    wholes = {name: deepcopy(parent) for name in STYLES}
    return bench.train(wholes, steps - steps // 3, 2e-3, mixed=False, seed=4)


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--posters", type=Path, required=True)
    parser.add_argument("--vgg", type=Path, help="VGG-16 weights; else torchvision downloads them")
    parser.add_argument("--from", dest="start", type=Path, help="for rows+ and whole+")
    parser.add_argument("--images", type=int, default=900)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--only", nargs="+", choices=WAYS, default=WAYS[:4])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    bench = Bench(args)
    results = {}
    for way in args.only:
        begun = time.monotonic()
        networks = trained(bench, way)
        seconds = time.monotonic() - begun
        results[way] = {**bench.measure(networks), "seconds": seconds}
        results[way]["parameters"] = sum(p.numel() for p in networks[STYLES[0]].parameters())
        if args.json:
            print(json.dumps({way: results[way]}), flush=True)
        else:
            cells = [results[way][name] for name in STYLES]
            style = " ".join(f"{cell['style']:.2f}" for cell in cells)
            content = " ".join(f"{cell['content']:.2f}" for cell in cells)
            gates = sum(cell["gates"] for cell in cells)
            print(
                f"| {way} | {style} | {content} | {results[way]['half']:.2f} | {gates} |"
                f" {seconds:.0f} s |",
                flush=True,
            )


if __name__ == "__main__":
    main()
