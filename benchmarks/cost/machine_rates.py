"""What this machine can do at all, beside which a network's seconds can be read.

    python benchmarks/cost/machine_rates.py

Prints one JSON object: for every name of `RATES` the rate of each repeat. All in float32, on the
cores that torch takes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["RATES", "measured_rates", "operations"]

_REPEATS = 5
_SIDE = 2048
_MAP = (1, 64, 270, 480)  # what the residual blocks read of a 1080p picture
_COPIED = 2**29  # bytes: more than any cache holds

RATES = {
    "product_gflops": "matrix product of 2048x2048, GFLOP/s",
    "convolution_gflops": "3x3 convolution, 64 channels of 480x270, GFLOP/s",
    "copy_gb_s": "memory copy, GB/s read and written",
}


def operations(network: nn.Module, height: int, width: int) -> int:
    """Additions and multiplications of a network's layers for a picture: of its convolutions and
    products, as they are defined, however they are run.

    Args:
        network: (1, 3, H, W) -> the same; its parameters on the device "meta".
    """
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        network(torch.empty(1, 3, height, width, device="meta"))
    return int(counter.get_total_flops())


@torch.no_grad()
def measured_rates(repeats: int = _REPEATS) -> dict[str, list[float]]:
    """The rate of every repeat, by the names of `RATES`."""
    left, right = torch.rand(2, _SIDE, _SIDE)
    channels = _MAP[1]
    layer = nn.Conv2d(channels, channels, 3, padding=1).to(memory_format=torch.channels_last)
    picture = torch.rand(_MAP).contiguous(memory_format=torch.channels_last)
    source = torch.zeros(_COPIED, dtype=torch.uint8)
    target = torch.zeros_like(source)
    work: dict[str, tuple[Callable[[], object], float]] = {
        "product_gflops": (lambda: left @ right, 2 * _SIDE**3),
        "convolution_gflops": (lambda: layer(picture), 2 * 9 * channels * picture.numel()),
        "copy_gb_s": (lambda: target.copy_(source), 2 * _COPIED),
    }
    rates: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(repeats + 1):
        for name, (once, amount) in work.items():
            started = time.perf_counter()
            once()
            if turn:  # the first one takes memory and prepares
                rates[name].append(amount / (time.perf_counter() - started) / 1e9)
    return rates


if __name__ == "__main__":
    print(json.dumps(measured_rates()))
