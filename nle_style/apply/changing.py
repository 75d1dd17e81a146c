"""Looks whose mix changes from frame to frame, each frame painted at the price of one style.

What is mixed are the weights of the styles. The layers that the engines run (`engine.arrange`) are
linear in the weights, so that those of a mix are the mean of those of its styles: the weights of a
frame take milliseconds, its engine about a tenth of a second.

A shot's statistics are frozen as ever, but those of one mix are not those of another: with the
statistics of blue a painting that is nearly fire would be wrong in contrast and colour. They are
measured at some mixes on the way (`Look.nodes`), on the same frames of the shot each time, and
between these they change evenly: nothing jumps where a measured mix is reached, and nothing that
enters the picture changes them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from nle_style.apply.engine import Budget, Layer, arrange
from nle_style.apply.gpu import CodedFrame, CodeValues
from nle_style.apply.look import Look
from nle_style.apply.shot import ChangingStatistics, ShotStatistics
from nle_style.apply.stylizer import Stylizer
from nle_style.core import StylePack

__all__ = ["ChangingStylizer", "mixed_layers", "stylizer_of"]


def stylizer_of(
    pack: StylePack, look: Look, device: torch.device, budget: Budget | None = None
) -> Stylizer | ChangingStylizer:
    """What paints a look, whether its mix changes or not; arguments and errors are those of
    `Stylizer`."""
    make = ChangingStylizer if look.changes else Stylizer
    return make(pack, look, device, budget)


class ChangingStylizer:
    """A look whose mix changes, on one device. Each thread that paints has a stylizer of the mix of
    its frame, which it keeps while the mix stays.

    Args:
        pack, look, device, budget: as of `Stylizer`.

    Raises:
        LookError: the look names a style that the pack does not have.
    """

    def __init__(
        self, pack: StylePack, look: Look, device: torch.device, budget: Budget | None = None
    ) -> None:
        self.look = look
        self._pack, self._device, self._budget = pack, device, budget
        names = dict.fromkeys(name for mix in look.mixes for name in mix)
        self._layers = {name: arrange(pack.network({name: 1.0})) for name in names}
        self._statistics: ChangingStatistics | None = None
        self._dtype: torch.dtype | None = None
        self._own = threading.local()
        self._first = self._stylizer(look.mixes[0])
        if not self.needs_measuring:
            self._choose_precision(map(self._stylizer, look.mixes))

    @property
    def needs_measuring(self) -> bool:
        """Whether `freeze` must be called before the frames of a shot."""
        return self._first.needs_measuring

    def in_flight(self, height: int, width: int) -> int:
        """As `Stylizer.in_flight`."""
        return self._first.in_flight(height, width)

    def statistics_of(
        self, samples: Callable[[], Iterable[np.ndarray]], shot: tuple[int, int]
    ) -> ChangingStatistics:
        """The statistics of a shot at the nodes of its look, for `freeze`.

        Args:
            samples: returns frames of the shot as `Stylizer.measure` takes them; called once for
                each mix that is measured.
            shot: its first and last frame.
        """
        measured: dict[tuple[tuple[str, float], ...], ShotStatistics] = {}
        nodes = []
        for node in self.look.nodes(*shot):
            mix = self.look.at(node).styles
            which = tuple(sorted(mix.items()))
            if which not in measured:
                measured[which] = self._stylizer(mix).measure(samples())
            nodes.append((node, measured[which]))
        return ChangingStatistics(tuple(nodes))

    def freeze(self, statistics: ChangingStatistics) -> None:
        """Paint the frames that follow with these statistics of their shot."""
        self._own = threading.local()  # frees the engines of the shot before
        self._statistics = statistics
        self._dtype = None
        self._choose_precision(
            self._stylizer(self.look.at(node).styles, measured)
            for node, measured in statistics.nodes
        )

    def frame(self, rgb: np.ndarray, number: int = 0) -> np.ndarray:
        """As `Stylizer.frame`."""
        if self.look.strength_at(number) == 0:
            return rgb
        return self._at(number).frame(rgb, number)

    def painting(self, rgb: np.ndarray, number: int = 0) -> np.ndarray:
        """As `frame`, at strength 1."""
        return self._at(number).painting(rgb)

    @property
    def takes_codes(self) -> bool:
        """As `Stylizer.takes_codes`."""
        return self._first.takes_codes

    def coded(self, codes: np.ndarray, number: int, into: CodeValues, step: int) -> CodedFrame:
        """As `Stylizer.coded`."""
        return self._at(number).coded(codes, number, into, step)

    def _at(self, number: int) -> Stylizer:
        """The stylizer of a frame's mix, of this thread."""
        mix = self.look.at(number).styles
        statistics = None if self._statistics is None else self._statistics.at(number)
        own = self._own
        # Statistics on the way from one node to the next are of this frame alone.
        if getattr(own, "mix", None) != mix or own.statistics is not statistics:
            own.mix, own.stylizer = None, None  # frees its feature maps before there are new ones
            own.stylizer = self._stylizer(mix, statistics)
            own.mix, own.statistics = mix, statistics
        stylizer: Stylizer = own.stylizer
        return stylizer

    def _stylizer(
        self, mix: Mapping[str, float], statistics: ShotStatistics | None = None
    ) -> Stylizer:
        """A stylizer of a mix, frozen if there are statistics."""
        layers = mixed_layers([(self._layers[name], share) for name, share in mix.items()])
        strengths = tuple(
            replace(key, styles=None) for key in self.look.keys if key.strength is not None
        )
        look = replace(self.look, styles=mix, keys=strengths)
        stylizer = Stylizer(
            self._pack,
            look,
            self._device,
            self._budget,
            self._dtype,
            layers=layers,
            holds=self._dtype is not None,
            only_frozen=statistics is not None,
        )
        if statistics is not None:
            stylizer.freeze(statistics)
        return stylizer

    def _choose_precision(self, stylizers: Iterable[Stylizer]) -> None:
        """Paint all mixes in half precision if it holds for all of these, else in float32; on a CPU
        it is float32 anyway, and none of them is made."""
        if self._device.type != "cpu":
            found = {stylizer.precision for stylizer in stylizers}
            self._dtype = found.pop() if len(found) == 1 else torch.float32


def mixed_layers(parts: Sequence[tuple[Sequence[Layer], float]]) -> tuple[Layer, ...]:
    """The layers of a mix, float32.

    Args:
        parts: the layers of each style, from `engine.arrange`, and its share; the shares sum to 1.
    """
    return tuple(
        _mixed([(layer, share) for layer, (_, share) in zip(same, parts, strict=True)])
        for same in zip(*(layers for layers, _ in parts), strict=True)
    )


def _mixed(parts: Sequence[tuple[Layer, float]]) -> Layer:
    def mean(tensors: Iterable[torch.Tensor | None]) -> torch.Tensor:
        given = zip(tensors, (share for _, share in parts), strict=True)
        return torch.stack([each * share for each, share in given if each is not None]).sum(0)

    layers = [layer for layer, _ in parts]
    first, _ = parts[0]
    kernels = [layer.kernel for layer in layers]
    mixed = replace(first, kernel=_pair(mean([each[n] for each in kernels]) for n in (0, 1)))
    if first.gamma is not None:
        gamma, beta = mean(each.gamma for each in layers), mean(each.beta for each in layers)
        mixed = replace(mixed, gamma=gamma, beta=beta)
    typical = [layer.typical for layer in layers if layer.typical is not None]
    if typical:
        mixed = replace(mixed, typical=_pair(mean([each[n] for each in typical]) for n in (0, 1)))
    return mixed


def _pair(tensors: Iterable[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    one, other = tensors
    return one, other
