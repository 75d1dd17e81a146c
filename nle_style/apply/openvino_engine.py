"""The network in OpenVINO, which fuses every activation and sum into the convolutions.

The extra `[fast]`. On a CPU it takes two thirds of the time of `engine.FoldedEngine` for the same
pictures (docs/speed.md); that is why it is taken wherever it can be had.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nle_style.apply.engine import residual_ends
from nle_style.apply.kernels import LAST_BLOCK, LAST_EDGE, Kernel, Layer, fold
from nle_style.core.network import ConditionalInstanceNorm, NormStatistics, pad_to_stride

__all__ = ["OpenVinoEngine", "OpenVinoMeasure", "openvino_version"]

# OpenVINO's import tells Google Analytics that it was imported, unless the user has opted out or
# its package for that cannot be imported: then it takes an empty one of its own
# (openvino/tools/ovc/telemetry_stub.py). A render opens no network socket.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


@cache
def openvino_version() -> str | None:
    """OpenVINO's version if it is installed and has a CPU plugin for this machine, else None."""
    if importlib.util.find_spec("openvino") is None:
        return None
    import openvino

    return str(openvino.__version__) if "CPU" in _core().available_devices else None


@cache
def _core() -> Any:
    import openvino

    return openvino.Core()


class OpenVinoEngine:
    """A network with one mix of styles and frozen norms, on the CPU in float32.

    It is compiled for a size when a picture of that size first comes, in about a tenth of a second.
    Several threads may paint at the same time; each has maps of its own.

    Args:
        layers: from `kernels.arrange`.
        statistics: mean and variance of every norm.
        streams: how many threads will; they share torch's number of cores.
    """

    def __init__(
        self, layers: Sequence[Layer], statistics: Sequence[NormStatistics], streams: int = 1
    ) -> None:
        self._kernels = fold(layers, statistics)
        self._streams = streams
        self._lock = threading.Lock()
        self._compiled: tuple[tuple[int, int], Any] | None = None
        self._own = threading.local()

    def __call__(self, image: Tensor) -> Tensor:
        """Paint (1, 3, H, W), 0-1 divided by its exposure, both sides whole strides.

        Returns:
            (1, 3, H, W) in 0-1, channels_last; the same thread's next call overwrites it.
        """
        height, width = image.shape[-2:]
        if getattr(self._own, "size", None) != (height, width):
            self._own.request = None  # the old one's maps are freed before there are new ones
            self._own.request = self._network(height, width).create_infer_request()
            self._own.size = (height, width)
        pixels = np.ascontiguousarray(image.permute(0, 2, 3, 1).numpy(), np.float32)
        self._own.request.infer({0: pixels}, share_inputs=True)
        painted = torch.from_numpy(self._own.request.get_output_tensor(0).data)
        return painted.permute(0, 3, 1, 2)

    def _network(self, height: int, width: int) -> Any:
        with self._lock:
            if self._compiled is None or self._compiled[0] != (height, width):
                self._compiled = None
                network = _compile(_Graph(self._kernels).painting(height, width), self._streams)
                self._compiled = (height, width), network
            return self._compiled[1]


class OpenVinoMeasure:
    """What every norm of a network with one mix of styles sees in a picture, on the CPU.

    Args:
        layers: from `kernels.arrange`.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = tuple(layers)
        self._compiled: tuple[tuple[int, int], Any] | None = None

    def __call__(self, image: Tensor, seen: list[NormStatistics]) -> None:
        """Append mean and variance, each (1, C), of every norm for one image, (1, 3, H, W), RGB
        display code values, 0-1, at least `MINIMUM_SIDE` a side."""
        picture = pad_to_stride(image)
        height, width = picture.shape[-2:]
        if self._compiled is None or self._compiled[0] != (height, width):
            self._compiled = None
            model = _Graph([layer.kernel for layer in self._layers]).statistics(
                height, width, self._layers
            )
            self._compiled = (height, width), _compile(model, 1).create_infer_request()
        request = self._compiled[1]
        pixels = np.ascontiguousarray(picture.permute(0, 2, 3, 1).numpy(), np.float32)
        request.infer({0: pixels}, share_inputs=True)
        for index in range(0, 2 * (len(self._layers) - 1), 2):
            mean, variance = (
                torch.from_numpy(request.get_output_tensor(index + part).data.copy()).view(1, -1)
                for part in (0, 1)
            )
            seen.append((mean, variance))


def _compile(model: Any, streams: int) -> Any:
    settings = {
        "INFERENCE_NUM_THREADS": max(streams, torch.get_num_threads()),
        "NUM_STREAMS": streams,
        "INFERENCE_PRECISION_HINT": "f32",
        # Decoding and encoding share the cores, and so may other processes.
        "ENABLE_CPU_PINNING": False,
    }
    return _core().compile_model(model, "CPU", settings)


class _Graph:
    """Builds the models: `engine.Convolutions` in OpenVINO's operations (opset 13)."""

    def __init__(self, kernels: Sequence[Kernel]) -> None:
        import openvino
        from openvino import opset13

        self._ov: Any = openvino
        self._op: Any = opset13
        self._kernels = [(weight.numpy(), bias.numpy()) for weight, bias in kernels]

    def painting(self, height: int, width: int) -> Any:
        """Height × width × 3 in and out, which is how the convolutions work inside as well."""
        op = self._op
        picture = op.parameter([1, height, width, 3], np.float32)
        x = self._maps(picture, lambda index, x: x)
        rows, columns = LAST_BLOCK
        blocks = self._last(x, height, width)
        shape = np.array([1, 3, rows, columns, height // rows, width // columns])
        x = op.transpose(op.reshape(blocks, shape, False), np.array([0, 4, 2, 5, 3, 1]))
        x = op.sigmoid(op.reshape(x, np.array([1, height, width, 3]), False))
        return self._ov.Model([x], [picture], "nle_style")

    def statistics(self, height: int, width: int, layers: Sequence[Layer]) -> Any:
        """Height × width × 3 in; mean and variance of every norm out, in order."""
        op = self._op
        seen: list[Any] = []

        def norm(index: int, x: Any) -> Any:
            layer = layers[index]
            assert layer.gamma is not None  # noqa: S101  (the last layer has no norm)
            assert layer.beta is not None  # noqa: S101
            places = np.array([2, 3])
            mean = op.reduce_mean(x, places, True)
            variance = op.reduce_mean(op.squared_difference(x, mean), places, True)
            # A layer that writes blocks has several channels for one of the norm's.
            phases = layer.phases
            apart = np.array([1, -1, phases, 1])
            means = op.reshape(mean, apart, False)
            mean = op.reduce_mean(means, np.array([2]), True)
            variance = op.add(
                op.reduce_mean(op.reshape(variance, apart, False), np.array([2]), True),
                op.reduce_mean(op.squared_difference(means, mean), np.array([2]), True),
            )
            seen.extend((mean, variance))
            epsilon = op.constant(np.float32(ConditionalInstanceNorm.epsilon))
            gamma, beta = (
                op.constant(value.numpy().reshape(1, -1, 1, 1))
                for value in (layer.gamma, layer.beta)
            )
            scale = op.divide(gamma, op.sqrt(op.add(variance, epsilon)))
            offset = op.subtract(beta, op.multiply(mean, scale))
            spread = np.array([1, 1, phases, 1])
            row = np.array([1, -1, 1, 1])
            scale, offset = (op.reshape(op.tile(v, spread), row, False) for v in (scale, offset))
            return op.add(op.multiply(x, scale), offset)

        picture = op.parameter([1, height, width, 3], np.float32)
        self._maps(picture, norm)
        return self._ov.Model(seen, [picture], "nle_style_statistics")

    def _maps(self, picture: Any, norm: Callable[[int, Any], Any]) -> Any:
        """All layers but the last, and what it reads."""
        op = self._op
        x = self._pad(op.transpose(picture, np.array([0, 3, 1, 2])), (4, 4, 4, 4), "reflect")
        x = op.relu(norm(0, self._conv(x, 0, (2, 2))))
        count = len(self._kernels)
        skip = x
        for index in range(1, count - 1):
            x = norm(index, self._layer(x, index, count))
            ends = residual_ends(index, count)
            x = op.add(x, skip) if ends else op.relu(x)
            if ends or index == 2:
                skip = x
        return x

    def _layer(self, x: Any, index: int, count: int) -> Any:
        """The same paddings as `engine.Convolutions` has, with the reasons given there."""
        if index == 1:
            return self._conv(self._pad(x, (1, 0, 1, 0), "edge"), index)
        if index in (count - 3, count - 2):
            return self._transposed(self._pad(x, (1, 1, 1, 1), "edge"), index)
        stride = (2, 2) if index == 2 else (1, 1)
        return self._conv(self._pad(x, (1, 1, 1, 1), "reflect"), index, stride)

    def _pad(self, x: Any, border: tuple[int, int, int, int], mode: str) -> Any:
        left, right, top, bottom = border
        return self._op.pad(x, np.array([0, 0, top, left]), np.array([0, 0, bottom, right]), mode)

    def _conv(self, x: Any, index: int, stride: tuple[int, int] = (1, 1)) -> Any:
        op = self._op
        weight, bias = self._kernels[index]
        x = op.convolution(x, op.constant(weight), list(stride), [0, 0], [0, 0], [1, 1])
        return op.add(x, op.constant(bias.reshape(1, -1, 1, 1)))

    def _transposed(self, x: Any, index: int) -> Any:
        op = self._op
        weight, bias = self._kernels[index]
        x = op.convolution_backprop_data(
            x,
            op.constant(weight),
            strides=[2, 2],
            pads_begin=[3, 3],
            pads_end=[3, 3],
            dilations=[1, 1],
        )
        return op.add(x, op.constant(bias.reshape(1, -1, 1, 1)))

    def _last(self, x: Any, height: int, width: int) -> Any:
        """The last layer, in blocks; only its frame is padded, as in `engine.Convolutions`."""
        op = self._op
        index = len(self._kernels) - 1

        def edge(part: Any, border: tuple[int, int, int, int]) -> Any:
            return self._conv(self._pad(part, border, "reflect"), index, LAST_BLOCK)

        def part(begin: int, end: int, axis: int) -> Any:
            return op.slice(x, *(np.array([value]) for value in (begin, end, 1, axis)))

        if min(height, width) <= 2 * LAST_EDGE:
            return edge(x, (4, 4, 4, 4))
        left = edge(part(0, LAST_EDGE, 3), (4, 0, 0, 0))
        right = edge(part(width - LAST_EDGE, width, 3), (0, 4, 0, 0))
        inner = op.concat([left, self._conv(x, index, LAST_BLOCK), right], 3)
        above = edge(part(0, LAST_EDGE, 2), (4, 4, 4, 0))
        below = edge(part(height - LAST_EDGE, height, 2), (4, 4, 0, 4))
        return op.concat([above, inner, below], 2)
