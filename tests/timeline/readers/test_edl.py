from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import ReadTimeline, read_timeline
from nle_style.timeline.readers.edl.edl_events import frames_of

R24, R25, R2997 = Fraction(24), Fraction(25), Fraction(30000, 1001)


def read(
    folder: Path, *lines: str, rate: Fraction | None = R24, fcm: str = "NON-DROP FRAME"
) -> ReadTimeline:
    path = folder / "cut.edl"
    path.write_text("\n".join(["TITLE: cut", f"FCM: {fcm}", *lines]), encoding="utf-8")
    return read_timeline(path, rate=rate)


def clips(read: ReadTimeline) -> list[otio.schema.Clip]:
    return list(read.timeline.find_clips())


def frames(time_range: otio.opentime.TimeRange) -> tuple[float, float]:
    return time_range.start_time.value, time_range.duration.value


def warps(clip: otio.schema.Clip) -> list[tuple[str, float | None]]:
    return [(e.schema_name(), getattr(e, "time_scalar", None)) for e in clip.effects]


A = "001  A001C002 V     C        01:00:10:00 01:00:12:00 10:00:00:00 10:00:02:00"


def test_an_event_and_what_the_finder_is_told(tmp_path: Path) -> None:
    made = read(tmp_path, A, "* FROM CLIP NAME:  Wide", "* SOURCE FILE: A001C002_161015")
    (clip,) = clips(made)
    # An hour and ten seconds at 24 are 86640 frames.
    assert frames(clip.source_range) == (86640, 48)
    assert clip.name == "Wide"
    names = clip.media_reference.metadata["nle_style_source"]["names"]
    assert list(names) == ["Wide", "A001C002_161015", "A001C002"]
    assert dict(clip.metadata["nle_style_source"]) == {"event": "001", "line": 3}
    assert made.timeline.global_start_time.value == 864000
    assert made.warnings == ()


def test_the_rate_must_be_given_unless_drop_frame_tells_it(tmp_path: Path) -> None:
    with pytest.raises(TimelineError) as caught:
        read(tmp_path, A, rate=None)
    assert "does not say its frame rate" in caught.value.what
    assert "--rate" in caught.value.remedy
    drop = read(tmp_path, A, rate=None, fcm="DROP FRAME")
    # 01:00:10:00 drop-frame: 3610 s of 30, less 2 labels in 54 of 60 minutes.
    assert frames(clips(drop)[0].source_range) == (108300 - 108, 60)
    assert clips(drop)[0].source_range.start_time.rate == pytest.approx(30000 / 1001, abs=1e-12)


def test_a_timecode_beyond_the_rate_names_event_and_line(tmp_path: Path) -> None:
    bad = A.replace("10:00:02:00", "10:00:02:24")
    with pytest.raises(TimelineError, match=r"event 001 in line 3: 10:00:02:24 does not exist"):
        read(tmp_path, bad)
    assert clips(read(tmp_path, bad, rate=R25))


@pytest.mark.parametrize(
    ("timecode", "rate", "drop", "count"),
    [
        ("00:01:00;02", R2997, True, 1800),
        ("00:10:00;00", R2997, True, 17982),
        ("01:00:00;00", R2997, True, 107892),
        ("01:00:00:00", R2997, False, 108000),
        ("00:01:00;04", Fraction(60000, 1001), True, 3600),
        ("1009", R24, False, 1009),
    ],
)
def test_timecodes(timecode: str, rate: Fraction, drop: bool, count: int) -> None:
    """SMPTE ST 12-1: 107892 frames in an hour of drop-frame."""
    assert frames_of(timecode, rate, drop=drop) == count


def test_a_label_that_drop_frame_leaves_out(tmp_path: Path) -> None:
    with pytest.raises(TimelineError, match="leaves out"):
        read(tmp_path, A.replace("01:00:12:00", "01:01:00;01"), rate=R2997)
    with pytest.raises(TimelineError, match="drop-frame, which"):
        read(tmp_path, A, rate=R25, fcm="DROP FRAME")


def test_a_dissolve_takes_the_incoming_clips_file(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        A,
        "002  A001C002 V     C        01:00:12:00 01:00:12:00 10:00:02:00 10:00:02:00",
        "002  B001C001 V     D    012 02:00:00:00 02:00:02:00 10:00:02:00 10:00:04:00",
        "* FROM CLIP NAME:  one",
        "* FROM FILE: /media/one.mov",
        "* TO CLIP NAME:  two",
        "* TO FILE: /media/two.mov",
    )
    track = made.timeline.tracks[0]
    assert [type(c).__name__ for c in track] == ["Clip", "Transition", "Clip"]
    assert (track[1].in_offset.value, track[1].out_offset.value) == (0, 12)
    assert track[2].name == "two"
    assert track[2].media_reference.target_url == "/media/two.mov"
    assert made.warnings == ()


def test_a_fade_in_from_black_and_a_wipe(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        "001  BL       V     C        00:00:00:00 00:00:00:00 10:00:00:00 10:00:00:00",
        "001  A        V     D    024 01:00:00:00 01:00:02:00 10:00:00:00 10:00:02:00",
        "002  A        V     C        01:00:02:00 01:00:02:00 10:00:02:00 10:00:02:00",
        "002  B        V     W001 010 01:00:00:00 01:00:02:00 10:00:02:00 10:00:04:00",
    )
    track = made.timeline.tracks[0]
    kinds = [t.transition_type for t in track if isinstance(t, otio.schema.Transition)]
    assert kinds == ["SMPTE_Dissolve", "SMPTE_Wipe"]
    assert track.trimmed_range_of_child_at_index(1).start_time.value == 0
    assert track.handles_of_child(track[1])[0].value == 0


def test_speeds(tmp_path: Path) -> None:
    def speed(m2: str, source_out: str) -> otio.schema.Clip:
        event = f"001  A V C 01:00:10:00 {source_out} 10:00:00:00 10:00:02:00"
        return clips(read(tmp_path, event, f"M2   A       {m2}                01:00:10:00"))[0]

    fast = speed("048.0", "01:00:14:00")
    assert warps(fast) == [("LinearTimeWarp", 2.0)]
    assert frames(fast.source_range) == (86640, 48)
    assert warps(speed("012.0", "01:00:11:00")) == [("LinearTimeWarp", 0.5)]
    assert warps(speed("000.0", "01:00:10:01")) == [("FreezeFrame", 0.0)]
    # Reverse with all its frames listed: they are the frames.
    whole = speed("-024.0", "01:00:12:00")
    assert (warps(whole), frames(whole.source_range)) == ([("LinearTimeWarp", -1.0)], (86640, 48))
    # Avid's one frame: the picture runs backwards from it, 47 frames more.
    avid = speed("-024.0", "01:00:10:01")
    assert frames(avid.source_range) == (86640 - 47, 48)


def test_a_speed_is_a_share_of_the_nominal_rate(tmp_path: Path) -> None:
    event = "001  A V C 01:00:10:00 01:00:14:00 10:00:00:00 10:00:02:00"
    made = read(tmp_path, event, "M2 A 060.0 01:00:10:00", rate=R2997)
    assert warps(clips(made)[0]) == [("LinearTimeWarp", 2.0)]


def test_lengths_that_disagree_are_named(tmp_path: Path) -> None:
    made = read(tmp_path, A.replace("01:00:12:00", "01:00:15:00"))
    assert warps(clips(made)[0]) == [("TimeEffect", None)]
    assert "event 001 (line 3): 120 source frames fill 48" in made.warnings[0]
    off = read(tmp_path, A.replace("01:00:12:00", "01:00:13:12"), "M2 A001C002 048.0 01:00:10:00")
    assert "needs 96 source frames, and it lists 84" in off.warnings[0]


def test_overlaps_gaps_and_sound(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        A,
        "002  B        V     C        01:00:00:00 01:00:02:00 10:00:01:00 10:00:03:00",
        "003  C        AA/V  C        01:00:00:00 01:00:01:00 10:00:04:00 10:00:05:00",
        "004  D        NONE  C        01:00:00:00 01:00:01:00 10:00:04:00 10:00:05:00",
    )
    tracks = made.timeline.tracks
    assert [(t.name, t.kind) for t in tracks] == [
        ("V", "Video"),
        ("V.2", "Video"),
        ("A1", "Audio"),
        ("A2", "Audio"),
    ]
    assert [frames(c.trimmed_range()) for c in tracks[0]] == [(86640, 48), (0, 48), (86400, 24)]
    assert [frames(c.trimmed_range()) for c in tracks[1]] == [(0, 24), (86400, 48)]
    assert [w.split(": ")[1] for w in made.warnings] == [
        "is on channel NONE, which is no picture's; left out",
        "overlaps another event; put on track V.2",
    ]


def test_tracks_lie_over_one_another_by_their_numbers(tmp_path: Path) -> None:
    event = "002  B        {}   C        01:00:00:00 01:00:02:00 10:00:00:00 10:00:02:00"
    made = read(tmp_path, event.format("V10"), event.format("V2 "), A)
    assert [track.name for track in made.timeline.tracks] == ["V", "V2", "V10"]


def test_locators_become_markers_in_source_time(tmp_path: Path) -> None:
    made = read(tmp_path, A, "* LOC: 10:00:01:00 RED     style: fire")
    (marker,) = clips(made)[0].markers
    assert (marker.name, marker.color) == ("style: fire", "RED")
    assert marker.marked_range.start_time.value == 86640 + 24


@pytest.mark.parametrize(
    "data", [b"", b"TITLE: x\n", b"001 what is this\n", bytes(range(256)) * 20, b"\xff\xfe\x00"]
)
def test_what_is_no_list(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.edl"
    path.write_bytes(data)
    with pytest.raises(TimelineError) as caught:
        read_timeline(path, rate=R24)
    assert caught.value.remedy


def test_other_encodings_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "cut.edl"
    path.write_bytes(f"{A}\r* FROM CLIP NAME: caf\xe9\r".encode("cp1252"))
    made = read_timeline(path, rate=R24)
    assert clips(made)[0].name == "café"
    assert "Windows-1252" in made.warnings[0]
    path.write_text(f"{A}\n* FROM CLIP NAME: café\n", encoding="utf-16")
    assert clips(read_timeline(path, rate=R24))[0].name == "café"
