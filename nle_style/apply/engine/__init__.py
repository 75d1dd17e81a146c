"""Ways to run the network: in torch or OpenVINO, whole or in tiles, within a memory budget."""

from __future__ import annotations

from nle_style.apply.engine.kernels import Layer, arrange
from nle_style.apply.engine.memory import Budget, automatic_memory, parse_memory
from nle_style.apply.engine.openvino_engine import OpenVinoEngine, OpenVinoMeasure, openvino_version
from nle_style.apply.engine.openvino_graph import one_slice
from nle_style.apply.engine.precision import trusted
from nle_style.apply.engine.reflected import blank, reflect_margins
from nle_style.apply.engine.tiling import TiledEngine, paint_in_tiles
from nle_style.apply.engine.torch_engine import FoldedEngine, FrameEngine

__all__ = [
    "Budget",
    "FoldedEngine",
    "FrameEngine",
    "Layer",
    "OpenVinoEngine",
    "OpenVinoMeasure",
    "TiledEngine",
    "arrange",
    "automatic_memory",
    "blank",
    "one_slice",
    "openvino_version",
    "paint_in_tiles",
    "parse_memory",
    "reflect_margins",
    "trusted",
]
