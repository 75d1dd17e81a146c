"""One whole picture for each interlaced frame, by ffmpeg's bwdif.

bwdif looks one frame back and one forward, and nowhere else. It is always given both, so that a
frame comes out the same whether it was reached by a seek or by decoding from the beginning. At the
ends of a file, where there is no neighbour, it does what it does in the ffmpeg program.
"""

from __future__ import annotations

from collections.abc import Iterator

import av
import av.error
import av.filter
from av.video.frame import VideoFrame

from nle_style.errors import MediaError
from nle_style.media.base import FieldOrder
from nle_style.media.movie.yuv import buffer_of

__all__ = ["deinterlaced"]

_Numbered = tuple[int, VideoFrame]


def deinterlaced(
    frames: Iterator[_Numbered], first: int, last: int, stated: FieldOrder | None
) -> Iterator[_Numbered]:
    """Frames `first` to `last`; each interlaced one is replaced by one whole picture.

    Args:
        frames: numbered, in order, from `first - 1` to `last + 1` as far as the file has them.
        stated: the field order where the stream says that it is interlaced but its frames do not
            say it (PNG and Motion JPEG in MOV): all of them are taken as such. None: only frames
            flagged as interlaced are touched, each in its own order.
    Raises: MediaError if the size or pixel format changes, or if bwdif refuses it.
    Source: ffmpeg, libavfilter/vf_bwdif.c; equal to `-vf bwdif=mode=send_frame:parity=auto` (or
        tff, bff) of the FFmpeg inside PyAV, bit for bit. FFmpeg 9 fills up to three rows at the
        upper and lower edge in another way (tests/media/movie/test_deinterlace.py). With its
        `deint=interlaced` the program treats the first interlaced frame of a file as having no
        frame before it, even after progressive ones; this does not.
    """
    weaver = _Bwdif("auto" if stated is None else {"top": "tff", "bottom": "bff"}[stated])
    before: VideoFrame | None = None
    current = next(frames, None)
    while current is not None:
        number, frame = current
        if number > last:
            return
        after = next(frames, None)
        if number >= first:
            if stated is not None or frame.interlaced_frame:
                yield number, weaver.frame(before, frame, None if after is None else after[1])
            else:
                yield current
        before, current = frame, after


class _Bwdif:
    """A bwdif filter graph: kept for consecutive interlaced frames, made anew after a gap."""

    def __init__(self, parity: str) -> None:
        self._parity = parity
        self._graph: av.filter.Graph | None = None
        self._kind: tuple[int, int, str] | None = None
        self._latest: VideoFrame | None = None

    def frame(
        self, before: VideoFrame | None, frame: VideoFrame, after: VideoFrame | None
    ) -> VideoFrame:
        """`frame` from both of its fields; None where the file has no such neighbour."""
        try:
            if self._graph is None or self._latest is not frame:
                self._graph = self._build(frame)
                for fed in (before, frame):
                    if fed is not None:
                        self._push(self._graph, fed)
                if before is not None:
                    self._graph.vpull()  # the picture of `before`, made without its neighbour
            self._push(self._graph, after)
            self._latest = after
            return self._graph.vpull()
        except (av.error.FFmpegError, ValueError) as error:
            raise MediaError(
                f"{frame.width}x{frame.height} {frame.format.name} cannot be deinterlaced",
                remedy=f"Deinterlace the clip first (ffmpeg says: {error}).",
            ) from error

    def _push(self, graph: av.filter.Graph, frame: VideoFrame | None) -> None:
        # libavfilter does not check that frames keep the size that the graph was made for.
        if frame is not None and _kind(frame) != self._kind:
            raise ValueError(f"a frame changes to {frame.width}x{frame.height} {frame.format.name}")
        graph.vpush(frame)

    def _build(self, frame: VideoFrame) -> av.filter.Graph:
        self._kind = _kind(frame)
        graph = av.filter.Graph()
        graph.link_nodes(
            buffer_of(graph, frame),
            graph.add("bwdif", f"mode=send_frame:parity={self._parity}:deint=all"),
            graph.add("buffersink"),
        ).configure()
        return graph


def _kind(frame: VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name
