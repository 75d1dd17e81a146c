"""Pictures of movies that a decoder gives, and that are not what they should look like."""

from __future__ import annotations

from pathlib import Path

from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo
from nle_style.media.movie import (
    display_matrix,
    has_alpha,
    has_alpha_layer,
    orientation_filters,
    rgb_format,
)

__all__ = ["check_like_first", "check_pictures"]

_UNSPECIFIED = 2
_CONVERTED = (0, 1, _UNSPECIFIED, 4, 5, 6, 7, 9)  # by swscale; 0 on Y'CbCr is taken for none


def check_pictures(path: Path, context: VideoCodecContext, frame: VideoFrame, matrix: int) -> None:
    """Refuse HEVC's fields of their own, HEVC with alpha in a layer of its own, sensors' raw values
    and colour differences that ffmpeg does not convert.

    Args:
        context: of the stream.
        frame: the first one.
        matrix: of its colours, as of H.273.
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
    if matrix not in _CONVERTED and not (frame.format.is_rgb or frame.format.name[:3] == "xyz"):
        raise MediaError(
            f"its colour differences are of matrix {matrix} of H.273, which is not converted here",
            where=str(path),
            remedy="Transcode it to BT.709 or BT.2020 (non-constant luminance) first.",
        )


def check_like_first(info: MediaInfo, number: int, frame: VideoFrame) -> None:
    """Refuse a frame that cannot be written beside a movie's first one, as of recordings that were
    joined. Another matrix or range is converted.

    Raises: MediaError if it has alpha and the first has none, other depths or another colour space,
        or if it is turned otherwise.
    """
    # Of X'Y'Z' the RGB has other colours than the frames state.
    first = (info.colour.primaries, info.colour.transfer)
    stated = (int(frame.color_primaries), int(frame.color_trc))
    if info.pixel_format.startswith("xyz"):
        stated = first
    if not info.has_alpha and has_alpha(frame):
        what, wanted = "has alpha, its first frame has none", "alpha in every frame, or without"
    elif _is_turned_otherwise(info, frame):
        what, wanted = "is turned otherwise than its first frame", "all frames upright"
    elif rgb_format(frame.format.name) != rgb_format(info.pixel_format):
        what, wanted = f"is {frame.format.name}, its first frame {info.pixel_format}", "one depth"
    elif any(
        one != other and _UNSPECIFIED not in (one, other)
        for one, other in zip(stated, first, strict=True)
    ):
        codes = "has the primaries {} and transfer {} of H.273, its first frame {} and {}"
        what, wanted = codes.format(*stated, *first), "one colour space"
    else:
        return
    raise MediaError(
        f"frame {number} {what}",
        where=str(info.path),
        remedy=f"Write the movie again with {wanted}.",
    )


def _is_turned_otherwise(info: MediaInfo, frame: VideoFrame) -> bool:
    matrix = display_matrix(frame)
    if matrix is None or matrix == info.matrix:
        return False
    return orientation_filters(matrix) != orientation_filters(info.matrix)
