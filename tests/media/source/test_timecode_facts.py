"""Timecodes that do not fit the pictures: taken right, or left out with a note, before painting."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from nle_style.media.movie import movie_index
from nle_style.media.source import probe_media
from nle_style.media.source.timecode_track import timecode_rates
from nle_style.timecode import Timecode, own_timecode, timecode_from_bcd
from tests.helpers.media_factory import decoded_md5s, ffmpeg, make, rendered

NTSC, DOUBLE = Fraction(30000, 1001), Fraction(60000, 1001)
CODEC = ("-c:v", "png")


def _tagged(path: Path, timecode: str, rate: Fraction) -> Path:
    """PNG pictures in Matroska with any text as their timecode."""
    plain = make(path.with_suffix(".plain.mkv"), frames=3, rate=rate, codec=CODEC, pixels="rgb24",
                 filters="")  # fmt: skip
    ffmpeg("-i", plain, "-c", "copy", "-metadata:s:v", f"timecode={timecode}", path)
    return path


def _counting_thirty(path: Path, timecode: str) -> Path:
    """A MOV at 60000/1001 whose timecode track counts 30 a second, as some cameras write it."""
    make(path, "-timecode", timecode, frames=60, rate=DOUBLE, codec=CODEC, pixels="rgb24",
         filters="")  # fmt: skip
    data = path.read_bytes()
    begin = data.rindex(b"tmcd", 0, data.index(b"stts", data.index(b"gmhd")))
    entry = begin + 20  # behind the flags: ticks a second, ticks a label, labels a second
    assert struct.unpack_from(">IIB", data, entry) == (60000, 1001, 60)
    data = data[:entry] + struct.pack(">IIB", 30000, 1001, 30) + data[entry + 9 :]
    fast, slow = (Timecode.of(timecode).frame(rate).to_bytes(4, "big") for rate in (DOUBLE, NTSC))
    assert data.count(fast) == 1
    path.write_bytes(data.replace(fast, slow))
    return path


@pytest.mark.parametrize(
    ("stated", "counted", "rate", "own", "assumed"),
    [
        ("10:00:00;20", NTSC, DOUBLE, "10:00:00;40", ""),
        ("01:00:00:10", Fraction(25), Fraction(50), "01:00:00:20", ""),
        ("01:00:00:20", Fraction(50), Fraction(25), "01:00:00:10", ""),
        ("01:00:00:15", Fraction(30), Fraction(24000, 1001), "01:00:00:12", ""),
        ("01:00:00:01", Fraction(30), Fraction(24), "01:00:00:00", "counts 30 a second"),
        ("01:00:00;00", Fraction(25), Fraction(25), "01:00:00:00", "marked as drop-frame"),
        ("01:00:00;00", Fraction(24), Fraction(24), "01:00:00:00", "marked as drop-frame"),
        ("01:00:00;12", Fraction(30), Fraction(30), "01:00:00:12", "marked as drop-frame"),
        ("01:00:00;00", NTSC, NTSC, "01:00:00;00", ""),
        ("01:00:00;99", 4 * NTSC, 4 * NTSC, "01:00:00;99", ""),
        ("01:00:00:29", Fraction(24), Fraction(24), None, "does not exist at 24 a second"),
        ("01:01:00;00", NTSC, NTSC, None, "does not exist at 29.97 a second"),
        ("25:00:00:00", Fraction(25), Fraction(25), None, "does not exist"),
        ("00:60:00:00", Fraction(25), Fraction(25), None, "does not exist"),
        ("now", Fraction(25), Fraction(25), None, "'now', is none"),
        ("1:00:00:00", Fraction(25), Fraction(25), None, "is none"),
    ],
)
def test_own_timecode(
    stated: str, counted: Fraction, rate: Fraction, own: str | None, assumed: str
) -> None:
    timecode, said = own_timecode(stated, counted, rate)
    assert timecode == own
    assert assumed in said
    assert bool(said) == bool(assumed)
    if timecode is not None:
        assert own_timecode(timecode, rate, rate) == (timecode, "")


def test_a_track_that_counts_half_of_the_pictures(tmp_path: Path) -> None:
    path = _counting_thirty(tmp_path / "a.mov", "10:00:00;20")
    assert list(timecode_rates(path).values()) == [NTSC]
    info = probe_media(path)
    assert (info.rate, info.timecode, info.notes) == (DOUBLE, "10:00:00;40", ())
    assert dict(info.found) == {
        "frames": "the packets",
        "times": "the frames",
        "colour": "the frames",
        "timecode": "10:00:00;20 by a track that counts 29.97 a second",
    }
    made = rendered(path, tmp_path, "png-mov", first=30, last=50)
    assert probe_media(made.path).timecode == "10:00:01;10"


def test_each_stream_has_the_timecode_and_reel_of_its_own_track(tmp_path: Path) -> None:
    """The second one's reel was that of the first."""
    options = [("-map", 0, "-map", 0, "-c:v", "png")]
    options += [
        (f"-metadata:s:v:{number}", f"timecode=0{number}:00:00:00",
         f"-metadata:s:v:{number}", f"reel_name=A00{number}") for number in (0, 1)
    ]  # fmt: skip
    path = make(
        tmp_path / "a.mov", frames=2, codec=tuple(each for some in options for each in some)
    )
    for number in (0, 1):
        info = probe_media(path, stream=number)
        assert (info.timecode, info.reel) == (f"0{number}:00:00:00", f"A00{number}")


def test_a_trim_that_cuts_the_timecode_track_too(tmp_path: Path) -> None:
    """QuickTime's, and ffmpeg's of all streams: the labels stay on their pictures."""
    whole = make(tmp_path / "a.mov", "-timecode", "01:00:00:00", frames=12, pixels="rgb24",
                 filters="", codec=CODEC)  # fmt: skip
    path = tmp_path / "b.mov"
    ffmpeg("-ss", 5 / 25, "-i", whole, "-map", 0, "-c", "copy", path)
    info = probe_media(path)
    assert decoded_md5s(path, "rgb24") == decoded_md5s(whole, "rgb24")[5:]
    assert (info.frame_count, info.timecode) == (7, "01:00:00:05")
    assert probe_media(whole).timecode == "01:00:00:00"


def test_a_rate_of_timecode_is_only_sought_in_movs(tmp_path: Path) -> None:
    junk = tmp_path / "a.mov"
    for data in (b"", b"moov", b"\0\0\0\x01moov", b"\0\0\0\x10moov\0\0\0\x08trak", bytes(64)):
        junk.write_bytes(data)
        assert timecode_rates(junk) == {}


@pytest.mark.parametrize(
    ("stated", "rate", "own", "said"),
    [
        ("01:00:00;00", Fraction(25), "01:00:00:00", "is marked as drop-frame"),
        ("01:00:00:29", Fraction(24), None, "does not exist at 24 a second and is left out"),
        ("nonsense", Fraction(25), None, "'nonsense', is none and is left out"),
    ],
)
def test_a_tag_that_does_not_fit_is_said_before_painting(
    tmp_path: Path, stated: str, rate: Fraction, own: str | None, said: str
) -> None:
    path = _tagged(tmp_path / "a.mkv", stated, rate)
    info = probe_media(path)
    assert info.timecode == own
    (note,) = info.notes
    assert note.startswith("a.mkv: its timecode")
    assert said in note
    made = rendered(path, tmp_path, "png-mov")
    assert probe_media(made.path).timecode == own
    assert len(movie_index(made.path).pts) == 3


@pytest.mark.parametrize("word", [0x1F000000, 0x24000000, 0x00600000, 0x00006000, 0x0000000A])
def test_a_time_word_that_is_none(word: int) -> None:
    assert timecode_from_bcd(word) is None


def test_the_time_word_of_a_header_that_is_none(tmp_path: Path) -> None:
    from tests.helpers.media_factory import write_pixels

    path = tmp_path / "a.exr"
    write_pixels(path, np.zeros((4, 4, 3), np.float32), "half")
    import OpenEXR

    with OpenEXR.File(str(path)) as file:
        header, channels = file.header(), dict(file.channels())
        header["timeCode"] = OpenEXR.TimeCode(1, 2, 3, 4, *([0] * 14))
        OpenEXR.File(header, channels).write(str(tmp_path / "b.exr"))
    assert probe_media(tmp_path / "b.exr").timecode == "01:02:03:04"
