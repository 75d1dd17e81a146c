"""From the text in a media reference to a file: URLs, plain paths, Windows paths, relative ones.

Editors do not agree: some percent-encode file URLs and some do not, Resolve writes bare paths and
backslashes, Premiere writes file://localhost/. Where two readings are possible, the one that
exists on disk wins.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

from nle_style.errors import TimelineError

__all__ = ["absolute_url", "media_path"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_DRIVE = re.compile(r"/?(?=[A-Za-z]:[\\/])")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\|//")
_SEQUENCE = re.compile(r"\[\d+-\d+\]|%\d*d|#{2,}\.")


def media_path(url: str, folder: Path) -> Path:
    """The absolute path a `target_url` means.

    Args:
        url: file:// URL (percent-encoded or not), absolute path, or path relative to `folder`.
        folder: where relative paths start: the timeline's folder.

    Returns:
        An absolute, normalised path. It need not exist; the media's reader says so better.

    Raises:
        TimelineError: no path at all, another scheme than file, an image sequence, or a Windows
            path on a machine that is not Windows. The clip is for the caller to name.
    """
    if not url:
        raise TimelineError(
            "its media reference holds no path", remedy="Relink the clip in the editor."
        )
    readings = _readings(url)
    found = next((folder / r for r in readings if os.path.isfile(folder / r)), None)
    if found is not None:
        return _absolute(found)
    if any(_SEQUENCE.search(text) for text in (url, readings[0])):
        raise TimelineError(
            "image sequences in a timeline are not read yet", remedy="Render it as a movie first."
        )
    if os.name != "nt" and _WINDOWS.match(readings[0]):
        raise TimelineError(
            f"{readings[0]} is a Windows or network path that this machine does not have",
            remedy="Mount the media here and relink the clip to it in the editor.",
        )
    return _absolute(folder / readings[0])


def absolute_url(url: str, folder: Path) -> str:
    """`url` if it stands on its own, otherwise the same file as an absolute path.

    A relinked timeline is usually written to another folder, where a relative URL would point
    nowhere. Absolute URLs and paths of any kind come back unchanged.
    """
    if not url or _SCHEME.match(url) or url.startswith("file:"):
        return url
    if _WINDOWS.match(url) or url.startswith("/"):
        return url
    readings = _readings(url)
    found = next((r for r in readings if os.path.exists(folder / r)), readings[0])
    return str(_absolute(folder / found))


def _readings(url: str) -> list[str]:
    """Every path the text can mean, the likeliest first."""
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() != "file":
        raise TimelineError(
            f"its media is at {url}, and only local files are read",
            remedy="Download it and relink the clip in the editor.",
        )
    if url.lower().startswith("file:"):
        path = _without_host(url[len("file:") :])
        texts = [unquote(path), path]
    else:
        texts = [url, unquote(url)]
    texts = [_DRIVE.sub("", text, count=1) for text in texts]
    if os.name != "nt":
        texts += [t.replace("\\", "/") for t in texts if "\\" in t and not _WINDOWS.match(t)]
    return texts


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
