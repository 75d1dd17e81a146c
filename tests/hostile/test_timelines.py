"""Timelines without end, without bottom, and XML that would read other files or fill memory."""

from __future__ import annotations

import contextlib
import json
import resource
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import read_timeline
from nle_style.timeline.patch import patch_fcp7, patch_fcpxml
from tests.timeline.building import clip, timeline, track

_CLIPS = 100_000
_MOVIE = "file:///media/a.mov"


def _fcp7(count: int) -> str:
    rate = "<rate><timebase>25</timebase></rate>"
    items = "".join(
        f"<clipitem id='c{n}'><name>c</name>{rate}<start>{n}</start><end>{n + 1}</end><in>0</in>"
        "<out>1</out><file id='f'/></clipitem>\n"
        for n in range(count)
    )
    return f"<xmeml version='5'><sequence><name>s</name>{rate}<media><video><track>{items}" + (
        "</track></video></media></sequence></xmeml>"
    )


def _fcpxml(count: int) -> str:
    clips = "".join(
        f"<asset-clip ref='r2' offset='{n}/25s' name='c' start='0s' duration='1/25s'/>\n"
        for n in range(count)
    )
    return (
        "<fcpxml version='1.9'><resources><format id='r1' frameDuration='1/25s'/><asset id='r2' "
        f"src='{_MOVIE}' start='0s' duration='9/25s' hasVideo='1' format='r1'/></resources><project"
        f"><sequence format='r1'><spine>{clips}</spine></sequence></project></fcpxml>"
    )


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "text"), [(".xml", _fcp7), (".fcpxml", _fcpxml)])
def test_an_xml_of_100000_clips(suffix: str, text: Callable[[int], str], tmp_path: Path) -> None:
    """More than 20,000 are refused, in seconds and a few times the file's size of memory."""
    path = tmp_path / f"cut{suffix}"
    path.write_text(text(_CLIPS))
    begun = time.process_time()
    with pytest.raises(TimelineError, match="20000") as caught:
        read_timeline(path)
    assert caught.value.remedy
    assert time.process_time() - begun < 30
    path.write_text(text(20))
    assert len(list(read_timeline(path).timeline.find_clips())) == 20


@pytest.mark.slow
def test_an_otio_of_100000_clips(tmp_path: Path) -> None:
    """It is read."""
    one = clip("c", (0, 1), (0, 9), url=_MOVIE, rate=25)
    whole = json.loads(timeline(track(one)).to_json_string())
    whole["tracks"]["children"][0]["children"] *= _CLIPS
    path = tmp_path / "cut.otio"
    path.write_text(json.dumps(whole))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    read = read_timeline(path)
    assert time.process_time() - begun < 60
    assert len(list(read.timeline.find_clips())) == _CLIPS
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 1_500_000  # KiB; the file is 80 MB


def test_an_edl_of_many_events(tmp_path: Path) -> None:
    """Its time grows as its events do, no faster: ten times as many take below 25 times as long."""
    path, seconds = tmp_path / "cut.edl", []
    for count in (300, 3000):
        lines = [
            f"{n + 1:06d}  A V C 00:00:00:00 00:00:00:01 {_code(n)} {_code(n + 1)}"
            for n in range(count)
        ]
        path.write_text("TITLE: x\nFCM: NON-DROP FRAME\n" + "\n".join(lines))
        taken = []
        for _ in range(2):  # the quicker one: the machine may be at work for others
            begun = time.process_time()
            read = read_timeline(path, rate=Fraction(25))
            taken.append(time.process_time() - begun)
        seconds.append(min(taken))
        assert len(list(read.timeline.find_clips())) == count
    assert seconds[1] < 25 * max(seconds[0], 0.02)


def _code(frame: int) -> str:
    return f"{frame // 90000:02d}:{frame // 1500 % 60:02d}:{frame // 25 % 60:02d}:{frame % 25:02d}"


@pytest.mark.parametrize("depth", [50, 249, 1000, 100_000])
def test_nested_stacks(depth: int, tmp_path: Path) -> None:
    """A thousand brackets are read; more are refused, before the library recurses on them."""
    one = json.dumps(json.loads(clip("c", (0, 1), (0, 9), url=_MOVIE).to_json_string()))
    head = '{"OTIO_SCHEMA": "Stack.1", "name": "s", "children": ['
    nested = f"{head * depth}{one}{']}' * depth}"
    whole = json.dumps(json.loads(timeline(track(otio.schema.Gap())).to_json_string()))
    start = whole.index('"children": [', whole.index('"Track.1"') - 2000)
    path = tmp_path / "deep.otio"
    path.write_text(f'{whole[:start]}"children": [{nested}]}}}}')
    begun = time.process_time()
    if depth < 400:
        assert len(list(read_timeline(path).timeline.find_clips())) == 1
    else:
        with pytest.raises(TimelineError, match="nested deeper"):
            read_timeline(path)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("text", ["[" * 1_000_000, '{"a":' * 200_000, "\0" * 1_000_000, "", "{}"])
def test_json_without_sense(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.otio"
    path.write_text(text)
    with pytest.raises(TimelineError):
        read_timeline(path)


_LAUGHS = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 12))
_DOCTYPES = (
    f"<!DOCTYPE R [<!ENTITY l0 'lol'>{_LAUGHS}]>",
    f"<!DOCTYPE R [<!ENTITY l11 '{'x' * 100_000}'>]>",
    "<!DOCTYPE R [<!ENTITY l11 SYSTEM 'file:///etc/passwd'>]>",
    "<!DOCTYPE R [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/x.dtd'> %p;]>",
    "<!DOCTYPE R SYSTEM 'http://127.0.0.1:9/x.dtd'>",
    "<!DOCTYPE R PUBLIC '-//x//y' 'file:///etc/passwd'>",
)
_FORMS = {
    ".xml": "<xmeml version='5'><sequence><name>&l11;</name></sequence></xmeml>",
    ".fcpxml": "<fcpxml version='1.9'><resources/><project name='&l11;'/></fcpxml>",
    ".kdenlive": "<mlt><profile/><tractor><property name='b'>&l11;</property></tractor></mlt>",
}


@pytest.mark.parametrize("suffix", _FORMS)
@pytest.mark.parametrize("doctype", _DOCTYPES, ids=range(len(_DOCTYPES)))
def test_entities(suffix: str, doctype: str, tmp_path: Path) -> None:
    """None is expanded or fetched, by the readers and by the patchers of what is read."""
    text = _FORMS[suffix]
    root = text[1:].partition(" ")[0].partition(">")[0]
    path = tmp_path / f"cut{suffix}"
    path.write_text(doctype.replace("R", root, 1) + text)
    begun = time.process_time()
    with pytest.raises(TimelineError) as caught:
        read_timeline(path)
    assert "its DOCTYPE declares" in str(caught.value) or "[" not in doctype
    assert "root:" not in str(caught.value)
    assert "lollol" not in str(caught.value)
    for patch in (patch_fcp7, patch_fcpxml):
        with contextlib.suppress(TimelineError):
            assert patch(path.read_bytes(), [], tmp_path).data == path.read_bytes()
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("suffix", _FORMS)
@pytest.mark.parametrize("data", [b"<a>" * 100_000, b"\0" * 1_000_000, b"<a", b"\xff\xfe<"])
def test_xml_without_sense(suffix: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(data)
    with pytest.raises(TimelineError):
        read_timeline(path)
