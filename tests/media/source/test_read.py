"""Frames against the ffmpeg program, bit for bit and by number."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from av.video.frame import VideoFrame

from nle_style.errors import MediaError
from nle_style.media.base import ColourTags, MediaInfo
from nle_style.media.source import decoded_rgb, frame_reader, frames_at, probe_media, read_frames
from tests.helpers.media_factory import decoded_md5s, ffmpeg, make, rgb_md5

FFV1 = ("-c:v", "ffv1")
PIXELS = ["yuv420p", "yuv422p", "yuv444p", "gray", "bgr0", "yuv420p10le", "yuv422p10le"]
PIXELS += ["yuv444p12le", "gray16le", "gbrp10le", "gbrp16le", "yuva444p10le"]


def all_equal(clip: Path) -> None:
    info = probe_media(clip)
    wanted = decoded_md5s(clip, "rgb48le" if info.bit_depth > 8 else "rgb24")
    assert [rgb_md5(pixels) for pixels in decoded_rgb(info)] == wanted
    assert info.frame_count == len(wanted) > 1


@pytest.mark.parametrize("pixels", PIXELS)
@pytest.mark.parametrize("size", ["96x64", "101x77"])
def test_equals_plain_ffmpeg(tmp_path: Path, pixels: str, size: str) -> None:
    tags = "" if pixels[:2] in ("gb", "bg") else TAGS_709
    all_equal(
        make(tmp_path / "a.mkv", pixels=pixels, size=size, frames=3, codec=FFV1, filters=tags)
    )


TAGS_709 = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


def test_full_range_equals_plain_ffmpeg(tmp_path: Path) -> None:
    full = "setparams=colorspace=smpte170m:range=pc"
    all_equal(make(tmp_path / "a.mkv", codec=FFV1, filters=full, frames=3))


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("flip", [(), ("-display_hflip",), ("-display_vflip",)])
def test_turned_upright_as_ffmpeg_does(tmp_path: Path, turn: int, flip: tuple[str, ...]) -> None:
    clip = make(tmp_path / "a.mov", frames=3, pixels="yuv422p", size="96x62")
    ffmpeg("-display_rotation", turn, *flip, "-i", clip, "-c", "copy", tmp_path / "b.mov")
    all_equal(tmp_path / "b.mov")


def test_untagged_follows_the_size(tmp_path: Path) -> None:
    small = make(tmp_path / "s.mkv", codec=FFV1, filters="", frames=2)
    large = make(tmp_path / "l.mkv", codec=FFV1, filters="", frames=2, size="1280x16")
    assert [rgb_md5(x) for x in decoded_rgb(probe_media(small))] == decoded_md5s(small, "rgb24")
    # The same frames with the tag written in: what ffmpeg then makes of them is BT.709.
    tagged = tmp_path / "t.mkv"
    ffmpeg("-i", large, "-vf", "setparams=colorspace=bt709", *FFV1, tagged)
    read = [rgb_md5(pixels) for pixels in decoded_rgb(probe_media(large))]
    assert read == decoded_md5s(tagged, "rgb24") != decoded_md5s(large, "rgb24")


def test_tags_of_the_info_rule_where_frames_have_none(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mkv", codec=FFV1, frames=2, filters="")
    info = probe_media(clip)
    other = dataclasses.replace(info, colour=ColourTags(matrix=1))
    tagged = tmp_path / "t.mkv"
    ffmpeg("-i", clip, "-vf", "setparams=colorspace=bt709", *FFV1, tagged)
    assert [rgb_md5(x) for x in decoded_rgb(other)] == decoded_md5s(tagged, "rgb24")


OPEN_GOP = (
    "-c:v",
    "libx264",
    "-bf",
    "3",
    "-g",
    "10",
    "-x264-params",
    "open-gop=1:b-pyramid=normal",
)
HEVC = ("-c:v", "libx265", "-x265-params", "open-gop=1:keyint=10:bframes=4:log-level=none")


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mov", OPEN_GOP),
        ("a.mkv", OPEN_GOP),
        ("a.ts", OPEN_GOP),  # its clock starts at 1.4 s
        ("a.h264", OPEN_GOP),  # no times at all
        ("a.mp4", HEVC),
        ("a.mpg", ("-c:v", "mpeg2video", "-bf", "2", "-g", "8")),
        ("a.avi", ("-c:v", "mpeg4", "-bf", "2", "-g", "8")),
        ("a.webm", ("-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "8", "-g", "15")),
    ],
)
def test_any_frame_by_number(tmp_path: Path, name: str, codec: tuple[str, ...]) -> None:
    clip = make(tmp_path / name, frames=36, codec=codec)
    info = probe_media(clip)
    wanted = decoded_md5s(clip, "rgb24")
    assert len(wanted) == info.frame_count == 36
    for frame in (0, 1, 7, 8, 9, 10, 11, 12, 19, 20, 21, 29, 30, 31, 35):
        (pixels,) = decoded_rgb(info, frame, frame)
        assert rgb_md5(pixels) == wanted[frame], frame


def test_any_frame_behind_an_edit_list(tmp_path: Path) -> None:
    whole = make(tmp_path / "a.mov", frames=60, codec=OPEN_GOP)
    cut = tmp_path / "b.mov"
    ffmpeg("-ss", "1.0", "-i", whole, "-c", "copy", cut)
    info = probe_media(cut)
    wanted = decoded_md5s(cut, "rgb24")
    assert wanted == decoded_md5s(whole, "rgb24")[25:]
    for frame in range(0, 35, 3):
        (pixels,) = decoded_rgb(info, frame, frame)
        assert rgb_md5(pixels) == wanted[frame], frame


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flower", "friday"])
def test_real_clips(shared: Path, name: str) -> None:
    clip = shared / "clips" / f"{name}.mp4"
    info = probe_media(clip)
    wanted = decoded_md5s(clip, "rgb24")
    assert info.frame_count == len(wanted)
    for frame in (0, 1, 59, 77, 100, info.frame_count - 1):
        (pixels,) = decoded_rgb(info, frame, frame)
        assert rgb_md5(pixels) == wanted[frame]


def test_code_values_invert_exactly() -> None:
    for top, kind in ((255, np.uint8), (65535, np.uint16)):
        codes = np.arange(top + 1, dtype=kind)
        values = codes.astype(np.float32) / np.float32(top)
        assert np.array_equal(np.rint(values * np.float32(top)).astype(kind), codes)


def test_read_frames_are_the_codes_divided(tmp_path: Path) -> None:
    info = probe_media(make(tmp_path / "a.mkv", frames=2, pixels="yuv420p10le", codec=FFV1))
    for codes, values in zip(decoded_rgb(info), read_frames(info), strict=True):
        assert values.dtype == np.float32
        assert np.array_equal(values, codes / np.float32(65535))


def write_image(path: Path, pixels: np.ndarray, kind: str, **attributes: object) -> None:
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], kind)
    if pixels.shape[2] == 4:
        spec.alpha_channel = 3
    for name, value in attributes.items():
        spec.attribute(name, value)
    writer = oiio.ImageOutput.create(str(path))
    assert writer.open(str(path), spec)
    assert writer.write_image(pixels)
    assert writer.close()


def test_images(tmp_path: Path) -> None:
    bright = np.linspace(-1, 9, 6 * 5 * 3, dtype=np.float32).reshape(6, 5, 3)
    write_image(tmp_path / "a.0001.exr", bright, "float")
    (pixels,) = read_frames(probe_media(tmp_path / "a.####.exr"))
    assert np.array_equal(pixels, bright)  # unclamped
    deep = (np.arange(6 * 5 * 3) * 701 % 65536).astype(np.uint16).reshape(6, 5, 3)
    for name in ("b.dpx", "b.png", "b.tif"):
        write_image(tmp_path / name, deep, "uint16")
        (codes,) = decoded_rgb(probe_media(tmp_path / name))
        assert np.array_equal(codes, deep), name
    faint = make(tmp_path / "m.mkv", codec=FFV1, pixels="bgra", filters="colorchannelmixer=aa=.3")
    ffmpeg("-i", faint, "-frames:v", 1, "-pix_fmt", "rgba", tmp_path / "c.png")
    (codes,) = decoded_rgb(probe_media(tmp_path / "c.png"))
    assert [rgb_md5(codes)] == decoded_md5s(tmp_path / "c.png", "rgb24")  # not premultiplied


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3) * 3
    write_image(tmp_path / "a.tif", pixels, "uint8", Orientation=orientation)
    info = probe_media(tmp_path / "a.tif")
    (codes,) = decoded_rgb(info)
    upright = oiio.ImageBufAlgo.reorient(oiio.ImageBuf(str(tmp_path / "a.tif")))
    assert np.array_equal(codes, upright.get_pixels(oiio.UINT8))
    assert codes.shape[:2] == (info.height, info.width)
    assert bool(info.otherwise) == (orientation > 1)


def test_display_window_of_exr(tmp_path: Path) -> None:
    spec = oiio.ImageSpec(4, 3, 3, "float")
    spec.x, spec.y, spec.full_width, spec.full_height = 2, -1, 5, 6
    path = tmp_path / "a.exr"
    writer = oiio.ImageOutput.create(str(path))
    assert writer.open(str(path), spec)
    assert writer.write_image(np.ones((3, 4, 3), np.float32))
    assert writer.close()
    (pixels,) = read_frames(probe_media(path))
    expected = np.zeros((6, 5, 3), np.float32)
    expected[0:2, 2:5] = 1  # rows -1..1 and columns 2..5, cut to 0..5 and 0..4
    assert np.array_equal(pixels, expected)


@pytest.mark.parametrize("name", ["a.mov", "a.mkv", "a.ts"])
def test_truncated_is_never_silently_short(tmp_path: Path, name: str) -> None:
    options = ("-movflags", "+faststart") if name == "a.mov" else ()
    whole = make(tmp_path / name, *options, frames=60, size="160x120", codec=OPEN_GOP)
    wanted = decoded_md5s(whole, "rgb24")
    data = whole.read_bytes()
    for sixteenths in range(6, 16):
        cut = tmp_path / f"cut{sixteenths}{whole.suffix}"
        size = len(data) * sixteenths // 16
        if name == "a.ts":  # between two of its packets of 188 bytes a cut cannot be seen
            size = size // 188 * 188 + 94
        cut.write_bytes(data[:size])
        info = probe_media(cut)
        read: list[str] = []
        with pytest.raises(MediaError) as caught:
            read.extend(rgb_md5(pixels) for pixels in decoded_rgb(info))
        assert f"frame {len(read)} of {info.frame_count} cannot be decoded" in str(caught.value)
        assert 10 < len(read) < 60
        assert read == wanted[: len(read)]
        if name != "a.ts":  # which states no length
            assert info.frame_count == 60


def test_damaged_packet_names_the_frame(tmp_path: Path) -> None:
    codec = ("-c:v", "png")
    clip = make(tmp_path / "a.mov", frames=12, pixels="rgb24", codec=codec, filters="")
    data = bytearray(clip.read_bytes())
    starts = [i for i in range(len(data)) if data[i : i + 8] == b"\x89PNG\r\n\x1a\n"]
    data[starts[7] : starts[7] + 40] = bytes(40)
    clip.write_bytes(data)
    read: list[np.ndarray] = []
    with pytest.raises(MediaError, match="frame 7 of 12 cannot be decoded"):
        read.extend(decoded_rgb(probe_media(clip)))
    assert len(read) == 7


@pytest.mark.parametrize("slices", ["1", "4"])
@pytest.mark.parametrize("coder", ["0", "1"])
def test_a_checksum_of_ffv1_that_does_not_hold(tmp_path: Path, slices: str, coder: str) -> None:
    """ffmpeg's decoder only logs it, and gives the picture."""
    codec = ("-c:v", "ffv1", "-level", "3", "-slices", slices, "-coder", coder, "-g", "1")
    clip = make(tmp_path / "a.mkv", "-slicecrc", 1, frames=6, codec=codec)
    all_equal(clip)
    all_equal(make(tmp_path / "b.mkv", "-slicecrc", 0, frames=6, codec=codec))
    with av.open(str(clip)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0)]
    data = bytearray(clip.read_bytes())
    data[data.index(packets[3]) + len(packets[3]) // 2] ^= 1
    clip.write_bytes(data)
    with pytest.raises(MediaError, match=r"frame 3 of 6 cannot be decoded.*data are damaged"):
        list(decoded_rgb(probe_media(clip)))


def test_refusals(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mov", frames=5)
    for first, last in ((0, 5), (-1, 2), (3, 2)):
        with pytest.raises(MediaError, match="not within 0-4"):
            next(decoded_rgb(probe_media(clip), first, last))
    woven = make(tmp_path / "i.mp4", "-flags", "+ildct+ilme", filters="interlace")
    with pytest.raises(
        MediaError, match=r"is interlaced \(frame 0\). Give --interlaced deinterlace"
    ):
        next(decoded_rgb(probe_media(woven)))


def test_a_frame_is_gone_when_nobody_has_it(tmp_path: Path) -> None:
    """Without waiting for the garbage collector: in UHD each is 25 MB."""
    clip = make(tmp_path / "a.mkv", codec=FFV1, frames=3)
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        assert len(list(read_frames(probe_media(clip)))) > 1
        gc.collect()
        kept = [thing for thing in gc.garbage if isinstance(thing, (VideoFrame, np.ndarray))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert not kept


@pytest.mark.parametrize(
    ("codec", "runs"),
    [
        (("-c:v", "libx264", "-g", "100", "-bf", "2"), [[2, 9, 10, 27]]),
        (("-c:v", "libx264", "-g", "10", "-bf", "0"), [[2, 9], [10], [27]]),
        ((*FFV1, "-g", "1"), [[2], [9], [10], [27]]),
    ],
)
def test_some_frames_are_decoded_on_from_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: tuple[str, ...], runs: list[list[int]]
) -> None:
    """One key frame at 0; one at 0, 10, and 20; only key frames."""
    clip = make(tmp_path / "a.mkv", frames=30, codec=codec)
    info, numbers = probe_media(clip), [2, 9, 10, 27]
    plain = decoded_md5s(clip, "rgb24")
    decoded: list[list[int]] = []
    honest = frame_reader._movie_rgb

    def noted(info: MediaInfo, numbers: list[int], alpha: bool) -> Iterator[np.ndarray]:
        decoded.append(numbers)
        return honest(info, numbers, alpha)

    monkeypatch.setattr(frame_reader, "_movie_rgb", noted)
    found = [rgb_md5(pixels) for pixels in frames_at(info, numbers)]
    assert found == [plain[number] for number in numbers]
    assert decoded == runs


def test_columns_that_the_stream_cuts_off_at_the_left(tmp_path: Path) -> None:
    """To the last one: without a flag libavcodec cuts off what its memory is aligned to."""
    whole = make(tmp_path / "a.mp4", frames=4)
    cut = "h264_metadata=crop_left=6:crop_top=4:crop_right=10"
    clip = tmp_path / "b.mp4"
    ffmpeg("-i", whole, "-c", "copy", "-bsf:v", cut, clip)
    info = probe_media(clip)
    assert (info.width, info.height) == (80, 60)
    assert [rgb_md5(pixels) for pixels in decoded_rgb(info)] == decoded_md5s(clip, "rgb24")


def _joined(folder: Path, *parts: tuple[str, str]) -> Path:
    """Three H.264 frames of each pixel format and colours, in one stream."""
    path = folder / "joined.h264"
    with path.open("wb") as file:
        for pixels, colours in parts:
            codec = ("-c:v", "libx264", "-bf", 0)
            part = make(folder / "part.h264", frames=3, pixels=pixels, codec=codec,
                        filters=f"setparams={colours}")  # fmt: skip
            file.write(part.read_bytes())
    return path


def test_each_frame_by_its_own_matrix_and_range(tmp_path: Path) -> None:
    path = _joined(
        tmp_path,
        ("yuv420p", "colorspace=bt709:range=tv"),
        ("yuv420p", "colorspace=smpte170m:range=tv"),
        ("yuvj420p", "colorspace=bt709:range=pc"),
    )
    read = [rgb_md5(pixels) for pixels in decoded_rgb(probe_media(path))]
    assert read == decoded_md5s(path, "rgb24")
    assert len(read) == 9


BT709 = "color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


@pytest.mark.parametrize(("first", "second", "what"), [
    (("yuv420p", BT709), ("yuv420p10le", BT709), "is yuv420p10le, its first frame yuv420p"),
    (("yuv420p10le", BT709), ("yuv420p", BT709), "is yuv420p, its first frame yuv420p10le"),
    (("yuv420p", BT709), ("yuv420p", "color_primaries=bt2020:color_trc=smpte2084"),
     "primaries 9 and transfer 16"),
])  # fmt: skip
def test_a_recording_that_changes_its_kind_is_refused_at_that_frame(
    tmp_path: Path, first: tuple[str, str], second: tuple[str, str], what: str
) -> None:
    """Its deeper frames came out as shallow as the first one."""
    frames = decoded_rgb(probe_media(_joined(tmp_path, first, second)))
    assert len([next(frames) for _ in range(3)]) == 3
    with pytest.raises(MediaError, match=f"frame 3 .*{what}"):
        next(frames)
