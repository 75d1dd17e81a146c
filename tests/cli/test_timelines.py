"""`nle-style batch --dry-run`, its refusals, and `nle-style revert`."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from tests.helpers.command import nle_style
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip, timeline, track


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """Frames 4-9 and 6-9 of one movie, which makes four frames that are shared."""
    source = make_clip(tmp_path / "crowd.mov", 3, 20, Fraction(25))
    shots = [
        clip(name, (first, count), (0, 20), url=source.as_uri(), rate=25)
        for name, first, count in (("one", 4, 6), ("two", 6, 4))
    ]
    path = tmp_path / "cut.otio"
    otio.adapters.write_to_file(timeline(track(*shots)), str(path))
    return path


def test_a_dry_run_shows_the_plan_and_writes_nothing(
    cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    common = ("batch", cut, "-o", tmp_path / "out", "--style", "red", "--pack", tiny_pack)
    done = nle_style(*common, "--dry-run", "--json")
    assert done.code == 0, done.err
    plan = json.loads(done.out)
    assert [clip["frames"] for clip in plan["clips"]] == [[4, 9], [6, 9]]
    assert plan["totals"]["frames_to_paint"] == 6
    assert plan["totals"]["frames_saved_by_sharing"] == 4
    shown = nle_style(*common, "--dry-run")
    assert "6 frames to paint, 4 saved by sharing" in shown.out
    assert not (tmp_path / "out").exists()


def test_a_control_without_a_style_is_refused(cut: Path, tiny_pack: Path, tmp_path: Path) -> None:
    done = nle_style("batch", cut, "-o", tmp_path / "out", "--strength", 0.5, "--pack", tiny_pack)
    assert done.code == 2
    assert "no --style that it is for" in done.err


def test_an_edl_without_its_rate_is_refused(tiny_pack: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.edl"
    path.write_text(
        "TITLE: cut\n\n"
        "001  AX       V     C        01:00:00:05 01:00:00:15 00:00:00:00 00:00:00:10\n"
    )
    done = nle_style("batch", path, "-o", tmp_path / "out", "--style", "red", "--pack", tiny_pack)
    assert done.code == 2
    assert "--rate" in done.err


def test_revert_names_its_file_and_never_writes_over_one(
    cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    more = ("--style", "red", "--strength", 0, "--pack", tiny_pack)
    assert nle_style("batch", cut, "-o", tmp_path / "out", *more).code == 0
    relinked = tmp_path / "out" / "cut.red.otio"
    done = nle_style("revert", relinked)
    assert done.code == 0
    made = tmp_path / "out" / "cut.red.reverted.otio"
    assert done.out.strip() == str(made)
    shown = otio.adapters.read_from_file(str(made)).find_clips()
    assert all("crowd.mov" in each.media_reference.target_url for each in shown)
    again = nle_style("revert", relinked)
    assert again.code == 2
    assert "already" in again.err
    assert nle_style("revert", cut).code == 2
