"""What every output says of itself, read by PyAV or OpenImageIO alone and compared to the source.

The expected values are those that the source was made with, not what the package probed.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import OpenImageIO as oiio  # noqa: N813
import pytest

from nle_style.media import INTERMEDIATES
from tests.helpers.media_factory import make, rendered

NTSC = Fraction(30000, 1001)
FRAMES, FIRST, LAST = 12, 3, 10
# 00:00:59;28 is two frames before ;00 and ;01 of the next minute are left out.
STARTS, OF_FIRST = "00:00:59;28", "00:01:00;03"
TAGS = "setparams=color_primaries=smpte170m:color_trc=smpte170m:colorspace=smpte170m:range=tv"
MOVIES = [name for name, entry in INTERMEDIATES.items() if entry.container]
SEQUENCES = [name for name, entry in INTERMEDIATES.items() if not entry.container]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """H.264 with B-frames, anamorphic, drop-frame, a reel, PCM sound."""
    sound = ("-f", "lavfi", "-i", "sine=r=48000:d=2", "-c:a", "pcm_s16le", "-shortest")
    return make(tmp_path_factory.mktemp("source") / "a.mov", "-timecode", STARTS,
                "-metadata:s:v", "reel_name=A001C003", rate=NTSC, frames=FRAMES, size="288x120",
                filters=f"gblur=6,{TAGS},setsar=8/9", sound=sound)  # fmt: skip


def audio_md5(container: av.container.InputContainer) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for packet in container.demux(audio=0):
        digest.update(bytes(packet))
    return digest.hexdigest()


@pytest.mark.parametrize("format", MOVIES)
@pytest.mark.parametrize("part", [False, True])
def test_movies(tmp_path: Path, source: Path, format: str, part: bool) -> None:
    first, last = (FIRST, LAST) if part else (0, FRAMES - 1)
    published = rendered(source, tmp_path, format, first=first, last=last, nle_style_look="blue")
    with av.open(str(published.path)) as movie:
        stream = movie.streams.video[0]
        frames = list(movie.decode(stream))
        assert len(frames) == last - first + 1
        assert stream.average_rate == NTSC
        step = (frames[1].pts - frames[0].pts) * stream.time_base
        assert abs(step - 1 / NTSC) <= (Fraction(1, 2000) if format == "ffv1" else 0)
        tags = frames[0]
        assert (tags.color_primaries, tags.color_trc) == (6, 6)
        rgb = INTERMEDIATES[format].depths[published_depth(format)].pixel_format
        if format == "dnxhr444":  # whose decoder calls RGB pictures BT.709, full range or not
            assert rgb == "gbrp10le"
        else:
            yuv = rgb.startswith("yuv")
            assert (tags.colorspace, tags.color_range) == ((6, 1) if yuv else (0, 2))
        assert stream.sample_aspect_ratio == Fraction(8, 9)
        everywhere = [movie.metadata, *(other.metadata for other in movie.streams)]
        timecodes = {v for tags in everywhere for k, v in tags.items() if k.lower() == "timecode"}
        reels = {v for tags in everywhere for k, v in tags.items() if k.lower() == "reel_name"}
        assert timecodes == {OF_FIRST if part else STARTS}
        assert reels == {"A001C003"}
        looks = {v for k, v in movie.metadata.items() if k.lower() == "nle_style_look"}
        assert looks == {"blue"}
    with av.open(str(published.path)) as copy, av.open(str(source)) as original:
        if not part:
            assert audio_md5(copy) == audio_md5(original)
        seconds = copy.streams.audio[0].duration * copy.streams.audio[0].time_base if (
            format != "ffv1") else Fraction(0)  # fmt: skip
        if seconds:
            assert abs(seconds - (last - first + 1) / NTSC) < Fraction(1, 40)


def test_an_odd_shape_in_matroska_is_near_and_told(tmp_path: Path) -> None:
    """101x77 at 8/9 is 808:693, beyond ffmpeg's fractions for a shape."""
    clip = make(tmp_path / "a.mov", frames=2, size="101x77", pixels="rgb24",
                codec=("-c:v", "png"), filters="setsar=8/9")  # fmt: skip
    published = rendered(clip, tmp_path, "ffv1")
    (warning,) = published.warnings
    assert "as near as can be to 8/9" in warning
    with av.open(str(published.path)) as movie:
        stated = movie.streams.video[0].sample_aspect_ratio
    assert stated != Fraction(8, 9)
    assert float(stated) == pytest.approx(8 / 9, rel=1e-4)


def published_depth(format: str) -> str:
    return next(iter(INTERMEDIATES[format].depths))


@pytest.mark.parametrize("format", SEQUENCES)
def test_sequences(tmp_path: Path, source: Path, format: str) -> None:
    published = rendered(source, tmp_path, format, first=FIRST, last=LAST, nle_style_look="blue")
    files = sorted(published.path.parent.iterdir())
    assert [file.name for file in files] == [
        f"a.copy.{number:06d}{INTERMEDIATES[format].extension}" for number in range(FIRST, LAST + 1)
    ]
    labels = []
    for file in files:
        reader = oiio.ImageInput.open(str(file))
        spec = reader.spec()
        reader.close()
        assert spec.getattribute("PixelAspectRatio") == pytest.approx(8 / 9, rel=1e-6)
        if format in ("png", "tiff"):
            continue  # no place for any of what follows
        labels.append(spec.getattribute("smpte:TimeCode")[0])
        if format == "exr":
            assert spec.getattribute("framesPerSecond") == (30000, 1001)
            assert spec.getattribute("reelName") == "A001C003"
            assert spec.getattribute("colorInteropID") is None  # none is of SMPTE 170M primaries
            assert spec.getattribute("nle_style/look") == "blue"
        else:
            assert spec.getattribute("dpx:FrameRate") == pytest.approx(30000 / 1001)
            assert spec.getattribute("dpx:Transfer") == "ITU-R 601-5 system M"
            assert file.read_bytes()[801:803] == b"\x08\x08"  # SMPTE ST 268-1, table 5B
    # BCD with the drop-frame flag in bit 6; frames 3 to 10 are 00:01:00;03 to ;10.
    assert not labels or labels == [0x00010003 + k + (6 if k == 7 else 0) | 0x40 for k in range(8)]


@pytest.mark.parametrize("format", ["exr", "dpx"])
def test_a_timecode_of_more_than_30_a_second(tmp_path: Path, format: str) -> None:
    """The time word of their headers ends at 29: none of the files has one, and a note says so."""
    clip = make(tmp_path / "a.mov", "-timecode", "01:00:00:28", rate=Fraction(50), frames=14)
    published = rendered(clip, tmp_path, format)
    assert any("a timecode that counts 50 a second" in each for each in published.warnings)
    for file in sorted(published.path.parent.iterdir()):
        assert oiio.ImageInput.open(str(file)).spec().getattribute("smpte:TimeCode") is None


@pytest.mark.parametrize(
    ("primaries", "transfer", "name"),
    [
        ("bt709", "bt709", "g24_rec709_display"),
        ("smpte432", "iec61966-2-1", "srgb_p3d65_display"),
        ("smpte432", "smpte2084", "pq_p3d65_display"),
        ("bt2020", "smpte2084", "pq_rec2020_display"),
        ("bt2020", "bt709", None),
        ("smpte432", "bt709", None),
    ],
)
def test_an_exr_names_no_other_primaries(
    tmp_path: Path, primaries: str, transfer: str, name: str | None
) -> None:
    """Color Interop Forum, "Color Space Encodings for Texture Assets and CG Rendering"."""
    tags = f"setparams=color_primaries={primaries}:color_trc={transfer}:colorspace=bt709:range=tv"
    published = rendered(make(tmp_path / "a.mov", frames=1, filters=tags), tmp_path, "exr")
    (file,) = published.path.parent.iterdir()
    assert oiio.ImageInput.open(str(file)).spec().getattribute("colorInteropID") == name
