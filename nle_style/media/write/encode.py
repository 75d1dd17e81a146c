"""Encode a few frames of a movie into a file of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import cast

import av
import av.video.frame
import av.video.reformatter
import av.video.stream
import numpy as np
from av.codec.context import Flags
from av.packet import Packet

from nle_style.media.base import ColourTags, MediaInfo, OutputSpec
from nle_style.media.movie import file_url, yuv_matrix
from nle_style.media.write.png import ancillary_chunks, hdr_chunks, png_of

__all__ = ["encode_chunk", "output_tags"]

_LIMITED, _FULL = 1, 2
_SWS_MATRIX = {1: 1, 5: 5, 6: 5, 7: 7, 9: 9}  # H.273 matrix -> swscale's SWS_CS_* number


def output_tags(spec: OutputSpec, source: MediaInfo) -> ColourTags:
    """The colours an intermediate is tagged with: the source's, and matrix and range as stored.

    RGB formats have matrix 0 and full range. YUV ones (ProRes) are limited range in the source's
    matrix, or in the one of its size where that cannot be encoded.
    """
    if not spec.pixel_format.startswith("yuv"):
        return ColourTags(source.colour.primaries, source.colour.transfer, 0, True)
    matrix = yuv_matrix(source.colour, source.width, source.height)
    if matrix not in _SWS_MATRIX:
        matrix = yuv_matrix(ColourTags(), source.width, source.height)
    return ColourTags(source.colour.primaries, source.colour.transfer, matrix, False)


def encode_chunk(
    path: Path, frames: Iterable[np.ndarray], spec: OutputSpec, source: MediaInfo, threads: int = 1
) -> None:
    """Write quantised frames (height x width x 3 or 4 of `spec.dtype`) as one file at `path`.

    Every packet is a key frame, so that chunks can be joined without decoding. Nothing that
    depends on the time, the machine or the number of threads is written.
    Raises: PyAV's errors.
    """
    tags = output_tags(spec, source)
    with av.open(
        file_url(path), "w", format=spec.container, container_options={"fflags": "+bitexact"}
    ) as container:
        stream = cast(
            av.video.stream.VideoStream,
            container.add_stream(spec.codec, rate=source.rate, options=dict(spec.options)),
        )
        context = stream.codec_context
        _set(context, spec, source, tags, (source.width, source.height))
        context.thread_count = threads
        if spec.codec == "png":
            for number, data in enumerate(_pngs(frames, spec, source, tags, threads)):
                packet = Packet(data)
                packet.stream, packet.time_base = stream, 1 / source.rate
                packet.pts = packet.dts = number
                packet.is_keyframe = True
                container.mux(packet)
            return
        for number, pixels in enumerate(frames):
            frame = _video_frame(pixels, spec, tags)
            frame.pts = number
            frame.time_base = 1 / source.rate
            _tag(frame, tags)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _set(
    context: av.VideoCodecContext,
    spec: OutputSpec,
    source: MediaInfo,
    tags: ColourTags,
    size: tuple[int, int],
) -> None:
    context.width, context.height = size
    context.pix_fmt = spec.pixel_format
    context.time_base = 1 / source.rate
    context.flags |= Flags.bitexact
    context.sample_aspect_ratio = source.pixel_aspect
    _tag(context, tags)


def _pngs(
    frames: Iterable[np.ndarray],
    spec: OutputSpec,
    source: MediaInfo,
    tags: ColourTags,
    threads: int,
) -> Iterator[bytes]:
    """Frames as PNG, in order, `threads` at a time. What they say of their colours and the shape of
    their pixels is what ffmpeg's encoder says."""
    size = 16, 16
    context = cast(av.VideoCodecContext, av.CodecContext.create(spec.codec, "w"))
    _set(context, spec, source, tags, size)
    small = _video_frame(np.zeros((*size, 4 if spec.alpha else 3), spec.dtype), spec, tags)
    _tag(small, tags)
    (said,) = (*context.encode(small), *context.encode(None))
    ancillary = ancillary_chunks(bytes(said)) + hdr_chunks(source.hdr)
    begun: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="nle_style png") as pool:
        for pixels in frames:
            begun.append(pool.submit(png_of, pixels, ancillary))
            del pixels
            if len(begun) > threads:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def _video_frame(
    pixels: np.ndarray, spec: OutputSpec, tags: ColourTags
) -> av.video.frame.VideoFrame:
    frame = av.video.frame.VideoFrame.from_ndarray(pixels, format=spec.array_format)
    if spec.pixel_format == spec.array_format:
        return frame
    kind = av.video.reformatter.Interpolation
    stored = frame.reformat(
        format=spec.pixel_format,
        interpolation=kind.BICUBIC | kind.ACCURATE_RND | kind.FULL_CHR_H_INT,
        dst_colorspace=_SWS_MATRIX.get(tags.matrix),
        dst_color_range=_FULL if tags.full_range else _LIMITED,
    )
    if spec.pixel_format == "yuva444p10le":
        _put_alpha(stored, pixels[:, :, 3])
    return stored


def _put_alpha(frame: av.video.frame.VideoFrame, alpha: np.ndarray) -> None:
    """Store alpha as rounded 10-bit codes; swscale would cut bits off instead of rounding.

    Every code of an 8-bit source comes back; deeper sources keep 10 bits.
    """
    plane = frame.planes[3]
    rows = np.zeros((plane.height, plane.line_size // 2), "<u2")
    rows[:, : plane.width] = np.rint(alpha * (1023 / 65535))
    plane.update(rows.tobytes())


def _tag(target: av.video.frame.VideoFrame | av.VideoCodecContext, tags: ColourTags) -> None:
    target.color_primaries = tags.primaries
    target.color_trc = tags.transfer
    target.colorspace = tags.matrix
    target.color_range = _FULL if tags.full_range else _LIMITED
