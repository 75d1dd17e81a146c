"""Read frames by their exact number."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import av.error
import numpy as np
from av.codec.context import ThreadType
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from nle_style.errors import MediaError
from nle_style.media.base import ColourTags, MediaInfo
from nle_style.media.image import read_image
from nle_style.media.movie import (
    FrameConverter,
    KeyPacket,
    MovieIndex,
    decoder_of,
    deinterlaced,
    demuxed,
    display_matrix,
    is_damaged,
    movie_index,
    open_movie,
    source_frame,
    video_stream,
)
from nle_style.media.source.check import check_fields, interlaced
from nle_style.media.source.unreadable import check_like_first

__all__ = ["as_floats", "decoded_rgb", "frames_at", "read_back", "read_frames"]

VideoPacket: TypeAlias = "Packet[VideoStream]"

_MAX_THREADS = 8  # each holds frames of its own: 8 of UHD 16-bit stay below half a gigabyte


def read_frames(
    info: MediaInfo, first: int = 0, last: int | None = None, *, alpha: bool = False
) -> Iterator[np.ndarray]:
    """Frames `first` to `last` (inclusive, zero-based; None is the final frame), in order.

    Args:
        alpha: give the source's alpha, 0-1, as a fourth channel if it has one. The colours are as
            stored, straight or premultiplied by it: `info.alpha` says which.
    Yields: height x width x 3 or 4 float32 display code values: v/255 of 8-bit sources, v/65535 of
        deeper ones (both invert exactly by rint), float sources as they are, unclamped.
        Upright and progressive; anamorphic pictures in storage pixels.
    Raises: MediaError, after yielding what is good, if a frame cannot be decoded, if the clip is
        interlaced and not to be deinterlaced, or if the range lies outside of it.
    """
    yield from map(as_floats, decoded_rgb(info, first, last, alpha=alpha))


def as_floats(pixels: np.ndarray) -> np.ndarray:
    """Pixels of `decoded_rgb` as float32: uint8 / 255, uint16 / 65535, or the same float array."""
    if pixels.dtype == np.float32:
        return pixels
    floats: np.ndarray = np.divide(pixels, np.float32(np.iinfo(pixels.dtype).max), dtype=np.float32)
    return floats


def decoded_rgb(
    info: MediaInfo, first: int = 0, last: int | None = None, *, alpha: bool = False
) -> Iterator[np.ndarray]:
    """As `read_frames`, but the integer code values: uint8 or uint16 (0-65535); or float32.

    For tagged movies the colours equal `ffmpeg -i MOVIE -pix_fmt rgb24` (or `rgb48le`) bit for bit.
    """
    final = info.frame_count - 1 if last is None else last
    if not 0 <= first <= final < info.frame_count:
        raise MediaError(
            f"frames {first}-{final} are not within 0-{info.frame_count - 1}",
            where=str(info.path),
            remedy="Frame numbers are zero-based positions in the file.",
        )
    check_fields(info, first)
    alpha = alpha and info.has_alpha
    if info.kind == "movie":
        yield from _movie_rgb(info, range(first, final + 1), alpha)
    elif info.kind == "still":
        yield read_image(info.path, alpha=alpha, layer=info.layer)
    else:
        for path in map(info.file_of, range(first, final + 1)):
            pixels = read_image(path, alpha=alpha, layer=info.layer)
            if alpha and pixels.shape[2] != 4:
                raise MediaError(
                    "has no alpha, the first image of the sequence does",
                    where=str(path),
                    remedy="Render the sequence again with the same channels in every frame.",
                )
            if pixels.shape[:2] != (info.height, info.width):
                raise MediaError(
                    f"is {pixels.shape[1]}x{pixels.shape[0]}, the sequence {info.width}x"
                    f"{info.height}",
                    where=str(path),
                    remedy="Render the sequence again in one size.",
                )
            yield pixels


def read_back(path: Path, *, alpha: bool = False, threads: int = 1) -> Iterator[np.ndarray]:
    """Every frame of a movie that was just written, as `decoded_rgb` gives them, by the colours
    that the frames themselves state. The file is opened once, where `decoded_rgb` needs it probed
    and its packets listed.

    Raises: MediaError, or PyAV's errors, if a frame cannot be decoded.
    """
    with open_movie(path) as container:
        stream = video_stream(container, path)
        stream.codec_context.thread_type = ThreadType.AUTO
        stream.codec_context.thread_count = threads
        converter: FrameConverter | None = None
        for frame in container.decode(stream):
            if frame.is_corrupt:
                raise MediaError("a frame of it is damaged", where=str(path), outcome="damaged")
            if converter is None:
                converter = FrameConverter(_stated_colours(frame), display_matrix(frame))
            pixels = converter.rgb(frame)
            yield np.dstack((pixels, converter.alpha(frame))) if alpha else pixels


def _stated_colours(frame: VideoFrame) -> ColourTags:
    return ColourTags(
        int(frame.color_primaries),
        int(frame.color_trc),
        int(frame.colorspace),
        {1: False, 2: True}.get(int(frame.color_range)),
    )


def frames_at(
    info: MediaInfo, numbers: Sequence[int], *, alpha: bool = False
) -> Iterator[np.ndarray]:
    """Some frames, as `decoded_rgb` gives them. A movie is decoded on from one to the next where
    that is not longer than from the key frame before.

    Args:
        numbers: ascending.
    Raises: as `read_frames`.
    """
    if info.kind != "movie":
        for number in numbers:
            yield from decoded_rgb(info, number, number, alpha=alpha)
        return
    for run in _runs(info, numbers):
        check_fields(info, run[0])
        yield from _movie_rgb(info, run, alpha and info.has_alpha)


def _runs(info: MediaInfo, numbers: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of frames, parted where there is a key frame to begin from after the one before."""
    index = movie_index(info.path, info.stream)
    run: list[int] = []
    for number in numbers:
        key = next(index.start_points(source_frame(info, number)), None)
        if run and key is not None and key.pts > index.stamps[source_frame(info, run[-1])]:
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def _movie_rgb(info: MediaInfo, numbers: Iterable[int], alpha: bool) -> Iterator[np.ndarray]:
    converter = FrameConverter(info.colour, info.matrix, info.crop, info.chroma)
    for frame_number, frame, times in _shown_frames(info, numbers):
        check_like_first(info, frame_number, frame)
        pixels = converter.rgb(frame)
        if alpha:
            pixels = np.dstack((pixels, converter.alpha(frame)))
        if pixels.shape[:2] != (info.height, info.width):
            raise MediaError(
                f"frame {frame_number} changes size to {pixels.shape[1]}x{pixels.shape[0]}",
                where=str(info.path),
                remedy="Transcode the clip to one size first.",
            )
        yield from itertools.repeat(pixels, times)


def _shown_frames(info: MediaInfo, numbers: Iterable[int]) -> Iterator[tuple[int, VideoFrame, int]]:
    """Frames of these numbers: number in the file, progressive frame, how often it is shown."""
    times = Counter(source_frame(info, number) for number in numbers)
    for number, frame in _progressive_frames(info, min(times), max(times)):
        if times[number]:
            yield number, frame, times[number]


def _progressive_frames(info: MediaInfo, first: int, last: int) -> Iterator[tuple[int, VideoFrame]]:
    if info.deinterlace:
        final = movie_index(info.path, info.stream).frame_count - 1
        frames = _movie_frames(info, max(first - 1, 0), min(last + 1, final))
        yield from deinterlaced(frames, first, last, info.stated_field)
        return
    for number, frame in _movie_frames(info, first, last):
        if frame.interlaced_frame:
            raise interlaced(info, number)
        yield number, frame


def _movie_frames(info: MediaInfo, first: int, last: int) -> Iterator[tuple[int, VideoFrame]]:
    """Decode with threads; after an error with one thread, to know which frame is faulty.

    An error soon after a seek may come from the seek (missing reference frames), so the last
    attempt decodes from the beginning of the file.
    """
    index = movie_index(info.path, info.stream)
    end = min(last, index.readable - 1)
    expected = first
    reason = "the file ends before it" if expected > end else "its data are damaged"
    for threaded, seek in ((True, True), (False, True), (False, False)):
        if expected > end:
            break
        run = _decode_run(info, index, range(expected, end + 1), threaded=threaded, seek=seek)
        with contextlib.closing(run):
            try:
                for frame in run:
                    yield expected, frame
                    expected += 1
            except av.error.FFmpegError as error:
                reason = f"ffmpeg says: {error}"
    if expected <= last:
        raise MediaError(
            f"frame {expected} of {index.frame_count} cannot be decoded",
            where=str(info.path),
            remedy=f"The file is truncated or damaged; copy it again from the original ({reason}).",
            outcome="damaged",
        )


def _decode_run(
    info: MediaInfo, index: MovieIndex, wanted: range, *, threaded: bool, seek: bool
) -> Generator[VideoFrame]:
    """The wanted frames from one opened decoder; ends early at the first that is missing.

    A frame is held back until those that are decoded before it are known to be good: that a
    picture is damaged is said when it is shown, behind the B-frames that are made of it.
    """
    ranks = _Ranks(index)
    expected = wanted.start
    held: deque[tuple[int, VideoFrame]] = deque()
    with contextlib.ExitStack() as opened:
        start = _start(opened, info, index, expected if seek else 0)
        context = decoder_of(start.stream, strict=True)
        context.thread_type = ThreadType.AUTO if threaded else ThreadType.NONE
        context.thread_count = min(os.cpu_count() or 1, _MAX_THREADS) if threaded else 1
        damaged = False  # a frame since the last key frame was corrupt
        for frame in _frames_of_packets(start.packets, context):
            rank = ranks.of(frame)
            if rank < wanted.start:
                damaged = frame.is_corrupt or (damaged and not frame.key_frame)
                continue
            if rank != expected or frame.is_corrupt or (damaged and not frame.key_frame):
                return
            damaged = False
            expected += 1
            if rank <= wanted[-1]:
                held.append((index.made_of(rank), frame))
            del frame  # nobody has it who need not
            while held and held[0][0] <= rank:
                yield held.popleft()[1]
            if rank >= wanted[-1] and not held:
                return
        while held:
            yield held.popleft()[1]


class _Ranks:
    """The numbers of decoded frames: by the time that each states, else by counting them."""

    def __init__(self, index: MovieIndex) -> None:
        self._first: dict[int, int] = {}
        for rank, tick in enumerate(index.stamps):
            self._first.setdefault(tick, rank)
        self._counts = not index.stamps
        self._seen: Counter[int] = Counter()

    def of(self, frame: VideoFrame) -> int:
        """The number of the next frame; -1 for one that is not shown."""
        tick = 0 if self._counts else frame.pts or 0
        before = self._seen[tick]  # frames of the same time: decoding never begins between two
        self._seen[tick] += 1
        first = self._first.get(tick, 0 if self._counts else -1)
        return first + before if first >= 0 else -1


def _frames_of_packets(
    packets: Iterator[VideoPacket], context: VideoCodecContext
) -> Iterator[VideoFrame]:
    """Decode; at an error, or a packet that is seen to be damaged, first yield the frames that were
    complete before it."""
    try:
        for packet in packets:
            if is_damaged(context.name, packet):
                yield from context.decode(None)
                return
            yield from context.decode(packet if packet.size else None)
    except av.error.FFmpegError:
        if context.thread_count == 1:  # with threads, one that waits may itself be faulty
            yield from context.decode(None)
        raise


class _Start(NamedTuple):
    """An opened stream and its packets, from one at which decoding can start."""

    stream: VideoStream
    packets: Iterator[VideoPacket]


def _start(opened: contextlib.ExitStack, info: MediaInfo, index: MovieIndex, frame: int) -> _Start:
    """Packets from the nearest key packet that a seek reaches exactly, else from the beginning."""
    for key in index.start_points(frame):
        if key.position == 0:
            break
        container = opened.enter_context(open_movie(info.path))
        stream = video_stream(container, info.path, info.stream)
        packets = _seek(container, stream, index, key)
        if packets is not None:
            return _Start(stream, packets)
        opened.close()
    container = opened.enter_context(open_movie(info.path))
    stream = video_stream(container, info.path, info.stream)
    return _Start(stream, demuxed(container, stream))


def _seek(
    container: InputContainer, stream: VideoStream, index: MovieIndex, key: KeyPacket
) -> Iterator[VideoPacket] | None:
    """Packets beginning with `key`; None if the demuxer lands after it, or at an unknown packet."""
    try:
        container.seek(key.dts if key.dts is not None else key.pts, stream=stream, backward=True)
        packets = demuxed(container, stream)
        for packet in packets:
            position = index.positions.get(packet.pts, -1) if packet.pts is not None else -1
            if position < 0 or position > key.position:
                return None
            if position == key.position and packet.size == key.size:
                return itertools.chain([packet], packets)
    except av.error.FFmpegError:
        return None
    return None
