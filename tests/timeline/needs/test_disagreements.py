"""Where writers of a format disagree, the frames of both readings are planned, and said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.timeline import read_timeline
from nle_style.timeline.needs import plan_shots
from tests.timeline.building import Facts, clip, probe_of, read_back, timeline, track

R25 = Fraction(25)
FCP7 = """<xmeml version="5"><sequence><name>s</name><rate><timebase>{edit}</timebase></rate><media>
<video><track><clipitem id="c"><name>a</name><rate><timebase>25</timebase></rate><start>0</start>
<end>30</end><in>{begin}</in><out>90</out><file id="f"><name>a</name><pathurl>file:///m/a.mov
</pathurl><rate><timebase>25</timebase></rate><duration>200</duration></file></clipitem></track>
</video></media></sequence></xmeml>"""


@pytest.mark.parametrize(
    ("writer", "start", "speed", "shown"),
    [
        # Premiere's 40 source frames, Avid's 40 / 2.
        ("PremierePro_OTIO", 10, 0.5, (9, 50)),
        ("PremierePro_OTIO", 20, 2.0, (19, 99)),
        ("PremierePro_OTIO", 10, 1.0, (10, 49)),
        ("PremierePro_OTIO", 10, 0.0, (10, 11)),
        ("Resolve_OTIO", 10, 0.5, (9, 30)),
    ],
)
def test_premieres_speeds(
    tmp_path: Path, writer: str, start: int, speed: float, shown: tuple[int, int]
) -> None:
    shot = clip("a", (start, 40), (0, 100), rate=25)
    if speed != 1:
        warp = otio.schema.LinearTimeWarp(time_scalar=speed)
        shot.effects.append(warp if speed else otio.schema.FreezeFrame())
    cut = timeline(track(shot))
    cut.metadata[writer] = {"x": 1}
    (use,) = plan_shots(read_back(cut, tmp_path), probe_of(Facts(R25))).uses
    assert (use.first, use.last) == shown
    assert ("Premiere counts" in use.note) == (writer == "PremierePro_OTIO" and speed in (0.5, 2))


def test_premieres_clips_in_a_timeline_of_another_writer(tmp_path: Path) -> None:
    shot = clip("a", (10, 40), (0, 100), rate=25)
    shot.effects.append(otio.schema.LinearTimeWarp(time_scalar=0.5))
    shot.metadata["PremierePro_OTIO"] = {"x": 1}
    (use,) = plan_shots(read_back(timeline(track(shot)), tmp_path), probe_of(Facts(R25))).uses
    assert (use.first, use.last) == (9, 50)


@pytest.mark.parametrize(
    ("edit", "begin", "shown"),
    [
        # In-point 60: at the clip's 25 frames 60-84, at the sequence's 30 it is 2 s: 50-74.
        (30, 60, (50, 84)),
        (30, 0, (0, 24)),
        (25, 60, (60, 89)),
    ],
)
def test_in_points_of_mixed_rates(
    tmp_path: Path, edit: int, begin: int, shown: tuple[int, int]
) -> None:
    path = tmp_path / "cut.xml"
    path.write_text(FCP7.format(edit=edit, begin=begin), encoding="utf-8")
    (use,) = plan_shots(read_timeline(path), probe_of(Facts(R25, 200))).uses
    assert (use.first, use.last) == shown
    assert ("Premiere and Resolve at the sequence's 30" in use.note) == (shown == (50, 84))


@pytest.mark.parametrize(
    ("start", "count", "available", "by_time", "by_number"),
    [
        (1800, 40, (0, 1990), (1798, 1838), (1800, 1839)),
        (899, 1001, (0, 1990), (898, 1898), (899, 1899)),
        # A label tells the first frame; a thousand frames on it is one by number, too.
        (100, 1800, None, (100, 1898), (100, 1899)),
    ],
)
def test_24_beside_23_976_by_number_and_by_time(
    tmp_path: Path,
    start: int,
    count: int,
    available: tuple[int, int] | None,
    by_time: tuple[int, int],
    by_number: tuple[int, int],
) -> None:
    read = read_back(timeline(track(clip("a", (start, count), available))), tmp_path)
    facts = Facts(Fraction(24000, 1001), 1990)
    (use,) = plan_shots(read, probe_of(facts)).uses
    assert min(by_time[0], by_number[0]) - use.first == 1
    assert 1 <= use.last - max(by_time[1], by_number[1]) <= 2
    assert "by number or by time are planned" in use.note


def test_a_speed_or_the_files_own_frames_leave_nothing_open(tmp_path: Path) -> None:
    """Of a long file, ten frames at 1800 of its own, for ten of 24 a second."""
    shot = clip("a", (1800, 10), (0, 1990), rate=24000 / 1001)
    shot.source_range = otio.opentime.TimeRange(
        shot.source_range.start_time, otio.opentime.RationalTime(10, 24)
    )
    facts = Facts(Fraction(24000, 1001), 1990)
    (use,) = plan_shots(read_back(timeline(track(shot)), tmp_path), probe_of(facts)).uses
    assert (use.first, use.last) == (1799, 1810)
    shot.effects.append(otio.schema.LinearTimeWarp("conform-rate", time_scalar=1.001))
    (use,) = plan_shots(read_back(timeline(track(shot)), tmp_path), probe_of(facts)).uses
    assert (use.first, use.last) == (1799, 1810)
    assert "by number" not in use.note


def test_a_label_at_24_in_a_range_at_23_976(tmp_path: Path) -> None:
    """Ten minutes behind an hour: by time 86400 + 14400 at 24 are 100 frames earlier."""
    shot = clip("a", (86400 + 14400, 10), (86400, 20000), media_rate=24000 / 1001)
    facts = Facts(Fraction(24000, 1001), 20000, 86400)
    (use,) = plan_shots(read_back(timeline(track(shot)), tmp_path), probe_of(facts)).uses
    assert use.first <= 14299
    assert use.last >= 14409
