"""What a source's code values mean: their conversion to linear Rec.709 and back.

The rules, by the header of a movie or of a sequence's first file, are the table in docs/colour.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)

from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo, find_sequence
from nle_style.media.colour.ocio import NamedSpace, built_in_space, named_space, scene_linear_role
from nle_style.media.colour.primaries import H273_PRIMARIES, Chromaticities, matrix_to_rec709
from nle_style.media.colour.transfer import hlg_to_linear, linear_to_hlg, linear_to_pq, pq_to_linear
from nle_style.media.image import read_header

__all__ = ["ColourSettings", "SourceColour", "source_colour"]

_DISPLAY_WORDS = ("srgb", "rec709")
_LINEAR, _PQ, _HLG = 8, 16, 18  # H.273 transfer characteristics
_REC709, _UNSPECIFIED, _REC2020 = 1, 2, 9  # H.273 primaries

Convert = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class ColourSettings:
    """How sources are to be read.

    Attributes:
        input: `auto`, `srgb` or `rec709` (code values are fed as they are), `linear`, or the name,
            alias or role of a colour space in the configuration.
        ocio: an .ocio or .ocioz; None for the built-in configuration.
    """

    input: str = "auto"
    ocio: Path | None = None


@dataclass(frozen=True)
class SourceColour:
    """A source's encoding.

    Attributes:
        name: as it is recorded with a render.
        to_linear: code values to linear Rec.709, white at 1.0, C-contiguous float32 ... x 3; it may
            work in place.
        from_linear: its inverse.
    """

    name: str
    to_linear: Convert
    from_linear: Convert


def source_colour(info: MediaInfo, settings: ColourSettings) -> SourceColour | None:
    """A source's encoding; None for display-referred SDR, which needs none.

    Raises:
        InputError: no such colour space or configuration.
        MediaError: the header states colours that cannot be used; or the file cannot be read.
    """
    wanted = settings.input.strip()
    word = wanted.casefold()
    role = None if settings.ocio is None else scene_linear_role(settings.ocio)
    if word in _DISPLAY_WORDS:
        return None
    if word == "auto":
        return _stated(info, settings.ocio, role)
    if word == "linear":
        return _linear(info, settings.ocio, role)
    return _named(named_space(wanted, settings.ocio, str(info.path)))


def _stated(info: MediaInfo, file: Path | None, role: str | None) -> SourceColour | None:
    transfer = info.colour.transfer
    if transfer == _PQ:
        return _video("ST 2084 (PQ)", info, pq_to_linear, linear_to_pq)
    if transfer == _HLG:
        return _video("HLG", info, hlg_to_linear, linear_to_hlg)
    if info.kind == "movie":
        return _linear(info, file, role) if transfer == _LINEAR else None
    name = _header(info).get_string_attribute("oiio:ColorSpace")
    space = built_in_space(name) if name else None
    if space is not None and space.encoding not in ("scene-linear", "sdr-video"):
        return _named(space)
    if transfer == _LINEAR or (space is not None and space.encoding == "scene-linear"):
        return _linear(info, file, role)
    if not info.is_float or space is not None or name in ("", "data") or name.endswith("_display"):
        return None
    if name == "unknown":
        return _linear(info, file, role)
    raise MediaError(
        f"its header names a colour space '{name}' that is not known",
        where=str(info.path),
        remedy="Name its colour space with --input-colour.",
    )


def _linear(info: MediaInfo, file: Path | None, role: str | None) -> SourceColour | None:
    """Scene-linear: in the primaries that the header states, else those that are usual."""
    if info.kind == "movie":
        known = info.colour.primaries != _UNSPECIFIED
        stated = _h273(info, _REC709) if known else None
    else:
        spec = _header(info)
        stated = spec.getattribute("chromaticities")
        name = spec.get_string_attribute("oiio:ColorSpace")
        space = built_in_space(name) if stated is None and name else None
        if space is not None and space.encoding == "scene-linear":
            return _named(space)
    if stated is None and file is not None and role is not None:
        return _named(named_space(role, file, str(info.path)))
    return _matrixed("linear", stated, info, _as_is, _as_is)


def _named(space: NamedSpace) -> SourceColour | None:
    # What is made for an SDR screen is what the network was trained on.
    if space.encoding == "sdr-video":
        return None
    return SourceColour(space.label, space.to_linear, space.from_linear)


def _video(name: str, info: MediaInfo, to_linear: Convert, from_linear: Convert) -> SourceColour:
    return _matrixed(name, _h273(info, _REC2020), info, to_linear, from_linear)


def _h273(info: MediaInfo, usual: int) -> Chromaticities:
    """The primaries of a tag; those that are usual where it is "unspecified"."""
    code = info.colour.primaries
    primaries = H273_PRIMARIES.get(usual if code == _UNSPECIFIED else code)
    if primaries is None:
        raise MediaError(
            f"is tagged with colour primaries {code} of ITU-T H.273, which are not supported",
            where=str(info.path),
            remedy="Name its colour space with --input-colour.",
        )
    return primaries


def _matrixed(
    name: str,
    chromaticities: Chromaticities | None,
    info: MediaInfo,
    to_linear: Convert,
    from_linear: Convert,
) -> SourceColour:
    matrix = None if chromaticities is None else matrix_to_rec709(chromaticities, str(info.path))
    if matrix is None or chromaticities is None:
        return SourceColour(f"{name}, Rec.709 primaries", to_linear, from_linear)
    forward, back = (each.T.astype(np.float32) for each in (matrix, np.linalg.inv(matrix)))
    points = " ".join(f"{number:.5g}" for number in chromaticities)
    return SourceColour(
        f"{name}, primaries {points}",
        lambda rgb: to_linear(rgb) @ forward,
        lambda rgb: from_linear(rgb @ back),
    )


def _as_is(rgb: np.ndarray) -> np.ndarray:
    return rgb


def _header(info: MediaInfo) -> oiio.ImageSpec:
    if info.kind == "still":
        return read_header(info.path, info.layer).spec
    first = find_sequence(info.path).path(info.first_frame_number)
    return read_header(first, info.layer).spec
