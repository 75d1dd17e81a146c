"""Pictures for the page: frames of the media, and frames painted in a look, as JPEG."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping

import numpy as np
import torch
from PIL import Image

from nle_style.apply import Colour, Look, choose_device, resample, stylizer_of
from nle_style.desk.session.cut import Cut, Shot
from nle_style.desk.session.wishes import Kept, Wish, Worker
from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo
from nle_style.media.colour import ColourSettings, scene_colour
from nle_style.media.source import as_floats, frames_at
from nle_style.render.item import FramePainter

__all__ = ["HEIGHTS", "Pictures"]

HEIGHTS = (90, 180, 270, 540, 1080)
"""Of pictures, in pixels at most; a picture is never larger than its frame."""

_THUMBNAIL = 270
_THUMBNAIL_SIDE = 480  # painted at, longer side, in pixels
_RENDER_SIDE = 1280  # at which a render paints at stroke scale 1, see `apply.stroke_scale`
_CACHE_BYTES = 48 * 2**20  # of each of the two workers
_VIEW_BYTES = 256 * 2**20  # of frames as the network sees them
_STYLISERS = 12
_QUALITY = 88


class Pictures:
    """Makes pictures of a cut's shots, and keeps the last ones.

    A painted picture of 270 pixels or less is painted at that size, with strokes that are larger in
    the picture than a render's; a larger one at the size that a render paints at, with its strokes.
    Both take the statistics of their own frame.

    Args:
        cut: whose shots they are of.
    """

    def __init__(self, cut: Cut) -> None:
        self._cut = cut
        self._device = choose_device(cut.request.control.device)
        # Scrubbing must not wait for a painting.
        self._frames = Worker("nle-style frames", _CACHE_BYTES)
        self._paintings = Worker("nle-style paintings", _CACHE_BYTES)
        self._views = Kept(_VIEW_BYTES, lambda view: int(view.nbytes))
        self._decoding = threading.Lock()
        self._stylizers = Kept(_STYLISERS)

    def frame(self, shot: Shot, number: int, height: int) -> Wish:
        """A frame of a shot's media, in display colours.

        Args:
            number: position in the source, from 0.
            height: one of `HEIGHTS`.

        Returns: JPEG to come; MediaError if it cannot be decoded.
        """
        info, number = _checked(shot, number)

        def make() -> bytes:
            return _jpeg(self._view(info, number, None), height)

        return self._frames.wish((shot.id, number, height), make)

    def painted(
        self,
        shot: Shot,
        number: int,
        height: int,
        styles: Mapping[str, float],
        stroke_scale: float = 1.0,
        colour: Colour = "poster",
    ) -> Wish:
        """A frame painted at full strength.

        Args:
            number, height: as of `frame`.
            styles, stroke_scale, colour: as of `Look`.

        Returns: JPEG to come.
        Raises: LookError for a value out of its range, or a style that the pack does not have.
        """
        look = Look(styles, stroke_scale=stroke_scale, colour=colour, statistics="frame")
        self._cut.pack.mix(look.styles)
        info, number = _checked(shot, number)
        mix = tuple(sorted(look.styles.items()))
        side = _THUMBNAIL_SIDE if height <= _THUMBNAIL else _RENDER_SIDE

        def make() -> bytes:
            view = self._view(info, number, side)
            stylizer = self._stylizers.get_or(
                (mix, stroke_scale, colour),
                lambda: stylizer_of(self._cut.pack, look, self._device),
            )
            return _jpeg(stylizer.frame(view), height)

        key = shot.id, number, height, mix, stroke_scale, colour
        return self._paintings.wish(key, make)

    def close(self) -> None:
        """End the threads, after the pictures that they are at."""
        self._frames.close()
        self._paintings.close()

    def _view(self, info: MediaInfo, number: int, side: int | None) -> np.ndarray:
        """A frame as the network sees it: (H, W, 3) float32, 0-1.

        Args:
            side: the longer one, in pixels at most; None for the frame's own size.
        """
        key = info.path, info.stream, info.layer, number

        def make() -> np.ndarray:
            (pixels,) = frames_at(info, [number], alpha=info.has_alpha)
            colour = self._cut.request.colour
            scene = scene_colour(info, ColourSettings(colour.input, colour.ocio))
            painter = FramePainter((), alpha=info.alpha, is_float=info.is_float, colour=scene)
            return painter.view(as_floats(pixels))

        with self._decoding:
            view: np.ndarray = self._views.get_or(key, make)
        height, width = view.shape[:2]
        if side is None or max(height, width) <= side:
            return view
        size = (max(1, round(height * side / max(height, width))),
                max(1, round(width * side / max(height, width))))  # fmt: skip
        tensor = torch.from_numpy(np.ascontiguousarray(view.transpose(2, 0, 1)))[None]
        small: np.ndarray = resample(tensor, size)[0].permute(1, 2, 0).contiguous().numpy()
        return small


def _checked(shot: Shot, number: int) -> tuple[MediaInfo, int]:
    info = shot.info
    if info is None or not 0 <= number < info.frame_count:
        raise MediaError(f"there is no frame {number} of it", where=shot.clip.clip_name)
    return info, number


def _jpeg(rgb: np.ndarray, height: int) -> bytes:
    image = Image.fromarray(np.uint8(np.clip(rgb, 0, 1) * 255 + 0.5))
    if image.height > height:
        width = max(1, round(image.width * height / image.height))
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=_QUALITY)
    return data.getvalue()
