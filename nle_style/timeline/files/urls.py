"""Write a path in the form in which a timeline writes its paths."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from urllib.parse import quote

from nle_style.errors import TimelineError
from nle_style.sequence_names import decoded, in_timeline

__all__ = ["MOVIES", "is_sequence", "url_like"]

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
MOVIES = frozenset({".mkv", ".mov", ".mp4", ".mxf"})
"""Suffixes of files that are one movie, whatever numbers or signs their names have."""
# RFC 2396's unreserved marks, which Final Cut and Premiere do not escape. "&" is escaped, so that
# no XML entity is needed.
_SAFE = "/-_.~!*'()"


def is_sequence(path: PurePath) -> bool:
    """Whether a name stands for many images: `name.%06d.exr` or `name.####.exr`."""
    found = in_timeline(path.name)
    is_movie = path.suffix.lower() in MOVIES
    return found is not None and found.first is None and not is_movie and not Path(path).exists()


def url_like(old: str, target: PurePath, *, always_url: bool = False) -> str:
    """A path as text, in the form of the text that it replaces.

    As `old` it begins with "file://localhost/", with "file:///" or as a bare path, is
    percent-encoded or not, with "%3a" or "%3A", and its non-ASCII letters are encoded or not.

    Args:
        old: the text that names the media now.
        target: an absolute path, of this machine or (PureWindowsPath) of another.
        always_url: where only URLs are allowed, so a bare or relative `old` becomes file:///.

    Raises:
        TimelineError: a bare path is asked for and the name cannot be written as text, or an
            image sequence is to stand where a movie stood.
    """
    sequence = in_timeline(target.name) if is_sequence(target) else None
    before = in_timeline(decoded(old.rpartition("/")[2]))
    if sequence and (before is None or before.first is not None):
        raise TimelineError(
            f"{target.name} is an image sequence, and this timeline has a movie there",
            remedy="Render to a movie format such as png-mov.",
        )
    is_url = old[:5].lower() == "file:"
    if not (is_url or always_url):
        # Windows knows both slashes, and programs from elsewhere write theirs.
        return _plain(target.as_posix() if "/" in old and "\\" not in old else str(target))
    body = old[5:] if is_url else ""
    prefix = "file://localhost" if body.lower().startswith("//localhost/") else "file://"
    path = target.as_posix()
    if target.drive.startswith("\\\\"):
        prefix, path = "file:", path
    elif not path.startswith("/"):
        path = f"/{path}"
    if sequence and sequence.sign in old:
        head = path[: -len(target.name)] + sequence.before
        return prefix + _encoded(head, body) + sequence.sign + _encoded(sequence.after, body)
    return prefix + _encoded(path, body)


def _encoded(path: str, like: str) -> str:
    escapes = _ESCAPE.findall(like)
    raw_unicode = not like.isascii()
    # A text without escapes shows only by a character that needs one that it escapes nothing.
    if not escapes and (raw_unicode or re.search(r"[ \[\]{}^`\"<>|]", like)):
        # A "%41" in the name itself would be read as an escape even so.
        path = _ESCAPE.sub(lambda found: f"%25{found[0][1:]}", path)
        return "".join(c if _is_text(c) else quote(c, errors="surrogateescape") for c in path)
    safe = _SAFE if any(e.lower() == "%3a" for e in escapes) else f"{_SAFE}:"
    lower = any(e != e.upper() for e in escapes) and not any(e != e.lower() for e in escapes)
    out = []
    for character in path:
        if raw_unicode and not character.isascii() and _is_text(character):
            out.append(character)
        else:
            code = quote(character, safe=safe, errors="surrogateescape")
            out.append(code.lower() if lower and code != character else code)
    return "".join(out)


def _plain(text: str) -> str:
    if not all(map(_is_text, text)):
        raise TimelineError(
            f"the name {text!r} cannot be written into this XML as a plain path",
            remedy="Render to a folder and name without control characters, in UTF-8.",
        )
    return text


def _is_text(character: str) -> bool:
    """Whether XML 1.0 can hold it (section 2.2, Char)."""
    code = ord(character)
    return code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code not in (0xFFFE, 0xFFFF)
