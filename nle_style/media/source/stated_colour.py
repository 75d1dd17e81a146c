"""What a source says of its colours, where, and what of it no tag can say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from nle_style.errors import MediaError
from nle_style.media.base import DISPLAY_MARK, ColourTags
from nle_style.media.colour import icc_colours, primaries_code
from nle_style.media.image import icc_space
from nle_style.media.movie import SampleEntry, has_dolby_vision, icc_profile, open_movie

__all__ = ["StatedColour", "check_dolby_vision", "colour_of_image", "colour_of_movie"]

_UNSPECIFIED = 2


@dataclass(frozen=True)
class StatedColour:
    """Attributes:
    tags: 2 and None for what nothing states.
    found: as of `MediaInfo`; empty if nothing states any of it.
    notes: clauses on what was chosen or cannot be said.
    """

    tags: ColourTags
    found: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


def colour_of_movie(path: Path, stream: int, frame: VideoFrame) -> StatedColour:
    """The colours of a movie: as its frames say, else its container (`colr` of MOV and MP4, Colour
    of Matroska), else an ICC profile.

    A frame header that leaves them unspecified does not overrule the container.

    Args:
        stream: its index.
        frame: the first one.
    """
    ranges = {1: False, 2: True}
    coded = ColourTags(
        int(frame.color_primaries),
        int(frame.color_trc),
        int(frame.colorspace),
        ranges.get(int(frame.color_range)),
    )
    with open_movie(path, decoders=False) as container:
        claimed = cast(VideoStream, container.streams[stream]).codec_context
        around = ColourTags()
        if claimed is not None:
            around = ColourTags(
                int(claimed.color_primaries),
                int(claimed.color_trc),
                int(claimed.colorspace),
                ranges.get(int(claimed.color_range)),
            )
    notes = []
    names = ("primaries", "transfer", "matrix", "full range")
    differ = [
        f"{name} {one} and {other}"
        for name, one, other in zip(names, _values(coded), _values(around), strict=True)
        if None not in (one, other)
        and one != other
        and not (name == "matrix" and 0 in (one, other))
    ]
    if differ:
        notes.append(
            "its frames and its container state other colours (H.273: "
            f"{', '.join(differ)}); the frames are believed"
        )
    merged = _filled(coded, around)
    found = [
        where
        for where, tags in (("the frames", coded), ("the container", around))
        if any(value is not None for value in _values(tags)[:3])
    ]
    profile = icc_profile(frame)
    if profile is not None and _UNSPECIFIED in (merged.primaries, merged.transfer):
        colours = icc_colours(profile)
        merged = _filled(merged, ColourTags(colours.primaries, colours.transfer))
        found.append(f"the ICC profile ({colours.name})")
        if not colours.known:
            notes.append(_unsaid(colours.name))
    return StatedColour(merged, _at(", ".join(found)), tuple(notes))


def _values(tags: ColourTags) -> tuple[int | bool | None, ...]:
    codes = (tags.primaries, tags.transfer, tags.matrix)
    return (*(None if code == _UNSPECIFIED else code for code in codes), tags.full_range)


def _filled(tags: ColourTags, by: ColourTags) -> ColourTags:
    """What the one leaves open, by the other."""

    def code(one: int, other: int) -> int:
        return other if one == _UNSPECIFIED else one

    return ColourTags(
        code(tags.primaries, by.primaries),
        code(tags.transfer, by.transfer),
        code(tags.matrix, by.matrix),
        by.full_range if tags.full_range is None else tags.full_range,
    )


def _at(place: str) -> tuple[tuple[str, str], ...]:
    return (("colour", place),) if place else ()


def _unsaid(name: str) -> str:
    return (
        f"its ICC profile ({name}) says what no tag of a movie can; its code values are painted as "
        "they are"
    )


def check_dolby_vision(
    path: Path, entry: SampleEntry, frame: VideoFrame, colour: ColourTags
) -> None:
    """Refuse Dolby Vision whose base layer no other standard describes: its planes are IPT-PQ.

    By the profile in the sample entry; where there is none (transport streams, Matroska) by
    metadata in the frames that name no colours themselves.
    Raises: MediaError.
    Source: "Dolby Vision Profiles and Levels" 1.4: profiles 5 and 10.0 have cross-compatibility 0.
    """
    record = entry.dolby_vision
    if record is None:
        alone = has_dolby_vision(frame) and colour.transfer == _UNSPECIFIED
    else:
        profile, compatible = record
        alone = profile == 5 or (compatible == 0 and profile not in (4, 7))
    if alone:
        which = f" of profile {record[0]}" if record is not None else ""
        raise MediaError(
            f"is Dolby Vision{which}, whose colours (IPT-PQ) ffmpeg cannot convert",
            where=str(path),
            remedy="Export it as HDR10, HLG or Rec.709 first.",
        )


def colour_of_image(spec: oiio.ImageSpec) -> StatedColour:
    """The colours of an image: its cICP chunk, else its ICC profile, else the colour space that it
    names (the Color Interop Forum's names) and the chromaticities of a PNG (cHRM).

    Half and float images that name none are linear, as OpenEXR defines it, unless we wrote them.
    """
    stated = spec.getattribute("CICP")
    if stated is not None and len(stated) == 4:
        return StatedColour(
            ColourTags(int(stated[0]), int(stated[1]), 0, True), _at("the cICP chunk")
        )
    profile = spec.getattribute("ICCProfile")
    if profile is not None:
        colours = icc_colours(bytes(bytearray(each & 255 for each in profile)))
        notes = () if colours.known else (_unsaid(colours.name),)
        if (space := icc_space(spec)) != "RGB":
            notes = (
                f"its ICC profile ({colours.name}) is one for {space}, and what is painted is RGB; "
                "the profile is left out",
            )
        tags = ColourTags(colours.primaries, colours.transfer, 0, True)
        if not colours.known:
            tags = ColourTags(matrix=0, full_range=True)
        return StatedColour(tags, _at(f"the ICC profile ({colours.name})"), notes)
    name = spec.get_string_attribute("oiio:ColorSpace").lower()
    found = _at(f"the colour space {name}" if name else "")
    primaries = {"709": 1, "2020": 9, "p3": 12}
    is_float = str(spec.format) in ("half", "float", "double")
    if is_float and not name and DISPLAY_MARK not in spec.get_string_attribute("ImageDescription"):
        name = "lin"
    points = None if is_float else spec.getattribute("chromaticities")
    transfers = {"pq": 16, "hlg": 18, "g24": 1, "g22": 4, "lin": 8, "srgb": 13}
    tags = ColourTags(
        primaries=next((code for part, code in primaries.items() if part in name), 2)
        if points is None
        else primaries_code(points),
        transfer=next((code for part, code in transfers.items() if name.startswith(part)), 2),
        matrix=0,
        full_range=True,
    )
    return StatedColour(tags, found, _notes_on_film(spec, name))


def _notes_on_film(spec: oiio.ImageSpec, name: str) -> tuple[str, ...]:
    """What is made of a DPX's or Cineon's transfer, which many programs fill in by habit."""
    said = spec.get_string_attribute("dpx:Transfer")
    if said in ("Logarithmic", "Printing density") or name == "kodaklog":
        return (
            "its header says film density (log); its codes are painted as they are unless "
            "--input-colour names their colour space",
        )
    if said == "Linear" and name:
        return (
            "its header says that its codes are linear light, as which they are read; "
            "--input-colour srgb reads them as a screen shows them",
        )
    if said == "Linear":
        return (
            "its header says linear, as older ffmpegs' always does; its codes are read as a screen "
            "shows them",
        )
    return ()
