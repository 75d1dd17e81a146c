"""Paths of the editor's machine and of this one: `--path-map FROM=TO`, both ways."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from nle_style.errors import TimelineError
from nle_style.timeline.files.locate import path_readings
from nle_style.timeline.files.spelling import composed

__all__ = ["PathMaps"]

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_WINDOWS = re.compile(r"[A-Za-z]:|//")


class PathMaps:
    """Prefixes of paths, FROM the editor's machine TO this one.

    Slashes and backslashes are alike, and so are the composed and decomposed letters of Linux and
    of a Mac. A FROM with a drive letter or a share is compared without regard to case; it may be a
    URI: s3://bucket/show. The longest one counts.

    Args:
        maps: (FROM, TO).
    """

    def __init__(self, maps: Sequence[tuple[str, str]] = ()) -> None:
        self._maps = sorted(
            ((_plain(before), after) for before, after in maps),
            key=lambda m: len(m[0]),
            reverse=True,
        )
        # TO, and FROM as the timeline writes it.
        self._used: dict[str, str] = {}

    @property
    def used(self) -> bool:
        """Whether `here` has mapped anything."""
        return bool(self._used)

    def here(self, url: str) -> str:
        """The path on this machine that a timeline's text means; "" if no prefix fits."""
        if not url or not self._maps:
            return ""
        for reading in _addresses(url):
            plain = _plain(reading)
            for before, after in self._maps:
                rest = _rest(plain, before, fold=bool(_WINDOWS.match(before)))
                if rest is not None:
                    folders = plain.split("/")[: before.count("/") + 1]
                    self._used.setdefault(_plain(after), "/".join(folders))
                    return f"{after.rstrip('/')}{rest}"
        return ""

    def there(self, path: Path) -> PurePath:
        """The path on the editor's machine of a file of this one.

        The prefixes that `here` has mapped are put back, spelled as the timeline spells them. A
        path below none of them, or one that came from a URI, comes back as it is.
        """
        plain = _plain(str(path))
        found = [
            (len(after), before, rest)
            for after, before in self._used.items()
            if (rest := _rest(plain, after, fold=False)) is not None and not _URI.match(before)
        ]
        if not found:
            return path
        _, before, rest = max(found)
        kind = PureWindowsPath if _WINDOWS.match(before) else PurePosixPath
        return kind(f"{before}{rest}")


def _rest(path: str, prefix: str, *, fold: bool) -> str | None:
    """What follows a prefix of whole folders; None if the path does not begin with it."""
    count = prefix.count("/") + 1
    parts = path.split("/")
    head, wanted = (composed(text) for text in ("/".join(parts[:count]), prefix))
    same = head.casefold() == wanted.casefold() if fold else head == wanted
    return "".join(f"/{part}" for part in parts[count:]) if same else None


def _addresses(url: str) -> list[str]:
    """What a prefix may begin: every path that the text can mean, or a URI that is no file's."""
    try:
        return path_readings(url)
    except TimelineError:
        return [url]


def _plain(path: str) -> str:
    """A prefix or path for comparison: one kind of slash, none at the end, no file: before it."""
    if path.lower().startswith("file:"):
        path = path_readings(path)[0]
    return path.replace("\\", "/").rstrip("/")
