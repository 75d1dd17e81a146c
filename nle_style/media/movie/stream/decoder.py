"""The decoder of a stream."""

from __future__ import annotations

from typing import cast

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

__all__ = ["decoder_of", "has_coded_alpha"]

# ffmpeg's own decoders leave out the alpha that stands beside each packet (WebM's BlockAdditional).
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def has_coded_alpha(stream: VideoStream) -> bool:
    """Whether a WebM says that its alpha is coded as a second picture beside each packet.

    Source: WebM Project, "VP8 Alpha Channel": AlphaMode.
    """
    return stream.codec_context.name in _WITH_ALPHA and stream.metadata.get("alpha_mode") == "1"


def decoder_of(stream: VideoStream) -> VideoCodecContext:
    """What decodes all of a stream's pictures: its own decoder, or one that reads coded alpha."""
    own = stream.codec_context
    if not has_coded_alpha(stream):
        return own
    decoder = cast(VideoCodecContext, av.CodecContext.create(_WITH_ALPHA[own.name], "r"))
    decoder.extradata = own.extradata
    return decoder
