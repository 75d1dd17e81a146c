"""What the files of an image sequence have in common, by all of their headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo, SequenceFiles

__all__ = ["common_info"]


def common_info(files: SequenceFiles, probe: Callable[[Path], MediaInfo]) -> MediaInfo:
    """A sequence as its first readable file is, as deep as the deepest of those that are like it.

    Args:
        probe: says what one file is; MediaError if it cannot be read.
    Returns: with `unlike` for all other files.
    Raises: MediaError of the first file if none can be read.
    """
    known: dict[int, MediaInfo] = {}
    errors: dict[int, MediaError] = {}
    for number, path in files.paths():
        frame = number - files.first
        try:
            known[frame] = probe(path)
        except MediaError as error:
            errors[frame] = error
    if not known:
        raise next(iter(errors.values()))
    begin, first = next(iter(known.items()))
    unlike = {frame: error.what for frame, error in errors.items()}
    unlike |= {frame: said for frame, info in known.items() if (said := _difference(info, first))}
    alike = {frame: info for frame, info in known.items() if frame not in unlike}
    deepest = max(alike.values(), key=lambda info: info.bit_depth)
    notes = list(first.notes)
    name = first.path.name
    depths = sorted({info.bit_depth for info in alike.values()})
    if len(depths) > 1:
        bits = " and ".join(map(str, depths))
        notes.append(f"{name}: its files have {bits} bits a channel; all are read with the most")
    return replace(
        first,
        pixel_format=deepest.pixel_format,
        bit_depth=deepest.bit_depth,
        timecode=first.timecode if begin == 0 else None,
        notes=tuple(notes),
        unlike=tuple(sorted(unlike.items())),
    )


def _difference(info: MediaInfo, first: MediaInfo) -> str:
    """In what a file cannot be rendered with the first; "" if it can."""
    if (info.width, info.height) != (first.width, first.height):
        size = f"{info.width}x{info.height}"
        return f"is {size}, the first file of the sequence {first.width}x{first.height}"
    if info.is_float != first.is_float:
        return f"holds {info.pixel_format}, the first file of the sequence {first.pixel_format}"
    if info.layer != first.layer:
        return f"has the layer {info.layer or 'RGB'}, the first file {first.layer or 'RGB'}"
    if info.alpha != first.alpha:
        return f"has {_alpha(info)}, the first file of the sequence {_alpha(first)}"
    if info.colour != first.colour:
        return "has another colour space than the first file of the sequence"
    if info.pixel_aspect != first.pixel_aspect:
        return (
            f"has pixels of {info.pixel_aspect}, the first file of the sequence of "
            f"{first.pixel_aspect}"
        )
    return ""


def _alpha(info: MediaInfo) -> str:
    return f"{info.alpha} alpha" if info.has_alpha else "no alpha"
