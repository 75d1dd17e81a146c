"""The rules of Resolve's import: one real export of Resolve's keeps them, each fault is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline.relink import resolve_faults
from tests.timeline.building import clip, gap, time, timeline, track

Data = dict[str, Any]


def data_of(*clips: otio.schema.Clip) -> Data:
    made = timeline(track(gap(5), *clips))
    made.name, made.global_start_time = "cut.blue.baked", time(86400)
    made.metadata["nle_style"] = {"original_name": "cut"}
    data: Data = json.loads(made.to_json_string())
    return data


def faults_of(data: Data, folder: Path) -> list[str]:
    path = folder / "cut.otio"
    path.write_text(json.dumps(data))
    return resolve_faults(path)


def test_a_resolve_export_keeps_the_rules(shared: Path) -> None:
    """37 clips, titles, stills and effects that Resolve wrote; its one fault is its empty name."""
    path = shared / "timelines" / "otio" / "OpenTimelineIO__effects.otio"
    (fault,) = resolve_faults(path)
    assert "no name" in fault


def test_a_clip_in_its_medias_timecode(tmp_path: Path) -> None:
    assert faults_of(data_of(clip("a", (3610, 20), (3600, 100))), tmp_path) == []
    early = faults_of(data_of(clip("a", (10, 20), (3600, 100))), tmp_path)
    assert len(early) == 1
    assert early[0].startswith("clip 'a': it shows 0.417 s")
    (late,) = faults_of(data_of(clip("a", (3681, 20), (3600, 100))), tmp_path)
    assert "its media has 150.000 s" in late


def test_a_retime_takes_its_share_of_the_media(tmp_path: Path) -> None:
    fast = clip("fast", (0, 50), (0, 100))
    fast.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    assert faults_of(data_of(fast), tmp_path) == []
    fast.effects.append(otio.schema.LinearTimeWarp(time_scalar=1.5))
    assert len(faults_of(data_of(fast), tmp_path)) == 1


def test_stills_titles_and_windows_paths_pass(tmp_path: Path) -> None:
    title = otio.schema.Clip("title", otio.schema.MissingReference())
    still, windows = clip("s", (0, 50), (0, 1)), clip("w", (0, 50), url="D:\\media\\w.mov")
    assert faults_of(data_of(title, still, windows), tmp_path) == []


def _reference(data: Data) -> Data:
    shot = data["tracks"]["children"][0]["children"][1]
    found: Data = shot["media_references"]["DEFAULT_MEDIA"]
    return found


FAULTS: dict[str, tuple[Callable[[Data], Any], str]] = {
    "url": (lambda d: _reference(d).update(target_url="file:///m/a.mov"), "not plain and absolute"),
    "relative": (lambda d: _reference(d).update(target_url="a.mov"), "not plain and absolute"),
    "range": (lambda d: _reference(d).update(available_range=None), "no available_range"),
    "sequence": (
        lambda d: _reference(d).update(OTIO_SCHEMA="ImageSequenceReference.1"),
        "image sequence",
    ),
    "unknown": (lambda d: _reference(d).update(OTIO_SCHEMA="Proxy.3"), "Proxy.3 is not known"),
    "source": (
        lambda d: d["tracks"]["children"][0]["children"][1].update(source_range=None),
        "no source_range",
    ),
    "key": (
        lambda d: d["tracks"]["children"][0]["children"][1].update(
            active_media_reference_key="other"
        ),
        "no active media reference",
    ),
    "start": (lambda d: d.update(global_start_time=None), "no global_start_time"),
    "name": (lambda d: d.update(name="cut"), "as the one it was made from"),
    "empty name": (lambda d: d.update(name=""), "no name"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault: str, tmp_path: Path) -> None:
    data = data_of(clip("a", (10, 20)))
    assert faults_of(data, tmp_path) == []
    breaks, said = FAULTS[fault]
    breaks(data)
    (found,) = faults_of(data, tmp_path)
    assert said in found


@pytest.mark.parametrize("text", ["not JSON", "[]", '{"OTIO_SCHEMA": "Clip.2"}'])
def test_what_is_no_timeline_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cut.otio"
    path.write_text(text)
    with pytest.raises(TimelineError, match=r"Give an \.otio file"):
        resolve_faults(path)
