"""Both sides of what is judged, source and painting, as pictures for a screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from nle_style.desk.review.entries import Entry
from nle_style.errors import InputError
from nle_style.media.base import MediaInfo
from nle_style.media.colour import SceneColour, scene_colour
from nle_style.media.movie import sited
from nle_style.media.source import as_floats, decoded_rgb, probe_media
from nle_style.render import Reading
from nle_style.render.plan import read_as

__all__ = ["Pictures", "Side", "pictures_of"]

Side = Literal["source", "painted"]


@dataclass(frozen=True)
class Pictures:
    """One side of a clip.

    Attributes:
        info: the source as the render read it, or the intermediate.
        first: the position in the source of its frame 0.
        scene: how scene-referred colours become those of a display; None for display-referred ones.
    """

    info: MediaInfo
    first: int
    scene: SceneColour | None

    def between(self, first: int, last: int) -> Iterator[np.ndarray]:
        """Frames in order.

        Args:
            first, last: positions in the source, inclusive.
        Yields: height x width x 3 uint8, sRGB or Rec.709 code values, in stored pixels; what is
            transparent is laid over black.
        Raises: MediaError if one cannot be read.
        """
        straight = self.info.alpha == "straight"
        frames = decoded_rgb(self.info, first - self.first, last - self.first, alpha=straight)
        return map(self._shown, frames)

    def _shown(self, pixels: np.ndarray) -> np.ndarray:
        if pixels.dtype == np.uint8 and pixels.shape[2] == 3 and self.scene is None:
            return pixels
        floats = as_floats(pixels)
        rgb = floats[..., :3]
        if self.scene is not None:
            rgb = self.scene.encode(rgb)
        if floats.shape[2] == 4:
            rgb = rgb * floats[..., 3:]
        shown: np.ndarray = np.rint(np.clip(np.nan_to_num(rgb), 0, 1) * 255).astype(np.uint8)
        return shown


def pictures_of(entry: Entry, side: Side) -> Pictures:
    """One side of a clip, ready to be read. The source is probed for either of them.

    Raises:
        MediaError: the source or the intermediate cannot be read any more.
        InputError: how its colours were read is not known here, or there is no such side.
    """
    if side not in ("source", "painted"):
        raise InputError(f"there is no side '{side}'", remedy="It is source or painted.")
    reading = Reading.model_validate(dict(entry.reading))
    source = probe_media(entry.source, stream=reading.stream, layer=reading.layer)
    source = read_as(source, reading)
    scene = scene_colour(source, entry.colour)
    if side == "source":
        if source.kind != "movie":
            source = replace(source, rate=entry.rate)
        if entry.controls["strength"] > 0:
            source = sited(source)
        return Pictures(source, 0, scene)
    return Pictures(probe_media(entry.intermediate, layer=reading.layer), entry.first, scene)
