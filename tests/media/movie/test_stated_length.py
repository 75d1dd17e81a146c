"""Movies that end before they say they do, at the end of a packet: no decoder complains."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from nle_style.errors import MediaError
from nle_style.media.source import check_frames, decoded_rgb, probe_media
from tests.helpers.media_factory import decoded_md5s, make, rgb_md5

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
