"""The network in OpenVINO, which fuses every activation and sum into the convolutions.

The extra `[fast]`. On a CPU it takes two thirds of the time of `FoldedEngine` for the same pictures
(docs/measured/speed.md), so it is used wherever it is installed.
"""

from __future__ import annotations

import importlib.util
import itertools
import sys
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nle_style.apply.engine.kernels import Layer, fold, plain_head
from nle_style.apply.engine.openvino_graph import (
    Cut,
    measured_parts,
    painting_model,
    slices,
    statistics_model,
)
from nle_style.apply.engine.torch_engine import Moments
from nle_style.core import NormStatistics, pad_to_stride

__all__ = ["OpenVinoEngine", "OpenVinoMeasure", "openvino_version"]

# When it is imported, OpenVINO reports that to Google Analytics, unless the user has opted out or
# the package for it is missing: then it uses an empty one (openvino/tools/ovc/telemetry_stub.py).
# A render opens no network socket.
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
    """A network with frozen norms, on the CPU in float32.

    It is compiled for a size at the first picture of that size, in some tenths of a second. Several
    threads may paint at the same time; each has feature maps of its own.

    Args:
        layers: from `kernels.arrange`.
        statistics: mean and variance of every norm.
        streams: how many threads will paint; they share torch's number of cores.
        cut: gives the slices in which a picture of some height and width is painted.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        statistics: Sequence[NormStatistics],
        streams: int = 1,
        cut: Cut = slices,
    ) -> None:
        kernels = fold(plain_head(layers), statistics)
        self._requests = _Requests(
            lambda height, width: painting_model(kernels, height, width, cut(height, width)),
            streams,
        )

    def __call__(self, image: Tensor) -> Tensor:
        """Paint (1, 3, H, W), 0-1 divided by its exposure, both sides whole strides.

        Returns:
            (1, 3, H, W) in 0-1, channels_last; the same thread's next call overwrites it.
        """
        painted = torch.from_numpy(self._requests.infer(image).get_output_tensor(0).data)
        return painted.permute(0, 3, 1, 2)


class OpenVinoMeasure:
    """Measures the statistics of every norm of a network for a picture, on the CPU.

    The values of a part are summed in float32, the parts in float64. Several threads may measure at
    the same time.

    Args:
        layers, streams, cut: as of `OpenVinoEngine`.
    """

    def __init__(self, layers: Sequence[Layer], streams: int = 1, cut: Cut = slices) -> None:
        plain = plain_head(layers)
        self._norms = len(plain) - 1
        self._cut = cut
        # The function must not refer to self: a reference cycle would not be freed at once.
        self._requests = _Requests(
            lambda height, width: statistics_model(plain, height, width, cut(height, width)),
            streams,
        )

    def __call__(self, image: Tensor, seen: list[NormStatistics]) -> None:
        """Append mean and variance, each (1, C), of every norm for one image, (1, 3, H, W), RGB
        display code values, 0-1, at least `MINIMUM_SIDE` a side."""
        picture = pad_to_stride(image)
        request = self._requests.infer(picture)
        cut = self._cut(*picture.shape[-2:])
        outputs = itertools.count()
        for index in range(self._norms):
            total = Moments()
            for begin, end in measured_parts(index, self._norms + 1, cut):
                mean, variance = (
                    torch.from_numpy(request.get_output_tensor(next(outputs)).data.ravel()).double()
                    for _ in range(2)
                )
                total = total.joined(Moments(end - begin, mean, variance * (end - begin)))
            seen.append(total.statistics(1))


class _Requests:
    """An inference request for every thread, compiled for the size of its pictures.

    Each has a model of its own: two requests of one model with two streams can get the same stream
    and then wait for each other.

    Args:
        model: makes the model for a height and width.
        streams: how many threads will infer at the same time.
    """

    def __init__(self, model: Callable[[int, int], Any], streams: int) -> None:
        self._model = model
        self._threads = max(1, torch.get_num_threads() // streams)
        self._own = threading.local()

    def infer(self, image: Tensor) -> Any:
        """Run the model on (1, 3, H, W); the request, whose results are valid until the same
        thread infers again."""
        height, width = image.shape[-2:]
        if getattr(self._own, "size", None) != (height, width):
            self._own.request = None  # frees its feature maps before there are new ones
            network = _compile(self._model(height, width), self._threads)
            self._own.request = network.create_infer_request()
            self._own.size = (height, width)
        pixels = np.ascontiguousarray(image.permute(0, 2, 3, 1).numpy(), np.float32)
        # Passed to `infer` itself, the pixels would be held until the next picture.
        self._own.request.set_input_tensor(_tensor(pixels))
        self._own.request.infer()
        return self._own.request


def _tensor(pixels: np.ndarray) -> Any:
    """OpenVINO's view of an array, which must live as long as the view."""
    import openvino

    return openvino.Tensor(pixels, shared_memory=True)


def _compile(model: Any, threads: int) -> Any:
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": "f32",
        # Decoding and encoding share the cores, and so may other processes.
        "ENABLE_CPU_PINNING": False,
    }
    return _core().compile_model(model, "CPU", settings)
