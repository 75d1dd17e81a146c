"""The network as OpenVINO models: `torch_engine.Convolutions` in its operations (opset 13).

The layers before the residual blocks are the *head*, those after them the *tail*. Their maps, at
full and at half size, are computed slice by slice and never whole: the largest memory is that of
the residual blocks' maps, at a quarter of the size. Rows that two slices need are computed twice,
with the same values.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from nle_style.apply.engine.kernels import LAST_BLOCK, LAST_EDGE, Kernel, Layer
from nle_style.apply.engine.torch_engine import residual_ends
from nle_style.core import LEAST_CONTRAST, STRIDE, InstanceNorm

__all__ = [
    "MEASURED_PIXELS",
    "SLICE_PIXELS",
    "Cut",
    "Span",
    "large_slices",
    "measured_parts",
    "one_slice",
    "painting_model",
    "slices",
    "statistics_model",
]

SLICE_PIXELS = 3 * 2**17
"""Pixels of a slice: so few that its maps are smaller than those of a quarter of the size, and so
many that the rows around it are little work."""

MEASURED_PIXELS = 2**20
"""The same while a picture is measured."""

_PARTS = 4
_LEAST_ROWS = 16  # of a slice: more than any layer reflects

Span = tuple[int, int]
"""The first row, and the one after the last."""

Cut: TypeAlias = Callable[[int, int], Sequence[Span]]
"""Height and width of a picture -> the rows of each slice; see `slices`."""


def slices(height: int, width: int, pixels: int = SLICE_PIXELS) -> list[Span]:
    """A picture cut into slices of whole strides, each of about so many pixels."""
    count = max(1, min(height * width // pixels, height // _LEAST_ROWS))
    edges = [height // STRIDE * index // count * STRIDE for index in range(count + 1)]
    return list(itertools.pairwise(edges))


def one_slice(height: int, width: int) -> list[Span]:
    """A picture in one piece."""
    return [(0, height)]


def large_slices(height: int, width: int) -> list[Span]:
    """A picture cut for measuring, which needs more operations for each slice."""
    return slices(height, width, MEASURED_PIXELS)


def measured_parts(index: int, count: int, cut: Sequence[Span]) -> list[Span]:
    """The parts in which a layer's map is measured, in rows of the picture: the slices; fewer parts
    in the residual layers, whose maps are whole.

    Args:
        index: of the layer.
        count: of the layers.
        cut: the slices.
    """
    if not 3 <= index < count - 3:
        return list(cut)
    step = -(-len(cut) // _PARTS)
    groups = [cut[begin : begin + step] for begin in range(0, len(cut), step)]
    return [(group[0][0], group[-1][1]) for group in groups]


def painting_model(kernels: Sequence[Kernel], height: int, width: int, cut: Sequence[Span]) -> Any:
    """The model that paints: input and output are (1, height, width, 3) float32, the order of
    values in which OpenVINO's convolutions work.

    Args:
        kernels: from `kernels.fold`, of layers from `kernels.plain_head`.
        height, width: whole strides.
        cut: the slices, as of `slices`.
    """
    graph = _Graph(kernels, height, width, cut)
    x = graph.join([graph.head(2, begin // 4, end // 4) for begin, end in graph.cut], 2)
    for index in range(3, graph.count - 3, 2):
        middle = graph.op.relu(graph.convolve(index, graph.padded(x, (1, 1, 1, 1))))
        x = graph.op.add(graph.convolve(index + 1, graph.padded(middle, (1, 1, 1, 1))), x)
    graph.trunk = x
    painted = graph.join([graph.picture(begin, end) for begin, end in graph.cut], 1)
    return graph.model([painted])


def statistics_model(layers: Sequence[Layer], height: int, width: int, cut: Sequence[Span]) -> Any:
    """The model that measures: its input is a picture (1, height, width, 3) float32; its outputs
    are mean and variance of every channel, for each norm in order and each of its `measured_parts`.

    Args:
        layers: from `kernels.plain_head`.
        height, width: whole strides.
        cut: the slices, as of `slices`.
    """
    graph = _Measuring(layers, height, width, cut)
    for index in (0, 1):
        graph.measure(
            index, [graph.head_before_norm(index, *span) for span in graph.spans(2**index)]
        )
    parts = [graph.head_before_norm(2, *span) for span in graph.spans(4)]
    graph.measure(2, parts)
    x = graph.op.relu(graph.normalise(2, graph.join(parts, 2)))
    for index in range(3, graph.count - 3):
        ends = residual_ends(index, graph.count)
        if not ends:
            skip = x
        made = graph.convolve(index, graph.padded(x, (1, 1, 1, 1)))
        graph.measure(index, graph.parted(index, made))
        x = graph.normalise(index, made)
        x = graph.op.add(x, skip) if ends else graph.op.relu(x)
    graph.trunk = x
    for index, scale in ((graph.count - 3, 2), (graph.count - 2, 1)):
        graph.measure(index, [graph.tail_before_norm(index, *span) for span in graph.spans(scale)])
    return graph.model(graph.statistics)


class _Graph:
    """The layers as operations, each over some rows, which are counted in the layer's own map."""

    def __init__(
        self, kernels: Sequence[Kernel], height: int, width: int, cut: Sequence[Span]
    ) -> None:
        import openvino
        from openvino import opset13

        self._ov: Any = openvino
        self.op: Any = opset13
        self._kernels = [(weight.numpy(), bias.numpy()) for weight, bias in kernels]
        self.count = len(self._kernels)
        # The last layer's channels in the order row, column, channel: a pixel's side by side.
        last = np.arange(3 * LAST_BLOCK[0] * LAST_BLOCK[1]).reshape(3, -1).T.ravel()
        weight, bias = self._kernels[-1]
        self._kernels[-1] = weight[last], bias[last]
        self._height, self._width = height, width
        self.cut = list(cut)
        self._picture = self.op.parameter([1, height, width, 3], np.float32)
        self._made: dict[tuple[int, int, int], Any] = {}
        self.trunk: Any = None  # the output of the residual blocks

    def model(self, results: Sequence[Any]) -> Any:
        """The model with these outputs."""
        return self._ov.Model(list(results), [self._picture], "nle_style")

    def normalise(self, index: int, x: Any) -> Any:
        """The norm after a layer; here it is folded into the layer's kernel."""
        return x

    def head(self, index: int, begin: int, end: int) -> Any:
        """Rows of layer 0, 1 or 2, normalised and activated."""
        return self.op.relu(self.normalise(index, self.head_before_norm(index, begin, end)))

    def head_before_norm(self, index: int, begin: int, end: int) -> Any:
        """Rows of layer 0, 1 or 2 before its norm. The same rows are computed only once."""
        if (index, begin, end) not in self._made:
            if index == 0:
                read, above, below = _clipped(begin - 4, end + 4, self._height)
                # Padded before it is transposed: the convolution then needs no further copy.
                x = self._rows(self._picture, read, 1)
                before, after = np.array([0, above, 4, 0]), np.array([0, below, 4, 0])
                x = self.op.pad(x, before, after, "reflect")
                made = self.convolve(0, self.op.transpose(x, np.array([0, 3, 1, 2])))
            else:
                # With a stride of 2 and an even size no padding is read below and at the right.
                read, above, _ = _clipped(2 * begin - 1, 2 * end, self._height)
                x = self.head(index - 1, *read)
                x = self.padded(x, (1, 0, above, 0))
                made = self.convolve(index, x, (2, 2))
            self._made[index, begin, end] = made
        return self._made[index, begin, end]

    def tail(self, index: int, begin: int, end: int) -> Any:
        """Rows of one of the two layers before the last, normalised and activated."""
        return self.op.relu(self.normalise(index, self.tail_before_norm(index, begin, end)))

    def tail_before_norm(self, index: int, begin: int, end: int) -> Any:
        """The same before its norm."""
        if (index, begin, end) not in self._made:
            first = index == self.count - 3
            height = self._height // (4 if first else 2)
            begun, ended = begin // 2, -(-end // 2)
            read, above, below = _clipped(begun - 1, ended + 1, height)
            x = self._rows(self.trunk, read, 2) if first else self.tail(index - 1, *read)
            x = self._transposed(index, self.padded(x, (1, 1, above, below)))
            whole = (begin, end) == (2 * begun, 2 * ended)
            wanted = (begin - 2 * begun, end - 2 * begun)
            self._made[index, begin, end] = x if whole else self._sliced(x, wanted, 2)
        return self._made[index, begin, end]

    def picture(self, begin: int, end: int) -> Any:
        """Rows of the painted picture, (1, rows, width, 3)."""
        op = self.op
        read, above, below = _clipped(begin - 4, end + 4, self._height)
        blocks = self._last(self.tail(self.count - 2, *read), read[1] - read[0], above, below)
        # A block's channels hold its rows one after the other, each as it is in the picture.
        rows, columns = LAST_BLOCK
        x = op.transpose(blocks, np.array([0, 2, 3, 1]))
        shape = np.array([(end - begin) // rows, self._width // columns, rows, 3 * columns])
        x = op.transpose(op.reshape(x, shape, False), np.array([0, 2, 1, 3]))
        return op.reshape(x, np.array([1, end - begin, self._width, 3]), False)

    def _last(self, x: Any, height: int, above: int, below: int) -> Any:
        """The last layer and the logistic function, in blocks. Only the picture's border is padded,
        as in `torch_engine.Convolutions`.

        Args:
            x: the `height` rows that it reads.
            above, below: rows of padding: 4 at the picture's ends, else 0.
        """
        width = self._width

        def blocks(part: Any) -> Any:
            return self.op.sigmoid(self.convolve(self.count - 1, part, LAST_BLOCK))

        def edge(part: Any, border: tuple[int, int, int, int]) -> Any:
            return blocks(self.padded(part, border))

        if min(height, width) <= 2 * LAST_EDGE:
            return edge(x, (4, 4, above, below))
        left = edge(self._sliced(x, (0, LAST_EDGE), 3), (4, 0, 0, 0))
        right = edge(self._sliced(x, (width - LAST_EDGE, width), 3), (0, 4, 0, 0))
        parts = [self.join([left, blocks(x), right], 3)]
        if above:
            parts.insert(0, edge(self._sliced(x, (0, LAST_EDGE), 2), (4, 4, 4, 0)))
        if below:
            parts.append(edge(self._sliced(x, (height - LAST_EDGE, height), 2), (4, 4, 0, 4)))
        return self.join(parts, 2)

    def join(self, parts: Sequence[Any], axis: int) -> Any:
        """Parts of a map, one after the other."""
        return parts[0] if len(parts) == 1 else self.op.concat(list(parts), axis)

    def padded(self, x: Any, border: tuple[int, int, int, int]) -> Any:
        """A map with reflected columns at the left and right, and rows above and below."""
        left, right, above, below = border
        before, after = np.array([0, 0, above, left]), np.array([0, 0, below, right])
        return self.op.pad(x, before, after, "reflect")

    def convolve(self, index: int, x: Any, stride: tuple[int, int] = (1, 1)) -> Any:
        """A layer's convolution and bias, for an input that is padded already."""
        op = self.op
        weight, bias = self._kernels[index]
        x = op.convolution(x, op.constant(weight), list(stride), [0, 0], [0, 0], [1, 1])
        return op.add(x, op.constant(bias.reshape(1, -1, 1, 1)))

    def _transposed(self, index: int, x: Any) -> Any:
        op = self.op
        weight, bias = self._kernels[index]
        x = op.convolution_backprop_data(
            x,
            op.constant(weight),
            strides=[2, 2],
            pads_begin=[4, 4],
            pads_end=[4, 4],
            dilations=[1, 1],
        )
        return op.add(x, op.constant(bias.reshape(1, -1, 1, 1)))

    def _rows(self, x: Any, span: Span, axis: int) -> Any:
        """Rows of a whole map or of the picture."""
        whole = span == (0, int(x.output(0).get_shape()[axis]))
        return x if whole else self._sliced(x, span, axis)

    def _sliced(self, x: Any, span: Span, axis: int) -> Any:
        return self.op.slice(x, *(np.array([value]) for value in (*span, 1, axis)))


class _Measuring(_Graph):
    """The layers with norms that take their statistics from the picture itself, completed as
    `core.network.completed` says."""

    def __init__(
        self, layers: Sequence[Layer], height: int, width: int, cut: Sequence[Span]
    ) -> None:
        super().__init__([layer.kernel for layer in layers], height, width, cut)
        self._layers = tuple(layers)
        self._affine: dict[int, tuple[Any, Any]] = {}
        self._share: Any = None  # `core.network.contrast`
        self.statistics: list[Any] = []

    def spans(self, scale: int) -> list[Span]:
        """The slices in rows of a map that is `scale` times smaller than the picture."""
        return [(begin // scale, end // scale) for begin, end in self.cut]

    def parted(self, index: int, x: Any) -> list[Any]:
        """The map of a residual layer, in the parts in which it is measured."""
        parts = measured_parts(index, self.count, self.cut)
        return [self._rows(x, (begin // 4, end // 4), 2) for begin, end in parts]

    def normalise(self, index: int, x: Any) -> Any:
        scale, offset = self._affine[index]
        return self.op.add(self.op.multiply(x, scale), offset)

    def measure(self, index: int, parts: Sequence[Any]) -> None:
        """Measure a layer's map, given in all its parts, for `normalise`."""
        op = self.op
        layer = self._layers[index]
        assert layer.gamma is not None  # noqa: S101  (the last layer has no norm)
        assert layer.beta is not None  # noqa: S101
        places = np.array([2, 3])
        means, variances = [], []
        for part in parts:
            mean = op.reduce_mean(part, places, True)
            means.append(mean)
            variances.append(op.reduce_mean(op.squared_difference(part, mean), places, True))
        self.statistics.extend(
            value for pair in zip(means, variances, strict=True) for value in pair
        )
        parts = measured_parts(index, self.count, self.cut)
        mean, variance = self._completed(index, *self._pooled(means, variances, parts))
        epsilon = op.constant(np.float32(InstanceNorm.epsilon))
        gamma, beta = (
            op.constant(value.numpy().reshape(1, -1, 1, 1)) for value in (layer.gamma, layer.beta)
        )
        scale = op.divide(gamma, op.sqrt(op.add(variance, epsilon)))
        self._affine[index] = scale, op.subtract(beta, op.multiply(mean, scale))

    def _completed(self, index: int, mean: Any, variance: Any) -> tuple[Any, Any]:
        """`core.network.completed`; the picture's contrast is what the first norm sees of it."""
        op = self.op
        typical = self._layers[index].typical
        assert typical is not None  # noqa: S101  (the last layer has no norm)
        means, variances = (value.numpy().reshape(1, -1, 1, 1) for value in typical)
        enough = variances.sum() * LEAST_CONTRAST**2
        if index == 0 and enough > 0:
            total = op.reduce_sum(variance, np.array([1]), True)
            self._share = op.minimum(op.divide(total, op.constant(enough)), np.float32(1))
        if self._share is None:  # what is typical is not known
            return mean, variance
        share, rest = self._share, op.subtract(np.float32(1), self._share)
        apart = op.subtract(mean, op.constant(means))
        between = op.multiply(op.multiply(share, rest), op.multiply(apart, apart))
        within = op.add(op.multiply(share, variance), op.multiply(rest, op.constant(variances)))
        return op.subtract(mean, op.multiply(rest, apart)), op.add(within, between)

    def _pooled(
        self, means: Sequence[Any], variances: Sequence[Any], parts: Sequence[Span]
    ) -> tuple[Any, Any]:
        """Mean and variance of all parts as one map, by the law of total variance."""
        if len(means) == 1:
            return means[0], variances[0]
        op = self.op
        rows = np.array([end - begin for begin, end in parts])
        shares = op.constant((rows / rows.sum()).astype(np.float32).reshape(1, 1, -1, 1))

        def pooled(values: Any) -> Any:
            return op.reduce_sum(op.multiply(values, shares), np.array([2]), True)

        each = self.join(means, 2)
        mean = pooled(each)
        apart = op.squared_difference(each, mean)
        return mean, pooled(op.add(self.join(variances, 2), apart))


def _clipped(begin: int, end: int, height: int) -> tuple[Span, int, int]:
    """Clip rows to those that a map has: the rows, and how many are missing above and below."""
    return (max(begin, 0), min(end, height)), max(-begin, 0), max(end - height, 0)
