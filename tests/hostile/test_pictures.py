"""Pictures that claim 60,000 x 60,000 pixels: refused before memory is taken."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from nle_style.errors import MediaError
from nle_style.media.image import read_image
from nle_style.media.source import probe_media
from tests.helpers.command import events_of
from tests.hostile.headers import CLAIMS, claiming_exr, claiming_movie
from tests.hostile.program import run

_SIDE = 60_000
_PROGRAM_MB = 1200  # an HD render takes as much; 60,000 x 60,000 x 3 bytes are 10,300


@pytest.mark.parametrize("suffix", CLAIMS)
def test_an_image_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"big.{suffix}"
    path.write_bytes(CLAIMS[suffix](_SIDE, _SIDE))
    tracemalloc.start()
    try:
        for read in (probe_media, read_image):
            with pytest.raises(MediaError) as caught:
                read(path)
            assert "\n" not in str(caught.value)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


def test_a_window_is_refused(tmp_path: Path) -> None:
    """A true header: few pixels in a display window that would be filled up with black."""
    path = tmp_path / "window.exr"
    path.write_bytes(claiming_exr(_SIDE, _SIDE))
    for read in (probe_media, read_image):
        with pytest.raises(MediaError, match=f"claims a picture of {_SIDE}x{_SIDE} pixels"):
            read(path)
    # A window of a usual size is no reason: what is missing then are the pixels.
    path.write_bytes(claiming_exr(96, 64))
    with pytest.raises(MediaError, match="cannot be decoded"):
        probe_media(path)


@pytest.mark.slow
def test_the_program(tiny_pack: Path, tmp_path: Path) -> None:
    """All of them in one run: a message for each, exit code 2, and no more memory than ever."""
    paths = [tmp_path / f"big.{suffix}" for suffix in CLAIMS]
    for path in paths:
        path.write_bytes(CLAIMS[path.suffix[1:]](_SIDE, _SIDE))
    window = tmp_path / "window.exr"
    window.write_bytes(claiming_exr(_SIDE, _SIDE))
    paths += [window, claiming_movie(tmp_path / "big.mov", _SIDE, _SIDE)]
    paths += [claiming_movie(tmp_path / "large.mov", 30_000, 20_000)]
    look = ("--style", "red", "--pack", tiny_pack)
    done = run("render", *paths, "-o", tmp_path / "out", *look, "--events")
    assert done.code == 2
    assert "Traceback" not in done.err
    told = [event for event in events_of(done.out) if event["event"] == "item"]
    assert [event["status"] for event in told] == ["refused"] * len(paths)
    assert all(path.name in event["message"] for path, event in zip(paths, told, strict=True))
    assert done.peak_mb < _PROGRAM_MB
    sheet = run("sheet", window, "-o", tmp_path / "sheet.png", "--pack", tiny_pack)
    assert (sheet.code, sheet.peak_mb < _PROGRAM_MB) == (2, True)
