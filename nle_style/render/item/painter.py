"""FramePainter: the conversion of one frame for the network, the looks, and the conversion back.

    stored RGB(A) -> straight RGB -> display RGB -> looks -> straight -> mattes -> stored RGB(A)

The network paints display code values of straight colours; the result has the encoding and the
alpha of the source. Values that are not painted are not converted either: outside a matte, under an
alpha of 0 and at strength 0 the stored values are returned bit for bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from nle_style.apply import Stylizer
from nle_style.apply.shot import ShotStatistics
from nle_style.core import StylePack
from nle_style.errors import VerificationError
from nle_style.media.base import AlphaKind, bands
from nle_style.media.colour import SceneColour
from nle_style.render.plan import ItemPlan

__all__ = ["FramePainter", "PaintedFrame", "over", "painter_of"]

# Half float's smallest step: dividing by less gives only noise.
_LEAST_ALPHA = np.float32(2**-24)
_BAND_PIXELS = 1 << 15  # 400 kB of RGB: intermediate results stay in the cache


class PaintedFrame(NamedTuple):
    """One frame, painted.

    Attributes:
        pixels: (H, W, 3 or 4) float32, as the output stores them.
        source_view, view: the source and the result as display code values, (H, W, 3) float32, for
            the stability figures.
    """

    pixels: np.ndarray
    source_view: np.ndarray
    view: np.ndarray


class FramePainter:
    """Paints looks, one over the other, on the frames of one source.

    Values beyond 0-1 are not lost in the network: in a display-referred float source, the part of a
    colour beyond 0-1 is added to the painted colour; in all others `colour` does this. So light
    that a premultiplied picture adds (RGB above alpha) is kept.

    Args:
        stylizers: the looks, the lowest first.
        alpha: how the source stores alpha, for frames that are given with it.
        is_float: whether the source can have values beyond 0-1.
        premultiplied: whether the output's RGB is multiplied by its alpha.
        colour: None for display-referred sources.
        in_flight: how many frames of a shot may be painted at the same time, in as many threads.
    """

    def __init__(
        self,
        stylizers: Sequence[Stylizer],
        *,
        alpha: AlphaKind = "none",
        is_float: bool = False,
        premultiplied: bool = False,
        colour: SceneColour | None = None,
        in_flight: int = 1,
    ) -> None:
        self._stylizers = tuple(stylizers)
        self._alpha = alpha
        self._beyond = is_float or alpha == "premultiplied"
        self._premultiplied = premultiplied
        self._colour = colour
        self._samples: Callable[[], Iterable[np.ndarray]] | None = None
        self._known: Mapping[int, ShotStatistics] = {}
        self._measured: set[int] = set()
        self._measuring = threading.Lock()
        self.in_flight = in_flight

    @property
    def needs_measuring(self) -> bool:
        """Whether `begin_shot` must be called before the frames of a shot."""
        return any(stylizer.needs_measuring for stylizer in self._stylizers)

    def begin_shot(
        self,
        samples: Callable[[], Iterable[np.ndarray]],
        known: Mapping[int, ShotStatistics] | None = None,
    ) -> None:
        """Paint the frames that follow with the statistics of another shot.

        Each look is measured when it is first painted: a look whose matte is empty never is.

        Args:
            samples: returns the frames of the shot that are measured, in the form that `frame`
                takes; called once for each look.
            known: what `measure_shot` gave for the shot; these looks are not measured again.
        """
        self._samples = samples
        self._known = known or {}
        self._measured.clear()

    def measure_shot(
        self, samples: Callable[[], Iterable[np.ndarray]]
    ) -> dict[int, ShotStatistics]:
        """The statistics of a shot, for each look that needs them by its place.

        Args:
            samples: as of `begin_shot`.
        """
        return {
            number: stylizer.measure(self.view(frame) for frame in samples())
            for number, stylizer in enumerate(self._stylizers)
            if stylizer.needs_measuring
        }

    def view(self, pixels: np.ndarray) -> np.ndarray:
        """A source frame as the network gets it.

        Args:
            pixels: (H, W, 3 or 4) float32, stored values; not changed.

        Returns:
            (H, W, 3) float32 display code values of the straight colours, finite and in 0-1. Black
            where alpha is 0: a file can have any colour there.
        """
        rgb, alpha = _parted(pixels)
        return self._view(rgb, alpha)

    def frame(
        self,
        pixels: np.ndarray,
        weights: Sequence[np.ndarray | None] = (None,),
        name: str = "",
    ) -> PaintedFrame:
        """Paint one frame.

        Args:
            pixels: (H, W, 3) float32, stored values, or (H, W, 4) with alpha, 0-1; not changed.
            weights: for every look its matte, (H, W) float32, 0-1; None to paint it everywhere.
            name: of the frame, for errors.

        Raises:
            LookError: the frame is too small for the network.
            VerificationError: the network's painting is not finite.
        """
        rgb, alpha = _parted(pixels)
        view = self._view(rgb, alpha)
        result = rgb
        for number, weight in enumerate(weights):
            if weight is not None and not weight.any():
                continue
            shown = self._paint(number, view)
            if shown is view and result is rgb:
                continue
            # The least and the largest value are NaN if any is. No other step may see one: integer
            # formats would store it as 0, and it would read back as it was written.
            if not np.isfinite((shown.min(), shown.max())).all():
                raise VerificationError(
                    "what the network painted is not a picture (it has NaN or infinite values)",
                    where=name,
                    remedy="Nothing of it was written. Try --statistics frame or --device cpu, and"
                    " please report this with the clip.",
                )
            if weight is None and alpha is None and not self._converts:
                result = shown
                continue
            laid = np.empty(rgb.shape, np.float32)
            for rows in bands(rgb, _BAND_PIXELS):
                painted = rgb[rows]
                if shown is not view:
                    painted = self._stored(view[rows], shown[rows], painted, _of(alpha, rows))
                laid[rows] = (
                    painted if weight is None else over(result[rows], painted, weight[rows])
                )
            result = laid
        after = view if result is rgb else self._view(result, alpha)
        return PaintedFrame(self._delivered(pixels, rgb, result, alpha), view, after)

    def _paint(self, number: int, view: np.ndarray) -> np.ndarray:
        stylizer = self._stylizers[number]
        with self._measuring:
            unmeasured = stylizer.needs_measuring and number not in self._measured
            if unmeasured and self._samples is not None:
                known = self._known.get(number)
                if known is None:
                    known = stylizer.measure(self.view(frame) for frame in self._samples())
                stylizer.freeze(known)
                self._measured.add(number)
        return stylizer.frame(view)

    @property
    def _converts(self) -> bool:
        """Whether display values differ from the stored ones."""
        return self._beyond or self._colour is not None

    def _view(self, rgb: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
        if alpha is None and not self._converts:
            return rgb
        view = np.empty(rgb.shape, np.float32)
        for rows in bands(rgb, _BAND_PIXELS):
            view[rows] = self._display(self._straight(rgb[rows], _of(alpha, rows)))
        return view

    def _straight(self, rgb: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
        if alpha is None:
            return rgb
        straight = _divided(rgb, alpha) if self._alpha == "premultiplied" else rgb.copy()
        unseen = _unseen(alpha)
        if unseen.any():
            np.copyto(straight, 0, where=unseen[..., None])
        return straight

    def _display(self, straight: np.ndarray) -> np.ndarray:
        if self._colour is not None:
            shown = self._colour.encode(straight)
        elif self._beyond:
            shown = np.clip(straight, 0, 1)
        else:
            return straight
        # Through the norms one NaN would change the whole frame.
        if not np.isfinite(shown).all():
            shown = np.nan_to_num(shown, nan=0.0, posinf=1.0, neginf=0.0)
        return shown

    def _stored(
        self, view: np.ndarray, shown: np.ndarray, rgb: np.ndarray, alpha: np.ndarray | None
    ) -> np.ndarray:
        """The painted display values `shown` in the source's encoding, and premultiplied if its
        values are."""
        straight = self._straight(rgb, alpha)
        if self._colour is not None:
            painted = self._colour.decode(view, shown, straight)
        elif self._beyond:
            painted = shown + (straight - view)
        else:
            painted = shown
        if alpha is None:
            return painted
        multiplied = self._alpha == "premultiplied"
        stored: np.ndarray = painted * alpha[..., None] if multiplied else painted.copy()
        unseen = _unseen(alpha)
        if unseen.any():
            np.copyto(stored, rgb, where=unseen[..., None])
        return stored

    def _delivered(
        self, pixels: np.ndarray, rgb: np.ndarray, result: np.ndarray, alpha: np.ndarray | None
    ) -> np.ndarray:
        if alpha is None:
            return result
        multiplied = self._alpha == "premultiplied"
        if result is rgb and multiplied == self._premultiplied:
            return pixels
        delivered = np.empty(pixels.shape, np.float32)
        delivered[..., 3] = alpha
        for rows in bands(rgb, _BAND_PIXELS):
            colours = result[rows]
            if self._premultiplied and not multiplied:
                colours = colours * alpha[rows, :, None]
            elif multiplied and not self._premultiplied:
                colours = _divided(colours, alpha[rows])
            delivered[rows, :, :3] = colours
        return delivered


def _parted(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    if pixels.shape[2] == 3:
        return pixels, None
    return pixels[..., :3], pixels[..., 3]


def _of(alpha: np.ndarray | None, rows: slice) -> np.ndarray | None:
    return None if alpha is None else alpha[rows]


def _unseen(alpha: np.ndarray) -> np.ndarray:
    """Where alpha is too small to divide by."""
    unseen: np.ndarray = ~(alpha >= _LEAST_ALPHA)
    return unseen


def _divided(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """`rgb` / `alpha`; where alpha is too small to divide by, `rgb`."""
    divisor = np.where(alpha >= _LEAST_ALPHA, alpha, np.float32(1))[..., None]
    with np.errstate(over="ignore"):
        divided: np.ndarray = rgb / divisor
    return divided


def over(below: np.ndarray, painted: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """below + weight · (painted - below): bit for bit `below` at weight 0 and `painted` at 1.

    Args:
        below, painted: (H, W, 3) float32, stored values.
        weight: (H, W) float32, 0-1.
    """
    outside, inside = weight <= 0, weight >= 1
    if outside.all() or inside.all():
        return below if outside.all() else painted
    # Between two infinities the result is NaN.
    with np.errstate(invalid="ignore", over="ignore"):
        result: np.ndarray = (painted - below) * weight[..., None] + below
    for whole, ends in ((below, outside), (painted, inside)):
        if ends.any():
            np.copyto(result, whole, where=ends[..., None])
    return result


def painter_of(plan: ItemPlan, pack: StylePack, device: torch.device) -> FramePainter:
    """The painter of an item's looks.

    Raises:
        LookError: a look names a style that the pack does not have.
    """
    stylizers = [Stylizer(pack, look, device, plan.budget) for look in plan.looks]
    return FramePainter(
        stylizers,
        in_flight=max(each.in_flight(plan.info.height, plan.info.width) for each in stylizers),
        alpha=plan.info.alpha,
        is_float=plan.info.is_float,
        premultiplied=plan.spec.premultiplied,
        colour=plan.scene,
    )
