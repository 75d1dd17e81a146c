"""Sound that is not simply copied: gaps, empty and odd streams, and times that are verified."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from nle_style.errors import VerificationError
from nle_style.media.source import probe_media
from nle_style.media.write.tracks import sound
from nle_style.media.write.tracks.sound_plan import plan_sound
from tests.helpers.media_factory import ffmpeg, make, rendered

RATE = 48000


def beeps(folder: Path, suffix: str, *codec: str, lost: tuple[float, float] | None) -> Path:
    """Two seconds of picture and beeps at 0.3 and 1.7 s; no packets of sound that begin within
    `lost`."""
    whole = folder / f"whole{suffix}"
    tone = "aevalsrc='if(between(mod(t,1.4),0.3,0.32),0.8*sin(2000*t),0)':s=48000:d=2"
    make(whole, *codec, frames=50, size="32x18", codec=("-c:v", "mpeg4"),
         sound=("-f", "lavfi", "-i", tone))  # fmt: skip
    if lost is None:
        return whole
    path = folder / f"gap{suffix}"
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        streams = {each.index: target.add_stream_from_template(each) for each in source.streams}
        for packet in source.demux():
            if packet.dts is None:
                continue
            heard = float(packet.pts * packet.time_base)
            if packet.stream.type == "audio" and lost[0] <= heard < lost[1]:
                continue
            packet.stream = streams[packet.stream.index]
            target.mux(packet)
    return path


def onsets(path: Path) -> list[int]:
    """Milliseconds at which a beep begins, by ffmpeg's times."""
    raw = ffmpeg("-i", path, "-map", "0:a:0", "-af", "aresample=async=1:first_pts=0", "-ac", "1",
                 "-ar", "48000", "-f", "f32le", "-")  # fmt: skip
    loud = np.abs(np.frombuffer(raw, "<f4")) > 0.3
    places = np.flatnonzero(loud)
    begins = places[np.diff(places, prepend=-RATE) > RATE // 10]
    return [round(each * 1000 / RATE) for each in begins]


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".mkv", "pcm_s16le"), (".mkv", "pcm_s24le"), (".mkv", "flac"), (".webm", "libopus"),
     (".mkv", "aac"), (".mkv", "libvorbis"), (".mkv", "pcm_u8")],
)  # fmt: skip
@pytest.mark.parametrize("format", ["png-mov", "ffv1"])
def test_a_gap_stays_a_gap(tmp_path: Path, suffix: str, codec: str, format: str) -> None:
    video = ("-c:v", "libvpx", "-c:a", codec) if suffix == ".webm" else ("-c:a", codec)
    clip = beeps(tmp_path, suffix, *video, lost=(0.6, 1.4))
    published = rendered(clip, tmp_path, format)
    assert np.allclose(onsets(clip), (300, 1700), atol=9)
    # Matroska has no time before zero for Vorbis's first packet, of which half is heard.
    late = 12 if (format, codec) == ("ffv1", "libvorbis") else 2
    assert np.allclose(onsets(published.path), onsets(clip), atol=late)
    filled = [text for text in published.warnings if "has gaps" in text]
    counted = format == "png-mov" and codec != "aac"  # which MOV keeps, packet by packet
    assert len(filled) == counted
    if counted:
        silence = re.search(r"after the first frame: (0\.\d+) s of silence", filled[0])
        assert silence is not None
        assert 0.75 < float(silence[1]) < 0.85


def test_a_part_with_a_gap_in_it(tmp_path: Path) -> None:
    clip = beeps(tmp_path, ".mkv", "-c:a", "pcm_s16le", lost=(0.6, 1.4))
    published = rendered(clip, tmp_path, "png-mov", first=20)
    assert np.allclose(onsets(published.path), (900,), atol=2)


def test_overlapping_sound_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stated to begin from 1 s on begins half a second earlier."""
    clip = beeps(tmp_path, ".mkv", "-c:a", "pcm_s16le", lost=None)

    def early(tracks: sound.AudioTracks, track: object, time: Fraction) -> int:
        return round((time if time < 1 else time - Fraction(1, 2)) * RATE)

    monkeypatch.setattr(sound.AudioTracks, "_sample_of", early)
    published = rendered(clip, tmp_path, "png-mov")
    assert np.allclose(onsets(published.path), (300, 1200), atol=2)
    assert re.search(r"0\.(49|50)\d s of overlap left out", published.warnings[0])


@pytest.mark.parametrize(("codec", "pcm"), [("truehd", "pcm_s24le"), ("mlp", "pcm_s24le")])
def test_lossless_disc_sound_becomes_pcm(tmp_path: Path, codec: str, pcm: str) -> None:
    """TrueHD in Matroska: packets of 40 samples, with times in milliseconds."""
    clip = beeps(tmp_path, ".mkv", "-c:a", codec, "-strict", "-2", lost=None)
    published = rendered(clip, tmp_path, "png-mov")
    assert f"decoded to {pcm}" in published.warnings[0]
    assert len(published.warnings) == 1
    assert np.allclose(onsets(published.path), (300, 1700), atol=2)
    given, read = (
        np.frombuffer(ffmpeg("-i", path, "-map", "0:a", "-f", "s32le", "-"), "<i4")
        for path in (clip, published.path)
    )
    assert np.array_equal(given, read)


def test_what_the_sound_becomes_is_known_before_a_frame_is_written(tmp_path: Path) -> None:
    for suffix, codec in ((".asf", "wmav2"), (".avi", "adpcm_ms"), (".mkv", "mp2")):
        rate = ("-ar", "44100")
        clip = beeps(tmp_path, suffix, "-c:a", codec, *rate, lost=None)
        (track,) = plan_sound(clip, "mov").tracks
        assert track.pcm == {"wmav2": "pcm_f32le", "adpcm_ms": "pcm_s16le", "mp2": ""}[codec]
        heard = onsets(rendered(clip, tmp_path, "png-mov").path)
        assert np.allclose(heard, (300, 1700), atol=12)
    empty = beeps(tmp_path, ".mkv", "-c:a", "ac3", lost=(-1, 9))
    plan = plan_sound(empty, "mov")
    assert (plan.tracks, plan.notes) == ((), ("gap.mkv: audio stream 1 (ac3) is empty; left out",))
    published = rendered(empty, tmp_path, "png-mov")
    assert published.warnings == plan.notes
    assert probe_media(published.path).audio == ()


def test_sound_at_another_time_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All bytes are there: PCM with a gap, which MOV closes up if it is muxed packet by packet."""
    clip = beeps(tmp_path, ".mkv", "-c:a", "pcm_s16le", lost=(0.6, 1.4))
    monkeypatch.setattr(sound, "_PLAIN_PCM", re.compile("none"))
    with pytest.raises(
        VerificationError, match=r"sound reads back as .*at 0.6\d* s instead of 1.4"
    ):
        rendered(clip, tmp_path, "png-mov")
