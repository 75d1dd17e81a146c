"""From the text in a media reference to a file: URLs, plain paths, Windows paths, sequences.

Editors do not agree: some percent-encode file URLs and some do not, Resolve writes bare paths and
backslashes, Premiere writes file://localhost/. Where two readings are possible, the one that
exists on disk wins.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

import opentimelineio as otio

from nle_style.errors import TimelineError

__all__ = [
    "absolute_url",
    "has_files",
    "media_path",
    "path_readings",
    "reference_url",
]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_DRIVE = re.compile(r"/?(?=[A-Za-z]:[\\/])")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\|//")
# Resolve's x.[1001-1099].tif, printf's x.%04d.exr, Nuke's x.####.dpx.
_SEQUENCE = re.compile(
    r"\[(?P<first>\d+)-(?P<last>\d+)\]|(?P<printf>%\d*d)|(?P<hashes>#{2,}(?=\.))"
)


def media_path(url: str, folder: Path) -> Path:
    """The absolute path a `target_url` means.

    Args:
        url: file:// URL (percent-encoded or not), absolute path, or path relative to `folder`.
        folder: where relative paths start: the timeline's folder.

    Returns:
        An absolute, normalised path. It need not exist; the media's reader says so better. An
        image sequence, however it was written, is a printf pattern like name.%04d.exr.

    Raises:
        TimelineError: no path at all, another scheme than file, or a Windows path on a machine
            that is not Windows. The clip is for the caller to name.
    """
    if not url:
        raise TimelineError(
            "its media reference holds no path", remedy="Relink the clip in the editor."
        )
    readings = path_readings(url)
    found = next((folder / r for r in readings if has_files(folder / r)), None)
    if found is not None:
        return _absolute(found)
    if os.name != "nt" and _WINDOWS.match(readings[0]):
        raise TimelineError(
            f"{readings[0]} is a Windows or network path that this machine does not have",
            remedy="Say where its files are here with --path-map or --media.",
        )
    return _absolute(folder / readings[0])


def reference_url(reference: otio.core.MediaReference) -> str:
    """The text that says where a reference's media is; "" if it says nothing.

    An ImageSequenceReference gives its base and a printf pattern.
    """
    if not isinstance(reference, otio.schema.ImageSequenceReference):
        return getattr(reference, "target_url", None) or ""
    padding = reference.frame_zero_padding
    number = f"%0{padding}d" if padding > 1 else "%d"
    base = (reference.target_url_base or ".").rstrip("/") or "/"
    return f"{base}/{reference.name_prefix or ''}{number}{reference.name_suffix or ''}"


def has_files(path: Path) -> bool:
    """Whether a path is a file, or a printf pattern that at least one file matches."""
    if os.path.isfile(path):
        return True
    match = re.search(r"%0?(\d*)d", path.name)
    if match is None:
        return False
    before, after = re.escape(path.name[: match.start()]), re.escape(path.name[match.end() :])
    expression = re.compile(rf"{before}\d{{{match[1] or 1},}}{after}")
    try:
        with os.scandir(path.parent) as entries:
            return any(expression.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False


def absolute_url(url: str, folder: Path) -> str:
    """`url` if it stands on its own, otherwise the same file as an absolute path.

    A relinked timeline is usually written to another folder, where a relative URL would point
    nowhere. Absolute URLs and paths of any kind come back unchanged.
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
        texts = [_decoded(path), path]
    else:
        texts = [url, _decoded(url)]
    texts = [_DRIVE.sub("", text, count=1) for text in texts]
    if os.name != "nt":
        texts += [t.replace("\\", "/") for t in texts if "\\" in t and not _WINDOWS.match(t)]
    return texts + [p for t in texts if (p := _as_pattern(t)) != t]


def _decoded(text: str) -> str:
    """Percent escapes decoded, but %04d stays: read as an escape it is a control character."""
    parts = re.split(r"(%0[1-9]d|%d)", text)
    return "".join(part if n % 2 else unquote(part) for n, part in enumerate(parts))


def _as_pattern(path: str) -> str:
    """The path with its file name's frame numbers as printf writes them."""
    cut = max(path.rfind("/"), path.rfind("\\")) + 1
    return path[:cut] + _SEQUENCE.sub(_printf, path[cut:], count=1)


def _printf(match: re.Match[str]) -> str:
    if match["printf"]:
        return match["printf"]
    if match["hashes"]:
        return f"%0{len(match['hashes'])}d"
    first, last = match["first"], match["last"]
    return f"%0{len(first)}d" if len(first) == len(last) and len(first) > 1 else "%d"


def _without_host(rest: str) -> str:
    """The path of a file URL (RFC 8089), given what follows "file:"."""
    if not rest.startswith("//"):
        return rest
    host, _, path = rest[2:].partition("/")
    if host in ("", "localhost"):
        return f"/{path}"
    # "file://C:/x" is malformed but common; any other host is a share.
    return f"{host}/{path}" if host.endswith(":") else f"//{host}/{path}"


def _absolute(path: Path) -> Path:
    # Not resolve(): a symlink's own name is the one the editor knows.
    return Path(os.path.abspath(path))
