"""Hypothesis against what reads others' files: each gives a value, or one error of ours.

Derandomized here, so that every run tries the same. A longer search, with a seed of its own:

    NLE_STYLE_FUZZ=20000 pytest tests/hostile/test_fuzz.py --hypothesis-seed=1
"""

from __future__ import annotations

import json
import os
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nle_style.core import load_pack
from nle_style.core.pack_header import FORMAT
from nle_style.core.style_pack import network_of
from nle_style.errors import NleStyleError, PackError, TimelineError
from nle_style.render import read_job
from nle_style.render.farm import read_farm_job
from nle_style.render.record import Manifest
from nle_style.timeline import read_timeline
from nle_style.timeline.patch import Replacement, patch_fcp7, patch_fcpxml
from nle_style.timeline.patch.fingerprint import fingerprint

_LONG = int(os.environ.get("NLE_STYLE_FUZZ", "0"))
_SAMPLE = Path(__file__).resolve().parents[1] / "data" / "job_v1.yaml"
_FUZZ = settings(
    max_examples=_LONG or 60,
    derandomize=not _LONG,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
_FOLDER = Path("/media")
_TARGET = PurePosixPath("/out/a & b.red.mov")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


_text = st.text(st.characters(codec="utf-8"), max_size=12)
_leaf = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), _text, st.integers(-3, 3),
    st.sampled_from(["../x", "/etc/passwd", "\0", "auto", "blue", "1/0", "9" * 5000, "~", "%d"]),
)  # fmt: skip
_value = st.recursive(
    _leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
_snippet = st.sampled_from(
    (
        *("&a", "*a", "!!int x", "!!python/name:os.system", "? ", ": ", "- ", "[", "]", "{", "}"),
        *("!!timestamp x", "2020-13-45", "<<: ", "|", "\t", "\0", "%YAML 9.9", "---\n", "0o9", '"'),
    )
)


def _told(error: NleStyleError, folder: Path = Path()) -> None:
    """One message of ours that says where."""
    assert error.exit_code == 2
    assert error.what
    assert error.where.startswith(str(folder) if folder.is_absolute() else "")


def _places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(data, dict | list):
        for key, inner in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _places(inner, (*path, key))


@st.composite
def _mutated(draw: st.DrawFn, good: Any) -> Any:
    """A good document with a value somewhere in it replaced, added or removed."""
    data = json.loads(json.dumps(good))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(_places(data))[1:] or [("nothing",)]))
        inner = data
        for key in way:
            inner = inner[key]
        how = draw(st.sampled_from(["replace", "remove", "add"]))
        if how == "replace":
            inner[last] = draw(_value)
        elif how == "remove" and last != "nothing":
            del inner[last]
        elif isinstance(inner, dict):
            inner[draw(_text)] = draw(_value)
    return data


@st.composite
def _spliced(draw: st.DrawFn, good: str, pieces: st.SearchStrategy[str]) -> str:
    """A good text with pieces put in, and spans of it cut out or doubled."""
    text = good
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        text = text[:start] + draw(pieces | _text | st.just(text[start:end] * 2)) + text[end:]
    return text


_job = yaml.safe_load(_SAMPLE.read_text()) | {
    "pack": "x",
    "reading": {"interlaced": "refuse", "conform": "25"},
}
_job["items"][0] |= {"paint": [[0, 3]], "rate": "25", "matte": {"source": "m.mov"}}
_farm = {
    "nle_style_farm": 1, "job": _job, "items": [{"name": "x", "units": 3, "pieces": 3}],
    "files": {"/a": {"fingerprint": "x", "contents": "x"}},
    "batch": {"timeline": "/cut.otio", "path_maps": [["a", "b"]], "media": ["/m"]},
}  # fmt: skip


@_FUZZ
@given(st.one_of(_mutated(_job).map(json.dumps), _spliced(_SAMPLE.read_text(), _snippet)))
def test_job_file(folder: Path, text: str) -> None:
    path = folder / "job.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        job = read_job(path)
        for item in job.items:
            assert item.name is None or Path(item.name).name == item.name
            item.look.look()
        job.as_yaml()
    except NleStyleError as error:
        _told(error)


@_FUZZ
@given(_mutated(_farm))
def test_farm_job(folder: Path, data: Any) -> None:
    path = folder / "farm.json"
    path.write_text(json.dumps(data))
    try:
        farm = read_farm_job(path)
        list(farm.shares(0, 1))
    except NleStyleError as error:
        _told(error)


_lines = {
    "key": "k", "type": "unit", "made": {"kept": True, "why": "x"},
    "unit": {"index": 0, "first": 0, "last": 7, "file": "a", "bytes": 1, "sha256": "0",
             "frame_hashes": ["0"]},
    "measured": {"seconds": 1.0, "pairs": [[1, 0.1, 0.1, 0.1]]}, "shots": [[0, 3]],
    "facts": {"frames": [0, 1]}, "fingerprint": "x",
}  # fmt: skip


@_FUZZ
@given(_mutated(_lines), st.sampled_from(["unit", "shots", "render", "published"]))
def test_manifest(folder: Path, entry: Any, kind: str) -> None:
    path = folder / "x.manifest.jsonl"
    path.write_text(json.dumps(entry | {"type": kind} if isinstance(entry, dict) else entry))
    manifest = Manifest(path, "k")
    for unit in manifest.units().values():
        assert Path(unit.record.file).name == unit.record.file
    manifest.shots(), manifest.published(), manifest.render(), manifest.file.last_published()


@_FUZZ
@given(st.data(), st.sampled_from(["bytes", "header", "shape", "card"]))
def test_pack(folder: Path, tiny_pack: Path, data: st.DataObject, what: str) -> None:
    """The weights' header, what it says of the network, any byte, and the card beside it."""
    path, card = folder / "p.safetensors", folder / "p.yaml"
    good = tiny_pack.read_bytes()
    card.unlink(missing_ok=True)
    (length,) = struct.unpack("<Q", good[:8])
    header, tensors = json.loads(good[8 : 8 + length]), good[8 + length :]
    if what == "bytes":
        place = data.draw(st.integers(0, len(good)))
        good = good[:place] + data.draw(st.binary(max_size=9)) + good[place + 4 :]
    elif what == "card":
        text = yaml.safe_dump({"styles": {"red": {"artwork": "x"}}, "training": {"phases": []}})
        card.write_text(data.draw(_spliced(text, _snippet)), errors="surrogatepass")
    else:
        if what == "shape":
            shape = data.draw(_mutated(json.loads(header["__metadata__"][FORMAT])))
            header["__metadata__"][FORMAT] = json.dumps(shape)
        else:
            header = data.draw(_mutated(header))
        text = json.dumps(header).encode()
        good = struct.pack("<Q", len(text)) + text + tensors
    path.write_bytes(good)
    try:
        pack = load_pack(path)
        networks = [pack.network({style: 1.0}) for style in pack.styles]
        for network in (*networks, network_of(pack.config, pack.parent)):
            assert all(bool(value.isfinite().all()) for value in network.parameters())
        json.dumps(dict(pack.card), default=str)
    except PackError as error:
        _told(error, folder)


_FCP7 = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="5"><sequence id="s"><name>cut</name><duration>9</duration>
<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate><media><video><track>
<clipitem id="c1"><name>one</name><duration>9</duration><start>0</start><end>2</end><in>0</in>
<out>2</out><file id="f1"><name>a.mov</name><pathurl>file:///media/a.mov</pathurl>
<rate><timebase>25</timebase></rate><duration>9</duration><media><video/></media></file></clipitem>
<clipitem id="c2"><name>two</name><start>2</start><end>4</end><in>1</in><out>3</out>
<file id="f1"/></clipitem></track></video></media></sequence></xmeml>
"""
_FCPX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.9"><resources><format id="r1" frameDuration="1/25s" width="64" height="48"/>
<asset id="r2" name="a" src="file:///media/a.mov" start="0s" duration="9/25s" hasVideo="1"
 format="r1"><media-rep kind="original-media" src="file:///media/a.mov"/></asset></resources>
<library><event><project name="cut"><sequence format="r1" duration="4/25s"><spine>
<asset-clip ref="r2" offset="0s" name="one" start="0s" duration="2/25s" format="r1"/>
<asset-clip ref="r2" offset="2/25s" name="two" start="1/25s" duration="2/25s" format="r1"/>
</spine></sequence></project></event></library></fcpxml>
"""
_xml = st.sampled_from(
    (
        *("<", ">", "&", "&amp;", "&x;", "<![CDATA[", "]]>", "<!--", "-->", "<?x y?>", '"', "'"),
        *(
            "/>",
            "</file>",
            '<file id="f1"/>',
            "<file><pathurl>file:///media/a.mov</pathurl></file>",
        ),
        *("<clipitem>", "</clipitem>", "\r\n", "\0", "\ufeff", 'id="c1"', "&#13;", "<pathurl>"),
        *('<!DOCTYPE x [<!ENTITY e "e">]>', "&e;", 'src="file:///media/a.mov"', "1/0s"),
        *("\U0001f600", "\ud800"),
    )
)


@_FUZZ
@given(
    st.data(),
    st.sampled_from([(_FCP7, patch_fcp7, ".xml"), (_FCPX, patch_fcpxml, ".fcpxml")]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_xml_patcher(folder: Path, data: st.DataObject, form: Any, encoding: str) -> None:
    """Either an error of ours, or a file that parses and differs only where it says so."""
    good, patch, suffix = form
    text = data.draw(_spliced(good, _xml) | st.just(good))
    if encoding == "utf-16":
        text = text.replace("UTF-8", "UTF-16")
    before = text.encode(encoding, "surrogatepass")
    path = folder / f"cut{suffix}"
    path.write_bytes(before)
    try:
        read_timeline(path)
    except TimelineError as error:
        _told(error)
    try:
        result = patch(before, [Replacement(_FOLDER / "a.mov", _TARGET)], _FOLDER)
    except TimelineError:
        return
    fingerprint(result.data)
    assert result.changed
    after = result.data.decode("utf-16" if encoding == "utf-16" else "utf-8")
    whole = before.decode("utf-16" if encoding == "utf-16" else "utf-8")
    # Taking every change back, in order, must give the file that was there.
    place = 0
    for change in result.changed:
        place = after.index(change.new, place) if change.new else place
        assert change.old in whole
    assert len(after) - len(whole) == sum(len(c.new) - len(c.old) for c in result.changed)
