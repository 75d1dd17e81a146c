"""Mattes: where in the picture a look is painted, as a weight of 0 to 1 for every pixel."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import torch

from nle_style.apply import LUMA_WEIGHTS, Look, resample
from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo
from nle_style.media.movie import movie_index
from nle_style.media.source import check_frames, read_frames
from nle_style.render.job import MatteJob

__all__ = ["LayerPlan", "Matte", "plan_matte", "same_shape", "weight_of"]

Channel = Literal["alpha", "luma", "r", "g", "b"]

_SNAP = np.float32(1e-6)  # what the resampling kernel's rounding adds to 0 and takes from 1


@dataclass(frozen=True)
class Matte:
    """A matte that fits one clip.

    Attributes:
        info: the matte's own movie, sequence or still.
        channel: which of its channels is the weight.
        invert: whether 1 - weight is used instead.
        offset: the matte's frame for frame n of the clip is n + offset; a still has only one.
        height, width: of the clip, in pixels; the matte is resampled to that.
    """

    info: MediaInfo
    channel: Channel
    invert: bool
    offset: int
    height: int
    width: int

    def weights(self, first: int, last: int) -> Iterator[np.ndarray]:
        """The weights for frames `first` to `last` of the clip, inclusive, in order.

        Yields: (height, width) float32, 0-1: 0 is outside. The arrays must not be changed: a still
            gives the same one every time.
        Raises: MediaError if a frame of the matte cannot be decoded.
        """
        if self.info.kind == "still":
            (pixels,) = self._pixels(0, 0)
            yield from itertools.repeat(self._fitted(pixels), last - first + 1)
            return
        for pixels in self._pixels(first + self.offset, last + self.offset):
            yield self._fitted(pixels)

    def as_data(self, fingerprint: str) -> dict[str, Any]:
        """What a render's key and report say of the matte."""
        return {
            "source": str(self.info.path.absolute()),
            "fingerprint": fingerprint,
            "channel": self.channel,
            "invert": self.invert,
            "offset": self.offset,
        }

    def _pixels(self, first: int, last: int) -> Iterator[np.ndarray]:
        return read_frames(self.info, first, last, alpha=self.channel == "alpha")

    def _fitted(self, pixels: np.ndarray) -> np.ndarray:
        weight = weight_of(pixels, self.channel)
        size = (self.height, self.width)
        if weight.shape != size:
            weight = resample(torch.from_numpy(weight)[None, None], size)[0, 0].numpy()
            weight = np.where(weight > 1 - _SNAP, 1, np.where(weight < _SNAP, 0, weight))
        return (1 - weight if self.invert else weight).astype(np.float32, copy=False)


@dataclass(frozen=True)
class LayerPlan:
    """One look, painted over what lies below it: inside its matte, or everywhere without one."""

    look: Look
    matte: Matte | None = None


def weight_of(pixels: np.ndarray, channel: Channel) -> np.ndarray:
    """A channel of a matte's frame as weights.

    Args:
        pixels: (H, W, 3) float32, stored values, or (H, W, 4) with alpha.
        channel: `luma` is Y' with BT.709's weights; of a grey picture exactly its grey.

    Returns:
        (H, W) float32 in 0-1: values beyond are clipped, NaN becomes 0.
    """
    if channel == "luma":
        red, green, blue = (pixels[..., index] for index in range(3))
        # A sum of three products would not give exactly 1 for white.
        with np.errstate(invalid="ignore"):
            weight = green + LUMA_WEIGHTS[0] * (red - green) + LUMA_WEIGHTS[2] * (blue - green)
    else:
        weight = pixels[..., "rgba".index(channel[0])]
    clipped: np.ndarray = np.clip(np.nan_to_num(weight, nan=0.0), 0, 1).astype(np.float32)
    return clipped


def plan_matte(job: MatteJob, info: MediaInfo, source: MediaInfo, first: int, last: int) -> Matte:
    """Check that a matte fits a clip.

    Args:
        job: as it is asked for.
        info: the probed matte.
        source: the probed clip.
        first, last: the clip's frames that are painted, handles included.

    Raises:
        MediaError: it has no such channel, another shape or too few frames; the message names both
            clips.
    """
    where = str(job.source)
    clip = source.path.name
    if job.channel == "alpha" and not info.has_alpha:
        raise MediaError(
            "the matte has no alpha channel",
            where=where,
            remedy="Take `channel: luma`, or write it with its alpha.",
        )
    if not same_shape(info, source):
        raise MediaError(
            f"the matte is {info.width}x{info.height} and {clip} {source.width}x{source.height}, "
            "which is another shape",
            where=where,
            remedy="A matte may be smaller or larger than its clip, but not cropped or stretched.",
        )
    if info.kind != "still":
        begin, end = first + job.offset, last + job.offset
        count = info.frame_count
        if info.kind == "movie":
            count = min(count, movie_index(info.path, info.stream).readable)
        if begin < 0 or end >= count:
            asked = f", with the offset of {job.offset:+d}," if job.offset else ""
            raise MediaError(
                f"the matte has the frames 0-{count - 1}, and frames {first}-{last} of "
                f"{clip}{asked} need {begin}-{end}",
                where=where,
                remedy="Render the matte as long as its clip, handles included; set `offset`; or "
                "ask for fewer frames.",
            )
        check_frames(info, begin, end)
    channel: Channel = (
        job.channel if job.channel != "auto" else "alpha" if info.has_alpha else "luma"
    )
    return Matte(info, channel, job.invert, job.offset, source.height, source.width)


def same_shape(matte: MediaInfo, source: MediaInfo) -> bool:
    """Whether two pictures have the same aspect ratio, within a pixel of the smaller one.

    Either the stored sizes are compared, or the sizes on a screen (with the pixel aspect): a matte
    of square pixels fits an anamorphic clip.
    """
    return any(
        _within_a_pixel(
            (matte.width * across[0], matte.height), (source.width * across[1], source.height)
        )
        for across in ((Fraction(1), Fraction(1)), (matte.pixel_aspect, source.pixel_aspect))
    )


def _within_a_pixel(one: tuple[Fraction, int], other: tuple[Fraction, int]) -> bool:
    small, large = sorted((one, other), key=lambda size: size[1])
    return abs(small[0] - large[0] * small[1] / large[1]) <= 1
