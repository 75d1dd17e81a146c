from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import ReadTimeline, read_timeline
from tests.timeline.building import remap

RATE = "<rate><timebase>24</timebase><ntsc>{ntsc}</ntsc></rate>"
FILE = (
    '<file id="f"><name>a.mov</name><pathurl>file://localhost/m/a.mov</pathurl>{rate}'
    "<duration>1000</duration><timecode>{rate}<frame>86400</frame>"
    "<displayformat>NDF</displayformat></timecode></file>"
)


def item(
    name: str, at: tuple[int, int], cut: tuple[int, int], inside: str, total: int = 1000
) -> str:
    return (
        f'<clipitem id="{name}"><name>{name}</name><duration>{total}</duration>{RATE}'
        f"<start>{at[0]}</start><end>{at[1]}</end><in>{cut[0]}</in><out>{cut[1]}</out>"
        f"{inside}</clipitem>"
    )


def sequence(name: str, *items: str, more: str = "") -> str:
    return (
        f'<sequence id="{name}"><name>{name}</name>{RATE}<media><video><track>'
        f"{''.join(items)}</track></video></media>{more}</sequence>"
    )


def read(folder: Path, *sequences: str, ntsc: str = "FALSE", head: str = "") -> ReadTimeline:
    path = folder / "cut.xml"
    body = f'<?xml version="1.0"?>{head}<xmeml version="5">{"".join(sequences)}</xmeml>'
    path.write_text(body.replace("{rate}", RATE).replace("{ntsc}", ntsc), encoding="utf-8")
    return read_timeline(path)


def only_clip(read: ReadTimeline) -> otio.schema.Clip:
    (clip,) = read.timeline.find_clips()
    return clip


def frames(time_range: otio.opentime.TimeRange) -> tuple[float, float]:
    return time_range.start_time.value, time_range.duration.value


def test_a_clip_keeps_its_ids_and_its_exact_rate(tmp_path: Path) -> None:
    made = read(tmp_path, sequence("s", item("c", (0, 48), (10, 58), FILE)), ntsc="TRUE")
    clip = only_clip(made)
    assert frames(clip.source_range) == (86410, 48)
    assert clip.source_range.start_time.rate == pytest.approx(24000 / 1001, abs=1e-9)
    note = dict(clip.metadata["nle_style_source"])
    place = made.path.read_bytes().index(b"<clipitem")
    assert note == {"element": "clipitem", "line": 1, "place": place, "id": "c", "file": "f"}


@pytest.mark.parametrize(
    ("values", "cut", "total", "start", "scalar"),
    [
        # In- and out-point count retimed frames: 20 at 500 % is source frame 100.
        ({"speed": "500"}, (20, 68), 200, 100, 5.0),
        ({"speed": "50"}, (20, 68), 2000, 10, 0.5),
        # Reverse plays from the end: retimed frame 68 of 1000 is source frame 932.
        ({"speed": "100", "reverse": "TRUE"}, (20, 68), 1000, 932, -1.0),
        ({"speed": "-200"}, (20, 68), 500, 864, -2.0),
    ],
)
def test_speeds(
    values: dict[str, str],
    cut: tuple[int, int],
    total: int,
    start: int,
    scalar: float,
    tmp_path: Path,
) -> None:
    made = read(tmp_path, sequence("s", item("c", (0, 48), cut, FILE + remap(**values), total)))
    clip = only_clip(made)
    assert [(type(e), e.time_scalar) for e in clip.effects] == [
        (otio.schema.LinearTimeWarp, scalar)
    ]
    assert frames(clip.source_range) == (86400 + start, 48)
    assert made.warnings == ()


def test_normal_speed_is_no_retime(tmp_path: Path) -> None:
    made = read(tmp_path, sequence("s", item("c", (0, 48), (0, 48), FILE + remap(speed="100"))))
    assert list(only_clip(made).effects) == []


@pytest.mark.parametrize("values", [{"speed": "80", "variablespeed": "1"}, {"speed": "0.25"}])
def test_speeds_that_cannot_be_known(values: dict[str, str], tmp_path: Path) -> None:
    made = read(tmp_path, sequence("s", item("c", (0, 48), (0, 48), FILE + remap(**values))))
    (effect,) = only_clip(made).effects
    assert type(effect) is otio.schema.TimeEffect
    assert "'c' " in made.warnings[0]
    assert made.warnings[0].endswith(
        effect.metadata["nle_style_source"]["reason"].removeprefix("it ")
    )


def test_nested_sequences_are_filled(tmp_path: Path) -> None:
    inner = sequence("inner", item("a", (0, 24), (0, 24), FILE), item("b", (24, 48), (5, 29), FILE))
    made = read(
        tmp_path,
        sequence(
            "s",
            item("n", (0, 20), (3, 23), inner),
            item("again", (20, 40), (0, 20), '<sequence id="inner"/>'),
        ),
    )
    nests = list(made.timeline.tracks[0])
    assert [frames(n.source_range) for n in nests] == [(3, 20), (0, 20)]
    assert [[c.name for c in n.find_clips()] for n in nests] == [["a", "b"]] * 2


def test_a_sequence_may_be_used_before_it_is_written_out(tmp_path: Path) -> None:
    using = sequence("using", item("n", (0, 20), (0, 20), '<sequence id="late"/>'))
    late = sequence("late", item("c", (0, 9), (0, 9), FILE))
    children = f"<project><children>{using}<bin>{late}</bin></children></project>"
    (nest,) = read(tmp_path, children).timeline.tracks[0]
    assert [c.name for c in nest.find_clips()] == ["c"]


def test_a_sequence_in_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TimelineError, match="nested in themselves") as caught:
        read(tmp_path, sequence("s", item("n", (0, 20), (3, 23), '<sequence id="s"/>')))
    assert caught.value.where == str(tmp_path / "cut.xml")


def test_several_sequences_are_named_and_empty_ones_passed_over(tmp_path: Path) -> None:
    one, two = (sequence(n, item("c", (0, 9), (0, 9), FILE)) for n in ("one", "two"))
    assert read(tmp_path, one, sequence("empty")).timeline.name == "one"
    with pytest.raises(TimelineError, match="holds 2 timelines: 'one', 'two'"):
        read(tmp_path, one, two)
    with pytest.raises(TimelineError, match="no clips"):
        read(tmp_path, sequence("empty"))
    with pytest.raises(TimelineError, match="no sequence"):
        read(tmp_path)


@pytest.mark.parametrize(
    "inside",
    ["", "<file><rate><timebase>x</timebase></rate></file>", "<sequence/><start>x</start>"],
)
def test_an_item_that_cannot_be_read_is_named_by_line(inside: str, tmp_path: Path) -> None:
    bad = item("c", (0, 48), (0, 48), inside).replace("<end>48", "<end>x")
    with pytest.raises(TimelineError, match=r"line \d+") as caught:
        read(tmp_path, sequence("s", bad))
    assert caught.value.remedy


BOMB = '<!DOCTYPE xmeml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE xmeml [<!ENTITY f SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("head", [BOMB, OUTSIDE])
def test_entities_are_refused(head: str, tmp_path: Path) -> None:
    with pytest.raises(TimelineError, match="DOCTYPE declares") as caught:
        read(tmp_path, sequence("s", item("c", (0, 9), (0, 9), FILE)), head=head)
    assert "Do not trust" in caught.value.remedy


def test_entities_of_a_dtd_elsewhere_are_refused(tmp_path: Path) -> None:
    text = sequence("&far;", item("c", (0, 9), (0, 9), FILE))
    with pytest.raises(TimelineError, match="not XML's own"):
        read(tmp_path, text, head='<!DOCTYPE xmeml SYSTEM "http://x/y.dtd">')


def test_a_plain_doctype_is_no_obstacle(tmp_path: Path) -> None:
    text = sequence("s", item("c", (0, 9), (0, 9), FILE))
    assert only_clip(read(tmp_path, text, head="<!DOCTYPE xmeml>"))


@pytest.mark.parametrize("depth", [199, 100_000])
def test_bottomless_nesting_is_refused(depth: int, tmp_path: Path) -> None:
    deep = "<x>" * depth + "</x>" * depth
    with pytest.raises(TimelineError, match="nested deeper"):
        read(tmp_path, sequence("s", more=deep))


def test_torn_xml_and_another_root(tmp_path: Path) -> None:
    path = tmp_path / "cut.xml"
    path.write_text("<xmeml><sequence>")
    with pytest.raises(TimelineError, match="not well-formed"):
        read_timeline(path)
    path.write_text("<html/>")
    with pytest.raises(TimelineError, match="<html>"):
        read_timeline(path)
