"""Names that would be options, patterns, templates, markup or no text at all: from end to end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import opentimelineio as otio
import pytest
import yaml

from nle_style.timeline.files import media_path
from tests.helpers.clips import make_clip
from tests.helpers.command import Outcome, events_of, nle_style
from tests.timeline.building import clip, timeline, track

_NAMES = (
    "-rf.mov",
    "--output=x.mov",
    "new\nline 'quote' \"double\" `tick` [red]$(touch x);&<a>.mov",
    "data:text %d and %04d.mov",
    "{{Param.OutputDir}} \N{SPARKLES}e\N{COMBINING ACUTE ACCENT}... .mov",
)
_LATIN = os.fsdecode(b"caf\xe9\xff.mov")
_LONG = f"{'n' * 251}.mov"


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one clip under all of the names."""
    folder = tmp_path_factory.mktemp("names")
    movie = make_clip(folder / "plain.mov", frames=2, sound=False)
    for name in (*_NAMES, _LONG, _LATIN):
        shutil.copyfile(movie, folder / name)
    movie.unlink()
    return folder


def _look(pack: Path) -> tuple[object, ...]:
    return ("--style", "red", "--pack", pack, "--statistics", "frame")


def _styled(names: tuple[str, ...]) -> list[str]:
    return [name.replace(".mov", ".red.mov") for name in names]


def _delivered(out: Path) -> list[str]:
    return sorted(path.name for path in out.glob("*.mov"))


@pytest.mark.slow
def test_render(
    media: Path, tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By relative names, behind `--`, as a shell's `*` gives them."""
    monkeypatch.chdir(media)
    out = tmp_path / "out"
    done = nle_style(
        "render", "-o", out, *_look(tiny_pack), "--events", "--", *_NAMES, _LONG, _LATIN
    )
    assert "Traceback" not in done.err
    assert done.code == 3, done.err
    ended = [event for event in events_of(done.out) if event["event"] == "item"]
    assert [event["status"] for event in ended] == ["delivered"] * len(_NAMES) + ["refused"] * 2
    assert "too long" in ended[-2]["message"]
    assert "is not UTF-8" in ended[-1]["message"]
    assert _delivered(out) == sorted(_styled(_NAMES))
    for name in _NAMES:
        report = json.loads((out / name.replace(".mov", ".red.report.json")).read_text())
        assert report["nle_style_report"]
    again = nle_style("render", "-o", out, *_look(tiny_pack), "--events", "--", *_NAMES)
    assert {e["status"] for e in events_of(again.out) if e["event"] == "item"} == {"present"}
    assert not [path for path in media.iterdir() if path.name not in (*_NAMES, _LONG, _LATIN)]


def _otio(media: Path, folder: Path) -> Path:
    shots = []
    for number, name in enumerate((*_NAMES, _LATIN)):
        url = f"file://{media}/{quote(os.fsencode(name))}"
        # Text in OpenTimelineIO is UTF-8: what is not stands in the URL only.
        shown = name.encode(errors="replace").decode()
        shots.append(clip(f"{number} {shown}", (0, 2), (0, 2), url=url, rate=30))
    path = folder / "cut.otio"
    otio.adapters.write_to_file(timeline(track(*shots)), str(path))
    return path


def _checked(done: Outcome, code: int = 0) -> None:
    assert "Traceback" not in done.err
    assert done.code == code, done.err


@pytest.mark.slow
def test_batch_and_its_timelines(media: Path, tiny_pack: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _checked(nle_style("batch", _otio(media, tmp_path), "-o", out, *_look(tiny_pack)), 3)
    assert _delivered(out) == sorted(_styled(_NAMES))
    relinked = otio.adapters.read_from_file(str(out / "cut.red.baked.otio"))
    urls = [each.media_reference.target_url for each in relinked.find_clips()]
    # The last is not text, so that its clip keeps what it had.
    assert [media_path(url, out).name for url in urls[:-1]] == _styled(_NAMES)
    assert urls[-1].endswith("caf%E9%FF.mov")
    for report in out.glob("*.json"):
        json.loads(report.read_text())


@pytest.mark.slow
def test_an_xml_is_still_one(media: Path, tiny_pack: Path, tmp_path: Path) -> None:
    rate = "<rate><timebase>30</timebase><ntsc>TRUE</ntsc></rate>"
    items = "".join(
        f"<clipitem id='c{n}'><name>{n}</name><duration>2</duration>{rate}<start>{2 * n}</start>"
        f"<end>{2 * n + 2}</end><in>0</in><out>2</out><file id='f{n}'><name>{n}</name><pathurl>"
        f"file://localhost{quote(os.fsencode(media / name))}</pathurl>{rate}"
        "<duration>2</duration><media><video/></media></file></clipitem>\n"
        for n, name in enumerate(_NAMES)
    )
    cut = tmp_path / "cut.xml"
    cut.write_text(
        f"<?xml version='1.0'?><!DOCTYPE xmeml><xmeml version='5'><sequence id='s'><name>cut"
        f"</name><duration>99</duration>{rate}<media><video><track>{items}</track></video></media>"
        "</sequence></xmeml>"
    )
    _checked(nle_style("batch", cut, "-o", tmp_path / "out", *_look(tiny_pack)))
    root = ElementTree.parse(tmp_path / "out" / "cut.red.xml").getroot()  # noqa: S314  (our own)
    found = [media_path(each.text or "", tmp_path).name for each in root.iter("pathurl")]
    assert found == _styled(_NAMES)


@pytest.mark.slow
def test_a_bundle_is_still_one(media: Path, tiny_pack: Path, tmp_path: Path) -> None:
    """openjd resolves `{{…}}`: a name must not be a template of its own."""
    cut = _otio(media, tmp_path).rename(tmp_path / "{{Param.X}}'\n\"%d.otio")
    bundle = tmp_path / "bundle"
    _checked(nle_style("farm", cut, "-o", bundle, *_look(tiny_pack)), 3)
    for file in bundle.glob("*.yaml"):
        assert isinstance(yaml.safe_load(file.read_text()), dict)
    program = shutil.which("openjd", path=Path(sys.executable).parent)
    if program is None:
        pytest.skip("openjd is not installed: pip install 'nle-style[farm]'")
    checked = subprocess.run(
        [program, "check", bundle / "template.yaml"], capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    _checked(nle_style("run", bundle / "farm.json"))
    assert len(_delivered(bundle / "output")) == len(_NAMES)
