"""Transfer functions in closed form, on float32 arrays of any shape: sRGB, PQ and HLG.

Linear 1.0 is diffuse white throughout. In PQ and HLG that is the reference white of ITU-R BT.2408:
203 cd/m2, which HLG puts at a signal of 75%.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = [
    "hlg_to_linear",
    "linear_to_hlg",
    "linear_to_pq",
    "linear_to_srgb",
    "pq_to_linear",
    "srgb_to_linear",
]

_REFERENCE_WHITE = 203.0  # cd/m2 of diffuse white in HDR video (ITU-R BT.2408-7, table 1)
_PQ_PEAK = 10000.0 / _REFERENCE_WHITE
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32

_HLG_A = 0.17883277
_HLG_B = 1 - 4 * _HLG_A
_HLG_C = 0.5 - _HLG_A * math.log(4 * _HLG_A)
_HLG_WHITE = (math.exp((0.75 - _HLG_C) / _HLG_A) + _HLG_B) / 12


def linear_to_srgb(linear: np.ndarray) -> np.ndarray:
    """sRGB code values of linear light, both 0-1; negatives must have been clipped.

    Source: IEC 61966-2-1, 5.2.
    """
    code: np.ndarray = np.power(linear, np.float32(1 / 2.4))
    code *= np.float32(1.055)
    code -= np.float32(0.055)
    np.copyto(code, linear * np.float32(12.92), where=linear <= np.float32(0.0031308))
    return code


def srgb_to_linear(code: np.ndarray) -> np.ndarray:
    """Linear light of sRGB code values, both 0-1; the inverse of `linear_to_srgb`."""
    linear: np.ndarray = code + np.float32(0.055)
    linear *= np.float32(1 / 1.055)
    np.power(linear, np.float32(2.4), out=linear)
    low = code <= np.float32(0.04045)
    np.copyto(linear, code * np.float32(1 / 12.92), where=low)
    return linear


def pq_to_linear(code: np.ndarray) -> np.ndarray:
    """Linear light of PQ code values 0-1 (clipped to that): 0 to 49.26 (10000 cd/m2).

    Source: SMPTE ST 2084 = ITU-R BT.2100-2, table 4, "PQ EOTF".
    """
    root: np.ndarray = np.power(np.clip(code, 0, 1), np.float32(1 / _M2))
    below = np.float32(_C2) - np.float32(_C3) * root
    root -= np.float32(_C1)
    np.maximum(root, 0, out=root)
    root /= below
    np.power(root, np.float32(1 / _M1), out=root)
    root *= np.float32(_PQ_PEAK)
    return root


def linear_to_pq(linear: np.ndarray) -> np.ndarray:
    """PQ code values 0-1 of linear light; what lies outside 0 to 10000 cd/m2 is clipped."""
    light = np.clip(linear * np.float32(1 / _PQ_PEAK), 0, 1)
    np.power(light, np.float32(_M1), out=light)
    code = np.float32(_C1) + np.float32(_C2) * light
    code /= 1 + np.float32(_C3) * light
    np.power(code, np.float32(_M2), out=code)
    return code


def hlg_to_linear(code: np.ndarray) -> np.ndarray:
    """Scene light of HLG signal values: a signal of 0.75 is 1.0, one of 1 is 3.77.

    This is light before the display's OOTF, as the camera saw it. Negatives (studio swing) are
    mirrored at 0; signals above 1 follow the curve on.
    Source: ITU-R BT.2100-2, table 5, "HLG reference OETF", inverted.
    """
    light: np.ndarray = code * np.abs(code)
    light *= np.float32(4 / 12)
    high = code > np.float32(0.5)
    upper = np.exp((code[high] - np.float32(_HLG_C)) / np.float32(_HLG_A))
    light[high] = (upper + np.float32(_HLG_B)) / np.float32(12)
    light *= np.float32(1 / _HLG_WHITE)
    return light


def linear_to_hlg(linear: np.ndarray) -> np.ndarray:
    """HLG signal values of scene light; the inverse of `hlg_to_linear`."""
    light = linear * np.float32(_HLG_WHITE)
    code = np.copysign(np.sqrt(np.abs(light) * np.float32(3)), light)
    high = light > np.float32(1 / 12)
    upper = light[high] * np.float32(12) - np.float32(_HLG_B)
    code[high] = np.log(upper) * np.float32(_HLG_A) + np.float32(_HLG_C)
    return code
