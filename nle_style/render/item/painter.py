"""FramePainter: the conversion of one frame for the network, the looks, and the conversion back.

    stored RGB(A) -> straight RGB -> display RGB -> looks -> straight -> mattes -> stored RGB(A)

The network paints display code values of straight colours; the result has the encoding and the
alpha of the source. Values that are not painted are not converted either: outside a matte, under an
alpha of 0 and at strength 0 the stored values are returned bit for bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

from nle_style.apply import ChangingStylizer, CodeValues, Stylizer, stylizer_of
from nle_style.apply.shot import ChangingStatistics, ShotStatistics, compared_step
from nle_style.core import StylePack
from nle_style.errors import VerificationError
from nle_style.media.base import AlphaKind, OutputSpec, bands
from nle_style.media.colour import SceneColour
from nle_style.media.source import as_floats
from nle_style.media.write import added_thresholds
from nle_style.render.item.pixels import BAND_PIXELS, StoredColours, over, parted, rows_of
from nle_style.render.plan import ItemPlan

__all__ = ["Drawn", "FramePainter", "PaintedFrame", "painter_of"]


class PaintedFrame(NamedTuple):
    """One frame, painted.

    Attributes:
        pixels: (H, W, 3 or 4) float32, as the output stores them; or its very code values.
        source_view, view: the source and the result as display code values, (H, W, 3) float32, for
            the stability figures.
        only_compared: the views have only the pixels that these are made of, see `compared_step`.
    """

    pixels: np.ndarray
    source_view: np.ndarray
    view: np.ndarray
    only_compared: bool = False


class Drawn(NamedTuple):
    """One frame on its way: what the network had to do for it is done.

    Attributes:
        pixels, weights, name, number: as of `FramePainter.frame`.
        view: from `FramePainter.view`.
        pictures: paintings made of this frame, by the place of their looks.
    """

    pixels: np.ndarray
    weights: Sequence[np.ndarray | None]
    name: str
    number: int
    view: np.ndarray
    pictures: Mapping[int, np.ndarray]


@dataclass
class _Held:
    """A painting that several frames show: made when the first of them shows something of it."""

    number: int
    view: np.ndarray
    painting: np.ndarray | None


class FramePainter:
    """Paints looks, one over the other, on the frames of one source.

    Of a look that holds, frames show the painting of an earlier frame of their shot, as display
    code values; strength, mattes, alpha and light beyond 0-1 are the frame's own. So what is not
    painted runs on: outside a matte and at strength 0 every frame is the source's.

    Values beyond 0-1 are not lost in the network: in a display-referred float source, the part of a
    colour beyond 0-1 is added to the painted colour; in all others `colour` does this. So light
    that a premultiplied picture adds (RGB above alpha) is kept.

    Where a GPU paints the only look, everywhere and anew in each frame, on integer code values that
    are display values as they are, for an output of integers, a frame is uploaded as it was
    decoded and downloaded as it is written (`Stylizer.coded`): the same code values, without floats
    on the CPU.

    Args:
        stylizers: the looks, the lowest first.
        alpha: how the source stores alpha, for frames that are given with it.
        is_float: whether the source can have values beyond 0-1.
        premultiplied: whether the output's RGB is multiplied by its alpha.
        colour: None for display-referred sources.
        in_flight: how many frames of a shot may be painted at the same time, in as many threads.
        into: what the output stores, if there is one look and its stylizer takes codes.
    """

    def __init__(
        self,
        stylizers: Sequence[Stylizer | ChangingStylizer],
        *,
        alpha: AlphaKind = "none",
        is_float: bool = False,
        premultiplied: bool = False,
        colour: SceneColour | None = None,
        in_flight: int = 1,
        into: CodeValues | None = None,
    ) -> None:
        self._stylizers = tuple(stylizers)
        self._looks = tuple(stylizer.look for stylizer in self._stylizers)
        self._holding = [place for place, look in enumerate(self._looks) if look.hold > 1]
        self._held: dict[int, _Held] = {}
        self._shot = (0, 0)
        self._colours = StoredColours(alpha, is_float, premultiplied, colour)
        self._into = None if self._colours.converts else into
        self._samples: Callable[[], Iterable[np.ndarray]] | None = None
        self._known: Mapping[int, ShotStatistics | ChangingStatistics] = {}
        self._measured: set[int] = set()
        self._measuring = threading.Lock()
        self.in_flight = in_flight

    @property
    def needs_measuring(self) -> bool:
        """Whether `begin_shot` must be called before the frames of a shot."""
        return any(stylizer.needs_measuring for stylizer in self._stylizers)

    @property
    def holds(self) -> bool:
        """Whether frames show the paintings of others. Then each goes through `draw`, in any
        thread, and `lay`, in the order of the frames and from one that all looks draw."""
        return bool(self._holding)

    def begin_shot(
        self,
        samples: Callable[[], Iterable[np.ndarray]],
        known: Mapping[int, ShotStatistics | ChangingStatistics] | None = None,
        shot: tuple[int, int] = (0, 0),
    ) -> None:
        """Paint the frames that follow with the statistics of another shot.

        Each look is measured when it is first painted: a look whose matte is empty never is.

        Args:
            samples: returns the frames of the shot that are measured, in the form that `view`
                takes; called once for each look.
            known: what `measure_shot` gave for the shot; these looks are not measured again.
            shot: its first and last frame in the source.
        """
        self._samples, self._shot = samples, shot
        self._held.clear()
        self._known = known or {}
        self._measured.clear()

    def measure_shot(
        self, samples: Callable[[], Iterable[np.ndarray]], shot: tuple[int, int] = (0, 0)
    ) -> dict[int, ShotStatistics | ChangingStatistics]:
        """The statistics of a shot, for each look that needs them by its place.

        Args:
            samples, shot: as of `begin_shot`.
        """
        return {
            place: self._measure(stylizer, samples, shot)
            for place, stylizer in enumerate(self._stylizers)
            if stylizer.needs_measuring
        }

    def _measure(
        self,
        stylizer: Stylizer | ChangingStylizer,
        samples: Callable[[], Iterable[np.ndarray]],
        shot: tuple[int, int],
    ) -> ShotStatistics | ChangingStatistics:
        if isinstance(stylizer, ChangingStylizer):
            return stylizer.statistics_of(lambda: map(self.view, samples()), shot)
        return stylizer.measure(map(self.view, samples()))

    def view(self, pixels: np.ndarray) -> np.ndarray:
        """A source frame as the network gets it.

        Args:
            pixels: (H, W, 3 or 4) float32, stored values; not changed.

        Returns:
            (H, W, 3) float32 display code values of the straight colours, finite and in 0-1. Black
            where alpha is 0: a file can have any colour there.
        """
        rgb, alpha = parted(pixels)
        return self._colours.view(rgb, alpha)

    def frame(
        self,
        pixels: np.ndarray,
        weights: Sequence[np.ndarray | None] = (None,),
        name: str = "",
        number: int = 0,
    ) -> PaintedFrame:
        """Paint one frame.

        Args:
            pixels: (H, W, 3), stored values, or (H, W, 4) with alpha, as `decoded_rgb` gives them;
                not changed.
            weights: for every look its matte, (H, W) float32, 0-1; None to paint it everywhere.
            name: of the frame, for errors.
            number: of the frame in the source.

        Raises:
            LookError: the frame is too small for the network.
            VerificationError: the network's painting is not finite.
        """
        plain = pixels.dtype.kind == "u" and pixels.shape[2] == 3 and weights[0] is None
        if self._into is not None and plain and self._looks[0].strength_at(number) > 0:
            return self._coded(pixels, self._into, name, number)
        pixels = as_floats(pixels)
        return self.lay(Drawn(pixels, weights, name, number, self.view(pixels), {}))

    def _coded(self, pixels: np.ndarray, into: CodeValues, name: str, number: int) -> PaintedFrame:
        step = compared_step(*pixels.shape[:2])
        codes, view, is_finite = self._measured_stylizer(0).coded(pixels, number, into, step)
        if not is_finite:
            raise _not_a_picture(name)
        return PaintedFrame(codes, as_floats(pixels[::step, ::step]), view, only_compared=True)

    def draw(
        self,
        pixels: np.ndarray,
        weights: Sequence[np.ndarray | None],
        name: str,
        number: int,
    ) -> Drawn:
        """Have the network paint what it must of one frame; arguments and errors as of `frame`, but
        for `pixels`, which are float32."""
        view, pictures = self.view(pixels), {}
        for place, weight in enumerate(weights):
            look = self._looks[place]
            seen = look.strength_at(number) > 0 and (weight is None or weight.any())
            if seen and look.drawing(number, self._shot[0]) == number:
                pictures[place] = self._paint(place, view, number)
        return Drawn(pixels, weights, name, number, view, pictures)

    def lay(self, drawn: Drawn) -> PaintedFrame:
        """Put the paintings that a frame shows together; errors as of `frame`."""
        pixels, weights, name, number, view, pictures = drawn
        colours = self._colours
        for place in self._holding:
            of_its_own = self._looks[place].drawing(number, self._shot[0]) == number
            if of_its_own or place not in self._held:
                self._held[place] = _Held(number, view, pictures.get(place))
        rgb, alpha = parted(pixels)
        result = rgb
        for place, weight in enumerate(weights):
            if weight is not None and not weight.any():
                continue
            shown = self._shown(place, drawn)
            if shown is view and result is rgb:
                continue
            # The least and the largest value are NaN if any is. No other step may see one: integer
            # formats would store it as 0, and it would read back as it was written.
            if not np.isfinite((shown.min(), shown.max())).all():
                raise _not_a_picture(name)
            if weight is None and alpha is None and not colours.converts:
                result = shown
                continue
            laid = np.empty(rgb.shape, np.float32)
            for rows in bands(rgb, BAND_PIXELS):
                painted = rgb[rows]
                if shown is not view:
                    painted = colours.stored(view[rows], shown[rows], painted, rows_of(alpha, rows))
                laid[rows] = (
                    painted if weight is None else over(result[rows], painted, weight[rows])
                )
            result = laid
        after = view if result is rgb else colours.view(result, alpha)
        return PaintedFrame(colours.delivered(pixels, rgb, result, alpha), view, after)

    def _shown(self, place: int, drawn: Drawn) -> np.ndarray:
        """What a frame shows of a look, as display values; its view at strength 0."""
        if place not in self._holding:
            picture = drawn.pictures.get(place)
            return self._paint(place, drawn.view, drawn.number) if picture is None else picture
        strength, held = self._looks[place].strength_at(drawn.number), self._held[place]
        if strength == 0:
            return drawn.view
        if held.painting is None:
            held.painting = self._paint(place, held.view, held.number)
        if strength == 1:
            return held.painting
        shown: np.ndarray = drawn.view + np.float32(strength) * (held.painting - drawn.view)
        return shown

    def _paint(self, place: int, view: np.ndarray, number: int) -> np.ndarray:
        """A frame painted in a look; of one that holds at strength 1, for frames of any strength to
        show."""
        stylizer = self._measured_stylizer(place)
        if place in self._holding:
            return stylizer.painting(view, number)
        return stylizer.frame(view, number)

    def _measured_stylizer(self, place: int) -> Stylizer | ChangingStylizer:
        """What paints a look, with the statistics of the shot."""
        stylizer = self._stylizers[place]
        with self._measuring:
            unmeasured = stylizer.needs_measuring and place not in self._measured
            if unmeasured and self._samples is not None:
                known: Any = self._known.get(place)  # what a stylizer of the same look measured
                if known is None:
                    known = self._measure(stylizer, self._samples, self._shot)
                stylizer.freeze(known)
                self._measured.add(place)
        return stylizer


def painter_of(plan: ItemPlan, pack: StylePack, device: torch.device) -> FramePainter:
    """The painter of an item's looks.

    Raises:
        LookError: a look names a style that the pack does not have.
    """
    stylizers = [stylizer_of(pack, look, device, plan.budget) for look in plan.looks]
    return FramePainter(
        stylizers,
        in_flight=max(each.in_flight(plan.info.height, plan.info.width) for each in stylizers),
        alpha=plan.info.alpha,
        is_float=plan.info.is_float,
        premultiplied=plan.spec.premultiplied,
        colour=plan.scene,
        into=_code_values(plan.spec) if len(stylizers) == 1 and stylizers[0].takes_codes else None,
    )


def _code_values(spec: OutputSpec) -> CodeValues | None:
    """None for floats."""
    return CodeValues(int(spec.depth), added_thresholds(spec)) if spec.dtype.kind == "u" else None


def _not_a_picture(name: str) -> VerificationError:
    return VerificationError(
        "what the network painted is not a picture (it has NaN or infinite values)",
        where=name,
        remedy="Nothing of it was written. Try --statistics frame or --device cpu, and please"
        " report this with the clip.",
    )
