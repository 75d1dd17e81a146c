"""Where a packet is not a frame: what the decoder makes of the packets.

Interlaced H.264 may code each field as a picture of its own (PAFF). In transport streams, and in
what ffmpeg copies from them into MKV and MP4, each is a packet then, and two of them are a frame.
It may change at any picture, so that only decoding all of it tells which frames there are.

A recording that begins between two key frames (broadcasts, cameras that loop), and one that was cut
at an open group of pictures (HEVC's RASL pictures), begins with pictures that refer to others
before them, which are not in the file. Players do not show them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

import av.container
import av.error
import av.video.frame
import av.video.stream
from av.codec.context import ThreadType

from nle_style.media.movie.packets import Packets, demuxed

__all__ = [
    "decoded_stamps",
    "held_back",
    "is_out_of_order",
    "may_have_field_pairs",
    "undecodable_frames",
]

_TOLD = 64  # frames: B-frames come in every group of pictures, and most in the first
_PROGRESSIVE = 1  # AV_FIELD_PROGRESSIVE; 0 where nothing says it


def may_have_field_pairs(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> bool:
    """Whether it is interlaced H.264.

    Args:
        container, stream: opened anew.
    """
    context = stream.codec_context
    if context.name != "h264" or context.field_order == _PROGRESSIVE:
        return False
    first = next(_frames(container, stream), None)
    return context.field_order > _PROGRESSIVE or (first is not None and first.interlaced_frame)


def decoded_stamps(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> list[int | None]:
    """The presentation tick of every frame that the decoder gives, in the order shown.

    Args:
        container, stream: opened anew.
    """
    stream.codec_context.thread_type = ThreadType.AUTO
    return [frame.pts for frame in _frames(container, stream)]


def held_back(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> int:
    """How many packets the decoder takes behind the first one before it gives a frame.

    Args:
        container, stream: opened anew.
    """
    stream.codec_context.thread_type = ThreadType.NONE  # threads hold back more
    for number, packet in enumerate(demuxed(container, stream)):
        try:
            if stream.codec_context.decode(packet if packet.size else None):
                return number
        except av.error.FFmpegError:
            break
    return 0


def is_out_of_order(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    packets: Packets,
) -> bool:
    """Whether frames do not come in the order of the times that their packets state.

    AVI, and H.264 in MXF, know only times of decoding, which ffmpeg hands on as those of showing:
    with B-frames they are each another frame's. Decodes a few frames where they ascend in the order
    of decoding though the codec holds frames back, else nothing.

    Args:
        container, stream: opened anew.
        packets: of the stream, all with presentation times.
    """
    stated = [tick for tick in packets.shown if tick is not None]
    if not stream.codec_context.has_b_frames or any(a > b for a, b in pairwise(stated)):
        return False
    shown = [frame.pts or 0 for frame in islice(_frames(container, stream), _TOLD)]
    return any(a > b for a, b in pairwise(shown))


def undecodable_frames(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    packets: Packets,
) -> int:
    """How many frames at the beginning lie before the first that can be decoded.

    Decodes up to the first key frame if anything is decoded or shown before it, else nothing.

    Args:
        container, stream: opened anew.
        packets: of the stream, all with presentation times.
    """
    stamps = sorted(tick for tick in packets.shown if tick is not None)
    if not packets.keys:
        return 0
    key = packets.keys[0]
    early = (key.pts, key.position)
    doubtful = {t for t in stamps if t < early[0] or packets.positions[t] < early[1]}
    if not doubtful:
        return 0
    good: set[int] = set()
    for frame in _frames(container, stream):
        if frame.pts is not None and not frame.is_corrupt:
            good.add(frame.pts)
        if frame.pts is not None and frame.pts > max(doubtful):
            break
    lost = doubtful - good
    return 1 + max(rank for rank, tick in enumerate(stamps) if tick in lost) if lost else 0


def _frames(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> Iterator[av.video.frame.VideoFrame]:
    """Every frame that the decoder gives; at an error it goes on with the next packet."""
    for packet in demuxed(container, stream):
        try:
            yield from stream.codec_context.decode(packet if packet.size else None)
        except av.error.FFmpegError:
            continue
