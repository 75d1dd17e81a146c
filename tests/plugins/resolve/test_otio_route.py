"""The route without scripts: what `nle-style batch` writes from an export of Resolve's kind."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.apply import Look
from nle_style.render import Output
from nle_style.render.cut import plan_batch, run_batch
from nle_style.timeline.relink import resolve_faults
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip, gap, time, timeline, track

HOUR = 3600 * 24


def _export(folder: Path, *, start: bool = True) -> Path:
    """As Resolve writes: bare paths, media timecode, a title without media, a retime."""
    media = make_clip(folder / "a b.mov", 1, 40, Fraction(24), timecode="01:00:00:00")
    slow = clip("slow", (HOUR + 20, 10), (HOUR, 40), url=str(media))
    slow.effects.append(otio.schema.LinearTimeWarp(time_scalar=0.5))
    made = timeline(
        track(
            clip("cut", (HOUR + 5, 12), (HOUR, 40), url=str(media)),
            gap(3),
            slow,
            otio.schema.Clip(
                "title", otio.schema.MissingReference(), otio.opentime.TimeRange(time(0), time(9))
            ),
        )
    )
    made.name = "Timeline 1"
    made.global_start_time = time(HOUR) if start else None
    path = folder / "cut.otio"
    otio.adapters.write_to_file(made, str(path))
    return path


def _batch(cut: Path, pack: Path, folder: Path) -> dict[str, Path]:
    output = Output.model_validate({"directory": folder, "handles": 4})
    result = run_batch(plan_batch(cut, Look({"red": 1.0}, 0.0), output, pack=str(pack)))
    return {path.name: path for path in result.timelines}


@pytest.mark.slow
def test_the_baked_timeline_keeps_resolves_rules(tiny_pack: Path, tmp_path: Path) -> None:
    made = _batch(_export(tmp_path), tiny_pack, tmp_path / "out")
    baked = made["cut.red.baked.otio"]
    assert resolve_faults(baked) == []
    # The timeline with both references is for OpenTimelineIO's users: its paths are URLs.
    faults = resolve_faults(made["cut.red.otio"])
    assert len(faults) == 2
    assert all("not plain and absolute: 'file:///" in fault for fault in faults)
    command = [sys.executable, "-m", "nle_style", "resolve", "--check"]
    for path, code in ((baked, 0), (made["cut.red.otio"], 2)):
        done = subprocess.run(
            [*command, str(path)], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == code, done.stderr


@pytest.mark.slow
def test_a_start_time_is_given_where_there_is_none(tiny_pack: Path, tmp_path: Path) -> None:
    cut = _export(tmp_path, start=False)
    assert resolve_faults(cut) == ["the timeline has no global_start_time"]
    made = _batch(cut, tiny_pack, tmp_path / "out")
    assert resolve_faults(made["cut.red.baked.otio"]) == []
