"""Subtitles, chapters and the date of recording: carried where the format can, named elsewhere."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from tests.helpers.media_factory import ffmpeg, make, rendered

SUBTITLES = """1
00:00:00,400 --> 00:00:00,900
first

2
00:00:01,200 --> 00:00:01,800
second
"""
CHAPTERS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1000
title=one
[CHAPTER]
TIMEBASE=1/1000
START=1000
END=2000
title=two
"""
DATE = "2024-05-06T07:08:09.000000Z"


def clip_with(path: Path, codec: str) -> Path:
    folder = path.parent
    (folder / "s.srt").write_text(SUBTITLES)
    (folder / "c.txt").write_text(CHAPTERS)
    plain = make(folder / "plain.mov", frames=50, size="32x18", codec=("-c:v", "mpeg4"))
    ffmpeg("-i", plain, "-i", folder / "s.srt", "-i", folder / "c.txt", "-map", "0:v", "-map", "1",
           "-map_metadata", "2", "-map_chapters", "2", "-c", "copy", "-c:s", codec,
           "-metadata", f"creation_time={DATE}", "-metadata:s:s:0", "language=fra",
           path)  # fmt: skip
    return path


def texts(path: Path) -> list[tuple[int, int, str]]:
    """(begin, end, words) of the subtitles by the ffmpeg program, in milliseconds."""
    lines = ffmpeg("-i", path, "-map", "0:s:0", "-f", "srt", "-").decode().split("\n\n")

    def clock(text: str) -> int:
        hours, minutes, seconds = text.strip().split(":")
        return int(hours) * 3600_000 + int(minutes) * 60_000 + int(seconds.replace(",", ""))

    found = []
    for block in filter(None, (each.strip() for each in lines)):
        _, times, words = block.splitlines()
        begin, end = map(clock, times.split("-->"))
        found.append((begin, end, words))
    return found


def chapters(path: Path) -> list[tuple[int, int, str]]:
    with av.open(str(path)) as container:
        return [
            (
                round(each["start"] * each["time_base"] * 1000),
                round(each["end"] * each["time_base"] * 1000),
                each["metadata"]["title"],
            )
            for each in container.chapters()
        ]


@pytest.mark.parametrize(
    ("suffix", "codec", "format"),
    [(".mov", "mov_text", "png-mov"), (".mkv", "srt", "ffv1"), (".mkv", "ass", "ffv1")],
)
def test_what_the_format_holds_is_carried(
    tmp_path: Path, suffix: str, codec: str, format: str
) -> None:
    clip = clip_with(tmp_path / f"a{suffix}", codec)
    published = rendered(clip, tmp_path, format)
    assert published.warnings == ()
    assert texts(published.path) == [(400, 900, "first"), (1200, 1800, "second")]
    assert chapters(published.path) == [(0, 1000, "one"), (1000, 2000, "two")]
    with av.open(str(published.path)) as container:
        assert container.metadata["creation_time"] == DATE
        assert [each.language for each in container.streams.subtitles] == ["fra"]


@pytest.mark.parametrize(("suffix", "codec", "format"), [(".mov", "mov_text", "png-mov"),
                                                         (".mkv", "srt", "ffv1")])  # fmt: skip
def test_a_part_has_its_part_of_them(tmp_path: Path, suffix: str, codec: str, format: str) -> None:
    """Frames 15 to 39 of 25 a second: 0.6 to 1.6 s."""
    clip = clip_with(tmp_path / f"a{suffix}", codec)
    published = rendered(clip, tmp_path, format, first=15, last=39)
    assert texts(published.path) == [(0, 300, "first"), (600, 1000, "second")]
    assert chapters(published.path) == [(0, 400, "one"), (400, 1000, "two")]


def test_what_it_does_not_hold_is_named(tmp_path: Path) -> None:
    clip = clip_with(tmp_path / "a.mkv", "srt")
    ffmpeg("-i", clip, "-map", "0", "-c", "copy", "-attach", tmp_path / "s.srt",
           "-metadata:s:t", "mimetype=text/plain", tmp_path / "b.mkv")  # fmt: skip
    published = rendered(tmp_path / "b.mkv", tmp_path, "png-mov")
    assert published.warnings == (
        "b.mkv: subtitles (stream 1, srt), an attached file (stream 2) left out: mov holds none "
        "of these",
    )
    assert chapters(published.path) == [(0, 1000, "one"), (1000, 2000, "two")]
    published = rendered(clip, tmp_path, "dpx", last=0)
    assert published.warnings == (
        "a.mkv: subtitles (stream 1, srt), chapters left out: an image sequence holds none",
    )
