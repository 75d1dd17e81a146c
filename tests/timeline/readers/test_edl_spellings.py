"""What lists write differently: speeds, names of reels, kinds of timecode.

Frames were counted by hand; drop-frame by SMPTE ST 12-1: an hour is 107892 frames.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from nle_style.timeline import read_timeline
from nle_style.timeline.needs import Plan, plan_shots
from tests.timeline.building import Facts, probe_of

NTSC30 = Fraction(30000, 1001)


def planned(
    folder: Path, *lines: str, rate: Fraction = Fraction(24), start: int = 86400, fcm: str = ""
) -> Plan:
    path = folder / "cut.edl"
    path.write_text("\n".join(["TITLE: cut", *([f"FCM: {fcm}"] if fcm else []), *lines]))
    return plan_shots(read_timeline(path, rate=rate), probe_of(Facts(rate, 200, start, day=10**7)))


def shown(plan: Plan) -> list[tuple[str, int, int]]:
    assert not plan.refusals
    return [(use.source.name, use.first, use.last) for use in plan.uses]


TWICE = "001  AX V C 01:00:01:00 01:00:02:16 01:00:00:00 01:00:00:20"
NAMED = "* FROM CLIP NAME: a.mov"


@pytest.mark.parametrize(
    "line",
    [
        "M2   AX       048.0                01:00:01:00",
        "M2   AX       +048.0               01:00:01:00",
        "m2   AX       048",
        "M2            048.0                01:00:01:00",
    ],
)
def test_the_spellings_of_a_speed(tmp_path: Path, line: str) -> None:
    # 24 and 24 + 19 * 2, and a frame more on each side.
    assert shown(planned(tmp_path, TWICE, line, NAMED)) == [("a.mov", 23, 63)]


def test_a_reverse_speed_is_never_passed_over(tmp_path: Path) -> None:
    """Its source and its record are of one length, as they would be without a speed."""
    event = "001  AX V C 01:00:01:00 01:00:02:00 01:00:00:00 01:00:01:00"
    (use,) = planned(tmp_path, event, "M2   AX       -024.0", NAMED).uses
    assert use.note == "editors read reverse in two ways: the frames of both are planned"
    (refusal,) = planned(tmp_path, event, "M2   AX       -2?.0", NAMED).refusals
    assert refusal.reason == "its speed (M2) in the list cannot be read"


def test_a_reverse_whose_source_is_listed_backwards(tmp_path: Path) -> None:
    """From 01:00:05:00 down, with that frame or the one before it, to 01:00:03:00 or after."""
    event = "001  AX V C 01:00:05:00 01:00:03:00 01:00:00:00 01:00:02:00"
    plan = planned(tmp_path, event, "M2   AX       -024.0   01:00:05:00", NAMED)
    ((_, first, last),) = shown(plan)
    assert first <= 72
    assert last >= 120
    assert plan.uses[0].record == (0, 2)
    # Without a reverse it is a mistake of the list.
    (refusal,) = planned(tmp_path, event, "M2   AX       024.0", NAMED).refusals
    assert refusal.reason.startswith("its source ends at 01:00:03:00, before it starts")


@pytest.mark.parametrize(("speed", "last"), [("060.0", 1998), ("059.94", 1998), ("059.9", 1996)])
def test_a_speed_at_the_nominal_or_at_the_exact_rate(tmp_path: Path, speed: str, last: int) -> None:
    """2000 frames in 1000: the last is floor(999 * speed), with 060.0 / 30 or 059.94 / 29.97."""
    event = "001  AX V C 01:00:00:00 01:01:06:20 01:00:00:00 01:00:33:10"
    path = tmp_path / "cut.edl"
    path.write_text(f"{event}\nM2   AX   {speed}   01:00:00:00\n{NAMED}")
    facts = Facts(NTSC30, 5000, 108000, day=10**7)
    (use,) = plan_shots(read_timeline(path, rate=NTSC30), probe_of(facts)).uses
    assert use.last == last + 1


def test_each_reel_of_a_dissolve_is_its_own_clip(tmp_path: Path) -> None:
    plan = planned(
        tmp_path,
        "001  RA V C     01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00",
        "* REEL RA IS CLIP a.mov",
        "002  RA V C     01:00:01:00 01:00:01:00 01:00:01:00 01:00:01:00",
        "002  RB V D 012 01:00:02:00 01:00:03:00 01:00:01:00 01:00:02:00",
        "* REEL RA IS CLIP a.mov",
        "* REEL RB IS CLIP b.mov",
        "003  RC V C     01:00:00:00 01:00:01:00 01:00:02:00 01:00:03:00",
        "003  RD V D 012 01:00:02:00 01:00:03:00 01:00:03:00 01:00:04:00",
        "* REEL RC IS CLIP c.mov",
        "* REEL RD IS CLIP d.mov",
    )
    assert shown(plan) == [
        ("a.mov", 0, 35),
        ("b.mov", 48, 71),
        ("c.mov", 0, 35),
        ("d.mov", 48, 71),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "* from clip name: a.mov",
        "* CLIP NAME: a.mov",
        "* FINAL CUT PRO REEL: a.mov REPLACED BY: 001",
    ],
)
def test_the_spellings_of_a_name(tmp_path: Path, line: str) -> None:
    event = "001  001 V C 01:00:01:00 01:00:02:00 01:00:00:00 01:00:01:00"
    assert shown(planned(tmp_path, event, line)) == [("a.mov", 24, 47)]


def test_a_record_has_one_kind_of_timecode_and_each_source_its_own(tmp_path: Path) -> None:
    """The second source is drop-frame: 01:00:01:00 is frame 107922 of the day, and of its file 30.

    Its record goes on where the first event ends.
    """
    lines = (
        "001  A V C 01:00:01:00 01:00:02:00 01:00:00:00 01:00:01:00",
        "FCM: DROP FRAME",
        "002  B V C 01:00:01:00 01:00:02:00 01:00:01:00 01:00:02:00",
    )
    path = tmp_path / "cut.edl"
    path.write_text("\n".join(["FCM: NON-DROP FRAME", *lines]))
    made = read_timeline(path, rate=NTSC30)
    starts = [clip.source_range.start_time.value for clip in made.timeline.find_clips()]
    assert starts == [108030, 107922]
    assert len(made.timeline.tracks[0]) == 2
    assert made.drop is False


def test_colons_beside_a_records_semicolons_are_non_drop_frame(tmp_path: Path) -> None:
    event = "001  a.mov V C 01:00:01:00 01:00:02:00 01:00:00;00 01:00:01;00"
    plan = planned(tmp_path, event, rate=NTSC30, start=108000, fcm="DROP FRAME")
    assert shown(plan) == [("a.mov", 30, 59)]


PLAIN = "001  AX V C 01:00:01:00 01:00:02:00 01:00:00:00 01:00:01:00"


@pytest.mark.parametrize(
    "comment",
    [
        "* SOURCE FILE PATH: /m/a.mov",
        "SOURCE FILE: /m/a.mov",
        "* FROM FILE PATH: /m/a.mov",
        "* SOURCE FILE: a.mov\n* SOURCE FILE PATH: /m/a.mov",
    ],
)
def test_paths_in_comments(tmp_path: Path, comment: str) -> None:
    plan = planned(tmp_path, PLAIN, "* FROM CLIP NAME: shot", comment)
    # The likeliest name comes first; the finder of media tries all.
    (clip,) = read_timeline(tmp_path / "cut.edl", rate=Fraction(24)).timeline.find_clips()
    assert "/m/a.mov" in clip.media_reference.metadata["nle_style_source"]["names"]
    assert [(use.first, use.last) for use in plan.uses] == [(24, 47)]


@pytest.mark.parametrize("channel", ["VIDEO", "video", "V,A1", "V+A", "Both"])
def test_channels_in_words_and_with_other_marks(tmp_path: Path, channel: str) -> None:
    event = PLAIN.replace(" V ", f" {channel} ")
    assert shown(planned(tmp_path, event, NAMED)) == [("a.mov", 24, 47)]


def test_an_unknown_channel_of_pictures_is_refused(tmp_path: Path) -> None:
    other = PLAIN.replace("001", "002").replace(" V ", " TVX ")
    plan = planned(tmp_path, PLAIN, NAMED, other, "* FROM CLIP NAME: b.mov")
    (refusal,) = plan.refusals
    assert (refusal.clip_name, "on channel TVX" in refusal.reason) == ("b.mov", True)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8-sig"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "cut.edl"
    path.write_bytes(f"TITLE: cut\r\n{PLAIN.lower()}\r\n{NAMED}\r\n".encode(encoding))
    plan = plan_shots(read_timeline(path, rate=Fraction(24)), probe_of(Facts(start_frame=86400)))
    assert shown(plan) == [("a.mov", 24, 47)]
