"""Movies at another, constant rate against the ffmpeg program's fps filter, frame by frame."""

from __future__ import annotations

import dataclasses
import itertools
from fractions import Fraction
from pathlib import Path

import pytest

from nle_style.errors import InputError, MediaError
from nle_style.media.base import MediaInfo
from nle_style.media.movie import conformed, movie_index, source_frame
from nle_style.media.source import decoded_rgb, probe_media
from tests.helpers.media_factory import TAGS, decoded_md5s, ffmpeg, make, onset, rendered, rgb_md5

FILM, NTSC = Fraction(24000, 1001), Fraction(30000, 1001)
RATES = [Fraction(24), FILM, Fraction(25), NTSC, Fraction(30), Fraction(60), Fraction(25, 2)]
# Times of frames as phones write them: an even 30 that trembles, then half of it in the dark,
# then a gap; in ticks of 1/90000 s.
TREMBLE = (
    "setpts='(if(lt(N,12),N*3003+(mod(N*7+2,5)-2)*120,36036+(N-12)*6006)+if(gt(N,20),20000,0))'"
)
VFR = f"settb=1/90000,{TREMBLE},{TAGS}"
CLICK = ("-f", "lavfi", "-i", "aevalsrc='if(between(t,0.7,0.702),0.9,0)|0:s=48000:d=2'")
HEVC = ("-c:v", "libx265", "-x265-params", "bframes=3:keyint=10:log-level=none", "-tag:v", "hvc1")


def phone(path: Path, *options: object, codec: tuple[object, ...] = HEVC) -> Path:
    """A movie of variable frame rate, with sound."""
    return make(path, "-fps_mode", "vfr", "-video_track_timescale", 90000,
                "-enc_time_base", "1/90000", "-c:a", "aac", *options, frames=30, size="64x48",
                filters=VFR, codec=codec, sound=CLICK)  # fmt: skip


def by_ffmpeg(path: Path, rate: Fraction, rounding: str = "near") -> list[str]:
    return decoded_md5s(
        path, "rgb24", filters=f"setpts=PTS-STARTPTS,fps=fps={rate}:round={rounding}"
    )


def check(path: Path, rate: Fraction) -> MediaInfo:
    info = conformed(probe_media(path), rate)
    wanted = by_ffmpeg(path, rate)
    assert [rgb_md5(pixels) for pixels in decoded_rgb(info)] == wanted
    assert (info.rate, info.frame_count, info.variable_rate) == (rate, len(wanted), False)
    for first in range(0, len(wanted), 7):
        last = min(first + first % 3, len(wanted) - 1)
        read = [rgb_md5(pixels) for pixels in decoded_rgb(info, first, last)]
        assert read == wanted[first : last + 1], (first, last)
    return info


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return phone(tmp_path_factory.mktemp("phone") / "phone.mp4")


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_variable_rate_equals_ffmpegs_fps(clip: Path, rate: Fraction) -> None:
    assert probe_media(clip).variable_rate
    check(clip, rate)


def test_the_rule_is_near_and_no_other(clip: Path) -> None:
    """A trembling 30 gives each of its frames once; rounded up or down it stumbles."""
    info = conformed(probe_media(clip), NTSC)
    assert [source_frame(info, frame) for frame in range(12)] == list(range(12))
    read = [rgb_md5(pixels) for pixels in decoded_rgb(info)]
    for rounding in ("up", "down"):
        assert read[:12] != by_ffmpeg(clip, NTSC, rounding)[:12]


@pytest.mark.parametrize(
    ("name", "rate", "to"),
    [
        ("a.mp4", 30, Fraction(25)),
        ("a.mkv", NTSC, FILM),  # a clock of milliseconds
        ("a.mov", 50, Fraction(25)),  # every second frame falls on a half
        ("a.mov", 25, Fraction(50)),
        ("a.ts", 25, Fraction(30)),  # begins at 1.4 s
        ("a.h264", 25, Fraction(30)),  # no times at all
    ],
)
def test_constant_rates(tmp_path: Path, name: str, rate: Fraction, to: Fraction) -> None:
    path = make(tmp_path / name, rate=Fraction(rate), frames=26, size="64x48")
    info = probe_media(path)
    assert not info.variable_rate
    assert conformed(info, info.rate) is info
    check(path, to)


def test_behind_an_edit_list(tmp_path: Path) -> None:
    whole = make(tmp_path / "a.mov", frames=50, size="64x48")
    cut = tmp_path / "b.mov"
    ffmpeg("-ss", "0.6", "-i", whole, "-c", "copy", cut)
    info = check(cut, Fraction(30))
    assert info.frame_count == 42  # 35 frames of 1/25 s


def test_deinterlaced_and_conformed(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mkv", rate=Fraction(50), frames=12, codec=("-c:v", "ffv1"),
                filters=f"tinterlace=interleave_top,{TAGS}", size="64x48")  # fmt: skip
    info = dataclasses.replace(probe_media(path), deinterlace=True)
    plain = [rgb_md5(pixels) for pixels in decoded_rgb(info)]
    slow = conformed(info, Fraction(15))
    # 12 frames in 0.48 s; k / 15 s is 5k/3 frames of 1/25 s, and the last before a half more
    shown = [0, 2, 4, 5, 7, 9, 10]
    assert [source_frame(slow, frame) for frame in range(7)] == shown
    assert [rgb_md5(pixels) for pixels in decoded_rgb(slow)] == [plain[k] for k in shown]


def test_written_at_the_rate_and_in_sync(clip: Path, tmp_path: Path) -> None:
    """Whole, and from frame 12 on: the click is at 0.7 s of the source, that is 17.5 frames."""
    rate = Fraction(25)
    for first, folder in ((0, tmp_path / "a"), (12, tmp_path / "b")):
        folder.mkdir()
        info = conformed(probe_media(clip), rate)
        published = rendered_as(info, folder, first)
        written = probe_media(published)
        assert (written.rate, written.variable_rate) == (rate, False)
        assert decoded_md5s(published, "rgb24") == by_ffmpeg(clip, rate)[first:]
        assert abs(onset(published) - (onset(clip) - round(first / rate * 48000))) <= 1
    assert abs(onset(clip) - 33600) <= 48


def rendered_as(info: MediaInfo, folder: Path, first: int) -> Path:
    return rendered(info.path, folder, "png-mov", first=first, info=info).path


@pytest.mark.parametrize("codec", [HEVC, ("-c:v", "libx264", "-bf", "2", "-g", "12")])
def test_unconformed_keeps_every_frame_at_its_time(
    tmp_path: Path, codec: tuple[object, ...]
) -> None:
    clip = phone(tmp_path / "a.mp4", codec=codec)
    published = rendered(clip, tmp_path, "png-mov")
    assert decoded_md5s(published.path, "rgb24") == decoded_md5s(clip, "rgb24")
    shown = times(clip)
    assert times(published.path) == shown
    assert len({b - a for a, b in itertools.pairwise(shown)}) > 3
    assert onset(published.path) == onset(clip)


def times(path: Path) -> list[Fraction]:
    """Seconds from the first frame, by the ffmpeg program."""
    text = ffmpeg("-i", path, "-map", "0:v", "-fps_mode", "passthrough",
                  "-enc_time_base", "1/90000", "-f", "framemd5", "-").decode()  # fmt: skip
    ticks = [int(line.split(",")[2]) for line in text.splitlines() if line[0] != "#"]
    return [Fraction(tick - ticks[0], 90000) for tick in ticks]


def test_a_truncated_movie_is_never_silently_short(tmp_path: Path) -> None:
    whole = make(tmp_path / "a.mov", "-movflags", "+faststart", frames=60, size="96x64")
    cut = tmp_path / "b.mov"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    info = conformed(probe_media(cut), Fraction(30))
    assert info.frame_count == 72  # 60 frames at 25 are 2.4 s
    readable = movie_index(cut).readable
    assert readable < 60
    assert source_frame(info, 71) == 59
    read = []
    with pytest.raises(MediaError, match=f"frame {readable} of 60 cannot be decoded"):
        read.extend(decoded_rgb(info))
    assert [rgb_md5(pixels) for pixels in read] == by_ffmpeg(whole, Fraction(30))[: len(read)]
    assert len(read) > 20


def test_what_has_no_clock_is_left_as_it_is(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=16x16", "-frames:v", 3, tmp_path / "a.%04d.png")
    for path in (tmp_path / "a.%04d.png", tmp_path / "a.0001.png"):
        info = probe_media(path)
        assert conformed(info, Fraction(25)) is info


@pytest.mark.parametrize("rate", [Fraction(1, 2), Fraction(1000)])
def test_refused_rates(clip: Path, rate: Fraction) -> None:
    with pytest.raises(InputError, match="no rate to conform to"):
        conformed(probe_media(clip), rate)
