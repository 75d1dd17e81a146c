"""docs/formats.md is read, and every cell of its two tables is run: read, written, read back."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nle_style.errors import InputError
from nle_style.media import INTERMEDIATES, resolve_format
from nle_style.media.source import decoded_rgb, probe_media, read_frames
from tests.helpers.media_factory import in_convention, movie_of, rendered, write_pixels

DOCUMENT = Path(__file__).parents[2] / "docs" / "formats.md"
FFV1, PNG = ("-c:v", "ffv1"), ("-c:v", "png")
WIDTH, HEIGHT = 256, 120  # the smallest that DNxHR takes


def rows(heading: str) -> list[list[str]]:
    """The rows of the table whose head begins with `heading`, below its rule."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    table = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return [table[0], *table[2:]]


def ramps(top: int, channels: int) -> np.ndarray:
    """Smooth ramps through all codes, so that lossy codecs are near; alpha takes every code."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    colours = (x / (WIDTH - 1), y / (HEIGHT - 1), (x + y) / (WIDTH + HEIGHT - 2))
    planes = [np.rint(colour * top) for colour in colours]
    alpha = (y * WIDTH + x) * 7919 % (top + 1)
    return np.stack([*planes, alpha][:channels], axis=2)


def movie(pixels: str, top: int, channels: int, *codec: str) -> Callable[[Path], Path]:
    """Smooth ramps as the planes of a pixel format, RGB or YUV."""

    def build(folder: Path) -> Path:
        planes = list(np.moveaxis(ramps(top, channels), 2, 0))
        if "420" in pixels or "422" in pixels:
            down = 2 if "420" in pixels else 1
            planes[1:3] = [plane[::down, ::2] for plane in planes[1:3]]
        frames = [planes, [np.roll(plane, 5, 0) for plane in planes]]
        path = folder / ("s.mov" if codec == PNG else "s.mkv")
        bt709 = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709")
        return movie_of(path, pixels, frames, *codec, *(bt709 if "yuv" in pixels else ()))

    return build


def images(suffix: str, kind: str, channels: int, **attributes: object) -> Callable[[Path], Path]:
    top = {"uint8": 255, "uint16": 65535}.get(kind)

    def build(folder: Path) -> Path:
        for number in (7, 8):
            pixels = ramps(top or 1000, channels)
            if top is None:
                pixels = (pixels - 100) / 90  # -1.1 to 10
            typed = pixels.astype({"uint8": "u1", "uint16": "u2", "half": "f2"}.get(kind, "f4"))
            path = folder / f"s.{number:04d}{suffix}"
            write_pixels(path, np.ascontiguousarray(typed), kind, **attributes)
        return folder / f"s.%04d{suffix}"

    return build


STRAIGHT = {"oiio__UnassociatedAlpha": 1}
SOURCES = {
    "8-bit YUV movie": movie("yuv420p", 255, 3, *FFV1),
    "8-bit RGB movie with alpha": movie("rgba", 255, 4, *PNG),
    "10-bit YUV movie": movie("yuv422p10le", 1023, 3, *FFV1),
    "10-bit YUV movie with alpha": movie("yuva444p10le", 1023, 4, *FFV1),
    "12-bit YUV movie with alpha": movie("yuva444p12le", 4095, 4, *FFV1),
    "10-bit DPX": images(".dpx", "uint16", 3, oiio__BitsPerSample=10),
    "12-bit DPX": images(".dpx", "uint16", 3, oiio__BitsPerSample=12),
    "16-bit DPX with alpha": images(".dpx", "uint16", 4),
    "8-bit TGA with alpha": images(".tga", "uint8", 4, **STRAIGHT),
    "16-bit PNG": images(".png", "uint16", 3),
    "16-bit PNG with alpha": images(".png", "uint16", 4, **STRAIGHT),
    "16-bit TIFF, premultiplied": images(".tif", "uint16", 4),
    "half EXR": images(".exr", "half", 3),
    "half EXR with alpha": images(".exr", "half", 4),
    "float EXR with alpha": images(".exr", "float", 4),
}
HEAD, *ROWS = rows("source")
CELLS = [
    pytest.param(row[0], format.strip("`"), cell, id=f"{row[0]}-{format}")
    for row in ROWS
    for format, cell in zip(HEAD[1:], row[1:], strict=True)
]


def test_the_tables_are_whole() -> None:
    assert [row[0] for row in ROWS] == list(SOURCES)
    assert [name.strip("`") for name in HEAD[1:]] == [
        *("png-mov", "ffv1", "exr", "dpx", "png", "tiff", "prores4444", "dnxhr444")
    ]
    _, *formats = rows("`--format`")
    stated = {
        re.findall("`([a-z0-9-]+)`", row[0])[0]: (re.findall("`([a-z0-9]+)`", row[1]), row[2])
        for row in formats
    }
    known = {
        name: (list(entry.depths), "yes" if entry.exact else "**no**")
        for name, entry in INTERMEDIATES.items()
    }
    assert stated == known


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def source(name: str) -> Path:
        if name not in made:
            made[name] = SOURCES[name](tmp_path_factory.mktemp("source"))
        return made[name]

    return source


@pytest.mark.parametrize(("name", "format", "cell"), CELLS)
def test_what_comes_back(
    tmp_path: Path, sources: Callable[[str], Path], name: str, format: str, cell: str
) -> None:
    source = sources(name)
    info = probe_media(source)
    assert info.has_alpha == ("alpha" in name or "premultiplied" in name)
    if cell == "refused":
        with pytest.raises(InputError, match="would clip this"):
            resolve_format(format, "auto", info)
        return
    match = re.fullmatch(r"`(\w+)` (exact|alpha exact|near|near, no alpha)", cell)
    assert match is not None, cell
    depth, promise = match.groups()
    spec = resolve_format(format, "auto", info)
    assert (spec.depth, spec.alpha) == (depth, info.has_alpha and "no alpha" not in promise)
    published = rendered(source, tmp_path, format)
    assert ("has no alpha" in str(published.warnings)) == ("no alpha" in promise)
    back = probe_media(published.path)
    assert back.frame_count == info.frame_count == 2
    multiplied = format == "exr" or (format == "tiff" and "premultiplied" in name)
    assert back.alpha == ("none" if not spec.alpha else
                          "premultiplied" if multiplied else "straight")  # fmt: skip
    if promise == "exact":
        same = zip(decoded_rgb(info, alpha=True), read_frames(back, alpha=True), strict=True)
        for codes, read in same:
            top = 1 if info.is_float else np.iinfo(codes.dtype).max
            values = codes / np.float32(top) if top > 1 else codes
            assert np.array_equal(np.rint(read * np.float32(top)) if top > 1 else read,
                                  codes if top > 1 else values)  # fmt: skip
        return
    frames = zip(read_frames(info, alpha=True), read_frames(back, alpha=True), strict=True)
    for given, read in frames:
        meant = given  # premultiplied without its alpha is the picture over black
        if spec.alpha:
            meant = in_convention(given, info, spec.premultiplied)
            apart = np.abs(given[..., 3] - read[..., 3]).max()
            if "near" in promise:
                assert apart < 0.501 / 1023
            else:
                top = 255 if info.bit_depth == 8 else 65535
                assert np.array_equal(*(np.rint(frame[..., 3] * top) for frame in (given, read)))
            assert len(np.unique(given[..., 3])) >= 256
        assert psnr(read[..., :3], np.clip(meant[..., :3], 0, 1)) > 40


def psnr(read: np.ndarray, meant: np.ndarray) -> float:
    return float(-10 * np.log10(max(np.mean((read - meant) ** 2), 1e-12)))


DEPTHS = [(name, depth) for name, entry in INTERMEDIATES.items() for depth in entry.depths
          if entry.exact]  # fmt: skip


@pytest.mark.parametrize(("format", "depth"), DEPTHS)
def test_every_exact_depth_holds_8_bit_codes(tmp_path: Path, format: str, depth: str) -> None:
    """Also those that nobody needs for it: 10-bit DPX, where 8-bit codes lie between the steps."""
    path = write_pixels(tmp_path / "a.png", ramps(255, 3).astype("u1"), "uint8")
    back = probe_media(rendered(path, tmp_path, format, depth).path)
    (read,) = read_frames(back)
    assert np.array_equal(np.rint(read * 255), ramps(255, 3))
