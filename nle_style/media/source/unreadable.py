"""Movies whose pictures a decoder gives, and which are not what they should look like."""

from __future__ import annotations

from pathlib import Path

from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from nle_style.errors import MediaError
from nle_style.media.movie import has_alpha_layer

__all__ = ["check_pictures"]


def check_pictures(path: Path, context: VideoCodecContext, frame: VideoFrame) -> None:
    """Refuse HEVC's fields of their own, HEVC with alpha in a layer of its own, and sensors' raw
    values.

    Args:
        context: of the stream.
        frame: the first one.
    Raises: MediaError.
    """
    if context.name == "hevc" and frame.interlaced_frame:
        # The decoder flags nothing else so: pic_struct 1, 2 and 9-12 of ITU-T H.265, D.3.3.
        raise MediaError(
            "its fields are coded as pictures of their own (HEVC), half as high as a frame",
            where=str(path),
            remedy="Weave them first: ffmpeg -i IN -vf weave=top -c:v prores_ks OUT.mov "
            "(weave=bottom if the lower field is shown first).",
        )
    if context.name == "hevc" and has_alpha_layer(context.extradata):
        raise MediaError(
            "has its alpha in a layer of its own (HEVC), which is not read",
            where=str(path),
            remedy="Convert it with ffmpeg 9 or later: ffmpeg -i IN -c:v prores_ks -profile:v 4444 "
            "OUT.mov.",
        )
    if frame.format.name.startswith("bayer"):
        raise MediaError(
            f"holds the raw values of a camera's sensor ({context.name})",
            where=str(path),
            remedy="Develop it first: export it as ProRes, DNxHR or EXR from what opens it.",
        )
