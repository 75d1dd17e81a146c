"""Which video stream of several is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from nle_style.errors import MediaError
from nle_style.media.source import probe_media
from tests.helpers.media_factory import decoded_md5s, ffmpeg, make, rendered

CODEC = ("-c:v", "libx264", "-crf", "20")


def joined(path: Path, *sizes: str, flags: str = "", options: tuple[object, ...] = ()) -> Path:
    """One movie of a stream each of these sizes; `flags` has a d for those that are default."""
    inputs: list[object] = []
    for place, size in enumerate(sizes):
        clip = make(path.with_name(f"{place}.mkv"), frames=4 + place, size=size, codec=CODEC)
        inputs += ["-i", clip]
    maps: list[object] = []
    for place in range(len(sizes)):
        maps += ["-map", place]
    for place, flag in enumerate(flags):
        maps += [f"-disposition:v:{place}", "default" if flag == "d" else "0"]
    ffmpeg(*inputs, *maps, "-c", "copy", *options, path)
    return path


@pytest.mark.parametrize(
    ("suffix", "sizes", "flags", "chosen"),
    [
        (".mov", ("32x18", "96x54"), "dd", 1),  # a proxy before its master
        (".mov", ("96x54", "32x18"), "dd", 0),
        (".mkv", ("96x54", "32x18"), "-d", 1),  # the flag comes before the size
        (".mov", ("96x54", "32x18"), "-d", 1),
        (".mkv", ("48x32", "48x32"), "-d", 1),
        (".mkv", ("48x32", "48x32"), "dd", 0),
        (".ts", ("32x18", "96x54"), "", 1),  # which has no flags
    ],
)
def test_the_flag_then_the_size(
    tmp_path: Path, suffix: str, sizes: tuple[str, ...], flags: str, chosen: int
) -> None:
    path = joined(tmp_path / f"a{suffix}", *sizes, flags=flags)
    info = probe_media(path)
    width, height = map(int, sizes[chosen].split("x"))
    assert (info.width, info.height, info.frame_count) == (width, height, 4 + chosen)
    (note,) = info.notes
    assert note.startswith(f"a{suffix}: the video stream {chosen} of 0 (h264 {sizes[0]}), 1 (")
    assert note.endswith("is painted; --stream takes another")


def test_the_stream_is_the_same_from_the_frames_to_the_movie(tmp_path: Path) -> None:
    path = joined(tmp_path / "a.mkv", "96x54", "32x18", flags="d-")
    info = probe_media(path, stream=1)
    assert (info.width, info.frame_count, info.notes) == (32, 5, ())
    published = rendered(path, tmp_path, "png-mov", first=1, info=info)
    alone = tmp_path / "alone.mkv"
    ffmpeg("-i", path, "-map", "0:1", "-c", "copy", alone)
    assert decoded_md5s(published.path, "rgb24") == decoded_md5s(alone, "rgb24")[1:]
    with pytest.raises(MediaError, match="has no video stream 2") as caught:
        probe_media(path, stream=2)
    assert "0 (h264 96x54), 1 (h264 32x18)" in caught.value.remedy


def test_a_cover_is_not_counted(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mkv", frames=4, size="32x18", codec=CODEC)
    Image.new("RGB", (640, 360)).save(tmp_path / "c.png")
    ffmpeg("-i", clip, "-i", tmp_path / "c.png", "-map", "1", "-map", "0", "-c", "copy",
           "-disposition:v:0", "attached_pic", tmp_path / "b.mp4")  # fmt: skip
    info = probe_media(tmp_path / "b.mp4")
    assert (info.width, info.notes) == (32, ())


def test_avif(tmp_path: Path) -> None:
    """Its alpha is another picture, which is not dropped; its animation is read, not its cover."""
    clear = [Image.new("RGBA", (64, 48), (200, 90 * number, 40, 99)) for number in range(3)]
    solid = [image.convert("RGB") for image in clear]
    clear[0].save(tmp_path / "alpha.avif")
    with pytest.raises(MediaError, match=r"has its alpha in a picture of its own \(stream 1\)"):
        probe_media(tmp_path / "alpha.avif")
    assert probe_media(tmp_path / "alpha.avif", stream=0).width == 64
    solid[0].save(tmp_path / "one.avif")
    assert probe_media(tmp_path / "one.avif").notes == ()
    solid[0].save(tmp_path / "moving.avif", save_all=True, append_images=solid[1:], duration=40)
    assert probe_media(tmp_path / "moving.avif").frame_count == 3
