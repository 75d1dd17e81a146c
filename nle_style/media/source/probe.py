"""Find out what a source is: its size, rate, frames, colours, timecode and sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Literal

import av.container
import av.error
import av.video.format
import av.video.frame
import av.video.stream
import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)

from nle_style.errors import MediaError
from nle_style.media.base import (
    AlphaKind,
    AudioInfo,
    ColourTags,
    FieldOrder,
    ImageHeader,
    MediaInfo,
    find_sequence,
    is_pattern,
)
from nle_style.media.image import (
    check_jpeg,
    check_size,
    is_animated_png,
    is_premultiplied_tga,
    read_header,
    read_image,
)
from nle_style.media.movie import (
    MovieIndex,
    SampleEntry,
    choose_stream,
    decoder_of,
    demuxed,
    display_matrix,
    has_alpha,
    hdr_levels,
    left_out,
    movie_index,
    open_movie,
    orientation_filters,
    pixel_crop,
    sample_entry,
    shown_size,
    video_stream,
)
from nle_style.media.source.sequence import common_info
from nle_style.media.source.stated_colour import (
    check_dolby_vision,
    colour_of_image,
    colour_of_movie,
)
from nle_style.media.source.tags import tag_of
from nle_style.media.source.timecode_track import (
    pictures_cut_off,
    timecode_rates,
    timecode_track_of,
)
from nle_style.media.source.unreadable import check_pictures
from nle_style.sequence_names import IMAGE_SUFFIXES
from nle_style.timecode import advance_timecode, own_timecode, timecode_from_bcd

__all__ = ["probe_media"]

_DEFAULT_RATE = Fraction(24)
# Kinds whose files may be premultiplied, where OpenImageIO tells which are.
_TOLD_OF_ALPHA = (".exr", ".iff", ".tif", ".tiff")
# What swscale makes of a digital cinema's X'Y'Z': xyz12ToRgb48() of libswscale/swscale.c.
_OF_CONVERTED_XYZ = ColourTags(primaries=1, transfer=4, matrix=0, full_range=True)
_FROM_XYZ = (
    "its X'Y'Z' is converted to RGB of Rec.709 primaries and gamma 2.2; colours outside are clipped"
)
_NO_TIMECODE = "its header's timecode is none and is left out"
# AVFieldOrder TT, BB, TB, BT: ffmpeg's own decoders and MOV writer take the first letter for the
# field that is shown first (libavcodec/rawdec.c), whatever the comments of that enum say.
_INTERLACED_ORDERS: dict[int, FieldOrder] = {2: "top", 3: "bottom", 4: "top", 5: "bottom"}


def probe_media(
    path: Path,
    *,
    rate: Fraction | None = None,
    stream: int | None = None,
    layer: str | None = None,
) -> MediaInfo:
    """The properties of a source. All of a movie is demuxed once, and its first frame decoded; of
    images the first one.

    Args:
        path: a movie, an image, or a sequence as `name.%06d.exr` or `name.####.exr`.
        rate: frames a second for sequences and stills that do not state theirs; else 24.
        stream: index of the stream of a movie, where not the one that its flags and sizes say.
        layer: of an EXR, where not the one that its names say; see `image.layers`.
    Returns: of a sequence what its files have in common. Holes in it, and files that differ or
        cannot be read, are no error here: see `check_frames`.
    Raises: MediaError if it does not exist, cannot be read, or has no video; if there is no such
        stream or layer, or no rule to choose one of several by.
    """
    path = Path(path)
    if is_pattern(path):
        files = find_sequence(path)
        count = files.last - files.first + 1
        decoded = False  # one that can be is enough: `common_info` passes over those that cannot

        def probed(file: Path) -> MediaInfo:
            nonlocal decoded
            info = _probe_image(path, "sequence", file, count, files.first, rate, layer)
            if not decoded:
                read_image(file, layer=layer)
                decoded = True
            return info

        return common_info(files, probed)
    if not path.exists():
        raise MediaError(
            "no such file",
            where=str(path),
            remedy="Check the path, or mount its volume.",
            outcome="missing",
        )
    if path.is_dir():
        raise MediaError(
            "is a folder",
            where=str(path),
            remedy="Give a movie, an image, or a sequence as name.%06d.exr.",
        )
    if path.stat().st_size == 0:
        raise MediaError(
            "the file is empty", where=str(path), remedy="Copy it again.", outcome="damaged"
        )
    if path.suffix.lower() in IMAGE_SUFFIXES and not is_animated_png(path):
        info = _probe_image(path, "still", path, 1, 0, rate, layer)
        read_image(path, layer=layer)
        return info
    return _probe_movie(path, stream)


def _probe_movie(path: Path, wanted: int | None) -> MediaInfo:
    index = movie_index(path, wanted)
    with open_movie(path) as container:
        stream = video_stream(container, path, wanted)
        _, chosen = choose_stream(container, path, wanted)
        claimed = stream.codec_context
        if claimed.width and claimed.height:
            check_size(claimed.width, claimed.height, path)
        frame = _first_frame(container, stream, path)
        format_ = frame.format
        matrix = display_matrix(frame)
        turns = _turning(matrix, path)
        turned = any(name == "transpose" for name, _ in turns)
        check_size(frame.width, frame.height, path)
        entry, own = SampleEntry({}), None
        if "mov" in container.format.name:
            entry, own = sample_entry(path, stream.id), timecode_track_of(path, stream.id)
        crop = entry.cropped(frame.width, frame.height)
        if "matroska" in container.format.name:
            place = container.streams.video.index(stream)
            crop = pixel_crop(path, place, (frame.width, frame.height))
        width, height = shown_size(frame, crop)
        aspect = Fraction(stream.sample_aspect_ratio or 1)
        order = _INTERLACED_ORDERS.get(stream.codec_context.field_order)
        timecode, assumed, found = _timecode(container, stream, path, index, own)
        by = "the frames" if frame.interlaced_frame else "the stream" if order else ""
        colour = colour_of_movie(path, stream.index, frame)
        check_dolby_vision(path, entry, frame, colour.tags)
        check_pictures(path, claimed, frame, colour.tags.matrix)
        converted = format_.name.startswith("xyz")
        # Which the decoders that ffmpeg takes by itself leave out.
        apart = has_alpha(frame) and claimed.name in ("vp8", "vp9")
        otherwise = [
            *(["turned by its display matrix"] if turns else []),
            *(["cut to its clean aperture"] if crop else []),
            *(["with alpha from a stream of its own"] if apart else []),
        ]
        cut = f"its clean aperture of {width}x{height} of {frame.width}x{frame.height} is read"
        notes = [
            *([f"{chosen} is painted; --stream takes another"] if chosen else []),
            *([cut] if crop else []),
            *([_FROM_XYZ] if converted else []),
            *index.notes,
            *assumed,
            *colour.notes,
            *(f"{what} are left out" for what in left_out(frame)),
        ]
        return MediaInfo(
            path=path,
            kind="movie",
            width=height if turned else width,
            height=width if turned else height,
            rate=index.rate,
            frame_count=index.frame_count,
            first_frame_number=0,
            pixel_format=format_.name,
            bit_depth=max(part.bits for part in format_.components),
            is_float="f16" in format_.name or "f32" in format_.name,
            alpha="straight" if has_alpha(frame) else "none",
            pixel_aspect=1 / aspect if turned else aspect,
            rotation=frame.rotation % 360,
            colour=_OF_CONVERTED_XYZ if converted else colour.tags,
            interlaced=frame.interlaced_frame or order is not None,
            variable_rate=index.variable_rate,
            timecode=timecode,
            reel=tag_of(container, stream, "reel_name", own)[0],
            audio=tuple(
                AudioInfo(
                    audio.index,
                    audio.codec_context.name,
                    audio.codec_context.sample_rate,
                    audio.codec_context.channels,
                    audio.codec_context.layout.name,
                )
                for audio in container.streams.audio
                if audio.codec_context is not None
            ),
            stated_field=None if frame.interlaced_frame else order,
            notes=tuple(f"{path.name}: {note}" for note in notes),
            found=(*index.found, *(("fields", by),) * bool(by), *found, *colour.found),
            stream=wanted,
            crop=crop,
            matrix=matrix,
            otherwise=tuple(otherwise),
            hdr=hdr_levels(frame),
        )


def _turning(matrix: tuple[int, ...] | None, path: Path) -> tuple[tuple[str, str], ...]:
    try:
        return orientation_filters(matrix)
    except MediaError as error:
        raise MediaError(error.what, where=str(path), remedy=error.remedy) from error


def _first_frame(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream, path: Path
) -> av.video.frame.VideoFrame:
    reason = "the decoder returned nothing"
    try:
        decoder = decoder_of(stream)
        for packet in demuxed(container, stream):
            for frame in decoder.decode(packet if packet.size else None):
                return frame
    except av.error.FFmpegError as error:
        reason = str(error)
    raise MediaError(
        "no frame of it can be decoded",
        where=str(path),
        remedy=f"Play the file, or copy it again from the original (ffmpeg says: {reason}).",
        outcome="damaged",
    )


def _timecode(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    path: Path,
    index: MovieIndex,
    own: int | None,
) -> tuple[str | None, list[str], list[tuple[str, str]]]:
    """The label of the first frame, counted at the movie's own rate; what had to be assumed for it;
    and where it was found, first in the timecode track that is the stream's own."""
    text, place = tag_of(container, stream, "timecode", own)
    if text is None:
        return None, [], []
    counted, cut = index.rate, 0
    if "mov" in container.format.name:
        rates = timecode_rates(path)
        tracks = [other for other in container.streams.data if other.id in rates]
        tracks.sort(key=lambda track: track.id != own)
        said = [track.id for track in tracks if track.metadata.get("timecode") == text]
        if said:
            counted = rates[said[0]]
            cut = pictures_cut_off(path, said[0], index.rate)
            place = f"a track that counts {float(counted):.5g} a second"
            place += f" and is cut at its picture {cut}" if cut else ""
    timecode, assumed = own_timecode(text, counted, index.rate)
    if timecode is not None:  # the file's label is of the first picture in it
        timecode = advance_timecode(timecode, index.left_out + cut, index.rate)
    return timecode, [assumed] if assumed else [], [("timecode", f"{text} by {place}")]


def _probe_image(
    path: Path,
    kind: Literal["sequence", "still"],
    first_file: Path,
    count: int,
    first_number: int,
    rate: Fraction | None,
    layer: str | None,
) -> MediaInfo:
    try:
        check_jpeg(first_file)
    except OSError as error:
        raise MediaError(
            f"cannot be read ({error.strerror})",
            where=str(first_file),
            remedy="Check the rights of the file, or what it is a link to.",
            outcome="missing",
        ) from error
    header = read_header(first_file, layer)
    spec, type_name = header.spec, header.channel_type
    colour = colour_of_image(spec)
    stated = spec.getattribute("FramesPerSecond")
    word = spec.getattribute("smpte:TimeCode")
    timecode = timecode_from_bcd(int(word[0]) & 0xFFFFFFFF) if word else None
    orientation = spec.get_int_attribute("Orientation", 1)
    turned = orientation >= 5
    width, height = spec.full_width, spec.full_height
    aspect = Fraction(spec.get_float_attribute("PixelAspectRatio", 1.0) or 1.0)
    return MediaInfo(
        path=path,
        kind=kind,
        width=height if turned else width,
        height=width if turned else height,
        rate=_image_rate(stated) or rate or _DEFAULT_RATE,
        frame_count=count,
        first_frame_number=first_number,
        pixel_format=type_name,
        bit_depth=spec.get_int_attribute("oiio:BitsPerSample", oiio.TypeDesc(type_name).size() * 8),
        is_float=type_name in ("half", "float", "double"),
        alpha=_image_alpha(header, first_file),
        pixel_aspect=aspect.limit_denominator(1000),
        rotation=0,
        colour=colour.tags,
        interlaced=False,
        variable_rate=False,
        timecode=timecode,
        reel=spec.get_string_attribute("reelName") or None,
        audio=(),
        notes=tuple(
            f"{path.name}: {note}"
            for note in (
                *_chosen(header),
                *_unused(header),
                *colour.notes,
                *([_NO_TIMECODE] if word and timecode is None else []),
            )
        ),
        found=colour.found,
        layer=header.layer,
        otherwise=("turned by its Exif orientation",) if 2 <= orientation <= 8 else (),
    )


def _image_alpha(header: ImageHeader, file: Path) -> AlphaKind:
    if header.alpha is None:
        return "none"
    if file.suffix.lower() == ".tga":
        return "premultiplied" if is_premultiplied_tga(file) else "straight"
    # Of other kinds OpenImageIO says nothing, and gives what is stored: straight colours.
    told = file.suffix.lower() in _TOLD_OF_ALPHA
    straight = not told or header.spec.get_int_attribute("oiio:UnassociatedAlpha")
    return "straight" if straight else "premultiplied"


def _image_rate(stated: object) -> Fraction | None:
    if isinstance(stated, tuple) and len(stated) == 2 and stated[0] > 0 and stated[1] > 0:
        return Fraction(int(stated[0]), int(stated[1]))
    return None


def _chosen(header: ImageHeader) -> list[str]:
    option = "" if header.layer is None else "; --layer takes another"
    return [f"{header.chosen} is painted{option}"] if header.chosen else []


def _unused(header: ImageHeader) -> list[str]:
    """Channels of a file without layers that nobody says to be colours or alpha."""
    used = {*header.colour, header.alpha}
    others = [name for name in header.spec.channelnames if name not in used]
    if header.layer is not None or not others:
        return []
    return [f"{', '.join(others)} of its channels is neither colour nor said to be alpha; left out"]
