"""Colour spaces by name, through OpenColorIO: its built-in configuration, or a file of the user's.

The built-in one is pinned by its versioned name, so that the same name means the same numbers on
every machine and in every year. The environment variable OCIO is not read: a render must not
depend on the shell that it was started from.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import PyOpenColorIO as ocio  # noqa: N813  (its own documentation's name)

from nle_style.errors import InputError

__all__ = ["NamedSpace", "built_in_space", "named_space", "scene_linear_role"]

_BUILT_IN_CONFIG = "studio-config-v5.0.0_aces-v2.1_ocio-v2.6"

# What linear Rec.709 is called: by the Color Interop Forum, by ACES 1.0-1.2 configurations, and by
# those of Nuke and spi.
_REC709_NAMES = ("lin_rec709_scene", "lin_rec709", "Utility - Linear - sRGB", "lin_srgb", "linear")
_SHOWN = 5


@dataclass(frozen=True)
class NamedSpace:
    """One colour space of a configuration, with its conversion to linear Rec.709 and back.

    Attributes:
        label: configuration and name, as it is recorded with a render.
        encoding: OpenColorIO's word: `scene-linear`, `log`, `sdr-video`, `hdr-video`, `data`; "".
    """

    label: str
    encoding: str
    _to: ocio.CPUProcessor
    _from: ocio.CPUProcessor

    def to_linear(self, rgb: np.ndarray) -> np.ndarray:
        """Linear Rec.709 of it, in place. `rgb` is C-contiguous float32, ... x 3."""
        self._to.applyRGB(rgb)
        return rgb

    def from_linear(self, rgb: np.ndarray) -> np.ndarray:
        """The space's own values of linear Rec.709, in place; the inverse of `to_linear`."""
        self._from.applyRGB(rgb)
        return rgb


@dataclass(frozen=True)
class _Config:
    label: str
    config: ocio.Config


def named_space(name: str, file: Path | None, where: str) -> NamedSpace:
    """A colour space by its name, alias or role, in any case.

    Args:
        file: an .ocio or .ocioz; None for the built-in configuration.
        where: the clip, for messages.
    Raises: InputError if the file is no configuration, the name is not in it (close ones are
        named), it holds data instead of colour, or OpenColorIO has no way to Rec.709 or back.
    """
    opened = _open(file)
    space = opened.config.getColorSpace(name)
    if space is None:
        raise _unknown(name, opened, where)
    if space.isData():
        raise InputError(
            f"'{space.getName()}' of {opened.label} is data, not colour",
            where=where,
            remedy="Give the picture's colour space.",
        )
    try:
        forward, back = _processors(opened.config, space.getName())
    except ocio.Exception as error:
        raise InputError(
            f"OpenColorIO cannot convert '{space.getName()}' of {opened.label} ({error})",
            where=where,
            remedy="The configuration needs the role aces_interchange, or linear Rec.709, and"
            " every LUT that it names.",
        ) from error
    label = opened.label
    if file is not None:  # LUTs lie in files of their own: the processor's id hashes their numbers
        both = f"{forward.getCacheID()} {back.getCacheID()}"
        label = f"{label}, transform {hashlib.sha256(both.encode()).hexdigest()[:12]}"
    return NamedSpace(
        f"{label}: {space.getName()}",
        space.getEncoding(),
        forward.getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS),
        back.getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS),
    )


def built_in_space(name: str) -> NamedSpace | None:
    """The space of the built-in configuration that a header names; None if there is none."""
    space = _built_in().config.getColorSpace(name)
    return None if space is None or space.isData() else named_space(name, None, name)


def scene_linear_role(file: Path) -> str | None:
    """The space that a configuration file calls `scene_linear`; None if it has no such role.

    Raises: InputError if the file is no configuration.
    """
    config = _open(file).config
    return str(config.getRoleColorSpace("scene_linear")) if config.hasRole("scene_linear") else None


def _processors(config: ocio.Config, name: str) -> tuple[ocio.Processor, ocio.Processor]:
    for rec709 in _REC709_NAMES:
        # "linear" by itself says nothing of primaries; only version 1 had no interchange to ask.
        if config.getColorSpace(rec709) and (rec709 != "linear" or config.getMajorVersion() < 2):
            return config.getProcessor(name, rec709), config.getProcessor(rec709, name)
    base, rec709 = _built_in().config, _REC709_NAMES[0]
    return (
        ocio.Config.GetProcessorFromConfigs(config, name, base, rec709),
        ocio.Config.GetProcessorFromConfigs(base, rec709, config, name),
    )


def _open(file: Path | None) -> _Config:
    if file is None:
        return _built_in()
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(
            f"the OpenColorIO configuration cannot be read ({error.strerror})",
            where=str(file),
            remedy="Give --ocio an .ocio or .ocioz file.",
        ) from error
    return _parsed(file, hashlib.sha256(data).hexdigest())


@lru_cache(maxsize=4)
def _parsed(file: Path, sha256: str) -> _Config:
    try:
        config = ocio.Config.CreateFromFile(str(file))
        config.validate()
    except ocio.Exception as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(
            f"is not an OpenColorIO configuration ({first})",
            where=str(file),
            remedy="Give --ocio an .ocio or .ocioz file.",
        ) from error
    return _Config(f"{file.name}, sha256 {sha256[:12]}", config)


@lru_cache(maxsize=1)
def _built_in() -> _Config:
    config = ocio.Config.CreateFromBuiltinConfig(_BUILT_IN_CONFIG)
    return _Config(f"ocio://{_BUILT_IN_CONFIG}", config)


def _unknown(name: str, opened: _Config, where: str) -> InputError:
    close = _close_names(name, opened.config)
    hint = f"Did you mean {' or '.join(repr(each) for each in close)}? " if close else ""
    return InputError(
        f"unknown colour space '{name}'",
        where=where,
        remedy=f"{hint}--input-colour takes auto, srgb, rec709, linear, or a name of"
        f" {opened.label}.",
    )


def _close_names(name: str, config: ocio.Config) -> list[str]:
    """Names that contain what was typed, else those spelt like it; by name or by alias."""
    spelt: dict[str, str] = {}
    for space in config.getColorSpaces(ocio.SEARCH_REFERENCE_SPACE_ALL, ocio.COLORSPACE_ACTIVE):
        for each in (space.getName(), *space.getAliases()):
            spelt.setdefault(_plain(each), space.getName())
    wanted = _plain(name)
    found = [target for text, target in spelt.items() if wanted and wanted in text]
    if not found:
        found = [spelt[text] for text in difflib.get_close_matches(wanted, spelt, n=_SHOWN)]
    return list(dict.fromkeys(found))[:_SHOWN]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
