"""The decoder of a stream."""

from __future__ import annotations

from typing import cast

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

__all__ = ["decoder_of", "has_coded_alpha"]

# ffmpeg's own decoders leave out the alpha that stands beside each packet (WebM's BlockAdditional).
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
# Fills up with grey what it cannot decode, and does not flag it; others flag it, or do not notice.
_FILLED_UP = ("mjpeg",)


def has_coded_alpha(stream: VideoStream) -> bool:
    """Whether a WebM says that its alpha is coded as a second picture beside each packet.

    Source: WebM Project, "VP8 Alpha Channel": AlphaMode.
    """
    return stream.codec_context.name in _WITH_ALPHA and stream.metadata.get("alpha_mode") == "1"


def decoder_of(stream: VideoStream, *, strict: bool = False) -> VideoCodecContext:
    """What decodes all of a stream's pictures: its own decoder, or one that reads coded alpha.

    Args:
        strict: damage that it meets is an error, where it would fill up the picture without a word.

    Columns that the stream cuts off at the left are cut off to the last one, as by the ffmpeg
    program: without the flag libavcodec cuts off as many as its memory is aligned to.
    """
    decoder = own = stream.codec_context
    if has_coded_alpha(stream):
        decoder = cast(VideoCodecContext, av.CodecContext.create(_WITH_ALPHA[own.name], "r"))
        decoder.extradata = own.extradata
    decoder.flags |= Flags.unaligned
    if strict and own.name in _FILLED_UP:
        decoder.options = {"err_detect": "explode"}
    return decoder
