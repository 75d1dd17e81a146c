"""Names of numbered image sequences, in every way that they are written.

    x.%04d.exr            printf: ffmpeg, Nuke, OpenTimelineIO, our own job files
    x.####.exr            Nuke: one sign for each digit
    x.[1001-1099].exr     Resolve's timelines: the first and the last number

The digits are those that a number has at least; shorter ones are filled up with zeros. The sign of
a negative number counts as one of them, as printf has it: x.-012.exr.

Not by the package fileseq (3.4): it does not know Resolve's way, takes the "%20d" of the URL
"shot%20dark.mov" for a number of twenty digits, and raises an error for "%d0%bf.mov".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

__all__ = ["IMAGE_SUFFIXES", "NumberedName", "decoded", "in_path", "in_timeline", "of_file"]

IMAGE_SUFFIXES = frozenset(
    {".bmp", ".cin", ".dpx", ".exr", ".hdr", ".iff", ".jp2", ".jpeg", ".jpg", ".jxl", ".png"}
    | {".ppm", ".psd", ".sgi", ".tga", ".tif", ".tiff", ".webp"}
)

# Of several ways in a path's name the first that stands there once counts: "take#2.%04d.exr",
# "50%done.####.exr".
_IN_PATH = tuple(map(re.compile, (r"%0\d+d", r"##+(?=\.\w+$)", r"%\d*d", r"#+")))
# In a URL "%20d" is a space and a letter, and "%d0" a byte.
_PRINTF = r"%0\d{1,2}d|%d(?![0-9A-Fa-f])"
# The first that is there counts. "take #2.mov" is one file's name.
_IN_TIMELINE = (_PRINTF, r"\[\d+-\d+\]", r"#{2,}(?=[._])|#(?=\.\w+$)")
# "x-012.exr" is number 12 after a dash, "x.-012.exr" and "-012.exr" are number -12.
_FILE = re.compile(r"(.*?)((?:(?:(?<=[._])|(?<!.))-)?\d+)(\.\w+)")


@dataclass(frozen=True)
class NumberedName:
    """The name of a sequence, without its folder: `before`, a number, `after`.

    Attributes:
        digits: of the number, at least.
        sign: what stands for the number: "%04d", "####", "[1001-1099]".
        first: the first file's number, where the name says it.
    """

    before: str
    digits: int
    after: str
    sign: str = ""
    first: int | None = None

    @property
    def pattern(self) -> str:
        """The name as printf writes it."""
        sign = self.sign
        if not self.is_printf:
            sign = f"%0{self.digits}d" if self.digits > 1 else "%d"
        return f"{self.before}{sign}{self.after}"

    @property
    def is_printf(self) -> bool:
        """Whether it is written as printf writes it."""
        return self.sign.startswith("%")

    def file(self, number: int) -> str:
        """The name of the file with that number."""
        return f"{self.before}{number:0{self.digits}d}{self.after}"

    def number(self, file: str) -> int | None:
        """The number in a file's name; None if it is no file of the sequence."""
        text = file[len(self.before) : len(file) - len(self.after)]
        is_number = text.isascii() and text.removeprefix("-").isdigit()
        return int(text) if is_number and self.file(int(text)) == file else None


def in_path(name: str) -> NumberedName | None:
    """The sequence that a path's name stands for, as printf or Nuke writes it.

    Returns: None without a sign for a number, or with several of one way and none that says which.
    """
    for way in _IN_PATH:
        found = list(way.finditer(name))
        if len(found) == 1:
            return _around(found[0])
    return None


def in_timeline(name: str) -> NumberedName | None:
    """The sequence that a name in a timeline stands for; None if it is a file's."""
    return next((_around(found) for way in _IN_TIMELINE if (found := re.search(way, name))), None)


def of_file(name: str) -> NumberedName | None:
    """The sequence that an image file may belong to: `x.%04d.exr` for `x.0012.exr`."""
    match = _FILE.fullmatch(name)
    if match is None or match[3].lower() not in IMAGE_SUFFIXES:
        return None
    return NumberedName(match[1], len(match[2]), match[3])


def decoded(text: str) -> str:
    """Percent escapes decoded, but for printf's signs: read as escapes they are other letters."""
    parts = re.split(f"({_PRINTF})", text)
    return "".join(part if n % 2 else unquote(part) for n, part in enumerate(parts))


def _around(match: re.Match[str]) -> NumberedName:
    sign, first = match[0], None
    if sign[0] == "[":
        number = sign[1:].partition("-")[0]
        digits, first = len(number), int(number)
    else:
        digits = len(sign) if sign[0] == "#" else int(sign[1:-1] or 0)
    name = match.string
    return NumberedName(name[: match.start()], digits, name[match.end() :], sign, first)
