"""The network alone, one way of running it: `-m cost.network_paths PATH WIDTHxHEIGHT REPEATS`.

Prints one JSON object: the seconds of every repeat after the first and the operations of the
network as it is defined, or why it cannot be measured.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

from nle_style.apply.engine import (
    FoldedEngine,
    FrameEngine,
    OpenVinoEngine,
    TiledEngine,
    arrange,
    openvino_version,
    paint_in_tiles,
)
from nle_style.core import StyleNetwork
from nle_style.core.network import NetworkConfig

from .machine_rates import operations
from .reference_net import ReferenceNet

__all__ = ["PATHS", "Unavailable", "layers_and_norms", "path_operations"]

ROWS = 256
TILE = (640, 640)


class Unavailable(Exception):
    """This way cannot run here."""


def layers_and_norms() -> tuple[tuple, list]:
    """The layers of a network with random weights, and the statistics of a random picture."""
    torch.manual_seed(0)
    network = StyleNetwork(NetworkConfig(16)).eval()
    layers = arrange(network)
    norms: list = []
    FrameEngine(layers)(torch.rand(1, 3, 256, 256), seen=norms)
    return layers, norms


def _reference() -> Callable[[Tensor], Tensor]:
    network = ReferenceNet().eval()
    return lambda image: network(image * 255)


def _definition() -> Callable[[Tensor], Tensor]:
    return StyleNetwork(NetworkConfig(16)).eval()


def _frame() -> Callable[[Tensor], Tensor]:
    return FrameEngine(layers_and_norms()[0])


def _tiled() -> Callable[[Tensor], Tensor]:
    return TiledEngine(FrameEngine(layers_and_norms()[0]), ROWS)


def _folded() -> Callable[[Tensor], Tensor]:
    return FoldedEngine(*layers_and_norms())


def _compiled() -> Callable[[Tensor], Tensor]:
    network = StyleNetwork(NetworkConfig(16)).eval().to(memory_format=torch.channels_last)
    compiled: Callable[[Tensor], Tensor] = torch.compile(network)
    return compiled


def _openvino() -> Callable[[Tensor], Tensor]:
    if openvino_version() is None:
        raise Unavailable("OpenVINO is not installed")
    return OpenVinoEngine(*layers_and_norms())


def _openvino_tiles() -> Callable[[Tensor], Tensor]:
    engine = _openvino()
    return lambda image: paint_in_tiles(engine, image, TILE)


REFERENCE = "reference, 32 channels, eager"

PATHS: dict[str, Callable[[], Callable[[Tensor], Tensor]]] = {
    REFERENCE: _reference,
    "the definition, 16 channels, eager": _definition,
    "the definition, torch.compile": _compiled,
    "rearranged, own statistics": _frame,
    "rearranged, own statistics, strips of 256 rows": _tiled,
    "rearranged, frozen statistics folded in": _folded,
    "the same in OpenVINO": _openvino,
    "the same in OpenVINO, tiles of 640x640": _openvino_tiles,
}


def path_operations(path: str, height: int, width: int) -> int:
    """Additions and multiplications of a path's network: those of its definition, so that a path
    that needs fewer is the faster one."""
    with torch.device("meta"):
        network = ReferenceNet() if path == REFERENCE else StyleNetwork(NetworkConfig(16))
    return operations(network.eval(), height, width)


@torch.no_grad()
def main() -> None:
    """Measure one path."""
    path, size, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
    width, height = map(int, size.split("x"))
    image = torch.rand(1, height, width, 3).permute(0, 3, 1, 2)
    seconds = []
    try:
        paint = PATHS[path]()
        for _ in range(repeats + 1):
            started = time.perf_counter()
            paint(image)
            seconds.append(time.perf_counter() - started)
    except Unavailable as error:
        print(json.dumps({"skipped": str(error)}))
        return
    print(json.dumps({"seconds": seconds[1:], "operations": path_operations(path, height, width)}))


if __name__ == "__main__":
    main()
