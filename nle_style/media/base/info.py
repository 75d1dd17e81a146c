"""Data types that describe a source."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)

from nle_style.errors import MediaError
from nle_style.media.base.numbered_files import SequenceFiles

__all__ = [
    "DISPLAY_MARK",
    "AlphaKind",
    "AudioInfo",
    "ColourTags",
    "FieldOrder",
    "HdrLevels",
    "ImageHeader",
    "MediaInfo",
    "check_name",
    "gone",
]

DISPLAY_MARK = "display-referred"
"""In the comments (ImageDescription) of EXRs that we write with display code values."""

FieldOrder = Literal["top", "bottom"]
"""The field of a frame that is shown first."""

AlphaKind = Literal["none", "straight", "premultiplied"]
"""How a picture carries its alpha. EXR's colours are premultiplied by it (the OpenEXR technical
introduction, "associated"); those of movies and other images are kept straight."""


@dataclass(frozen=True)
class ColourTags:
    """Coding-independent code points of ISO/IEC 23091-2 (ITU-T H.273); 2 is "unspecified".

    Attributes:
        primaries: 1 = BT.709, 6 = SMPTE 170M, 9 = BT.2020.
        transfer: 1 = BT.709, 8 = linear, 13 = sRGB, 16 = PQ, 18 = HLG.
        matrix: 0 = RGB, 1 = BT.709, 5 and 6 = BT.601, 9 = BT.2020 non-constant.
        full_range: code values use the whole range; None if the file does not say.
    """

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    full_range: bool | None = None


@dataclass(frozen=True)
class HdrLevels:
    """Static metadata of HDR video.

    Attributes:
        display: of the mastering display: x and y of its red, green, blue and white in 1/50000,
            then its highest and lowest luminance in 1/10000 cd/m2; () if it is not stated.
        content: the highest and the highest average luminance of a picture, MaxCLL and MaxFALL, in
            cd/m2; () if they are not stated.
    Source: SMPTE ST 2086; CTA-861-H, annex P.
    """

    display: tuple[int, ...]
    content: tuple[int, ...]


@dataclass(frozen=True)
class AudioInfo:
    """One audio stream: `index` among all streams, ffmpeg's names of codec and channel layout."""

    index: int
    codec: str
    sample_rate: int
    channels: int
    layout: str


@dataclass(frozen=True)
class MediaInfo:
    """The properties of a source, as far as they are known without decoding all of it.

    Attributes:
        path: the movie or image; for a sequence its pattern.
        width, height: pixels of the frames as `read_frames` yields them, upright.
        rate: frames a second, exact; the average if `variable_rate`.
        frame_count: frames shown (after edit lists); more than can be read if truncated.
        first_frame_number: number in the first file's name of a sequence; 0 for movies.
        pixel_format: ffmpeg's name for movies, OpenImageIO's channel type for images.
        bit_depth: bits of a channel's code value.
        alpha: see `AlphaKind`.
        pixel_aspect: width / height of a pixel as yielded; pictures are kept in storage pixels.
        rotation: degrees counter-clockwise that the display matrix turned the stored picture.
        timecode: of frame 0, `HH:MM:SS:FF` (`;FF` drop-frame).
        stated_field: the field shown first, where the stream says that it is interlaced and its
            frames do not say it themselves.
        deinterlace: interlaced frames are read as whole pictures; else they are refused.
        conform: the constant rate that a movie is read at (see `media.movie.conform`), at which
            its frames and timecode are counted; None for the movie's own frames.
        notes: what was chosen or guessed in reading it, and what of it is left out, a sentence
            each, beginning with the file's name.
        found: where its frames, their times, its fields, timecode and colours were found: name
            and place, for the report.
        unlike: frames of a sequence that cannot be rendered with the others, zero-based, ascending:
            the frame, and what is wrong with its file.
        stream: index of the stream of a movie that was asked for; None for the one that its flags
            and sizes say.
        layer: of an EXR, as `--layer` takes it; "" for its plain channels. None for other kinds.
        crop: columns and rows cut off at the left, top, right and bottom of the stored picture
            (clean aperture).
        matrix: the display matrix of a movie's first frame, which holds for all: H.264 and HEVC
            may state it at some of them only.
        otherwise: in which ways its file has its stored pictures shown otherwise ("turned"); a
            clause each.
        hdr: static HDR metadata of the first frame.
        chroma: where the chroma samples of a movie lie ("left", "topleft", ...), from which they
            are interpolated; "" repeats them, as the plain ffmpeg command does.
    """

    path: Path
    kind: Literal["movie", "sequence", "still"]
    width: int
    height: int
    rate: Fraction
    frame_count: int
    first_frame_number: int
    pixel_format: str
    bit_depth: int
    is_float: bool
    alpha: AlphaKind
    pixel_aspect: Fraction
    rotation: int
    colour: ColourTags
    interlaced: bool
    variable_rate: bool
    timecode: str | None
    reel: str | None
    audio: tuple[AudioInfo, ...]
    stated_field: FieldOrder | None = None
    deinterlace: bool = False
    conform: Fraction | None = None
    notes: tuple[str, ...] = ()
    found: tuple[tuple[str, str], ...] = ()
    unlike: tuple[tuple[int, str], ...] = ()
    stream: int | None = None
    layer: str | None = None
    crop: tuple[int, int, int, int] | None = None
    matrix: tuple[int, ...] | None = None
    otherwise: tuple[str, ...] = ()
    hdr: HdrLevels | None = None
    chroma: str = ""

    @property
    def has_alpha(self) -> bool:
        """Whether there is an alpha channel."""
        return self.alpha != "none"

    def file_of(self, frame: int) -> Path:
        """The file that a zero-based frame stands in: of a sequence its own, else `path`."""
        if self.kind != "sequence":
            return self.path
        first = self.first_frame_number
        return SequenceFiles(self.path, first, first + self.frame_count - 1).path(first + frame)


@dataclass(frozen=True)
class ImageHeader:
    """Where the picture of an image file is.

    Attributes:
        spec: OpenImageIO's header of the part (subimage) that holds the picture.
        part: its zero-based number.
        colour: names of the channels that are R, G and B; one name three times for grey.
        alpha: name of its alpha channel, or None.
        channel_type: the widest OpenImageIO type among those channels ("uint8", "half", ...).
        layer: of an EXR, as `layers.choose_layer` takes it; None for other kinds.
        chosen: what was taken of several pictures in the file; "" if there is only one.
    """

    spec: oiio.ImageSpec
    part: int
    colour: tuple[str, str, str]
    alpha: str | None
    channel_type: str
    layer: str | None
    chosen: str

    def indices(self, *, alpha: bool) -> list[int]:
        """Places of the colour channels in the file's order, and of alpha if asked for."""
        names = list(self.spec.channelnames)
        wanted = (*self.colour, self.alpha) if alpha and self.alpha else self.colour
        return [names.index(name) for name in wanted]


def gone(path: Path, error: OSError) -> MediaError:
    """The error for a source that was probed and cannot be read now."""
    return MediaError(
        f"cannot be read any more ({error.strerror})",
        where=str(path),
        remedy="Put it back or mount its volume, then run it again: what is finished stays.",
        outcome="missing",
    )


def check_name(path: Path) -> None:
    """Refuse a name that is not UTF-8: no timeline, report or manifest could say it.

    Raises: MediaError.
    """
    if not str(path).isascii():
        try:
            str(path).encode()
        except UnicodeEncodeError as error:
            raise MediaError(
                "its name is not UTF-8",
                where=str(path).encode(errors="backslashreplace").decode(),
                remedy="Rename the file or folder, or make a link to it under another name.",
            ) from error
