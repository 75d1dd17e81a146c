"""Every row of the matrix: read, written as PNG in MOV, and compared with the source by ffmpeg.

The judge is the ffmpeg program, which decodes the source and its copy to the same pixels, says
their times, and is not the library that reads and writes them here.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from nle_style.errors import InputError
from nle_style.media import resolve_format
from nle_style.media.source import check_fields, check_frames, probe_media
from tests.helpers.media_factory import rendered
from tests.media.matrix.files import Found, find
from tests.media.matrix.page import DOCUMENT, page
from tests.media.matrix.rows import ROWS, Row

_MILLISECOND = Fraction(1, 1000)  # to which Matroska rounds times
_COPIED = [row for row in ROWS if not row.refused]


@pytest.fixture(scope="module")
def found(
    paths: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Row], tuple[Found, Found]]:
    """What ffmpeg finds in the source of a row, and in its copy."""
    folder = tmp_path_factory.mktemp("copies")
    copies: dict[str, Path] = {}
    failed: dict[str, Exception] = {}
    for row in _COPIED:
        try:
            copies[row.name] = rendered(paths[row.name], folder, "png-mov").path
        except Exception as error:  # that of one row is told by its test
            failed[row.name] = error
    done = [row for row in _COPIED if row.name in copies]
    sources = find([(row, paths[row.name]) for row in done], folder)
    results = find([(row, copies[row.name]) for row in done], folder)
    pairs = {row.name: pair for row, *pair in zip(done, sources, results, strict=True)}

    def of(row: Row) -> tuple[Found, Found]:
        if row.name in failed:
            raise failed[row.name]
        source, copy = pairs[row.name]
        return source, copy

    return of


@pytest.mark.slow
@pytest.mark.parametrize("row", _COPIED, ids=lambda row: row.name)
def test_a_copy(found: Callable[[Row], tuple[Found, Found]], row: Row) -> None:
    source, copy = found(row)
    assert source.size == copy.size == row.size
    assert source.aspect == copy.aspect == row.aspect
    assert copy.pictures == source.pictures
    assert len(copy.pictures) == row.frames
    if row.uneven:
        times = [Fraction(number * 40 + number // 2 * 30, 1000) for number in range(row.frames)]
    else:
        times = [number / Fraction(row.rate) for number in range(row.frames)]
    assert all(abs(a - b) <= _MILLISECOND for a, b in zip(copy.times, times, strict=True))
    assert copy.timecode == row.timecode
    assert copy.sound == row.sound.partition(">")[2] or row.sound
    if source.alpha is not None and copy.alpha is not None:
        goal = 255 if row.bits == 8 else 65535
        codes = np.rint(source.alpha / (2.0**source.deep - 1) * goal)
        assert np.array_equal(copy.alpha, codes)
    if source.samples is not None and copy.samples is not None:
        both = min(len(copy.samples), len(source.samples))
        assert both > (row.frames - 1) / Fraction(row.rate) * 48_000
        assert np.abs(copy.samples[:both] - source.samples[:both]).max() < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("row", [row for row in ROWS if row.refused], ids=lambda row: row.name)
def test_a_refusal(paths: dict[str, Path], row: Row) -> None:
    """Before anything is painted."""
    with pytest.raises(InputError, match=row.refused):
        _planned(paths[row.name])


def _planned(path: Path) -> None:
    info = probe_media(path)
    check_fields(info)
    check_frames(info, 0, info.frame_count - 1)
    resolve_format("png-mov", "auto", info)


def test_rows_are_told_apart() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) > 200


def test_the_page() -> None:
    """Written by `python -m tests.media.matrix.page`."""
    assert DOCUMENT.read_text(encoding="utf-8") == page()
