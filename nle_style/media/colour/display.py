"""Scene-linear, log and HDR frames through a network that was trained on display pictures.

The training pictures are sRGB photographs. A frame that is not display-referred is converted:

    source encoding -> linear Rec.709 -> one factor -> sRGB OETF -> [network]
    source encoding <- linear Rec.709 <- gain recombine <- sRGB inverse OETF <-

Notation, for one pixel: L its linear RGB with diffuse white at 1; Y its luminance and M the largest
of its channels; D the linear RGB that the network sees; P the linear RGB that it paints, 0-1.

Knee. K(Y) = Y up to 1/2 and 1 - 1/(4Y) above: identity below, slope 1 at 1/2, monotone, towards 1.
It is Reinhard's shoulder (Reinhard et al. 2002, equation 3) begun at 1/2. Diffuse white is shown
at 0.75 (sRGB code 0.88), 4 at 0.94, 40 at 0.994. Y/K(Y) divides all three channels, so that hue is
kept. The luminance of a saturated light says little of its largest channel; that has a shoulder of
its own, H(M) = M up to 3/4 and 1 - 1/(16 (M - 1/2)) above, and what asks for the larger factor
gets it (for greys that is always K):

    s = max(Y / K(Y), M / H(M))        D = clip(L / s, 0, 1)

s is at least 1, and D rises with the light and stays below 1. Only negative channels are clipped
(colours outside of Rec.709, ringing).

Gain recombine. The factor that made the pixel fit is given back to what was painted there:

    R = P · s^w + n        x = min(1, max(P) / max(D))        w = x²(3 - 2x)
    n = min(L, 0) · max(0, 1 - P·s^w / min(|L|, 0.18))    for negative channels, else 0

- Identity: P = D gives x = 1, w = 1, R = D·s + min(L, 0) = L. Nothing is divided by D, and
  dR/R = dP/P there: an error of the network is not amplified, whatever the value.
- Below the knee s = 1: R = P. A black pixel that is painted light is that light.
- Above it a stroke as light as the source keeps the source's energy in the stroke's colour; the
  darker the stroke, the less of it (w falls to 0), so that dark paint on a lamp of 40 is dark.
- R rises with each channel of P. It is at most s: diffuse white below the knee, and above it a
  little more than the light that was there (1/4 for greys far above it).
- A negative channel stays as far as nothing is painted into it.
Not a number is painted as black, infinity as 65504 (half float's largest). Where a pixel is painted
as it was seen, all three channels to the bit, the source's own bits are returned.
"""

from __future__ import annotations

import numpy as np

from nle_style.media.base import MediaInfo, bands
from nle_style.media.colour.source_space import ColourSettings, SourceColour, source_colour
from nle_style.media.colour.transfer import linear_to_srgb, srgb_to_linear

__all__ = ["SceneColour", "scene_colour"]

_KNEE = np.float32(0.5)  # of luminance
_SHOULDER = np.float32(0.75)  # of the largest channel
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709-6, 3.2
_LARGEST = 65504.0
_GREY = np.float32(0.18)
_TINY = np.float32(1e-30)  # keeps 0 / 0 away, and 65504 / it finite
_BAND_PIXELS = 1 << 17  # 1.5 MB of float32 RGB, so that temporary arrays stay in the cache


class SceneColour:
    """Converts a source's frames for the network, and back; the module has the formulas.

    It keeps nothing between calls, and threads may share it. Beside its result a call needs a few
    megabytes, whatever the size of the frame.

    Args:
        source: the source's encoding.
    """

    def __init__(self, source: SourceColour) -> None:
        self._source = source

    @property
    def name(self) -> str:
        """The encoding and where it is defined, as it is recorded with a render."""
        return self._source.name

    def encode(self, rgb: np.ndarray) -> np.ndarray:
        """What the network sees of a frame.

        Args:
            rgb: height x width x 3 float32 in the source's encoding, unpremultiplied, any values.
        Returns: sRGB display code values 0-1, a new array of the same shape.
        """
        display = np.empty(rgb.shape, np.float32)
        for band in bands(rgb, _BAND_PIXELS):
            linear = self._linear(rgb[band])
            linear /= _factor(linear)[..., None]
            display[band] = linear_to_srgb(np.clip(linear, 0, 1, out=linear))
        return display

    def decode(self, display: np.ndarray, painted: np.ndarray, rgb: np.ndarray) -> np.ndarray:
        """A painted frame in the source's encoding.

        Args:
            display: what `encode` gave for `rgb`.
            painted: what the network made of it, of the same shape; clipped to 0-1.
            rgb: the source's frame.
        Returns: a new array like `rgb`.
        """
        result = np.empty(rgb.shape, np.float32)
        for band in bands(rgb, _BAND_PIXELS):
            linear = self._linear(rgb[band])
            paint = srgb_to_linear(np.clip(painted[band], 0, 1))
            _recombine(linear, paint)
            result[band] = self._source.from_linear(paint)
            same = painted[band] == display[band]
            kept = same[..., 0] & same[..., 1] & same[..., 2]
            np.copyto(result[band], rgb[band], where=kept[..., None])
        return result

    def _linear(self, rgb: np.ndarray) -> np.ndarray:
        """Linear Rec.709 in an array of its own, finite."""
        own = _finite(np.array(rgb, np.float32, order="C"))
        return _finite(self._source.to_linear(own))


def scene_colour(info: MediaInfo, settings: ColourSettings | None = None) -> SceneColour | None:
    """The conversion of a source's frames; None if the network takes its code values unchanged.

    Raises:
        InputError: no such colour space or configuration.
        MediaError: the header states colours that cannot be used; or the file cannot be read.
    """
    source = source_colour(info, settings or ColourSettings())
    return None if source is None else SceneColour(source)


def _finite(rgb: np.ndarray) -> np.ndarray:
    if not np.isfinite(rgb).all():
        np.nan_to_num(rgb, copy=False, nan=0.0, posinf=_LARGEST, neginf=-_LARGEST)
    return rgb


def _factor(linear: np.ndarray) -> np.ndarray:
    """s of every pixel, height x width, at least 1."""
    luminance = linear @ _LUMINANCE
    # Y / K(Y) = Y / (1 - 1/(4Y)) from the knee on, and 1 at the knee itself; M / H(M) alike.
    factor: np.ndarray = np.maximum(luminance, _KNEE)
    factor /= 1 - np.float32(0.25) / factor
    largest = np.maximum(_largest(linear), _SHOULDER)
    largest /= 1 - np.float32(1 / 16) / (largest - np.float32(0.5))
    np.maximum(factor, largest, out=factor)
    return factor


def _recombine(linear: np.ndarray, paint: np.ndarray) -> None:
    """`paint` (P) becomes R, in place."""
    factor = _factor(linear)
    if factor.max() > 1:
        seen = np.maximum(_largest(linear) / factor, _TINY)
        near = np.minimum(_largest(paint) / seen, 1)
        paint *= np.power(factor, near * near * (3 - 2 * near))[..., None]
    if linear.min() < 0:
        negative = np.minimum(linear, 0)
        free = paint / np.clip(-negative, _TINY, _GREY)
        np.subtract(1, free, out=free)
        negative *= np.maximum(free, 0, out=free)
        paint += negative


def _largest(rgb: np.ndarray) -> np.ndarray:
    largest: np.ndarray = np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2])
    return largest
