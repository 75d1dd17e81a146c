"""Which tags of a movie say what an ICC profile says."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms

from nle_style.media.colour.primaries import H273_PRIMARIES, d50_colorants
from nle_style.media.colour.transfer import srgb_to_linear

__all__ = ["IccColours", "icc_colours"]

_SAME_XYZ = 0.004  # profiles of the same primaries differ by their roundings and white points
_SAME_L = 2.0  # of 255: what 8-bit Lab rounds, twice
_CODES = np.arange(0, 256, 15, dtype=np.uint8)


@dataclass(frozen=True)
class IccColours:
    """A profile in the code points of ITU-T H.273; 2 for what none of them says.

    Attributes:
        name: of the profile, as it describes itself.
    """

    name: str
    primaries: int
    transfer: int

    @property
    def known(self) -> bool:
        """Whether the tags say all of it."""
        return 2 not in (self.primaries, self.transfer)


def icc_colours(profile: bytes) -> IccColours:
    """The tags for an ICC profile: primaries by its colorants, transfer by its greys.

    Source: ICC.1:2022: colorants are adapted to D50 (Bradford).
    """
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        facts = opened.profile
        name = (facts.profile_description or "").strip() or "without a name"
        if facts.xcolor_space.strip() != "RGB" or not facts.is_matrix_shaper:
            return IccColours(name, 2, 2)
        colorants = [facts.red_colorant, facts.green_colorant, facts.blue_colorant]
        stated = np.array([each[0] for each in colorants if each is not None]).T
        lightness = _lightness(opened)
    except (OSError, ValueError, ImageCms.PyCMSError):
        return IccColours("not readable", 2, 2)
    return IccColours(name, _primaries_of(stated), _transfer_of(lightness))


def _primaries_of(stated: np.ndarray) -> int:
    for code, chromaticities in H273_PRIMARIES.items():
        meant = d50_colorants(chromaticities)
        if stated.shape == meant.shape and np.abs(stated - meant).max() < _SAME_XYZ:
            return code
    return 2


def _lightness(profile: ImageCms.ImageCmsProfile) -> np.ndarray:
    """L* of the greys `_CODES`, 0-255 for 0-100."""
    greys = Image.fromarray(np.repeat(_CODES[None, :, None], 3, axis=2), "RGB")
    lab = ImageCms.createProfile("LAB")
    transform = ImageCms.buildTransform(profile, lab, "RGB", "LAB")
    shown = ImageCms.applyTransform(greys, transform)
    if shown is None:
        raise ValueError
    return np.asarray(shown)[0, :, 0].astype(np.float64)


def _transfer_of(lightness: np.ndarray) -> int:
    value = _CODES / 255
    camera = np.where(value < 0.081, value / 4.5, ((value + 0.099) / 1.099) ** (1 / 0.45))
    curves = {
        13: srgb_to_linear(value.astype(np.float32)),
        4: value**2.2,
        1: camera,
        8: value,
        5: value**2.8,
    }
    for code, linear in curves.items():
        if np.abs(_cie_lightness(linear) - lightness).max() <= _SAME_L:
            return code
    return 2


def _cie_lightness(luminance: np.ndarray) -> np.ndarray:
    """L* as 0-255. Source: CIE 15:2004."""
    low = luminance <= (6 / 29) ** 3
    scaled = np.where(low, luminance * (29 / 3) ** 3, 116 * np.cbrt(luminance) - 16)
    return np.asarray(scaled * 2.55)
