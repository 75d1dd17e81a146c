"""YUV to RGB as ffmpeg does it, bit for bit, and turning the picture upright.

The plain conversion is ffmpeg's own, inserted by its filter graph with its default flags (bicubic),
so that `ffmpeg -i clip -pix_fmt rgb24` and this package see the same pixels. Those defaults repeat
chroma instead of interpolating it (see `siting`); `accurate_rnd+full_chroma_int` differs from them
by 42.9 dB (Big Buck Bunny), 43.9 dB and 50.7 dB PSNR on the project's clips.
"""

from __future__ import annotations

import math
import struct
from typing import Any, cast

import av
import av.error
import av.filter
import av.video.format
import av.video.frame
import numpy as np
from av.filter.context import FilterContext
from av.sidedata.sidedata import Type

from nle_style.errors import MediaError
from nle_style.media.base import ColourTags
from nle_style.media.movie.stream import side_data

__all__ = [
    "FrameConverter",
    "buffer_of",
    "display_matrix",
    "has_alpha",
    "orientation_filters",
    "rgb_format",
    "shown_size",
    "yuv_matrix",
]


def _unnamed(kinds: type[Type], value: object) -> Type:
    """A kind of side data that PyAV has no name for: FFmpeg 8 has some (Exif), and PyAV 18.1 raises
    a ValueError for a frame that carries one."""
    member: Any = object.__new__(kinds)
    member._name_, member._value_ = f"UNNAMED_{value}", value
    return cast(Type, kinds._value2member_map_.setdefault(value, member))


Type._missing_ = classmethod(_unnamed)  # type: ignore[assignment]

BT709_MATRIX = 1
BT601_MATRIX = 6
UNSPECIFIED = 2
_SITED = "bicubic+accurate_rnd+full_chroma_int"  # swscale's flags


def yuv_matrix(tags: ColourTags, width: int, height: int) -> int:
    """The matrix to decode YUV with: the tagged one, else by the size of the stored picture.

    Untagged pictures of at least 1280 columns or more than 576 lines are BT.709, smaller ones
    BT.601: what players and editing applications assume. (Plain ffmpeg assumes 601 for all.)
    """
    if tags.matrix not in (0, UNSPECIFIED):
        return tags.matrix
    return BT709_MATRIX if width >= 1280 or height > 576 else BT601_MATRIX


def rgb_format(pixel_format: str) -> str:
    """The RGB pixel format that holds `pixel_format`: rgb24, rgb48le, or gbrpf32le for floats."""
    if "f16" in pixel_format or "f32" in pixel_format:
        return "gbrpf32le"
    components = av.video.format.VideoFormat(pixel_format).components
    return "rgb48le" if max(part.bits for part in components) > 8 else "rgb24"


def has_alpha(frame: av.video.frame.VideoFrame) -> bool:
    """Whether a frame has alpha: by its pixel format, of a paletted one by its palette."""
    if frame.format.name == "pal8":
        return min(bytes(frame.planes[1])[3::4]) < 255  # B, G, R, A
    return any(part.is_alpha for part in frame.format.components)


def display_matrix(frame: av.video.frame.VideoFrame) -> tuple[int, ...] | None:
    """The nine 16.16 fixed-point numbers of a frame's display matrix; None if it has none."""
    data = side_data(frame).get(Type.DISPLAYMATRIX)
    return struct.unpack("=9i", bytes(data)) if data is not None else None


def orientation_filters(matrix: tuple[int, ...] | None) -> tuple[tuple[str, str], ...]:
    """The (name, arguments) of the filters that ffmpeg inserts to show a frame upright.

    Args:
        matrix: as from `display_matrix`; None means upright.
    Raises: MediaError for a turn that is not a multiple of 90 degrees.
    Source: configure_input_video_filter() of ffmpeg's fftools/ffmpeg_filter.c.
    """
    if matrix is None:
        return ()
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    across, down = math.hypot(a, c) or 1.0, math.hypot(b, d) or 1.0
    turn = round(math.degrees(math.atan2(b / down, a / across))) % 360
    if turn == 90:
        return (("transpose", "cclock_flip" if c > 0 else "clock"),)
    if turn == 180:
        flips = ((a, "hflip"), (d, "vflip"))
        return tuple((name, "") for sign, name in flips if sign < 0)
    if turn == 270:
        return (("transpose", "clock_flip" if c < 0 else "cclock"),)
    if turn == 0:
        return (("vflip", ""),) if d < 0 else ()
    raise MediaError(
        f"is turned by {turn} degrees in its display matrix",
        remedy="Bake the rotation first; only quarter turns are read.",
    )


def shown_size(
    frame: av.video.frame.VideoFrame, crop: tuple[int, int, int, int] | None
) -> tuple[int, int]:
    """Width and height of a frame as it is stored, without what is cut off (see
    `FrameConverter`)."""
    if crop is None:
        return frame.width, frame.height
    width, height = frame.width - crop[0] - crop[2], frame.height - crop[1] - crop[3]
    chroma = frame.format
    across = frame.width // max(1, chroma.chroma_width(frame.width))
    down = frame.height // max(1, chroma.chroma_height(frame.height))
    return width - width % across, height - height % down


class FrameConverter:
    """Turns decoded frames of one stream into upright arrays of RGB, or of alpha.

    Args:
        tags: the colours to decode by where a frame does not state its own.
        matrix: display matrix of the stream, or None.
        chroma: as of `MediaInfo`.
        crop: columns and rows to cut off at the left, top, right and bottom, before it is turned;
            as ffmpeg does it, in whole chroma samples.
    """

    def __init__(
        self,
        tags: ColourTags,
        matrix: tuple[int, ...] | None,
        crop: tuple[int, int, int, int] | None = None,
        chroma: str = "",
    ) -> None:
        self._tags = tags
        self._turn = orientation_filters(matrix)
        self._cut: tuple[tuple[str, str], ...] = ()
        if crop is not None:
            left, top, right, bottom = crop
            size = f"w=iw-{left + right}:h=ih-{top + bottom}:x={left}:y={top}"
            self._cut = (("crop", size),)
        self._scale = f"flags={_SITED}:in_chroma_loc={chroma}" if chroma else ""
        self._graphs: dict[tuple[tuple[str, str], ...], tuple[str, av.filter.Graph]] = {}

    def rgb(self, frame: av.video.frame.VideoFrame) -> np.ndarray:
        """The frame as height x width x 3 uint8, uint16 (0-65535) or float32, without alpha.

        Raises: MediaError if ffmpeg has no conversion for the frame's colours.
        """
        self._retag(frame)
        rgb = "format", f"pix_fmts={rgb_format(frame.format.name)}"
        if self._scale and not frame.format.is_rgb:
            # Before it is turned, which would move the chroma samples to another side.
            return self._through(frame, *self._cut, ("scale", self._scale), rgb, *self._turn)
        # No `scale` here: ffmpeg inserts it where its command line does, before or after a turn.
        return self._through(frame, *self._cut, *self._turn, rgb)

    def alpha(self, frame: av.video.frame.VideoFrame) -> np.ndarray:
        """The frame's alpha as height x width of the type that `rgb` gives, 0 to its maximum.

        Alpha has no limited range: codes of b bits are scaled by (2^16 - 1) / (2^b - 1) and
        rounded, so that opaque is 65535. (swscale multiplies by a power of two instead, and 10-bit
        opaque becomes 65472.) A frame of a format without alpha is opaque.
        Raises: MediaError if ffmpeg cannot give it.
        """
        components = [part for part in frame.format.components if part.is_alpha]
        deep = rgb_format(frame.format.name)
        if frame.format.name == "pal8":
            return self._through(frame, *self._cut, *self._turn, ("format", "pix_fmts=rgba"))[
                :, :, 3
            ]
        if not components:
            opaque = np.ones(self.rgb(frame).shape[:2], np.float32)
            return opaque if deep == "gbrpf32le" else _scaled(opaque, 1, deep == "rgb48le")
        self._retag(frame)
        if components[0].plane:  # stored in a plane of its own, which is taken unchanged
            plane = self._through(frame, *self._cut, *self._turn, ("alphaextract", ""))
        else:
            packed = {"rgb24": "rgba", "rgb48le": "rgba64le"}.get(deep, "gbrapf32le")
            wanted = "format", f"pix_fmts={packed}"
            plane = self._through(frame, *self._cut, *self._turn, wanted)[:, :, 3]
        if plane.dtype == np.float32:
            return plane
        bits = components[0].bits if components[0].plane else plane.dtype.itemsize * 8
        return _scaled(plane, 2**bits - 1, deep == "rgb48le")

    def _retag(self, frame: av.video.frame.VideoFrame) -> None:
        if not frame.format.is_rgb:
            if int(frame.colorspace) in (0, UNSPECIFIED):
                frame.colorspace = yuv_matrix(self._tags, frame.width, frame.height)
            if self._tags.full_range is not None and int(frame.color_range) == 0:
                frame.color_range = 2 if self._tags.full_range else 1

    def _through(self, frame: av.video.frame.VideoFrame, *filters: tuple[str, str]) -> np.ndarray:
        kind = _buffer_arguments(frame)
        try:
            built = self._graphs.get(filters)
            if built is None or built[0] != kind:
                built = kind, self._build(frame, filters)
                self._graphs[filters] = built
            built[1].vpush(frame)
            return built[1].vpull().to_ndarray()
        except (av.error.FFmpegError, ValueError) as error:
            matrix = int(frame.colorspace)
            raise MediaError(
                f"{frame.format.name} with colour matrix {matrix} cannot be converted to RGB",
                remedy=f"Transcode the clip to BT.709 first (ffmpeg says: {error}).",
            ) from error

    @staticmethod
    def _build(
        frame: av.video.frame.VideoFrame, filters: tuple[tuple[str, str], ...]
    ) -> av.filter.Graph:
        graph = av.filter.Graph()
        nodes = [
            buffer_of(graph, frame),
            *(graph.add(name, how) for name, how in filters),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*nodes).configure()
        return graph


def buffer_of(graph: av.filter.Graph, frame: av.video.frame.VideoFrame) -> FilterContext:
    """Add the filter through which frames like this one enter a graph."""
    return graph.add("buffer", _buffer_arguments(frame))


def _buffer_arguments(frame: av.video.frame.VideoFrame) -> str:
    return (
        f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base=1/1"
        f":colorspace={int(frame.colorspace)}:range={int(frame.color_range)}"
    )


def _scaled(codes: np.ndarray, top: int, deep: bool) -> np.ndarray:
    """Integer codes 0-`top` as uint16 0-65535 if `deep`, else uint8 0-255, rounded."""
    goal = 65535 if deep else 255
    scaled = codes if top == goal else np.rint(codes * np.float64(goal / top))
    return scaled.astype(np.uint16 if deep else np.uint8, copy=False)
