from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline.looks import ClipLook
from nle_style.timeline.needs import plan_shots
from nle_style.timeline.relink import (
    Rendered,
    SequenceName,
    link_media_reference,
    relink,
    revert,
    write_timeline,
)
from nle_style.timeline.relink.intermediates import find_intermediates
from tests.timeline.building import (
    Facts,
    clip,
    probe_of,
    read_back,
    time_range,
    timeline,
    track,
    transition,
)

ROOT = Path(__file__).resolve().parents[2]
KEY = "nle_style"


def publish(
    folder: Path,
    name: str,
    source: str = "/media/a.mov",
    frames: tuple[int, int] = (0, 99),
    *,
    styles: dict[str, float] | None = None,
    strength: float = 1.0,
    rate: str = "24",
    source_frames: int = 100,
    timecode: str | None = None,
    first_number: int | None = None,
    finished: str = "2026-11-23T00:00:00+00:00",
    sequence: bool = False,
    **facts: Any,
) -> Path:
    """An intermediate as far as a linker sees one; the form is render/manifest.py's."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    look = {"styles": styles or {"blue": 1.0}, "strength": strength, "statistics": "hybrid"}
    facts = {
        "source": source,
        "frames": list(frames),
        "look": look,
        "pack": "posters",
        "pack_sha256": "00",
        "format": "exr" if sequence else "png-mov",
        **facts,
    }
    if sequence:
        path.mkdir()
    else:
        path.write_bytes(b"")
    lines = [
        {"key": f"key of {name}", "type": "render", "facts": facts},
        {"key": f"key of {name}", "type": "unit", "unit": {"index": 0}},
        {
            "key": f"key of {name}",
            "type": "published",
            "path": name,
            "files": f"{name}/{name}.%06d.exr" if sequence else name,
            "finished": finished,
            "source": {
                "rate": rate,
                "frames": source_frames,
                "timecode": timecode,
                "first_number": first_number,
            },
        },
    ]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    stem = name if sequence else path.stem
    (folder / f"{stem}.manifest.jsonl").write_text(text)
    return path


def link(item: otio.schema.Clip, folder: Path, **more: str) -> otio.core.MediaReference | None:
    return link_media_reference(item, {"folder": str(folder), **more})


def provenance(movie: Path) -> dict[str, Any]:
    """What batch notes in the reference of an intermediate that `publish` made."""
    look = {"styles": {"blue": 1.0}, "strength": 1.0, "statistics": "hybrid"}
    about = {"look": look, "pack": "posters", "pack_sha256": "00", "format": "png-mov"}
    return {**about, "key": f"key of {movie.name}"}


def lone(item: otio.schema.Clip) -> otio.schema.Clip:
    """The clip in a timeline; a clip does not keep what is around it alive."""
    _KEPT.append(timeline(track(item)))
    return item


_KEPT: list[otio.schema.Timeline] = []


def test_the_intermediate_stands_beside_the_original_as_relink_puts_it(tmp_path: Path) -> None:
    """Two thirds of a cut with timecode, a transition and a retime; compared JSON for JSON."""
    a, b = clip("a", (86410, 20), (86400, 100)), clip("b", (5, 20))
    b.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    made = timeline(track(a, transition(2, 3), b), track(clip("c", (0, 10))))
    movie_a = publish(tmp_path / "out", "a.blue.mov", "/media/a.mov", (10, 40))
    movie_b = publish(tmp_path / "out", "b.blue.mov", "/media/b.mov", (0, 99))
    read = read_back(made, tmp_path)
    plan = plan_shots(read, probe_of(Facts()))
    rendered = [
        Rendered(Path("/media/a.mov"), 10, 40, movie_a, Fraction(24), provenance(movie_a)),
        Rendered(Path("/media/b.mov"), 0, 99, movie_b, Fraction(24), provenance(movie_b)),
    ]
    expected, _ = relink(read, plan, rendered, suffix="blue")
    cut = read.timeline.deepcopy()
    got = [link(item, tmp_path / "out") for item in cut.find_clips()]
    assert [reference and reference.name for reference in got] == ["a.blue.mov", "b.blue.mov", None]
    assert cut.tracks.to_json_string() == expected.tracks.to_json_string()
    assert revert(cut).tracks.to_json_string() == read.timeline.tracks.to_json_string()


def test_what_the_cut_shows_must_be_in_the_intermediate(tmp_path: Path) -> None:
    """a shows 10..29 and, in the dissolve, 30 and 31."""
    a, b = clip("a", (10, 20)), clip("b", (5, 20))
    made = timeline(track(a, transition(1, 2), b))
    publish(tmp_path / "short", "a.blue.mov", frames=(10, 30))
    assert link(a, tmp_path / "short") is None
    publish(tmp_path / "whole", "a.blue.mov", frames=(10, 31))
    assert link(a, tmp_path / "whole") is not None
    assert len(made.tracks[0]) == 3


def test_a_nest_s_trim_counts(tmp_path: Path) -> None:
    """Of the clip's 0..49 the nest shows 10..19."""
    a = clip("a", (0, 50))
    nest = otio.schema.Stack("nest", children=[track(a)], source_range=time_range(10, 10))
    made = timeline(track(nest))
    publish(tmp_path, "a.blue.mov", frames=(10, 19))
    assert link(a, tmp_path) is not None
    assert made.find_clips()[0].source_range == time_range(0, 50)
    assert a.media_references()[KEY].available_range == time_range(10, 10)


@pytest.mark.parametrize("on_track", [True, False])
def test_the_trim_of_a_track_or_of_the_whole_cut_counts(tmp_path: Path, on_track: bool) -> None:
    """Two clips of 50 frames; of them the cut shows 60..69, which is 10..19 of the second."""
    publish(tmp_path, "a.blue.mov", frames=(10, 19))
    made = timeline(track(clip("a", (0, 50)), clip("a", (0, 50))))
    shown = made.tracks[0] if on_track else made.tracks
    assert link(made.tracks[0][1], tmp_path) is None
    shown.source_range = time_range(60, 10)
    assert link(made.tracks[0][0], tmp_path) is None
    assert link(made.tracks[0][1], tmp_path) is not None


def test_a_disabled_track_is_left(tmp_path: Path) -> None:
    publish(tmp_path, "a.blue.mov")
    made = timeline(track(clip("a", (0, 50))))
    made.tracks[0].enabled = False
    assert link(made.tracks[0][0], tmp_path) is None


def test_black_parts_of_a_sparse_intermediate_are_no_frames(tmp_path: Path) -> None:
    publish(tmp_path, "a.blue.mov", paint=[[0, 9], [50, 60]])
    assert link(lone(clip("a", (5, 10))), tmp_path) is None
    assert link(lone(clip("a", (52, 5))), tmp_path) is not None


@pytest.mark.parametrize(
    ("look", "name"),
    [
        ("fire", "a.fire.mov"),
        ("blue", "a.blue2.mov"),
        ("blue strength 1", "a.blue.mov"),
        ("blue strength 0.5", "a.blue2.mov"),
        ("fire:0.3,blue:0.7", "a.mix.mov"),
        ("blue70-fire30", "a.mix.mov"),
        ("snow", None),
        ("blue70-fire29", None),
        ("", None),
    ],
)
def test_looks_by_label_or_text_the_latest_first(
    tmp_path: Path, look: str, name: str | None
) -> None:
    publish(tmp_path, "a.blue.mov")
    publish(tmp_path, "a.blue2.mov", strength=0.5, finished="2026-11-23T00:00:01+00:00")
    publish(tmp_path, "a.fire.mov", styles={"fire": 1.0})
    publish(tmp_path, "a.mix.mov", styles={"blue": 0.7, "fire": 0.3})
    found = link(lone(clip("a", (5, 10))), tmp_path, look=look)
    assert (found and found.name) == name


def test_of_one_look_none_needs_to_be_named(tmp_path: Path) -> None:
    publish(tmp_path, "a.blue.mov")
    publish(tmp_path, "b.fire.mov", "/media/b.mov", styles={"fire": 1.0})
    assert link(lone(clip("a", (5, 10))), tmp_path) is not None


def test_a_second_look_is_added_and_the_same_again_changes_nothing(tmp_path: Path) -> None:
    a = lone(clip("a", (5, 10)))
    publish(tmp_path, "a.blue.mov")
    publish(tmp_path, "a.fire.mov", styles={"fire": 1.0})
    link(a, tmp_path, look="blue")
    link(a, tmp_path, look="fire")
    once = a.to_json_string()
    assert list(a.media_references()) == ["DEFAULT_MEDIA", KEY, f"{KEY}.blue"]
    link(a, tmp_path, look="fire")
    assert a.to_json_string() == once


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"source": "/media/other.mov"}, "no intermediate was rendered from it"),
        ({"frames": (6, 99)}, "no intermediate holds frames 5-14"),
        ({"source_frames": 3}, "are missing from a.mov"),
    ],
)
def test_a_clip_without_an_intermediate_is_left_as_it_is_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, changed: dict[str, Any], why: str
) -> None:
    caplog.set_level(logging.INFO)
    a = lone(clip("a", (5, 10)))
    before = a.to_json_string()
    publish(tmp_path, "a.blue.mov", **changed)
    assert link(a, tmp_path) is None
    assert a.to_json_string() == before
    assert why in caplog.text


@pytest.mark.parametrize(
    "item",
    [
        otio.schema.Clip("nothing"),
        otio.schema.Clip("missing", otio.schema.MissingReference()),
        otio.schema.Clip("bars", otio.schema.GeneratorReference(generator_kind="SMPTEBars")),
        clip("url", (0, 5), url="https://example.org/a.mov"),
        clip("nan", (float("nan"), 5), url="/media/a.mov"),
        clip("rate", (0, 5), url="/media/a.mov", rate=-24),
    ],
    ids=lambda item: item.name,
)
def test_no_clip_raises(tmp_path: Path, item: otio.schema.Clip) -> None:
    publish(tmp_path, "a.blue.mov")
    for place in (item.deepcopy(), lone(item.deepcopy())):
        before = place.to_json_string()
        assert link(place, tmp_path) is None
        assert place.to_json_string() == before


def test_clips_without_a_timeline_around_them(tmp_path: Path) -> None:
    """An adapter may give a lone clip or track."""
    publish(tmp_path, "a.blue.mov")
    assert link(clip("a", (5, 10)), tmp_path) is not None
    v1 = track(clip("x", (0, 5)), clip("a", (5, 10)))
    assert link(v1[0], tmp_path) is None
    assert link(v1[1], tmp_path) is not None
    v1[1].enabled = False
    assert link(v1[1], tmp_path) is None


def test_relative_paths_start_at_media_root(tmp_path: Path) -> None:
    publish(tmp_path / "out", "a.blue.mov", str(tmp_path / "edit" / "clips" / "a.mov"))
    a = lone(clip("a", (5, 10), url="clips/a.mov"))
    assert link(a, tmp_path / "out") is None
    assert link(a, tmp_path / "out", media_root=str(tmp_path / "edit")) is not None


def test_without_a_media_range_the_timecode_decides(tmp_path: Path) -> None:
    """01:00:00:00 at 24 is frame 86400."""
    publish(tmp_path, "a.blue.mov", timecode="01:00:00:00")
    a = lone(clip("a", (86405, 10), None))
    assert link(a, tmp_path) is not None
    assert a.media_references()[KEY].available_range == time_range(86400, 100)


def test_sequences_in_and_out(tmp_path: Path) -> None:
    """Files 1001..1100; frame 4 of the sequence is file 1005."""
    folder = publish(
        tmp_path,
        "x.blue",
        "/media/x.%04d.exr",
        (4, 20),
        sequence=True,
        first_number=1001,
        rate="30",
    )
    reference = otio.schema.ImageSequenceReference(
        "file:///media/", "x.", ".exr", 1001, 1, 24, 4, available_range=time_range(0, 100)
    )
    a = lone(otio.schema.Clip("x", reference, time_range(5, 10)))
    ours = link(a, tmp_path)
    assert isinstance(ours, otio.schema.ImageSequenceReference)
    assert ours.target_url_base == f"{folder.as_uri()}/"
    assert (ours.name_prefix, ours.name_suffix) == ("x.blue.", ".exr")
    assert (ours.start_frame, ours.frame_zero_padding, ours.rate) == (1005, 6, 24)
    assert ours.available_range == time_range(4, 17)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({}, "needs the argument 'folder'"),
        ({"folder": "/nowhere/at/all"}, "the folder of intermediates cannot be read"),
        ({"folder": ".", "style": "blue"}, "has no argument 'style'"),
        ({"folder": ".", "look": "blue please"}, "is not a mix of styles"),
    ],
)
def test_arguments_that_cannot_be_used_are_an_error(arguments: dict[str, str], fault: str) -> None:
    with pytest.raises(TimelineError, match=fault):
        link_media_reference(clip("a", (0, 5)), arguments)


def test_what_is_not_whole_is_no_intermediate(tmp_path: Path) -> None:
    gone = publish(tmp_path, "gone.blue.mov")
    gone.unlink()
    publish(tmp_path, "escape.blue.mov")
    unfinished = publish(tmp_path, "unfinished.blue.mov").with_suffix(".manifest.jsonl")
    unfinished.write_text("".join(unfinished.read_text().splitlines(keepends=True)[:2]))
    (tmp_path.parent / "escape.blue.mov").write_bytes(b"")
    outside = tmp_path / "escape.blue.manifest.jsonl"
    outside.write_text(outside.read_text().replace('"path": "', '"path": "../'))
    (tmp_path / "torn.manifest.jsonl").write_text('{"key": "a", "type": "ren')
    (tmp_path / "list.manifest.jsonl").write_text("[1]\n3\n")
    assert find_intermediates(tmp_path) == ()
    whole = publish(tmp_path, "whole.blue.mov")
    with (tmp_path / "whole.blue.manifest.jsonl").open("a") as file:
        file.write('{"key": "next", "type": "render", "facts": {}}\n{"key": "to')
    (found,) = find_intermediates(tmp_path)
    assert found.rendered.path == whole
    assert found.look == ClipLook((("blue", 1.0),), 1.0, statistics="hybrid")


def test_sequences_have_a_pattern(tmp_path: Path) -> None:
    publish(tmp_path, "x.blue", sequence=True)
    (found,) = find_intermediates(tmp_path)
    assert found.rendered.sequence == SequenceName(tmp_path / "x.blue", "x.blue.", ".exr", 0, 6)


PROGRAM = """
import sys
import opentimelineio as otio

cut, folder = sys.argv[1:]
made = otio.adapters.read_from_file(
    cut,
    media_linker_name="nle_style",
    media_linker_argument_map={"folder": folder, "look": "blue"},
)
for clip in made.find_clips():
    references = clip.media_references()
    print(clip.name, clip.active_media_reference_key, clip.media_reference.name, *references)
"""


def read_by_otio(tmp_path: Path, **environment: str) -> list[str]:
    publish(tmp_path / "out", "a.blue.mov")
    made = timeline(track(clip("a", (5, 10)), clip("b", (5, 10))))
    write_timeline(made, tmp_path / "cut.otio")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "cut.otio"), str(tmp_path / "out")],
        cwd=tmp_path,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


LINKED = ["a nle_style a.blue.mov DEFAULT_MEDIA nle_style", "b DEFAULT_MEDIA  DEFAULT_MEDIA"]


def test_opentimelineio_finds_and_runs_it(tmp_path: Path) -> None:
    """Another process, by the manifest file that ships in the package."""
    manifest = ROOT / "nle_style" / "timeline" / "plugin_manifest.json"
    environment = {"PYTHONPATH": str(ROOT), "OTIO_PLUGIN_MANIFEST_PATH": str(manifest)}
    assert read_by_otio(tmp_path, **environment, OTIO_DISABLE_ENTRYPOINTS_PLUGINS="1") == LINKED
