"""Options that several commands share, and how their texts are read; what they ask for is made in
`requests`. Importing this loads nothing slow."""

from __future__ import annotations

import re
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from nle_style.errors import InputError

__all__ = [
    "ColourChoice",
    "ColourOption",
    "Device",
    "Events",
    "Folder",
    "MatteOption",
    "OptionalStyle",
    "Pack",
    "Resume",
    "StrokeScale",
    "Style",
    "Workers",
    "parse_matte",
    "parse_path_map",
    "parse_range",
    "parse_rate",
]


class ColourChoice(StrEnum):
    """`--colour`, see `apply.look.Colour`."""

    poster = "poster"
    source = "source"


Folder = Annotated[Path, typer.Option("-o", "--output", help="Folder for the results.")]
Style = Annotated[str, typer.Option(help="A style, or a mix as blue:0.7,fire:0.3.")]
OptionalStyle = Annotated[
    str | None,
    typer.Option(
        "--style",
        help="A style, or a mix as blue:0.7,fire:0.3. May be left out with --matte FILE=MIX.",
    ),
]
StrokeScale = Annotated[
    float,
    typer.Option(
        help="Size of the strokes in the picture, 0.25 to 4. At 1 frames are painted at most 1280 "
        "pixels wide or high; less is finer, and paints a small proxy as its larger master."
    ),
]
ColourOption = Annotated[
    ColourChoice, typer.Option(help="The poster's colours, or the clip's own under its strokes.")
]
MatteOption = Annotated[
    list[str] | None,
    typer.Option(
        "--matte",
        metavar="FILE[=MIX]",
        help="FILE: --style only inside this matte (movie, still or name.%06d.exr). FILE=blue:0.7,"
        "fire:0.3: another look inside it, over --style; may be given several times.",
    ),
]
Pack = Annotated[str | None, typer.Option(help="Style pack: a file or a shipped pack's name.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Workers = Annotated[
    int, typer.Option(min=1, help="Processes at once: one for each GPU, or group of cores.")
]
Resume = Annotated[
    bool, typer.Option("--resume/--no-resume", help="Go on where an interrupted run stopped.")
]
Events = Annotated[bool, typer.Option("--events", help="JSON lines on stdout, for programs.")]


def parse_matte(text: str) -> tuple[Path, str | None]:
    """ "FILE" or "FILE=MIX" as a path and a mix of styles.

    It is cut at the last "=", if a mix stands behind it and no file has the whole as its name.
    """
    from nle_style.apply import parse_styles
    from nle_style.core import STYLE_NAME
    from nle_style.errors import LookError

    file, equals, mix = text.rpartition("=")
    if not (equals and file) or Path(text).exists():
        return Path(text), None
    try:
        names = parse_styles(mix)
    except LookError:
        return Path(text), None
    if not all(STYLE_NAME.fullmatch(name) for name in names):
        return Path(text), None
    return Path(file), mix


def parse_path_map(text: str) -> tuple[str, str]:
    """ "FROM=TO" as a pair.

    Raises: InputError if there is no equals sign, or nothing before or behind it.
    """
    before, equals, after = text.partition("=")
    if not (before and equals and after):
        raise InputError(
            f"'{text}' maps no path", remedy="Write --path-map /Volumes/RAID=/mnt/raid."
        )
    return before, after


def parse_range(text: str, what: str) -> tuple[int, int]:
    """ "12-17", or "12" for that one alone, as the first and the last, inclusive.

    Args:
        what: the option's name and what it counts: "frames".

    Raises: InputError if it is neither, or the last is before the first.
    """
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, -1)
    if last < first:
        raise InputError(
            f"'{text}' is not a range of {what}",
            where=f"--{what}",
            remedy="Write first-last, zero-based, as 0-47.",
        )
    return first, last


def parse_rate(text: str, option: str = "--rate") -> Fraction:
    """ "25", "23.976" or "24000/1001" as the exact rate it stands for.

    Args:
        option: that it was given to, for the message: "--rate".

    Raises: InputError if it is not a rate between 1 and 240.
    """
    from nle_style.timeline import exact_rate

    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if not 1 <= value <= 240:
        raise InputError(
            f"'{text}' is not a frame rate between 1 and 240",
            where=option,
            remedy=f"Write {option} 25, {option} 23.976 or {option} 30000/1001.",
        )
    return value if "/" in text else exact_rate(float(value))
