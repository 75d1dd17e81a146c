"""What probe_media says of movies, sequences and things that are neither."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest

from nle_style.errors import MediaError
from nle_style.media.base import ColourTags
from nle_style.media.source import check_frames, probe_media
from tests.helpers.media_factory import ffmpeg, make

SINE = ("-f", "lavfi", "-i", "sine=r=44100:d=2")


def write_exr(path: Path, value: float = 0.5) -> None:
    spec = oiio.ImageSpec(8, 4, 3, "half")
    spec.attribute("FramesPerSecond", oiio.TypeRational, (24000, 1001))
    spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, (0x10203004, 0))
    writer = oiio.ImageOutput.create(str(path))
    assert writer.open(str(path), spec)
    assert writer.write_image(np.full((4, 8, 3), value, np.float32))
    assert writer.close()


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24000, 1001), Fraction(25)])
@pytest.mark.parametrize("suffix", [".mov", ".mkv", ".mp4"])
def test_exact_rate_in_every_container(tmp_path: Path, rate: Fraction, suffix: str) -> None:
    info = probe_media(make(tmp_path / f"a{suffix}", rate=rate, frames=40))
    assert (info.rate, info.frame_count, info.variable_rate) == (rate, 40, False)


def test_movie_facts(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mov", "-timecode", "01:00:00:00", "-c:a", "aac", frames=25,
                pixels="yuv422p10le", filters=f"{TAGS_2020},setsar=4/3",
                sound=SINE)  # fmt: skip
    info = probe_media(clip)
    assert (info.kind, info.width, info.height) == ("movie", 96, 64)
    assert (info.pixel_format, info.bit_depth, info.has_alpha) == ("yuv422p10le", 10, False)
    assert info.colour == ColourTags(9, 16, 9, False)
    assert (info.pixel_aspect, info.timecode) == (Fraction(4, 3), "01:00:00:00")
    (audio,) = info.audio
    assert (audio.codec, audio.sample_rate, audio.channels, audio.layout) == (
        "aac",
        44100,
        1,
        "mono",
    )


TAGS_2020 = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"


def test_edit_list_hides_frames(tmp_path: Path) -> None:
    whole = make(tmp_path / "a.mov", frames=60)
    cut = tmp_path / "b.mov"
    ffmpeg("-ss", "0.6", "-i", whole, "-c", "copy", cut)
    assert probe_media(cut).frame_count == 60 - 15


def test_hidden_vp8_frames_are_not_counted(tmp_path: Path) -> None:
    codec = ("-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "16", "-b:v", "200k")
    assert probe_media(make(tmp_path / "a.webm", frames=50, codec=codec)).frame_count == 50


def test_variable_rate_and_rotation(tmp_path: Path) -> None:
    uneven = make(tmp_path / "a.mp4", "-fps_mode", "vfr", frames=20,
                  filters="setpts='if(lt(N,10),N,N*3-20)/25/TB'")  # fmt: skip
    assert probe_media(uneven).variable_rate
    turned = tmp_path / "b.mp4"
    ffmpeg("-display_rotation", "90", "-i", make(tmp_path / "c.mp4"), "-c", "copy", turned)
    info = probe_media(turned)
    assert (info.rotation, info.width, info.height) == (90, 64, 96)
    assert info.otherwise == ("turned by its display matrix",)
    assert probe_media(tmp_path / "c.mp4").otherwise == ()


def test_interlaced_is_seen(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mp4", "-flags", "+ildct+ilme", filters="interlace")
    assert probe_media(clip).interlaced


def test_sequence_and_its_holes(tmp_path: Path) -> None:
    for number in (1001, 1002, 1003, 1004, 1007):
        write_exr(tmp_path / f"shot.{number}.exr")
    with pytest.raises(MediaError, match="holes: 1005-1006 missing"):
        check_frames(probe_media(tmp_path / "shot.%04d.exr"), 0, 6)
    (tmp_path / "shot.1007.exr").unlink()
    info = probe_media(tmp_path / "shot.####.exr", rate=Fraction(25))
    assert (info.kind, info.frame_count, info.first_frame_number) == ("sequence", 4, 1001)
    assert (info.rate, info.timecode) == (Fraction(24000, 1001), "10:20:30:04")
    assert (info.pixel_format, info.bit_depth, info.is_float) == ("half", 16, True)


def test_rate_of_stills(tmp_path: Path) -> None:
    ffmpeg("-i", make(tmp_path / "a.mov", frames=1), tmp_path / "a.png")
    assert probe_media(tmp_path / "a.png").rate == 24
    assert probe_media(tmp_path / "a.png", rate=Fraction(50)).rate == 50


def test_refusals_are_told_apart(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("not a movie at all\n" * 50)
    (tmp_path / "empty.mov").touch()
    sound = tmp_path / "sound.mov"
    ffmpeg(*SINE, sound)
    cover = tmp_path / "cover.mp3"
    ffmpeg("-f", "lavfi", "-i", "color=s=32x32:d=0.04", "-frames:v", "1", tmp_path / "c.png")
    ffmpeg(*SINE, "-i", tmp_path / "c.png", "-map", "0", "-map", "1", "-disposition:v",
           "attached_pic", cover)  # fmt: skip
    image = tmp_path / "text.png"
    image.write_text("no image")
    for path, message in (
        (tmp_path / "none.mov", "no such file"),
        (tmp_path, "is a folder"),
        (tmp_path / "empty.mov", "the file is empty"),
        (text, "not a movie or image that ffmpeg/OpenImageIO can read"),
        (image, "not a movie or image that ffmpeg/OpenImageIO can read"),
        (sound, "has no video stream"),
        (cover, "has no video stream"),
        (tmp_path / "none.%04d.exr", "no file of the sequence exists"),
        (tmp_path / "gone" / "a.%04d.exr", "the folder of the sequence does not exist"),
    ):
        with pytest.raises(MediaError, match=message) as caught:
            probe_media(path)
        assert caught.value.remedy
