"""What a step of training costs, and what bfloat16 saves and changes.

    python benchmarks/training/step_cost.py --photos DIR --poster snow=snow.png --vgg FILE

Steps of two crops of 224 pixels go on from a style of the shipped pack, with both networks in
float32 and in bfloat16 by turns: processor seconds of a step, median and range of `--rounds`. Where
the CPU has neither AMX nor AVX512-BF16 the second is the slower one, and training does not take it.
Then the gradient of the loss by the painting's weights, one way and the other, on the same images:
the norm of the difference over that of the first.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor

from nle_style.core.perceptual import load_vgg16
from nle_style.core.style_pack import load_pack
from nle_style.core.training import Phase, TrainingSettings
from nle_style.core.training.losses import Objective
from nle_style.core.training.losses.objective import computes_in_bfloat16
from nle_style.core.training.photos import find_images, load_image
from nle_style.core.training.style_run import StyleRun
from nle_style.shipped import find_pack


def gradient(run: StyleRun, objective: Objective, batch: Tensor) -> Tensor:
    """Of the loss of a batch by all weights of a run's network, in one row."""
    losses, _ = objective(run.network, batch, [run.name] * len(batch), run.name, 0)
    parts = torch.autograd.grad(losses.sum(), list(run.network.parameters()))
    return torch.cat([part.flatten() for part in parts])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--poster", required=True, metavar="STYLE=FILE")
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    name, file = arguments.poster.split("=")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingSettings(
            posters={name: Path(file)},
            photos=arguments.photos,
            out=Path(folder, "out.safetensors"),
            checkpoints=Path(folder),
            phases=(Phase(224, 2, 1000),),
            start=find_pack(None),
            style_weight=3.0,
        )
        vgg = load_vgg16(arguments.vgg).to(memory_format=torch.channels_last)
        poster = load_image(Path(file), longest=settings.poster_size)
        objective = Objective(settings, vgg, {name: poster})
        start = load_pack(find_pack(None)).weights[name]
        run = StyleRun(name, settings, find_images(arguments.photos), objective, start)
        seconds: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(arguments.rounds + 1):
            for low, taken in seconds.items():
                objective.bfloat16 = low
                began = time.process_time()
                list(run.train(1))
                taken.append(time.process_time() - began)
        batch = torch.rand(2, 3, 224, 224).contiguous(memory_format=torch.channels_last)
        found = []
        for low in seconds:
            objective.bfloat16 = low
            found.append(gradient(run, objective, batch))
    for low, taken in seconds.items():
        kept = sorted(taken[1:])  # the first lays memory out
        span = f"{statistics.median(kept):.2f} ({kept[0]:.2f}-{kept[-1]:.2f})"
        print(f"{'bfloat16' if low else 'float32'}: {span} processor seconds a step")
    difference = float((found[1] - found[0]).norm() / found[0].norm())
    print(f"gradient of the weights: {100 * difference:.1f}% off in bfloat16")
    here = "bfloat16" if computes_in_bfloat16(torch.device("cpu")) else "float32"
    print(f"training takes {here} here; torch {torch.__version__}")


if __name__ == "__main__":
    main()
