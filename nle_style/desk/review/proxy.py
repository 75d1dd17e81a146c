"""A small movie with both pictures of a clip, and single frames of it at full size.

The source is above, the painting below, in one stream: so no player can show them apart. It is VP9
in WebM, which Chromium and Firefox play without anybody's licence; docs/desk.md has what else was
measured. A key frame every third of a second makes seeking quick.
"""

from __future__ import annotations

import hashlib
import io
import threading
from pathlib import Path

import av
import av.video.frame
import av.video.reformatter
import numpy as np
from PIL import Image

from nle_style.desk.review.entries import Entry
from nle_style.desk.review.sides import Side, pictures_of
from nle_style.durable import replacing
from nle_style.errors import Cancelled, InputError

__all__ = ["LONGEST_SIDE", "proxy_name", "proxy_of", "still", "write_proxy"]

LONGEST_SIDE = 960
"""Pixels of a picture in the proxy, at most, across and down."""

_VERSION = 1  # raised when a proxy of the same clip would be another
_OPTIONS = {
    "deadline": "realtime",
    "cpu-used": "8",
    "row-mt": "1",
    "tile-columns": "2",
    "crf": "24",
    "b": "0",
    "g": "8",
    "lag-in-frames": "0",
}
_KIND = av.video.reformatter.Interpolation
_BT709 = 1  # of H.273
_LIMITED = 1


def proxy_name(entry: Entry) -> str:
    """The file name of a clip's proxy: the same for the same frames of the same painting."""
    shown = (entry.painting, str(entry.source), entry.frames, dict(entry.reading), entry.colour)
    return f"{hashlib.sha256(repr((_VERSION, *shown)).encode()).hexdigest()[:20]}.webm"


def proxy_of(entry: Entry, review: Path, *, stop: threading.Event | None = None) -> Path:
    """The proxy of a clip in a review folder, made if it is not there.

    Args:
        review: `review` in the folder of the renders.
        stop: as of `write_proxy`.
    Raises: as `write_proxy`.
    """
    path = review / "media" / proxy_name(entry)
    if not path.exists():
        write_proxy(entry, path, stop=stop)
    return path


def write_proxy(entry: Entry, path: Path, *, stop: threading.Event | None = None) -> None:
    """Write the proxy of a clip, whole or not at all.

    Its frame i is frame `entry.frames[0] + i` of the source, at the clip's rate and without sound.
    Each picture has an even number of rows and columns, at most `LONGEST_SIDE`, and square pixels.

    Args:
        path: ends in .webm; a file there is replaced.
        stop: when it is set, the proxy is given up.
    Raises:
        MediaError, InputError: as `pictures_of`, or a frame cannot be decoded.
        OutputError: the disk refuses.
        Cancelled: `stop` was set.
    """
    source, painted = pictures_of(entry, "source"), pictures_of(entry, "painted")
    width, height = _fitted(entry.size, float(source.info.pixel_aspect))
    pairs = zip(source.between(*entry.frames), painted.between(*entry.frames), strict=True)
    with (
        replacing(path) as part,
        av.open(str(part), "w", format="webm", options={"cues_to_front": "1"}) as container,
    ):
        stream = container.add_stream("libvpx-vp9", rate=entry.rate, options=_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = width, 2 * height, "yuv420p"
        context = stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _LIMITED
        for number, pair in enumerate(pairs):
            if stop is not None and stop.is_set():
                raise Cancelled("the proxy was given up", where=str(path))
            frame = _coded(np.concatenate([_scaled(rgb, width, height) for rgb in pair]))
            frame.pts, frame.time_base = number, 1 / entry.rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def still(entry: Entry, frame: int, side: Side) -> bytes:
    """A frame at full size in display colours, as an 8-bit PNG in stored pixels.

    Args:
        frame: its position in the source.
        side: the source's frame, or that of the intermediate.
    Raises:
        InputError: the clip does not show that frame; or as `pictures_of`.
        MediaError: it cannot be read.
    """
    if not entry.frames[0] <= frame <= entry.frames[1]:
        raise InputError(
            f"does not show frame {frame}",
            where=f"clip '{entry.name}'",
            remedy=f"It shows frames {entry.frames[0]} to {entry.frames[1]} of its source.",
        )
    (rgb,) = pictures_of(entry, side).between(frame, frame)
    data = io.BytesIO()
    Image.fromarray(rgb).save(data, "png", compress_level=1)
    return data.getvalue()


def _fitted(size: tuple[int, int], aspect: float) -> tuple[int, int]:
    """Even width and height of a picture in the proxy: never larger than it is shown."""
    shown = size[0] * max(aspect, 1), size[1] / min(aspect, 1)
    factor = min(1, LONGEST_SIDE / max(shown))
    width, height = (max(2, 2 * round(side * factor / 2)) for side in shown)
    return width, height


def _scaled(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    if rgb.shape[:2] == (height, width):
        return rgb
    frame = av.video.frame.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    return frame.reformat(width, height, interpolation=_KIND.AREA).to_ndarray()


def _coded(rgb: np.ndarray) -> av.video.frame.VideoFrame:
    frame = av.video.frame.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    stored = frame.reformat(
        format="yuv420p",
        interpolation=_KIND.BICUBIC | _KIND.ACCURATE_RND | _KIND.FULL_CHR_H_INT,
        dst_colorspace=_BT709,
        dst_color_range=_LIMITED,
    )
    stored.color_primaries = stored.color_trc = stored.colorspace = _BT709
    stored.color_range = _LIMITED
    return stored
