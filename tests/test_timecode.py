"""Timecode arithmetic against SMPTE ST 12-1 and against ffmpeg's own counting."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import MediaError
from nle_style.media.source import probe_media
from nle_style.timecode import (
    Timecode,
    advance_timecode,
    conform_timecode,
    frame_of_timecode,
    smpte_rate,
    timecode_from_bcd,
    timecode_to_bcd,
)
from tests.helpers.media_factory import make

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("start", "frames", "rate", "expected"),
    [
        ("01:00:00:00", 25, Fraction(25), "01:00:01:00"),
        ("01:00:59:29", 1, NTSC, "01:01:00:00"),  # non-drop keeps every label
        ("01:00:59;29", 1, NTSC, "01:01:00;02"),  # drop: ;00 and ;01 do not exist
        ("01:09:59;29", 1, NTSC, "01:10:00;00"),  # but they do in every tenth minute
        ("00:00:00;00", 17982, NTSC, "00:10:00;00"),  # ten minutes hold 17982 frames
        ("00:00:00;00", 107892, NTSC, "01:00:00;00"),
        ("00:00:59;59", 1, Fraction(60000, 1001), "00:01:00;04"),
        ("23:59:59:23", 1, Fraction(24), "00:00:00:00"),
        ("10:11:12;13", 0, NTSC, "10:11:12;13"),
        ("01:02:03:04", 48, Fraction(24000, 1001), "01:02:05:04"),
    ],
)
def test_advance_timecode(start: str, frames: int, rate: Fraction, expected: str) -> None:
    assert advance_timecode(start, frames, rate) == expected


def test_every_drop_frame_label_of_ten_minutes_is_reached_once() -> None:
    labels = [advance_timecode("00:00:00;00", count, NTSC) for count in range(17982)]
    assert labels == sorted(set(labels))
    assert not [label for label in labels if label[6:] in ("00;00", "00;01") and label[4] != "0"]


@pytest.mark.parametrize(
    ("start", "before", "rate", "expected"),
    [
        ("01:00:10:15", Fraction(30), Fraction(24), "01:00:10:12"),
        ("01:00:10:29", NTSC, Fraction(25), "01:00:10:24"),  # 29 * 25 / 30 = 24.2
        ("01:00:10;29", NTSC, Fraction(25), "01:00:10:24"),  # no drop-frame at 25
        ("01:01:00;02", NTSC, Fraction(60000, 1001), "01:01:00;04"),  # its first label there too
        ("01:00:10:07", Fraction(358, 12), Fraction(30), "01:00:10:07"),  # an average rate
    ],
)
def test_conform_timecode(start: str, before: Fraction, rate: Fraction, expected: str) -> None:
    assert conform_timecode(start, before, rate) == expected


def test_ffmpeg_reads_the_advanced_label(tmp_path: Path) -> None:
    label = advance_timecode("00:00:58;00", 100, NTSC)
    clip = make(tmp_path / "a.mov", "-timecode", label, frames=2, rate=NTSC)
    assert probe_media(clip).timecode == label == "00:01:01;12"


@pytest.mark.parametrize("rate", [24000 / 1001, 24, 25, 30000 / 1001, 30, 50, 60000 / 1001, 60])
def test_frames_are_counted_as_opentimelineio_counts_them(rate: float) -> None:
    exact = smpte_rate(rate)
    assert exact is not None
    for frame in range(0, 24 * 3600 * 60, 9973):
        label = otio.opentime.to_timecode(otio.opentime.RationalTime(frame, rate))
        assert str(Timecode.at(frame, exact, drop=";" in label)) == label
        assert otio.opentime.from_timecode(label, rate).to_frames() == frame_of_timecode(
            label, exact
        )


def test_a_rate_without_timecode_and_a_source_without() -> None:
    assert smpte_rate(23.98, Fraction(1, 100)) == Fraction(24000, 1001)
    assert smpte_rate(23.98) is None
    assert smpte_rate(12.5, Fraction(1, 100)) is None
    assert frame_of_timecode("01:00:00:00", Fraction(25, 2)) == 0
    assert frame_of_timecode(None, NTSC) == 0


def test_bcd_word_of_the_standard() -> None:
    assert timecode_to_bcd(Timecode.of("12:34:56:17")) == 0x12345617
    assert timecode_to_bcd(Timecode.of("01:00:00;02")) == 0x01000042
    assert timecode_from_bcd(0x01000042) == "01:00:00;02"


def test_not_a_timecode() -> None:
    with pytest.raises(MediaError, match="'1 hour' is not a timecode"):
        advance_timecode("1 hour", 1, NTSC)
    with pytest.raises(MediaError, match="'1 hour' is not a timecode"):
        conform_timecode("1 hour", NTSC, Fraction(25))
