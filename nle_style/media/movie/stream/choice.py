"""Which video stream of a movie is its picture."""

from __future__ import annotations

from pathlib import Path

from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from nle_style.errors import MediaError

__all__ = ["choose_stream", "video_stream"]

_IMAGE_BRANDS = ("avif", "avis", "heic", "heix", "hevc", "mif1", "msf1")  # of ISO/IEC 23008-12
_NO_PICTURE = Disposition.attached_pic | Disposition.timed_thumbnails


def video_stream(container: InputContainer, path: Path, wanted: int | None = None) -> VideoStream:
    """The stream of `choose_stream`, which must have a decoder."""
    stream, _ = choose_stream(container, path, wanted)
    if stream.codec_context is None:
        raise MediaError(
            "its video codec is not one that ffmpeg can decode",
            where=str(path),
            remedy="Transcode the clip to ProRes, DNxHR or H.264 first.",
        )
    return stream


def choose_stream(
    container: InputContainer, path: Path, wanted: int | None = None
) -> tuple[VideoStream, str]:
    """A movie's picture: the stream flagged as default (an enabled track of a MOV); of several
    such, or if none is, the largest; of equal ones the first that moves, else the first. Covers and
    thumbnails are none.

    Args:
        wanted: a stream's index in the file; None as above.
    Returns: also what was chosen of several, "" if there was nothing to choose.
    Raises: MediaError if there is none, if they are the tiles of one picture (HEIC), or if the
        alpha of one stands in another (AVIF).
    """
    streams = [each for each in container.streams.video if not each.disposition & _NO_PICTURE]
    if wanted is not None:
        for stream in streams:
            if stream.index == wanted:
                return stream, ""
        raise MediaError(
            f"has no video stream {wanted}",
            where=str(path),
            remedy=f"It has {_listed(streams)}." if streams else "It has none.",
        )
    whole = [each for each in streams if not each.disposition & Disposition.dependent]
    if streams and not whole:
        raise MediaError(
            f"is one picture in {len(streams)} tiles, which are not put together here",
            where=str(path),
            remedy="Convert it to PNG, TIFF or EXR first.",
        )
    if not whole:
        raise MediaError(
            "has no video stream",
            where=str(path),
            remedy="Give a clip with pictures; cover art is not counted as video.",
        )
    flagged = [each for each in whole if each.disposition & Disposition.default]
    chosen = max(flagged or whole, key=lambda each: (_pixels(each), each.frames != 1))
    if len(whole) == 1:
        return chosen, ""
    greys = [each.index for each in whole if each is not chosen and _is_grey_beside(each, chosen)]
    if greys and container.metadata.get("major_brand") in _IMAGE_BRANDS:
        raise MediaError(
            f"has its alpha in a picture of its own (stream {greys[0]}), which is not read",
            where=str(path),
            remedy=f"Convert it to PNG first, or leave alpha out with --stream {chosen.index}.",
        )
    return chosen, f"the video stream {chosen.index} of {_listed(whole)}"


def _is_grey_beside(stream: VideoStream, chosen: VideoStream) -> bool:
    context = stream.codec_context
    is_grey = context is not None and (context.pix_fmt or "").startswith("gray")
    return is_grey and _pixels(stream) == _pixels(chosen)


def _pixels(stream: VideoStream) -> int:
    context = stream.codec_context
    return 0 if context is None else context.width * context.height


def _listed(streams: list[VideoStream]) -> str:
    def described(stream: VideoStream) -> str:
        context = stream.codec_context
        kind = "unknown" if context is None else f"{context.name} {context.width}x{context.height}"
        return f"{stream.index} ({kind})"

    return ", ".join(map(described, streams))
