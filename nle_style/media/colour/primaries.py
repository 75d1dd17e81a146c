"""From the primaries that a header states to those of Rec.709, as a 3 x 3 matrix on linear RGB."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nle_style.errors import MediaError

__all__ = [
    "H273_PRIMARIES",
    "REC709",
    "Chromaticities",
    "d50_colorants",
    "matrix_to_rec709",
    "primaries_code",
]

Chromaticities = tuple[float, ...]
"""Eight CIE 1931 xy numbers: red, green, blue, white; the order of EXR's `chromaticities`."""

_D65 = (0.3127, 0.3290)
REC709: Chromaticities = (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, *_D65)

H273_PRIMARIES: dict[int, Chromaticities] = {
    1: REC709,
    5: (0.640, 0.330, 0.290, 0.600, 0.150, 0.060, *_D65),
    6: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    7: (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65),
    9: (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65),
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),
    12: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65),
}
"""By the code points of ITU-T H.273, table 2."""

_D50 = (0.9642, 1.0, 0.8249)  # XYZ, ICC.1:2022, 7.2.16
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_SAME = 5e-4  # headers state three or four decimals


def primaries_code(chromaticities: Sequence[float]) -> int:
    """The code point of ITU-T H.273 for primaries and a white point; 2 for what none of them says.

    Args:
        chromaticities: x and y of red, green, blue and white.
    """
    for code, known in H273_PRIMARIES.items():
        if np.allclose(chromaticities, known, rtol=0, atol=_SAME):
            return code
    return 2


def matrix_to_rec709(chromaticities: Sequence[float], where: str) -> np.ndarray | None:
    """The matrix from linear RGB of these primaries to linear Rec.709, white to white.

    Args:
        chromaticities: eight numbers, see `Chromaticities`.
        where: the file, for the message.
    Returns: 3 x 3 float64 for column vectors; None if they are Rec.709's own.
    Raises: MediaError if they span no colour space (the primaries lie on a line, white has y = 0).
    Source: SMPTE RP 177 for the matrices; Bradford's linearised adaptation between whites that
        differ (Lam 1985), as ICC and ACES use it.
    """
    if len(chromaticities) == 8 and np.allclose(chromaticities, REC709, rtol=0, atol=_SAME):
        return None
    try:
        if len(chromaticities) != 8:
            raise ValueError
        source, target = _to_xyz(chromaticities), _to_xyz(REC709)
        matrix: np.ndarray = np.linalg.inv(target) @ _adapted(source, target.sum(axis=1))
        if not (np.isfinite(matrix).all() and np.linalg.cond(matrix) < 1e4):
            raise ValueError
    except (ValueError, ZeroDivisionError, np.linalg.LinAlgError) as error:
        raise MediaError(
            f"its header states chromaticities that span no colours {tuple(chromaticities)}",
            where=where,
            remedy="Name its colour space with --input-colour.",
        ) from error
    return matrix


def d50_colorants(chromaticities: Chromaticities) -> np.ndarray:
    """XYZ of red, green and blue as an ICC profile states them: 3 x 3, a column each."""
    return _adapted(_to_xyz(chromaticities), np.array(_D50))


def _adapted(to_xyz: np.ndarray, white: np.ndarray) -> np.ndarray:
    """A matrix to XYZ, with its white adapted to another one."""
    cones = (_BRADFORD @ white) / (_BRADFORD @ to_xyz.sum(axis=1))
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ to_xyz)


def _to_xyz(chromaticities: Sequence[float]) -> np.ndarray:
    """RGB to XYZ, with white at Y = 1; its columns sum to the white."""
    points = [float(number) for number in chromaticities]
    x_white, y_white = points[6:]
    white = np.array((x_white / y_white, 1.0, (1 - x_white - y_white) / y_white))
    # By xyz and not by xyY: a y of 0 is allowed in a primary.
    primaries = np.array(
        [(x, y, 1 - x - y) for x, y in zip(points[0:6:2], points[1:6:2], strict=True)]
    ).T
    return np.asarray(primaries * np.linalg.solve(primaries, white))
