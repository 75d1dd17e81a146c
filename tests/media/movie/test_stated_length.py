"""Movies that end before they say they do, at the end of a packet, or that say nothing and end
within one that is left out: no decoder complains."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from nle_style.errors import MediaError
from nle_style.media.movie import movie_index
from nle_style.media.movie.stream import is_cut_in_cluster
from nle_style.media.source import check_frames, decoded_rgb, probe_media
from tests.helpers.media_factory import decoded_md5s, ffmpeg, make, rgb_md5

LENGTH = 40
MPEG2 = ("-c:v", "mpeg2video", "-g", "5", "-bf", "0")


def _packets(path: Path) -> list[tuple[int, int]]:
    with av.open(str(path)) as movie:
        packets = [each for each in movie.demux(movie.streams.video[0]) if each.size]
        return [(each.pos, each.size) for each in packets if each.pos is not None]


def _refusal(path: Path) -> str:
    info = probe_media(path)
    with pytest.raises(MediaError) as caught:
        check_frames(info, 0, info.frame_count - 1)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.avi", ("-c:v", "mjpeg")),
        ("a.mxf", MPEG2),
        ("a.flv", ("-c:v", "flv1")),
        ("a.mkv", ("-c:v", "mjpeg")),
        ("a.ivf", ("-c:v", "libvpx")),
        ("a.wmv", ("-c:v", "wmv2")),
    ],
)
def test_half_a_file_is_refused_before_painting(
    tmp_path: Path, name: str, codec: tuple[str, ...]
) -> None:
    whole = make(tmp_path / name, frames=LENGTH, codec=codec, pixels="yuvj420p" if "mjpeg" in codec
                 else "yuv420p", filters="")  # fmt: skip
    assert probe_media(whole).frame_count == LENGTH
    check_frames(probe_media(whole), 0, LENGTH - 1)
    cut = tmp_path / f"cut{whole.suffix}"
    cut.write_bytes(whole.read_bytes()[: _packets(whole)[LENGTH // 2][0]])
    said = _refusal(cut)
    assert "truncated" in said
    assert f" of {LENGTH} cannot be decoded" in said
    # What is there is right, and can be asked for.
    check_frames(probe_media(cut), 0, 9)
    read = [rgb_md5(pixels) for pixels in decoded_rgb(probe_media(cut), 0, 9)]
    assert read == decoded_md5s(whole, "rgb24")[:10]


@pytest.mark.parametrize(("name", "codec"), [("a.mxf", MPEG2), ("a.mov", ("-c:v", "libx264"))])
def test_a_tail_that_was_never_written(tmp_path: Path, name: str, codec: tuple[str, ...]) -> None:
    """A copy that reserves the space first leaves zeros behind the place where it stopped."""
    faststart = ("-movflags", "+faststart") if name == "a.mov" else ()
    path = make(tmp_path / name, *faststart, frames=LENGTH, codec=codec)
    data = bytearray(path.read_bytes())
    begin = _packets(path)[LENGTH // 2][0]
    data[begin:] = bytes(len(data) - begin)
    path.write_bytes(data)
    assert f" of {LENGTH} cannot be decoded" in _refusal(path)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.y4m", ()),
        ("a.ogv", ("-c:v", "libtheora")),
        ("a.webm", ("-c:v", "libvpx", "-live", 1)),
        ("a.mkv", ("-c:v", "libx264", "-bf", 2, "-live", 1)),
        ("a.dv", ("-c:v", "dvvideo", "-s", "720x576")),
        ("a.mpg", ("-c:v", "mpeg2video", "-bf", 2)),
        ("a.vob", ("-c:v", "mpeg2video", "-bf", 2)),
    ],
)
def test_a_recording_that_broke_off(tmp_path: Path, name: str, options: tuple[object, ...]) -> None:
    """Nothing in it says how long it is: what is there of the packet that was cut says it."""
    whole = make(tmp_path / name, frames=8, codec=options)
    check_frames(probe_media(whole), 0, 7)
    wanted = decoded_md5s(whole, "rgb24")
    cut = tmp_path / f"cut{whole.suffix}"
    cut.write_bytes(whole.read_bytes()[:-700])
    assert "truncated" in _refusal(cut)
    info = probe_media(cut)
    readable = movie_index(cut).readable
    assert readable < info.frame_count <= 8
    check_frames(info, 0, readable - 1)
    if not info.interlaced:  # else the row of one is made of the next one's, too
        read = [rgb_md5(pixels) for pixels in decoded_rgb(info, 0, readable - 1)]
        assert read == wanted[:readable]


@pytest.mark.parametrize("name", ["a.ivf", "a.dv"])
def test_a_part_of_one_picture_is_none(tmp_path: Path, name: str) -> None:
    codec = ("-c:v", "libvpx") if name == "a.ivf" else ("-c:v", "dvvideo", "-s", "720x576")
    path = make(tmp_path / name, frames=1, codec=codec)
    check_frames(probe_media(path), 0, 0)
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(MediaError, match="holds no frame that can be read"):
        probe_media(path)


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "mjpeg"), ("a.ivf", "libvpx")])
def test_a_recording_through_a_pipe(tmp_path: Path, name: str, codec: str) -> None:
    """Its header says 2^30 or 2^32 - 1 frames, which the program could not correct."""
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    plain = make(tmp_path / name, frames=8, pixels=pixels, filters="", codec=("-c:v", codec))
    path = tmp_path / f"piped.{name[2:]}"
    path.write_bytes(ffmpeg("-i", plain, "-c", "copy", "-f", name[2:], "pipe:1"))
    info = probe_media(path)
    assert info.frame_count == 8
    check_frames(info, 0, 7)
    assert [rgb_md5(pixels) for pixels in decoded_rgb(info)] == decoded_md5s(plain, "rgb24")
    place, size = _packets(path)[-1]
    path.write_bytes(path.read_bytes()[: place + size // 2])
    assert "frame 7 of 8 cannot be decoded" in _refusal(path)


def test_a_missing_picture_before_the_last_one(tmp_path: Path) -> None:
    """The last packet is a B-frame's: without it the picture ends no earlier."""
    whole = make(tmp_path / "a.mkv", frames=24, codec=("-c:v", "libx264", "-bf", 2))
    place, size = _packets(whole)[-1]
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: place + size])
    assert "of 24 cannot be decoded" in _refusal(cut)


# EBML in hexadecimal: name, size (01FFFFFFFFFFFFFF and FF: unknown), contents.
_HEAD = "1A45DFA3 84 00000000"
_BLOCK = "E7 81 00 A3 84 81000080"  # a time, and a block
_KNOWN, _OPEN = f"1F43B675 89 {_BLOCK}", f"1F43B675 FF {_BLOCK}"
_CUES = "1C53BB6B 84 00000000"


@pytest.mark.parametrize(
    ("elements", "left_out", "is_cut"),
    [
        (f"{_HEAD} 18538067 FF {_KNOWN}", 0, False),
        (f"{_HEAD} 18538067 FF {_KNOWN}", 1, True),
        (f"{_HEAD} 18538067 FF {_KNOWN} {_OPEN}", 0, False),
        (f"{_HEAD} 18538067 FF {_KNOWN} {_OPEN}", 1, True),
        (f"{_HEAD} 18538067 FF {_OPEN} {_OPEN}", 5, True),  # within the name or size of a block
        (f"{_HEAD} 18538067 FF {_OPEN} {_CUES}", 1, False),  # of the pictures all are there
        (f"{_HEAD} 18538067 97 {_KNOWN} {_CUES}", 0, False),
        (f"{_HEAD} 18538067 97 {_KNOWN} {_CUES}", 1, False),
        (f"{_HEAD} 18538067 9C {_KNOWN} {_KNOWN}", 0, False),
        (f"{_HEAD} 18538067 9C {_KNOWN} {_KNOWN}", 1, True),
        (f"{_HEAD} 18538067 9C {_KNOWN} {_KNOWN}", 14, True),  # a cluster is missing
        (f"{_HEAD} 18538067 8E {_KNOWN} 00 00", 0, False),  # something behind it
        (f"{_HEAD} 18538067 FF {_KNOWN} 00 00", 0, True),  # reserved and not written
    ],
)
def test_a_matroska_that_ends_in_a_cluster(
    tmp_path: Path, elements: str, left_out: int, is_cut: bool
) -> None:
    data = bytes.fromhex(elements)
    path = tmp_path / "a.mkv"
    path.write_bytes(data[: len(data) - left_out])
    assert is_cut_in_cluster(path) is is_cut


def test_a_gif_without_its_trailer(tmp_path: Path) -> None:
    """The rest of its last picture is that of the one before, and no decoder reports an error."""
    whole = make(tmp_path / "a.gif", frames=8, pixels="rgb8", filters="", codec=())
    check_frames(probe_media(whole), 0, 7)
    path = tmp_path / "cut.gif"
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) - 700])
    assert "frame 7 of 8 cannot be decoded" in _refusal(path)


def test_black_raw_pictures_are_no_missing_ones(tmp_path: Path) -> None:
    codec = ("-c:v", "rawvideo")
    path = make(tmp_path / "a.mov", frames=4, pixels="rgb24", codec=codec,
                filters="drawbox=t=fill:c=black")  # fmt: skip
    assert probe_media(path).frame_count == 4
    check_frames(probe_media(path), 0, 3)


@pytest.mark.parametrize("stated", ["nonsense", "1:2", "aa:bb:cc", "00:00:xx"])
def test_a_malformed_length_is_none(tmp_path: Path, stated: str) -> None:
    path = make(tmp_path / "a.mkv", frames=5)
    data = path.read_bytes()
    with av.open(str(path)) as movie:
        said = movie.streams.video[0].metadata["DURATION"]
    path.write_bytes(data.replace(said.encode(), stated.ljust(len(said)).encode()))
    check_frames(probe_media(path), 0, 4)
    assert probe_media(path).frame_count == 5
