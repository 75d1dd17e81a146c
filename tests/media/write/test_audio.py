"""Sound: the same packets, in sync to the sample, for whole clips and for parts of them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from nle_style.media.source import probe_media
from tests.helpers.media_factory import ffmpeg, make, onset, rendered

NTSC = Fraction(30000, 1001)
CLICK = ("-f", "lavfi", "-i", "aevalsrc='if(between(t,1.0,1.002),0.9,0)|0:s=48000:d=2'")


def clip_with(folder: Path, suffix: str, *codec: str) -> Path:
    return make(folder / f"a{suffix}", *codec, rate=NTSC, frames=60, size="64x48", sound=CLICK)


def packet_md5s(path: Path, stream: int = 0) -> list[str]:
    text = ffmpeg("-i", path, "-map", f"0:a:{stream}", "-c", "copy", "-f", "framemd5", "-").decode()
    return [line.split(",")[5].strip() for line in text.splitlines() if line[0] != "#"]


def raw_sound(path: Path) -> bytes:
    return ffmpeg("-i", path, "-map", "0:a", "-c", "copy", "-f", "s16le", "-")


@pytest.mark.parametrize("format", ["png-mov", "ffv1"])
@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_s24le", "aac", "ac3"])
def test_whole_clip_keeps_every_packet(tmp_path: Path, codec: str, format: str) -> None:
    clip = clip_with(tmp_path, ".mov", "-c:a", codec)
    published = rendered(clip, tmp_path, format)
    assert published.warnings == ()
    source, copy = packet_md5s(clip), packet_md5s(published.path)
    if format == "ffv1" and codec in ("aac", "ac3"):
        source = source[1:]  # Matroska has no time before zero for the encoder's priming
    assert copy == source
    assert abs(onset(published.path) - onset(clip)) <= 48  # Matroska counts milliseconds


def test_packets_that_state_one_time_follow_each_other(tmp_path: Path) -> None:
    """As ffmpeg writes those of a fragment a frame: MOV took no second one, after painting."""
    clip = make(tmp_path / "a.mp4", "-c:a", "aac", "-movflags", "frag_every_frame", frames=20,
                size="64x48", sound=CLICK)  # fmt: skip
    published = rendered(clip, tmp_path, "png-mov")
    assert packet_md5s(published.path) == packet_md5s(clip)
    times = []
    for path in (clip, published.path):
        with av.open(str(path)) as container:
            packets = container.demux(container.streams.audio[0])
            times.append([packet.pts for packet in packets if packet.pts is not None])
    stated, written = times
    assert len(set(stated)) < len(stated) == len(set(written))
    assert written == sorted(written)


@pytest.mark.parametrize("codec", ["pcm_s16le", "aac", "ac3"])
def test_part_of_a_clip_is_in_sync(tmp_path: Path, codec: str) -> None:
    clip = clip_with(tmp_path, ".mov", "-c:a", codec)
    published = rendered(clip, tmp_path, "png-mov", first=17, last=44)
    source, copy = packet_md5s(clip), packet_md5s(published.path)
    if codec == "pcm_s16le":  # whose packets are cut anew wherever they are read
        source, copy = ([raw_sound(path)] for path in (clip, published.path))
        assert 0 < len(copy[0]) < len(source[0])
        assert copy[0] in source[0]
    else:
        starts = range(1, len(source) - len(copy))
        assert any(copy == source[start : start + len(copy)] for start in starts)
    # 17 frames are 17 * 1001 / 30000 s = 27227.2 samples
    assert abs(onset(published.path) - (48000 - 27227)) <= 1


def test_a_part_in_matroska_begins_with_its_first_sample(tmp_path: Path) -> None:
    """PCM of MXF comes in packets as long as a frame, which are cut where the part begins."""
    ramp = "aevalsrc=mod(floor(t*48000)\\,20000)/32768:s=48000:d=1"
    sound = ("-f", "lavfi", "-i", ramp, "-c:a", "pcm_s16le", "-shortest")
    clip = make(tmp_path / "a.mxf", *("-c:v", "mpeg2video"), codec=(), rate=NTSC, frames=12,
                size="64x48", sound=sound)  # fmt: skip
    samples = np.frombuffer(raw_sound(clip), "<i2")
    published = rendered(clip, tmp_path, "ffv1", first=2)
    read = np.frombuffer(raw_sound(published.path), "<i2")
    # 2 frames are 2 * 1001 / 30000 s = 3203.2 samples
    assert np.array_equal(read, samples[3203 : 3203 + len(read)])
    assert len(read) > 10_000
    assert sound_begins(published.path) == 0


def sound_begins(path: Path) -> float:
    with av.open(str(path)) as movie:
        packet = next(movie.demux(audio=0))
        return float((packet.pts or 0) * packet.time_base)


def test_late_part_is_found_by_a_seek(tmp_path: Path) -> None:
    sound = ("-f", "lavfi", "-i", "aevalsrc='if(between(t,5.0,5.002),0.9,0)|0:s=48000:d=6'")
    clip = make(tmp_path / "a.mov", "-c:a", "aac", rate=NTSC, frames=180, size="64x48", sound=sound)
    published = rendered(clip, tmp_path, "png-mov", first=140, last=170)
    assert abs(onset(published.path) - round(240000 - 140 * 1001 / 30000 * 48000)) <= 1


def test_transport_stream_clock_and_adts(tmp_path: Path) -> None:
    clip = clip_with(tmp_path, ".ts", "-c:a", "aac")
    published = rendered(clip, tmp_path, "png-mov")
    assert published.warnings == ()
    # In the source the click is at sample 48000 after the first picture; the file's start is
    # 1024 samples of AAC priming before it.
    assert abs(onset(published.path) - 48000) <= 1
    assert abs(onset(clip) - 48000 - 1024) <= 1


@pytest.mark.parametrize(("codec", "pcm"), [("flac", "pcm_s24le"), ("libopus", "pcm_f32le"),
                                            ("libvorbis", "pcm_f32le")])  # fmt: skip
def test_what_mov_cannot_hold_is_decoded(tmp_path: Path, codec: str, pcm: str) -> None:
    bits = ("-sample_fmt", "s32") if codec == "flac" else ()
    clip = clip_with(tmp_path, ".mkv", "-c:a", codec, *bits)
    published = rendered(clip, tmp_path, "png-mov")
    (warning,) = published.warnings
    assert f"cannot be stored in mov; decoded to {pcm}" in warning
    (audio,) = probe_media(published.path).audio
    assert audio.codec == pcm
    samples = [
        ffmpeg("-i", path, "-map", "0:a", "-f", "f32le", "-") for path in (clip, published.path)
    ]
    given, read = (np.frombuffer(raw, "<f4") for raw in samples)
    assert np.array_equal(read[: len(given)], given[: len(read)])
    assert abs(len(read) - len(given)) <= 2 * 1024
    assert abs(onset(published.path) - onset(clip)) <= 1


def test_all_streams_with_their_languages(tmp_path: Path) -> None:
    two = (*CLICK, "-f", "lavfi", "-i", "sine=r=44100:d=2")
    clip = make(tmp_path / "a.mov", "-map", "0", "-map", "1", "-map", "2", "-c:a", "pcm_s16le",
                "-metadata:s:a:0", "language=fra", "-metadata:s:a:1", "language=ita",
                frames=10, size="64x48", sound=two)  # fmt: skip
    published = rendered(clip, tmp_path, "png-mov")
    info = probe_media(published.path)
    assert [audio.sample_rate for audio in info.audio] == [48000, 44100]
    for stream in (0, 1):
        assert packet_md5s(published.path, stream) == packet_md5s(clip, stream)
    with av.open(str(published.path)) as container:
        assert [stream.language for stream in container.streams.audio] == ["fra", "ita"]


def test_a_sequence_says_that_it_carries_no_sound(tmp_path: Path) -> None:
    clip = clip_with(tmp_path, ".mov", "-c:a", "aac")
    published = rendered(clip, tmp_path, "exr", first=0, last=1)
    assert published.warnings == ("a.mov: a sequence carries no audio; it was left out",)


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        (".mov", ("-c:a", "libmp3lame", "-b:a", "32k")),
        (".mkv", ("-c:a", "libopus")),
        (".wmv", ("-c:v", "wmv2", "-bf", "0", "-c:a", "wmav2")),
        (".mp4", ("-c:a", "aac", "-use_editlist", "0")),  # its first packet lasts 80 ms, it states
    ],
)
@pytest.mark.parametrize("first", [0, 9])
def test_a_part_begins_with_its_own_sound(
    tmp_path: Path, suffix: str, codec: tuple[str, ...], first: int
) -> None:
    """Decoders that need packets before the range to give it (RFC 7845, 4.6, for Opus) have them,
    and what is hidden before it is no longer than it sounds."""
    tone = ("-f", "lavfi", "-i", "sine=f=1000:r=48000:d=2")
    clip = make(tmp_path / f"a{suffix}", *codec, frames=40, size="64x48", sound=tone)
    part = rendered(clip, tmp_path, "png-mov", first=first, last=30).path
    raw = ffmpeg("-i", part, "-map", "0:a", "-ac", 1, "-ar", 48000, "-f", "f32le", "-")
    loud = np.sqrt(np.mean(np.frombuffer(raw, "<f4")[: 480 * 40].reshape(40, 480) ** 2, axis=1))
    assert loud[0 if first else 4 :].min() > 0.8 * loud.max()


@pytest.mark.parametrize(
    ("suffix", "late", "codec"),
    [
        (".avi", 0, ("-bf", "0", "-c:a", "pcm_s16le")),
        (".avi", 2, ("-bf", "3", "-c:a", "pcm_s16le")),
        (".mpg", 0, ("-bf", "3", "-c:a", "mp2")),
        (".vob", 0, ("-bf", "0", "-c:a", "ac3")),
    ],
)
def test_sound_beside_pictures_without_times(
    tmp_path: Path, suffix: str, late: int, codec: tuple[str, ...]
) -> None:
    """H.264 in AVI has times of decoding alone: ffmpeg shows a picture when the decoder gives it,
    here after two more packets. In a program stream some pictures have times."""
    clip = make(tmp_path / f"a{suffix}", *codec, frames=45, size="64x48", sound=CLICK)
    published = rendered(clip, tmp_path, "png-mov")
    assert abs(onset(published.path) - (48000 - late * 1920)) <= 1
    assert not probe_media(clip).variable_rate


def test_a_clock_that_ticks_once_in_a_packet(tmp_path: Path) -> None:
    """That of AC-3 in AVI: 32 ms. Frame 17 is not on one of its ticks."""
    clip = clip_with(tmp_path, ".avi", "-c:v", "mpeg4", "-bf", "0", "-c:a", "ac3")
    part = rendered(clip, tmp_path, "png-mov", first=17, last=44).path
    assert abs(onset(part) - (onset(clip) - 27227)) <= 1
