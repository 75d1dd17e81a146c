"""Whether a JPEG is whole: libjpeg fills up what is missing with grey, and only warns."""

from __future__ import annotations

import re
from pathlib import Path

from nle_style.errors import MediaError

__all__ = ["check_jpeg"]

_END = 0xD9
_ALONE = (0x01, 0xD8)  # markers without a segment behind them
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # not stuffing, padding or a restart


def check_jpeg(path: Path) -> None:
    """Raises: MediaError if a JPEG ends before its end marker; OSError.

    Source: ITU-T T.81, B.1.1 (markers and their segments).
    """
    with path.open("rb") as file:
        if file.read(2) != b"\xff\xd8":
            return  # another kind of image
        data = file.read()
    place = 0
    while (found := _NEXT_MARKER.search(data, place)) is not None:
        marker, place = data[found.end() - 1], found.end()
        if marker == _END:
            return
        if marker not in _ALONE:
            place += int.from_bytes(data[place : place + 2], "big")
    raise MediaError(
        "the picture is cut off",
        where=str(path),
        remedy="It has no end marker: copy the JPEG again from the original.",
        outcome="damaged",
    )
