"""Options that several commands share, and how their texts are read; what they ask for is made in
`requests`. Importing this loads nothing slow."""

from __future__ import annotations

import re
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from nle_style.cli.completion import (
    depth_names,
    device_names,
    format_names,
    pack_names,
    style_names,
)
from nle_style.errors import InputError

__all__ = [
    "LOOK",
    "MACHINE",
    "OUTPUT",
    "READING",
    "TIMELINE",
    "AsJson",
    "ColourChoice",
    "ColourOption",
    "DepthOption",
    "Device",
    "DryRun",
    "Events",
    "Folder",
    "FormatOption",
    "FramesOption",
    "MatteOption",
    "OptionalResultFile",
    "OptionalStyle",
    "Overwrite",
    "Pack",
    "PlanAsJson",
    "Quiet",
    "ResultFile",
    "Resume",
    "StrokeScale",
    "Style",
    "Workers",
    "parse_matte",
    "parse_path_map",
    "parse_range",
    "parse_rate",
    "result_file",
]


LOOK, TIMELINE, READING, OUTPUT, MACHINE = "Look", "Timeline", "Reading", "Output", "Machine"
"""The groups that `--help` shows a command's options in."""


class ColourChoice(StrEnum):
    """`--colour`, see `apply.look.Colour`."""

    poster = "poster"
    source = "source"


Folder = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        help="Where the results go: a folder.",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
ResultFile = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        help="Where the result goes: a file, or a folder for it.",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
OptionalResultFile = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        help="Where the result goes: a file, or a folder for it.",
        rich_help_panel=OUTPUT,
        show_default="beside its source",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="As JSON, for programs.", rich_help_panel=MACHINE)
]
Style = Annotated[
    str,
    typer.Option(
        help="A style, or a mix as blue:0.7,fire:0.3; `nle-style styles` lists them.",
        autocompletion=style_names,
        rich_help_panel=LOOK,
    ),
]
OptionalStyle = Annotated[
    str | None,
    typer.Option(
        "--style",
        help="A style, or a mix as blue:0.7,fire:0.3; `nle-style styles` lists them. '0: blue, 48:"
        " fire' changes from frame 0 of what is rendered to frame 48. May be left out with --matte"
        " FILE=MIX.",
        autocompletion=style_names,
        rich_help_panel=LOOK,
    ),
]
StrokeScale = Annotated[
    float,
    typer.Option(
        help="Size of the brush strokes in the picture, 0.25 to 4: more is coarser and quicker. At"
        " 1 a 4K master and its HD proxy look alike.",
        rich_help_panel=LOOK,
    ),
]
ColourOption = Annotated[
    ColourChoice,
    typer.Option(
        help="The poster's colours, or the clip's own under the poster's strokes.",
        rich_help_panel=LOOK,
    ),
]
MatteOption = Annotated[
    list[str] | None,
    typer.Option(
        "--matte",
        metavar="FILE[=MIX]",
        help="FILE: --style only inside this matte (movie, still or name.%06d.exr). FILE=blue:0.7,"
        "fire:0.3: another look inside it, over --style; may be given several times.",
        rich_help_panel=LOOK,
    ),
]
Pack = Annotated[
    str | None,
    typer.Option(
        help="Where the styles come from: a .safetensors file, or a pack that `nle-style styles`"
        " lists.",
        autocompletion=pack_names,
        rich_help_panel=LOOK,
    ),
]
Device = Annotated[
    str,
    typer.Option(
        help="What paints: auto, cpu, cuda, cuda:N or mps.",
        autocompletion=device_names,
        rich_help_panel=MACHINE,
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        min=1,
        metavar="COUNT",
        help="Processes at once: one for each GPU, or group of cores.",
        rich_help_panel=MACHINE,
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume/--no-resume",
        help="Go on where an interrupted run stopped, or start over.",
        rich_help_panel=OUTPUT,
    ),
]
Events = Annotated[
    bool,
    typer.Option("--events", help="JSON lines on stdout, for programs.", rich_help_panel=MACHINE),
]
PlanAsJson = Annotated[
    bool,
    typer.Option("--json", help="The plan of --dry-run as JSON.", rich_help_panel=MACHINE),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Replace files under the results' names that are not nle-style's, or were edited.",
        rich_help_panel=OUTPUT,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help="Say only what went wrong: no progress, no notes, no list of results.",
        rich_help_panel=MACHINE,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Only show the plan, its time and its disk space; nothing is written.",
        rich_help_panel=OUTPUT,
    ),
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        help="auto: movies become png-mov, stills and sequences image files of their own kind (a"
        " timeline's sequences png-mov). Or png-mov, ffv1, prores4444, dnxhr444 (movies), exr, dpx,"
        " png, tiff (image files).",
        autocompletion=format_names,
        rich_help_panel=OUTPUT,
    ),
]
DepthOption = Annotated[
    str,
    typer.Option(
        "--depth",
        help="auto (as deep as the clip), 8, 10, 16, half or float.",
        autocompletion=depth_names,
        rich_help_panel=OUTPUT,
    ),
]
FramesOption = Annotated[
    str | None,
    typer.Option(
        "--frames",
        metavar="FIRST-LAST",
        help="Only these. Movies count from 0; of a sequence they are the numbers in its files'"
        " names, as 1001-1048.",
        rich_help_panel=READING,
    ),
]


def result_file(output: Path | None, name: str) -> Path:
    """The file that a command writes: what `-o` gives, or a file of that name in its folder.

    Args:
        output: a file, or a folder that is there; None for this folder.
        name: of the file, if none is given.
    """
    if output is None:
        return Path(name)
    return output / name if output.is_dir() else output


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
            remedy="Write the first and the last, as 0-47.",
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
