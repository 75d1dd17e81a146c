from __future__ import annotations

import json
import zipfile
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import read_timeline
from tests.timeline.building import clip, gap, timeline, track


def write(folder: Path, text: str, name: str = "cut.otio") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> TimelineError:
    with pytest.raises(TimelineError) as caught:
        read_timeline(path)
    assert caught.value.where == str(path)
    assert caught.value.remedy
    return caught.value


def test_a_timeline_comes_back_with_its_folder(tmp_path: Path) -> None:
    made = timeline(track(clip("a", (0, 10))))
    read = read_timeline(write(tmp_path, made.to_json_string()))
    assert read.timeline.is_equivalent_to(made)
    assert (read.path, read.media_root) == (tmp_path / "cut.otio", tmp_path)


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    text = "\ufeff" + timeline(track(clip("a", (0, 10)))).to_json_string()
    assert read_timeline(write(tmp_path, text)).timeline.name == "cut"


def test_a_missing_file_and_a_foreign_suffix(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "cut.otio").what
    error = refusal(write(tmp_path, "", "cut.txt"))
    assert "'.txt' is not supported" in error.what
    assert ".otio, .otioz" in error.remedy
    assert "Final Cut Pro XML" in refusal(write(tmp_path, "", "cut.prproj")).remedy
    assert "no such bundle" in refusal(write(tmp_path, "", "cut.otiod")).what


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", '{"OTIO_SCHEMA": "Timeline.1", "tracks": 7}', '{"OTIO_SCHEMA": "Clip.2"}'],
)
def test_what_is_not_opentimelineio(tmp_path: Path, text: str) -> None:
    assert "not a readable OpenTimelineIO file" in refusal(write(tmp_path, text)).what


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    path.write_bytes(b"\xff\xfe\x00\x01")
    assert "cannot be read as text" in refusal(path).what


def test_a_newer_schema_is_named(tmp_path: Path) -> None:
    shot = clip("a", (0, 10))
    shot.markers.append(otio.schema.Marker("look here"))
    text = timeline(track(shot)).to_json_string().replace('"Marker.2"', '"Marker.3"')
    error = refusal(write(tmp_path, text))
    assert "unsupported schema: Marker.3" in error.what
    assert "OpenTimelineIO 0.18" in error.remedy


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', "plain JSON"),
        ("[]", "plain JSON"),
        ('{"OTIO_SCHEMA": "Clip.1"}', "a Clip"),
        ('{"OTIO_SCHEMA": "Another.1"}', "a UnknownSchema"),
    ],
)
def test_a_file_without_a_timeline(tmp_path: Path, text: str, found: str) -> None:
    error = refusal(write(tmp_path, text))
    assert error.what == f"the file holds {found}, not a Timeline"


def test_a_collection_must_hold_exactly_one_timeline(tmp_path: Path) -> None:
    made = timeline(track(clip("a", (0, 10))))
    one = otio.schema.SerializableCollection("bin", [clip("loose"), made.deepcopy()])
    assert read_timeline(write(tmp_path, one.to_json_string())).timeline.is_equivalent_to(made)
    two = otio.schema.SerializableCollection("bin", [made.deepcopy(), made.deepcopy()])
    assert "2 timelines: 'cut', 'cut'" in refusal(write(tmp_path, two.to_json_string())).what
    empty = otio.schema.SerializableCollection("bin", [timeline(), made.deepcopy()])
    assert read_timeline(write(tmp_path, empty.to_json_string())).timeline.is_equivalent_to(made)
    none = otio.schema.SerializableCollection("bin", [clip("loose")])
    assert "no timeline" in refusal(write(tmp_path, none.to_json_string())).what


def test_a_timeline_without_clips(tmp_path: Path) -> None:
    assert refusal(write(tmp_path, timeline().to_json_string())).what == "timeline has no clips"
    empty = timeline(track(gap(24))).to_json_string()
    assert refusal(write(tmp_path, empty)).what == "timeline has no clips"


def test_a_timeline_of_sound_alone(tmp_path: Path) -> None:
    sound = timeline(track(clip("a", (0, 10)), kind=otio.schema.TrackKind.Audio))
    assert "only sound" in refusal(write(tmp_path, sound.to_json_string())).what


def nested(depth: int) -> str:
    """A clip in that many Stacks, as text: building it would take the recursion it tests."""
    text = clip("a", (0, 10)).to_json_string(indent=-1)
    stack = '{"OTIO_SCHEMA": "Stack.1", "children": ['
    tracks = track().to_json_string(indent=-1).replace('"children":[]', '"children":[%s]')
    inside = stack * depth + text + "]}" * depth
    return (
        '{"OTIO_SCHEMA": "Timeline.1", "name": "[{", "tracks": ' + stack + tracks % inside + "]}}"
    )


def test_nests_are_read_and_bottomless_ones_refused(tmp_path: Path) -> None:
    assert len(read_timeline(write(tmp_path, nested(100))).timeline.find_clips()) == 1
    for depth in (1_000, 50_000):
        error = refusal(write(tmp_path, nested(depth)))
        assert "nested deeper" in error.what


def test_no_media_linker_or_hook_of_the_machine_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(*args: object, **named: object) -> None:
        raise AssertionError("ran")

    monkeypatch.setattr(otio.hooks, "run", spoil)
    monkeypatch.setattr(otio.media_linker, "linked_media_reference", spoil)
    assert read_timeline(write(tmp_path, timeline(track(clip("a", (0, 10)))).to_json_string()))
    edl = "001  A V C 01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00\n"
    assert read_timeline(write(tmp_path, edl, "cut.edl"), rate=Fraction(24))


def test_an_otiod_is_read_in_place(tmp_path: Path) -> None:
    media = tmp_path / "shot one.mov"
    media.write_bytes(b"x")
    made = timeline(track(clip("a", (0, 10), url=str(media))))
    path = tmp_path / "cut.otiod"
    otio.adapters.write_to_file(made, str(path))
    read = read_timeline(path)
    assert (read.path, read.media_root) == (path, path)
    url = read.timeline.find_clips()[0].media_reference.target_url
    assert (path / url).read_bytes() == b"x"
    (path / "content.otio").unlink()
    assert "not a whole .otiod" in refusal(path).what


def test_an_aaf_without_the_machines_hooks(tmp_path: Path) -> None:
    """Written by otio-aaf-adapter; a hook that is attached must neither run nor get lost."""
    module = otio.adapters.from_name("AAF").module()
    path = tmp_path / "cut.aaf"
    made = timeline(track(clip("a", (86410, 48), (86400, 100)), clip("b", (86400, 24))))
    module.write_to_file(made, str(path), use_empty_mob_ids=True)
    attached = [otio.hooks.scripts_attached_to(name) for name in module.adapter_hook_names()]
    assert attached
    try:
        for scripts in attached:
            scripts.append("no such script")
        clips = read_timeline(path).timeline.find_clips()
        assert [list(scripts) for scripts in attached] == [["no such script"]] * len(attached)
    finally:
        for scripts in attached:
            scripts.remove("no such script")
    ranges = [(c.source_range.start_time.value, c.source_range.duration.value) for c in clips]
    assert ranges == [(86410, 48), (86400, 24)]
    assert [c.media_reference.target_url for c in clips] == [
        "file:///media/a.mov",
        "file:///media/b.mov",
    ]


@pytest.mark.parametrize("data", [b"", b"not an AAF", bytes(4096)])
def test_what_is_no_aaf(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.aaf"
    path.write_bytes(data)
    assert "the AAF cannot be read" in refusal(path).what


# .otioz: bundles are made by OpenTimelineIO's own adapter.


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    media = tmp_path / "shot one.mov"
    media.write_bytes(bytes(range(256)) * 5000)
    made = timeline(track(clip("a", (0, 10), url=str(media))))
    path = tmp_path / "cut.otioz"
    otio.adapters.write_to_file(made, str(path))
    media.unlink()
    return path


def test_a_bundle_is_unpacked_whole_and_twice(bundle: Path, tmp_path: Path) -> None:
    for _ in range(2):
        read = read_timeline(bundle, extract_to=tmp_path / "out")
        assert read.media_root == tmp_path / "out"
        media = tmp_path / "out" / "media" / "shot one.mov"
        assert media.read_bytes() == bytes(range(256)) * 5000
        assert [p.name for p in media.parent.iterdir()] == ["shot one.mov"]
        assert read.timeline.find_clips()[0].media_reference.target_url == "media/shot one.mov"


def test_a_bundle_never_overwrites(bundle: Path, tmp_path: Path) -> None:
    other = tmp_path / "out" / "media" / "shot one.mov"
    other.parent.mkdir(parents=True)
    other.write_bytes(bytes(256) * 5000)  # same size, other content
    with pytest.raises(TimelineError, match="already exists"):
        read_timeline(bundle, extract_to=tmp_path / "out")
    assert other.read_bytes() == bytes(256) * 5000


def test_a_bundle_needs_a_folder(bundle: Path) -> None:
    assert "needs a folder" in refusal(bundle).what


def test_a_damaged_bundle(bundle: Path, tmp_path: Path) -> None:
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TimelineError, match=r"not a whole \.otioz"):
        read_timeline(bundle, extract_to=tmp_path / "out")
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 0xFF
    bundle.write_bytes(changed)
    with pytest.raises(TimelineError, match=r"not a whole \.otioz"):
        read_timeline(bundle, extract_to=tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.mov*"))


def test_a_bundle_without_a_timeline_or_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "cut.otioz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "")
    with pytest.raises(TimelineError, match=r"content\.otio"):
        read_timeline(path, extract_to=tmp_path / "out")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.otio", json.dumps({}))
        archive.writestr("media/../../escaped.mov", b"x")
    with pytest.raises(TimelineError, match="outside its media folder"):
        read_timeline(path, extract_to=tmp_path / "out" / "deep")
    assert not list(tmp_path.rglob("escaped.mov"))


def test_a_newer_schema_beside_an_infinity_is_named_too(tmp_path: Path) -> None:
    text = '{"OTIO_SCHEMA": "Timeline.1", "metadata": {"x": Inf}, "tracks": '
    text += '{"OTIO_SCHEMA": "Stack.1", "markers": [{"OTIO_SCHEMA": "Marker.3"}]}}'
    assert "Marker.3" in refusal(write(tmp_path, text)).what
