"""Stored pixels of a frame: their colours and their alpha, divided, laid over others, and converted
for the network and back."""

from __future__ import annotations

import numpy as np

from nle_style.media.base import AlphaKind, bands
from nle_style.media.colour import SceneColour

__all__ = ["BAND_PIXELS", "StoredColours", "over", "parted", "rows_of"]

BAND_PIXELS = 1 << 15
"""Pixels of a frame that are worked on at once, 400 kB of RGB: intermediate results stay in the
cache."""

# Half float's smallest step: dividing by less gives only noise.
_LEAST_ALPHA = np.float32(2**-24)


def parted(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """(H, W, 3 or 4) as its colours and its alpha, None without one; views, not copies."""
    if pixels.shape[2] == 3:
        return pixels, None
    return pixels[..., :3], pixels[..., 3]


def rows_of(alpha: np.ndarray | None, rows: slice) -> np.ndarray | None:
    """Some rows of an alpha, if there is one."""
    return None if alpha is None else alpha[rows]


def _is_unseen(alpha: np.ndarray) -> np.ndarray:
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


class StoredColours:
    """The colours of a source as it stores them, as the network sees them, and as the output stores
    them.

    Args:
        alpha: how the source stores alpha, for frames that are given with it.
        is_float: whether the source can have values beyond 0-1.
        premultiplied: whether the output's RGB is multiplied by its alpha.
        colour: None for display-referred sources.
    """

    def __init__(
        self,
        alpha: AlphaKind,
        is_float: bool,
        premultiplied: bool,
        colour: SceneColour | None,
    ) -> None:
        self._alpha = alpha
        self._beyond = is_float or alpha == "premultiplied"
        self._premultiplied = premultiplied
        self._colour = colour

    @property
    def converts(self) -> bool:
        """Whether display values differ from the stored ones."""
        return self._beyond or self._colour is not None

    def view(self, rgb: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
        """What the network gets, display code values, 0-1: (H, W, 3) float32; black where alpha is
        0. It is `rgb` itself where these are the stored values."""
        if alpha is None and not self.converts:
            return rgb
        view = np.empty(rgb.shape, np.float32)
        for rows in bands(rgb, BAND_PIXELS):
            view[rows] = self._display(self._straight(rgb[rows], rows_of(alpha, rows)))
        return view

    def _straight(self, rgb: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
        if alpha is None:
            return rgb
        straight = _divided(rgb, alpha) if self._alpha == "premultiplied" else rgb.copy()
        unseen = _is_unseen(alpha)
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

    def stored(
        self, view: np.ndarray, shown: np.ndarray, rgb: np.ndarray, alpha: np.ndarray | None
    ) -> np.ndarray:
        """The painted display values `shown` in the source's encoding, and premultiplied if its
        values are.

        Args:
            view: what `view` gave for `rgb` and `alpha`.
        """
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
        unseen = _is_unseen(alpha)
        if unseen.any():
            np.copyto(stored, rgb, where=unseen[..., None])
        return stored

    def delivered(
        self, pixels: np.ndarray, rgb: np.ndarray, result: np.ndarray, alpha: np.ndarray | None
    ) -> np.ndarray:
        """What the output stores, (H, W, 3 or 4): `pixels` itself if nothing is different.

        Args:
            pixels, rgb, alpha: the source's, as one array and parted.
            result: the colours that take the place of `rgb`, in the source's encoding.
        """
        if alpha is None:
            return result
        multiplied = self._alpha == "premultiplied"
        if result is rgb and multiplied == self._premultiplied:
            return pixels
        delivered = np.empty(pixels.shape, np.float32)
        delivered[..., 3] = alpha
        for rows in bands(rgb, BAND_PIXELS):
            colours = result[rows]
            if self._premultiplied and not multiplied:
                colours = colours * alpha[rows, :, None]
            elif multiplied and not self._premultiplied:
                colours = _divided(colours, alpha[rows])
            delivered[rows, :, :3] = colours
        return delivered
