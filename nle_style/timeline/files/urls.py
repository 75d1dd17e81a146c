"""Write a path the way a timeline already writes its paths."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from urllib.parse import quote

from nle_style.errors import TimelineError

__all__ = ["is_sequence", "url_like"]

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
# "%04d" is no escape that a path would hold, but "%20d" is a space and a letter.
_SEQUENCE = re.compile(r"%(?:0\d+)?d(?![0-9A-Fa-f])|#{2,}")
_MOVIES = frozenset({".mkv", ".mov", ".mp4", ".mxf"})
# RFC 2396's unreserved marks, which Final Cut and Premiere leave alone; "&" is escaped, so that
# no XML entity is needed.
_SAFE = "/-_.~!*'()"


def is_sequence(path: PurePath) -> bool:
    """Whether a name stands for many images: `name.%06d.exr` or `name.####.exr`."""
    is_movie = path.suffix.lower() in _MOVIES
    return bool(_SEQUENCE.search(path.name)) and not is_movie and not Path(path).exists()


def url_like(old: str, target: PurePath, *, always_url: bool = False) -> str:
    """A path as text, in the form of the text that it replaces.

    "file://localhost/", "file:///" or a bare path; percent-encoded or not, with "%3a" or "%3A";
    non-ASCII letters encoded or not: as `old` does it.

    Args:
        old: the text that names the media now.
        target: an absolute path, of this machine or (PureWindowsPath) of another.
        always_url: where only URLs are allowed, so a bare or relative `old` becomes file:///.

    Raises:
        TimelineError: a bare path is asked for and the name cannot be written as text, or an
            image sequence is to stand where a movie stood.
    """
    sequence = _SEQUENCE.search(target.name) if is_sequence(target) else None
    if sequence and not _SEQUENCE.search(old.replace("%25", "%").rpartition("/")[2]):
        raise TimelineError(
            f"{target.name} is an image sequence, and this timeline has a movie there",
            remedy="Render to a movie format such as png-mov.",
        )
    is_url = old[:5].lower() == "file:"
    if not (is_url or always_url):
        return _plain(target)
    body = old[5:] if is_url else ""
    prefix = "file://localhost" if body.lower().startswith("//localhost/") else "file://"
    path = target.as_posix()
    if target.drive.startswith("\\\\"):
        prefix, path = "file:", path
    elif not path.startswith("/"):
        path = f"/{path}"
    if sequence and sequence[0] in old:
        head, tail = path[: -len(target.name)], target.name
        before, after = tail[: sequence.start()], tail[sequence.end() :]
        return prefix + _encoded(head + before, body) + sequence[0] + _encoded(after, body)
    return prefix + _encoded(path, body)


def _encoded(path: str, like: str) -> str:
    escapes = _ESCAPE.findall(like)
    raw_unicode = not like.isascii()
    # Only a character that had to be escaped, and was not, shows that a writer escapes nothing.
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


def _plain(target: PurePath) -> str:
    text = str(target)
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
