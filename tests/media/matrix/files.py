"""The files of the matrix made by the ffmpeg program, and what that program finds in files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import numpy as np

from tests.helpers.media_factory import TAGS, ffmpeg
from tests.media.matrix.rows import FRAMES, SIZE, Row

__all__ = ["Found", "find", "make"]

_AT_ONCE = 20  # files a run of ffmpeg: it takes longer to begin than to make one of them
_SAMPLES = 48_000
_ONE_THREAD = ("-threads", 1)


_Item = TypeVar("_Item")


def _parts(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    yield from (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))


def make(rows: Sequence[Row], folder: Path) -> dict[str, Path]:
    """The files of rows, and of those that they are copies of, by name."""
    paths = {row.name: folder / f"{number:03d}.{row.suffix}" for number, row in enumerate(rows)}
    width, height = SIZE
    picture = f"nullsrc=s={width}x{height}:r=25,geq=r='mod(X*5+N*9,256)':g='mod(Y*7+N*4,256)':"
    picture += "b='mod(X*Y+N*13,256)':a='mod(X*3+Y*5+N*7,256)',format=gbrap"
    tone = f"aevalsrc=sin(2*PI*(500+4000*t)*t)/4:s={_SAMPLES}:d={FRAMES / 25}"
    inputs = ("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, "-filter_threads", 1)
    for some in _parts([row for row in rows if not row.copies]):
        outputs: list[object] = []
        for row in some:
            wide, high = row.size
            chain = [
                f"scale={wide}:{high},setsar=1" if row.size != SIZE else "",
                f"format={row.pixels}",
            ]
            chain += ["" if row.is_rgb else TAGS, row.filters]
            outputs += ["-map", "0:v", *(("-map", "1:a") * bool(row.sound)), *_ONE_THREAD]
            outputs += ["-vf", ",".join(filter(None, chain)), "-frames:v", FRAMES]
            outputs += [*row.options.split(), "-pix_fmt", row.pixels, paths[row.name]]
        ffmpeg(*inputs, *outputs)
    for some in _parts([row for row in rows if row.copies]):
        opened: list[object] = []
        outputs = []
        for number, row in enumerate(some):
            opened += [*row.before.split(), "-i", paths[row.copies]]
            outputs += ["-map", number, "-c", "copy", paths[row.name]]
        ffmpeg(*opened, *outputs)
        for row in some:
            data = paths[row.name].read_bytes()
            paths[row.name].write_bytes(data[: int(len(data) * row.cut)])
    return paths


@dataclass(frozen=True)
class Found:
    """What the ffmpeg program finds in a file.

    Attributes:
        size: of its pictures, upright.
        aspect: of a pixel, "1/1" where none is stated.
        times: seconds at which pictures are shown, from the first on.
        pictures: MD5 of each as RGB, without alpha.
        alpha: codes of all pictures.
        deep: bits of a code of `alpha`.
        timecode: of the first picture; "" for none.
        sound: codec of it; "" for none.
        samples: of the first sound, mono at 48 kHz, from the first picture on.
    """

    size: tuple[int, int]
    aspect: str
    times: tuple[Fraction, ...]
    pictures: tuple[str, ...]
    alpha: np.ndarray | None
    deep: int
    timecode: str
    sound: str
    samples: np.ndarray | None


def find(files: Sequence[tuple[Row, Path]], folder: Path) -> list[Found]:
    """What ffmpeg finds in the file of each row, or in its copy."""
    found = []
    for some in _parts(files):
        opened: list[object] = []
        outputs: list[object] = []
        for number, (row, path) in enumerate(some):
            if row.alpha and path.suffix == ".webm":  # ffmpeg's own decoder leaves it out
                opened += ["-c:v", "libvpx-vp9"]
            opened += [*_ONE_THREAD, "-i", path]
            outputs += ["-map", f"{number}:v:0", "-fps_mode", "passthrough", *_ONE_THREAD]
            outputs += [
                "-enc_time_base",
                "demux",
                "-pix_fmt",
                "rgb24" if row.bits == 8 else "rgb48le",
            ]
            outputs += ["-f", "framemd5", folder / f"{number}.md5"]
            if row.alpha:  # the filter takes the wrong bytes of grey with alpha
                grey = {"ya8": "format=rgba,", "ya16be": "format=rgba64be,"}.get(row.pixels, "")
                outputs += [
                    "-map",
                    f"{number}:v:0",
                    "-fps_mode",
                    "passthrough",
                    "-vf",
                    f"{grey}alphaextract",
                ]
                outputs += [*_ONE_THREAD, "-f", "rawvideo", folder / f"{number}.alpha"]
            if row.sound:
                outputs += [
                    "-map",
                    f"{number}:a:0",
                    "-af",
                    "aresample=async=1:first_pts=0",
                    "-ac",
                    1,
                ]
                outputs += ["-ar", _SAMPLES, "-f", "f32le", folder / f"{number}.sound"]
        told = ffmpeg(*opened, "-filter_complex_threads", 1, *outputs, loud=True).decode()
        said = re.split(r"^Input #\d+", told.partition("Stream mapping")[0], flags=re.MULTILINE)[1:]
        for number, (row, _) in enumerate(some):
            found.append(_found(row, folder / str(number), said[number]))
    return found


def _found(row: Row, stem: Path, said: str) -> Found:
    lines = stem.with_suffix(".md5").read_text().splitlines()
    head = dict(re.findall(r"^#(\w+) 0: (.+)$", "\n".join(lines), re.MULTILINE))
    fields = [line.split(",") for line in lines if line[0] != "#"]
    width, height = map(int, head["dimensions"].split("x"))
    ticks = [int(field[2]) - int(fields[0][2]) for field in fields]
    planes = re.search(r"Video: .*?p(10|12)[lb]e", said)
    deep = int(planes[1]) if planes else row.bits
    code = "u1" if deep == 8 else ">u2" if re.search(r"Video: .*?\dbe\b", said) else "<u2"
    timecode = re.search(r"timecode\s*: (\S+)", said)
    begin = round(int(fields[0][2]) * Fraction(head["tb"]) * _SAMPLES)
    sound = re.search(r"Audio: (\w+)", said)
    return Found(
        size=(width, height),
        aspect=head["sar"].replace("0/1", "1/1"),
        times=tuple(tick * Fraction(head["tb"]) for tick in ticks),
        pictures=tuple(field[5].strip() for field in fields),
        alpha=np.fromfile(f"{stem}.alpha", code) if row.alpha else None,
        deep=deep,
        timecode=timecode[1] if timecode else "",
        sound=sound[1] if sound else "",
        samples=np.fromfile(f"{stem}.sound", "<f4")[begin:] if row.sound else None,
    )
