"""Image sequences in a timeline: three ways to write one, one pattern for all of them.

OpenTimelineIO's ImageSequenceReference gives the parts of the name, Resolve writes
`x.[1001-1099].tif` into an ordinary reference, others `x.%04d.exr` or `x.####.dpx`. All of them
become a printf pattern, `x.%04d.exr`, as the media room reads it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.files.locate import media_path

__all__ = ["check_sequence", "first_number", "source_path"]

_RESOLVE = re.compile(r"\[(\d+)-(\d+)\]")
# Not any %..d: "a%20dark.mov" is a percent-encoded name.
_PRINTF = re.compile(r"%0\d{1,2}d|%d(?![0-9a-fA-F])")
_HASHES = re.compile(r"#+(?=\.\w+$)")


def source_path(reference: otio.core.MediaReference, folder: Path) -> Path:
    """The file that a media reference means; for an image sequence its printf pattern.

    Args:
        reference: an ExternalReference or ImageSequenceReference.
        folder: where relative paths start: the timeline's folder.

    Returns:
        An absolute path, `name.%04d.exr` for a sequence. It need not exist.

    Raises:
        TimelineError: as `media_path`; or a sequence that leaves out frames or whose name has
            signs that stand for numbers.
    """
    if isinstance(reference, otio.schema.ImageSequenceReference):
        return _of_parts(reference, folder)
    url = str(reference.target_url or "")
    beginning, name = _split(url)
    pattern = _pattern(name, encoded=url.lower().startswith("file:"))
    if pattern is None or _exists(url, folder):
        return media_path(url, folder)
    # The signs are no part of a URL, where "%04" is another character; and no file of that name
    # can tell whether a backslash is one.
    if os.name != "nt":
        beginning = beginning.replace("\\", "/")
    return media_path(f"{beginning}sequence", folder).with_name(pattern)


def first_number(reference: otio.core.MediaReference) -> int | None:
    """The number in the name of the file that the reference begins with; None if it is not said."""
    if isinstance(reference, otio.schema.ImageSequenceReference):
        return int(reference.start_frame)
    match = _RESOLVE.search(unquote(_split(str(reference.target_url or ""))[1]))
    return int(match[1]) if match else None


def check_sequence(reference: otio.core.MediaReference) -> None:
    """Refuse image sequences whose files cannot be told from their reference.

    Raises:
        TimelineError: a sequence that leaves out frames, or whose name has signs that stand for
            numbers or folders. Other references pass.
    """
    if not isinstance(reference, otio.schema.ImageSequenceReference):
        return
    if reference.frame_step != 1:
        raise TimelineError(
            f"its image sequence has only every {reference.frame_step}. frame",
            remedy="Render the sequence with every frame, or as a movie, and relink the clip.",
        )
    prefix, suffix = str(reference.name_prefix), str(reference.name_suffix)
    if re.search(r"[%#/\\]", prefix + suffix):
        raise TimelineError(
            f"the name of its image sequence, {prefix}...{suffix}, has signs that stand for "
            "numbers or folders",
            remedy="Rename the files and relink the clip.",
        )


def _of_parts(reference: otio.schema.ImageSequenceReference, folder: Path) -> Path:
    check_sequence(reference)
    prefix, suffix = str(reference.name_prefix), str(reference.name_suffix)
    padding = int(reference.frame_zero_padding)
    number = f"%0{padding}d" if padding > 0 else "%d"
    base = str(reference.target_url_base or "")
    inside = f"{base.rstrip('/')}/sequence" if base else "sequence"
    return media_path(inside, folder).with_name(f"{prefix}{number}{suffix}")


def _pattern(name: str, *, encoded: bool) -> str | None:
    """The last part of a URL or path as a printf pattern; None if it is a plain name."""
    raw = _PRINTF.search(name)
    if raw is not None and encoded:
        before, after = unquote(name[: raw.start()]), unquote(name[raw.end() :])
        return f"{before}{raw[0]}{after}"
    if encoded:
        name = unquote(name)
    if _PRINTF.search(name):
        return name
    if (match := _RESOLVE.search(name)) is not None:
        width = len(match[1])
    elif (match := _HASHES.search(name)) is not None:
        width = len(match[0])
    else:
        return None
    number = f"%0{width}d" if width > 1 else "%d"
    return f"{name[: match.start()]}{number}{name[match.end() :]}"


def _split(url: str) -> tuple[str, str]:
    """Everything up to the last slash or backslash, and the name."""
    cut = max(url.rfind("/"), url.rfind("\\")) + 1
    return url[:cut], url[cut:]


def _exists(url: str, folder: Path) -> bool:
    """Whether there is a file of that very name, however odd."""
    try:
        return media_path(url, folder).is_file()
    except TimelineError:
        return False
