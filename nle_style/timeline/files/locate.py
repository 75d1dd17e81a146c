"""From the text in a media reference to a file: URLs, plain paths, Windows paths, sequences.

Editors write paths differently: some percent-encode file URLs and some do not, Resolve writes plain
paths and backslashes, Premiere writes file://localhost/. Where a text can mean several paths, one
that exists is taken.
"""

from __future__ import annotations

import os
import re
from itertools import chain, takewhile
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.sequence_names import NumberedName, decoded, in_path, in_timeline, of_file
from nle_style.timeline.files.spelling import spelled_here

__all__ = [
    "absolute_url",
    "begun_sequence",
    "check_sequence",
    "first_number",
    "has_files",
    "media_path",
    "path_readings",
    "reference_url",
    "sequence_name",
    "source_path",
    "split_name",
]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_DRIVE = re.compile(r"/?(?=[A-Za-z]:[\\/])")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\|//")


def media_path(url: str, folder: Path) -> Path:
    """The absolute path a `target_url` means.

    Args:
        url: file:// URL (percent-encoded or not), absolute path, or path relative to `folder`.
        folder: where relative paths start: the timeline's folder.

    Returns:
        An absolute, normalised path; it need not exist. For an image sequence that is there it is
        a printf pattern like name.%04d.exr.

    Raises:
        TimelineError: no path at all, another scheme than file, or a Windows path on a machine
            that is not Windows. The error does not name the clip.
    """
    if not url or not url.removeprefix("file:").strip("/"):
        raise TimelineError(
            "its media reference holds no path",
            remedy="Relink the clip in the editor.",
            outcome="missing",
        )
    readings = path_readings(url)
    paths = [_absolute(folder / reading) for reading in readings]
    found = next(filter(has_files, chain(paths, map(spelled_here, paths))), None)
    if found is not None:
        return found
    if os.name != "nt" and _WINDOWS.match(readings[0]):
        raise TimelineError(
            f"{readings[0]} is a Windows or network path that this machine does not have",
            remedy="Say where its files are here with --path-map or --media.",
            outcome="missing",
        )
    return paths[0]


def source_path(reference: otio.core.MediaReference, folder: Path) -> Path:
    """The file that a media reference means; for an image sequence its printf pattern.

    Args:
        reference: an ExternalReference or ImageSequenceReference.
        folder: where relative paths start: the timeline's folder.

    Returns:
        An absolute path, `name.%04d.exr` for a sequence. It need not exist.

    Raises:
        TimelineError: as `media_path` and `check_sequence`.
    """
    url = reference_url(reference)
    beginning, name = split_name(url)
    sequence: NumberedName | None
    if isinstance(reference, otio.schema.ImageSequenceReference):
        check_sequence(reference)
        sequence = sequence_name(reference)
    else:
        sequence = in_timeline(decoded(name) if url.lower().startswith("file:") else name)
        if sequence is None or _exists(url, folder):
            return media_path(url, folder)
    # Without the name, whose signs would be read as percent escapes. No file shows here whether a
    # backslash belongs to a name or separates folders; Windows exports have it between folders.
    if os.name != "nt":
        beginning = beginning.replace("\\", "/")
    return spelled_here(media_path(f"{beginning}sequence", folder).with_name(sequence.pattern))


def reference_url(reference: otio.core.MediaReference) -> str:
    """The text that says where a reference's media is; "" if it says nothing.

    An ImageSequenceReference gives its base and a printf pattern.
    """
    if not isinstance(reference, otio.schema.ImageSequenceReference):
        return getattr(reference, "target_url", None) or ""
    base = (reference.target_url_base or ".").rstrip("/") or "/"
    return f"{base}/{sequence_name(reference).pattern}"


def sequence_name(reference: otio.schema.ImageSequenceReference) -> NumberedName:
    """The name of the files that an ImageSequenceReference means."""
    return NumberedName(
        str(reference.name_prefix or ""),
        int(reference.frame_zero_padding),
        str(reference.name_suffix or ""),
    )


def first_number(reference: otio.core.MediaReference) -> int | None:
    """The number of the file that the reference begins with; None if the reference has none."""
    if isinstance(reference, otio.schema.ImageSequenceReference):
        return int(reference.start_frame)
    name = decoded(split_name(str(reference.target_url or ""))[1])
    sequence = in_timeline(name)
    if sequence is not None:
        return sequence.first
    own = of_file(name)
    return None if own is None else own.number(name)


def begun_sequence(path: Path, frames: int) -> Path | None:
    """The sequence that begins with an image file, where a timeline names it by that file.

    Args:
        path: the file that the timeline names.
        frames: how many it says that this has.

    Returns:
        The sequence's printf pattern; None where not exactly so many files are numbered on from it:
        a still may be any length in a timeline, and lie among other photographs.
    """
    name = of_file(path.name)
    first = None if name is None else name.number(path.name)
    if name is None or first is None or frames < 2:
        return None
    files = (path.parent / name.file(first + n) for n in range(frames + 1))
    there = sum(1 for _ in takewhile(Path.is_file, files))
    return path.with_name(name.pattern) if there == frames else None


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


def has_files(path: Path) -> bool:
    """Whether a path is a file, or a printf pattern that at least one file matches."""
    if os.path.isfile(path):
        return True
    name = in_path(path.name)
    if name is None or not name.is_printf:
        return False
    try:
        with os.scandir(path.parent) as entries:
            return any(name.number(entry.name) is not None for entry in entries)
    except OSError:
        return False


def absolute_url(url: str, folder: Path) -> str:
    """`url` if it stands on its own, otherwise the same file as an absolute path.

    A relinked timeline is usually written to another folder, where a relative URL would not lead
    to the file. Absolute URLs and paths of any kind come back unchanged.
    """
    if not url or _SCHEME.match(url) or url.startswith("file:"):
        return url
    if _WINDOWS.match(url) or url.startswith("/"):
        return url
    readings = path_readings(url)
    found = next((r for r in readings if os.path.exists(folder / r)), readings[0])
    return str(_absolute(folder / found))


def path_readings(url: str) -> list[str]:
    """Every path the text can mean, the likeliest first; a plain file before a sequence.

    Raises:
        TimelineError: another scheme than file.
    """
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() != "file":
        raise TimelineError(
            f"its media is at {url}, and only local files are read",
            remedy="Download it and relink the clip in the editor.",
        )
    if url.lower().startswith("file:"):
        path = _without_host(url[len("file:") :])
        texts = [decoded(path), path]
    else:
        texts = [url, decoded(url)]
    texts = [_DRIVE.sub("", text, count=1) for text in texts]
    if os.name != "nt":
        texts += [t.replace("\\", "/") for t in texts if "\\" in t and not _WINDOWS.match(t)]
    return texts + [p for t in texts if (p := _as_pattern(t)) != t]


def split_name(path: str) -> tuple[str, str]:
    """Everything up to the last slash or backslash, and the name."""
    cut = max(path.rfind("/"), path.rfind("\\")) + 1
    return path[:cut], path[cut:]


def _exists(url: str, folder: Path) -> bool:
    """Whether there is a file whose name is that text."""
    try:
        return media_path(url, folder).is_file()
    except TimelineError:
        return False


def _as_pattern(path: str) -> str:
    folder, name = split_name(path)
    sequence = in_timeline(name)
    return path if sequence is None else folder + sequence.pattern


def _without_host(rest: str) -> str:
    """The path of a file URL (RFC 8089), given what follows "file:"."""
    if not rest.startswith("//"):
        return rest
    path = rest[2:]
    # Malformed but common: "file://C:/x", "file://d:\\x", "file://localhostC:\\x", "file://./x".
    if drive := re.match(r"(?:localhost)?(?=[A-Za-z](?::|%3a))", path, re.IGNORECASE):
        return path[drive.end() :]
    host, _, path = path.partition("/")
    if host in ("", "localhost"):
        return f"/{path}"
    return f"{host}/{path}" if host in (".", "..") else f"//{host}/{path}"


def _absolute(path: Path) -> Path:
    # Not resolve(): the editor knows a symlink by its own name.
    return Path(os.path.abspath(path))
