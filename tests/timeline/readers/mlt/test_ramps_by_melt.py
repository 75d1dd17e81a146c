"""Speeds that change over time in MLT's projects, as melt plays them."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.timeline import SOURCE_KEY, ReadTimeline, read_timeline
from nle_style.timeline.needs import plan_shots
from tests.helpers.players.mlt import need_melt, play_project
from tests.helpers.players.mlt_projects import chain, entry, kdenlive_4, properties
from tests.helpers.stamps import make_clip, read_stamp
from tests.timeline.building import Facts, probe_of

R25 = Fraction(25)
COUNT = 100


def project(folder: Path, map_name: str, text: str, first: int, last: int, begin: int = 0) -> Path:
    """One clip of a chain of 200 frames with a timeremap link."""
    inside = properties(mlt_service="timeremap", image_mode="nearest", **{map_name: text})
    link = f'<link id="l" in="{begin}" out="199">{inside}</link>'
    media = chain("a", str(folder / "a.mov"), 200).replace("\n </chain>", f"{link}</chain>")
    made = kdenlive_4([], media, [(entry("a", first, last), "")], last - first + 1, rate=R25)
    path = folder / "cut.kdenlive"
    path.write_text(made, encoding="utf-8")
    return path


def positions(read: ReadTimeline) -> list[Fraction]:
    """The source position at each frame of the only clip, straight between its points."""
    (clip,) = read.timeline.find_clips()
    (effect,) = clip.effects
    points = [(Fraction(t), Fraction(v)) for t, v in effect.metadata[SOURCE_KEY]["curve"]]
    found = []
    for frame in range(int(clip.source_range.duration.value)):
        at = frame / R25
        (t0, v0), (t1, v1) = next(p for p in pairwise(points) if p[0][0] <= at <= p[1][0])
        found.append((v0 + (at - t0) * (v1 - v0) / (t1 - t0)) * R25)
    return found


@pytest.mark.parametrize(
    ("text", "first", "last", "begin"),
    [
        ("0=0;10=0.4;20=1.6", 0, 24, 0),
        ("00:00:00.000=2;00:00:00.400=1.2;30=1.2;40=3", 5, 44, 0),
        ("0=0;10|=0.4;20=2", 0, 29, 0),
        ("0~=0;10~=0.4;25~=2;40~=2.4", 0, 39, 0),
        ("0=0.5;20=2", 0, 19, 0),
        ("0=0;10=0.4;20=1.6", 4, 24, 4),
        # Held at 29 of 25 a second, which is 28.999999 in floats.
        ("0=1.16;20=1.16", 0, 9, 0),
    ],
)
def test_a_ramp_shows_what_melt_shows(
    tmp_path: Path, text: str, first: int, last: int, begin: int
) -> None:
    need_melt()
    make_clip(tmp_path / "a.mov", 3, COUNT, R25)
    # Before melt 7.14 the map is called "map" alone.
    path = project(tmp_path, "map", text, first, last, begin)
    read = read_timeline(path)
    stamps = [read_stamp(frame) for frame in play_project(path, tmp_path / "played.mkv")]
    shown = [stamp[1] for stamp in stamps if stamp]
    assert len(shown) == last - first + 1
    ours = positions(read)
    # melt counts in floats: a position that is whole may come out just below it.
    noise = Fraction(1, 1000)
    for place, frame in zip(ours, shown, strict=True):
        assert frame in (math.floor(place - noise), math.floor(place + noise))
    (use,) = plan_shots(read, probe_of(Facts(R25, COUNT))).uses
    assert use.first <= min(shown) <= use.first + 2
    assert use.last - 2 <= max(shown) <= use.last


def test_the_names_of_the_maps(tmp_path: Path) -> None:
    """A map of speeds is summed up frame by frame: 1 + 1.1 + 1.2 + ... of 1/25 s."""
    for name, text in (("time_map", "0=0;10=1"), ("speed_map", "0=1;20=3")):
        ours = positions(read_timeline(project(tmp_path, name, text, 0, 9)))
        wanted = [Fraction(n * 25, 10) for n in range(10)]
        if name == "speed_map":
            wanted = [n + Fraction(n * (n - 1), 20) for n in range(10)]
        assert ours == wanted
    # Before the link's own beginning it goes back from there.
    early = positions(read_timeline(project(tmp_path, "speed_map", "0=2;20=2", 0, 9, 4)))
    assert early == [4 + 2 * (n - 4) for n in range(10)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0$=0;10=0.4", "keyframes of the kind '$'"),
        ("0=00:00:01.000;10=2", "the keyframe '0=00:00:01.000'"),
        ("", "no keyframes"),
        ("0=0.4;-180=2", "the keyframe '-180=2'"),
    ],
)
def test_what_is_no_such_map_is_refused_with_its_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    read = read_timeline(project(tmp_path, "time_map", text, 0, 9))
    (refusal,) = plan_shots(read, probe_of(Facts(R25, COUNT))).refusals
    assert reason in refusal.reason


def test_a_mix_takes_its_frames_off_the_ramp_too(tmp_path: Path) -> None:
    """The clip begins 10 frames later, in a mix of which it has the last 4 before its cut."""
    path = project(tmp_path, "time_map", "0=0;20=1.6", 0, 19)
    text = path.read_text()
    mix = '<transition in="5" out="15"><property name="kdenlive:mixcut">4</property></transition>'
    other = chain("b", "/m/b.mov", 200)
    text = text.replace(' <playlist id="playlist0_0">', f'{other} <playlist id="playlist0_0">')
    text = text.replace(
        '<playlist id="playlist0_1">', f'<playlist id="playlist0_1">{entry("b", 0, 14)}'
    )
    head = '<playlist id="playlist0_0">'
    text = text.replace(head, f'{head}<blank length="5"/>')
    text = text.replace(
        ' </tractor>\n <tractor id="main"', f'{mix} </tractor>\n <tractor id="main"'
    )
    path.write_text(text)
    track = read_timeline(path).timeline.tracks[-1]
    ramp = track[2]
    assert isinstance(track[1], otio.schema.Transition)
    points = ramp.effects[0].metadata[SOURCE_KEY]["curve"]
    # Frame 6 of the clip is its first after the cut, which lies 4 frames before the mix's end.
    assert [Fraction(t) * R25 for t, _ in points] == [-6, 14]
