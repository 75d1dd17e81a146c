"""Packets that are not frames, and times that are not an order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import pytest

from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo
from nle_style.media.movie import demuxed, movie_index
from nle_style.media.movie.frame_times import between, shown_times
from nle_style.media.source import decoded_rgb, frames_at, probe_media
from tests.helpers.field_pictures import write_field_pictures
from tests.helpers.media_factory import TAGS, decoded_md5s, ffmpeg, make, rendered, rgb_md5


def _md5s(info: MediaInfo, *span: int) -> list[str]:
    return [rgb_md5(pixels) for pixels in decoded_rgb(info, *span)]


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_field_pictures(tmp_path_factory.mktemp("fields") / "p.h264", 20)


@pytest.mark.parametrize("name", ["p.ts", "p.m2ts", "p.mkv", "p.mp4", "p.mov"])
def test_two_fields_are_one_frame(fields: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    ffmpeg("-framerate", 50, "-i", fields, "-c", "copy", path)
    info = replace(probe_media(path), deinterlace=True)
    assert (info.interlaced, info.frame_count, info.rate) == (True, 20, Fraction(25))
    assert (info.width, info.height) == (64, 64)
    assert dict(info.found) == {
        "frames": "the decoder",
        "times": "the frames",
        "fields": "the frames",
    }
    assert len(_md5s(info)) == 20
    assert _md5s(info, 12, 14) == _md5s(info)[12:15]


def test_fields_of_hevc_are_refused_as_such(tmp_path: Path) -> None:
    path = tmp_path / "f.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=50", "-vf", "separatefields", "-frames:v", 8,
           "-c:v", "libx265", "-x265-params", "interlace=tff:log-level=none", path)  # fmt: skip
    with pytest.raises(MediaError, match="fields are coded as pictures of their own"):
        probe_media(path)


OPEN_GOP = ("-c:v", "libx264", "-bf", "3", "-g", "12", "-x264-params", "open-gop=1:scenecut=0")


@pytest.mark.parametrize("codec", [
    OPEN_GOP,
    ("-c:v", "libx265", "-bf", "3", "-x265-params",
     "open-gop=1:keyint=12:min-keyint=12:scenecut=0:log-level=none"),
    ("-c:v", "mpeg2video", "-g", "12", "-bf", "2"),
])  # fmt: skip
def test_a_recording_that_begins_between_key_frames(tmp_path: Path, codec: tuple[str, ...]) -> None:
    """What comes before the first picture that can be decoded is left out, with a note, and what
    follows has its right times."""
    whole = make(tmp_path / "whole.ts", frames=60, codec=codec)
    data = whole.read_bytes()
    rows = [data[at : at + 188] for at in range(0, len(data), 188)]
    # The first rows hold the tables, without which nothing is found.
    cut = tmp_path / "cut.ts"
    cut.write_bytes(b"".join(rows[:3] + rows[len(rows) // 3 :]))
    info = probe_media(cut)
    (note,) = info.notes
    assert "refer to others before them" in note
    wanted = decoded_md5s(whole, "rgb24")
    read = _md5s(info)
    assert 20 < len(read) == info.frame_count < 45
    assert read == wanted[-len(read) :]


@pytest.mark.parametrize("codec", [
    OPEN_GOP,
    ("-c:v", "libx265", "-bf", "3", "-x265-params",
     "open-gop=1:keyint=12:min-keyint=12:scenecut=0:log-level=none"),
])  # fmt: skip
def test_a_matroska_that_was_cut_at_an_open_group(tmp_path: Path, codec: tuple[str, ...]) -> None:
    """ffmpeg and others that cut without encoding keep the leading pictures, without a time."""
    whole = make(tmp_path / "whole.mp4", frames=30, codec=codec)
    ffmpeg("-ss", "0.6", "-i", whole, "-c", "copy", tmp_path / "cut.mkv")
    info = probe_media(tmp_path / "cut.mkv")
    (note,) = info.notes
    assert "refer to others before them" in note
    read = _md5s(info)
    assert read == decoded_md5s(tmp_path / "cut.mkv", "rgb24")
    assert read == decoded_md5s(whole, "rgb24")[-len(read) :]
    assert not info.variable_rate
    (seventh,) = decoded_rgb(info, 7, 7)
    assert rgb_md5(seventh) == read[7]


def test_a_timecode_is_of_the_first_picture_in_the_file(tmp_path: Path) -> None:
    """MXF from the middle of an open group: two frames refer to the group before."""
    codec = ("-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-timecode", "01:00:00:00")
    whole = make(tmp_path / "whole.mxf", frames=40, codec=codec)
    assert probe_media(whole).timecode == "01:00:00:00"
    cut = tmp_path / "cut.mxf"
    ffmpeg("-ss", "0.5", "-i", whole, "-c", "copy", "-timecode", "02:00:00:00", cut)
    info, index = probe_media(cut), movie_index(cut)
    assert (index.left_out, info.frame_count, index.readable) == (2, 28, 28)
    assert info.timecode == "02:00:00:02"
    assert _md5s(info) == decoded_md5s(whole, "rgb24")[-info.frame_count :]


def _joined(tmp_path: Path, *offsets: float) -> Path:
    parts = []
    for number, offset in enumerate(offsets):
        part = tmp_path / f"part{number}.ts"
        make(part, "-output_ts_offset", offset, frames=20)
        parts.append(part.read_bytes())
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize("offsets", [(0, 0), (10, 2), (0, 1000), (0, 0.8)])
def test_joined_recordings_are_refused_as_such(
    tmp_path: Path, offsets: tuple[float, float]
) -> None:
    path = _joined(tmp_path, *offsets)
    with pytest.raises(MediaError, match="after frame 19: recordings were joined") as caught:
        probe_media(path)
    if offsets == (0, 0.8):  # so near that ffmpeg does not part them
        return
    # The remedy does what it says.
    assert "ffmpeg -i IN -c copy OUT.mkv" in str(caught.value)
    one = tmp_path / "one.mkv"
    ffmpeg("-i", path, "-c", "copy", one)
    info = probe_media(one)
    assert (info.frame_count, info.rate, info.variable_rate) == (40, Fraction(25), False)


def test_recordings_joined_with_one_clock_are_one(tmp_path: Path) -> None:
    info = probe_media(_joined(tmp_path, 0, 0.88))
    assert (info.frame_count, info.rate, info.variable_rate) == (40, Fraction(25), False)


def test_a_stream_that_begins_within_the_file_ends_no_reading() -> None:
    """PyAV raises an IndexError behind the last packet; a real file would take 5 MB before it."""

    class Container:
        def demux(self, streams: list[str]) -> Iterator[str]:
            yield from streams
            raise IndexError("list index out of range")

    assert list(demuxed(cast(Any, Container()), *cast(Any, ("a", "b")))) == ["a", "b"]


def _retimed(path: Path, ticks: list[int], base: Fraction = Fraction(1, 1000)) -> Path:
    """FFV1 pictures in Matroska at these ticks."""
    with av.open(str(path), "w", format="matroska") as movie:
        stream = movie.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "bgr0"
        for number, tick in enumerate(ticks):
            frame = av.VideoFrame(16, 16, "bgr0")
            frame.planes[0].update(bytes([number * 4]) * frame.planes[0].buffer_size)
            (packet,) = stream.encode(frame)
            packet.pts = packet.dts = tick
            packet.time_base = base
            packet.stream = stream
            movie.mux(packet)
    return path


def test_one_doubled_time_does_not_make_a_rate_constant(tmp_path: Path) -> None:
    ticks = [0, 17, 33, 50, 50, 83, 100, 200, 300, 400]
    path = _retimed(tmp_path / "dup.mkv", ticks)
    info = probe_media(path)
    assert (info.frame_count, info.variable_rate) == (10, True)
    (note,) = info.notes
    assert "1 of its frames state the time of the one before" in note
    made = rendered(path, tmp_path, "png-mov")
    times = movie_index(made.path)
    seconds = [float((tick - times.pts[0]) * times.time_base) for tick in times.pts]
    assert seconds == pytest.approx([0, 0.017, 0.033, 0.05, 0.051, 0.083, 0.1, 0.2, 0.3, 0.4])
    assert decoded_md5s(made.path, "rgb24") == decoded_md5s(path, "rgb24")
    assert [rgb_md5(pixels) for pixels in frames_at(info, [3, 4, 8])] == [
        decoded_md5s(path, "rgb24")[number] for number in (3, 4, 8)
    ]


def test_doubled_times_of_a_clock_that_is_too_coarse(tmp_path: Path) -> None:
    """Two thousand a second on a clock of milliseconds: even, as the times fit the rate."""
    info = probe_media(_retimed(tmp_path / "a.mkv", [k // 2 for k in range(20)]))
    assert (info.frame_count, info.variable_rate, info.notes) == (20, False, ())


@pytest.mark.parametrize(
    ("shown", "decoded", "times", "stated"),
    [
        ([0, 3, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3], True),
        ([0, 2, 2, 3], [0, 1, 2, 3], [0, 2, 2, 3], True),
        # AVI states none for B-frames; a frame that was dropped leaves a gap.
        ([None, None, None, None], [0, 1, 4, 5], [0, 1, 4, 5], False),
        ([0, None, 1, 4], [0, 1, 4, 5], [0, 1, 4, 5], False),
        ([None, 2], [None, 1], [], False),
        ([None, 2], [3, 1], [], False),
    ],
)
def test_times_by_what_is_stated(
    shown: list[int | None], decoded: list[int | None], times: list[int], stated: bool
) -> None:
    assert shown_times(shown, decoded) == (times, stated)


@pytest.mark.parametrize(
    ("stated", "times"),
    [
        ([0, None, 7200, 7201, None], [0, 3600, 7200, 10800, 14400]),  # one is wrong
        (
            [None, 1000, None, 9000, 9000, 9000, 12000],
            [-1200, 1000, 5000, 9000, 10000, 11000, 12000],
        ),
        ([7, None], [7, 3607]),
    ],
)
def test_times_of_some_frames(stated: list[int | None], times: list[int]) -> None:
    assert between(stated, Fraction(3600)) == times


@pytest.mark.parametrize("held", ["0", "2"])
def test_a_transport_stream_of_which_some_pictures_state_times(tmp_path: Path, held: str) -> None:
    """ISO/IEC 13818-1 wants a time every .7 s. Its sound was 1.4 s late beside frames without."""
    whole = make(tmp_path / "a.ts", frames=20, codec=("-c:v", "libx264", "-bf", held, "-g", "12"))
    path = tmp_path / "b.ts"
    path.write_bytes(_without_times(whole.read_bytes(), lambda place: place % 4 > 0))
    index = movie_index(path)
    assert index.pts == movie_index(whole).pts
    assert (index.rate, index.variable_rate) == (Fraction(25), False)
    info = probe_media(path)
    assert dict(info.found)["times"] == "some of the frames"
    assert _md5s(info, 9, 13) == decoded_md5s(whole, "rgb24")[9:14]


def _without_times(stream: bytes, chosen: Callable[[int], bool]) -> bytes:
    """A transport stream whose chosen pictures' PES headers hold filling bytes for their times."""
    data, number = bytearray(stream), 0
    for place in range(0, len(data), 188):
        begin = place + 4 + (data[place + 4] + 1 if data[place + 3] & 0x20 else 0)
        begins_here = data[place + 1] & 0x40 and data[begin : begin + 3] == b"\0\0\1"
        if begins_here and data[begin + 3] & 0xF0 == 0xE0:
            if chosen(number):
                data[begin + 7] &= 0x3F
                length = data[begin + 8]
                data[begin + 9 : begin + 9 + length] = b"\xff" * length
            number += 1
    return bytes(data)


@pytest.mark.parametrize("name", ["a.avi", "a.mxf"])
def test_times_of_decoding_that_are_stated_as_those_of_showing(tmp_path: Path, name: str) -> None:
    """With B-frames each is another frame's, and a whole file looked as if it ended early."""
    codec = ("-c:v", "libx264", "-bf", "2", "-g", "12")
    path = make(tmp_path / name, frames=30, size="352x288", codec=codec)
    info = probe_media(path)
    assert (info.frame_count, info.rate, info.variable_rate) == (30, Fraction(25), False)
    assert dict(info.found)["times"] == "the order of decoding"
    wanted = decoded_md5s(path, "rgb24")
    assert _md5s(info) == wanted
    assert _md5s(info, 20, 24) == wanted[20:25]


def test_frames_without_times_are_counted_with_a_note(tmp_path: Path) -> None:
    path = make(tmp_path / "a.h264", frames=20, codec=("-c:v", "libx264", "-bf", "2"))
    info = probe_media(path)
    assert (info.frame_count, info.rate) == (20, Fraction(25))
    (note,) = info.notes
    assert "states no times; its frames are taken as 25 a second" in note
    assert _md5s(info) == decoded_md5s(path, "rgb24")


@pytest.mark.parametrize("lost", [1, 6])
def test_one_lost_frame_does_not_move_the_others(tmp_path: Path, lost: int) -> None:
    """A tick of AVI is a frame: one that is left out is one tick."""
    keep = f"{TAGS},select='not(eq(n,{lost}))'"
    exact = ("-fps_mode", "passthrough", "-enc_time_base", "1/25")
    clip = make(tmp_path / "a.avi", *exact, frames=12, filters=keep, codec=("-c:v", "mpeg4"))
    info = probe_media(clip)
    assert (info.variable_rate, info.frame_count) == (True, 12)
    times = [frame for frame in range(13) if frame != lost]
    for path in (clip, rendered(clip, tmp_path, "png-mov").path):
        index = movie_index(path)
        assert [tick * index.time_base * 25 for tick in index.pts] == times
