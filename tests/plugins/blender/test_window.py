"""The modal run, in a Blender with windows: progress, undo, and two ways to cancel."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.stamps import make_clip
from tests.plugins.blender.conftest import Run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def seen(run_in_window: Run, tiny_pack: Path, tmp_path_factory: Any) -> dict[str, Any]:
    """What was found in Blender."""
    folder = tmp_path_factory.mktemp("seen")
    (folder / "media").mkdir()
    make_clip(folder / "media" / "long.mov", 1, 60, Fraction(24))
    return run_in_window("window.py", folder, {"pack": str(tiny_pack)})


def test_blender_goes_on_while_the_worker_paints(seen: dict[str, Any]) -> None:
    assert seen["started"] == ["RUNNING_MODAL"]
    assert len(seen["shares"]) > 2  # it was asked, in Blender's loop, while frames were painted
    assert sorted(seen["after"]) == ["movie", "movie red"]
    assert seen["after"]["movie"]["mute"]


def test_a_run_is_one_step_to_undo(seen: dict[str, Any]) -> None:
    assert seen["undone"] == seen["before"]
    assert seen["redone"] == seen["after"]


@pytest.mark.parametrize("how", ["escaped", "button"])
def test_cancelled_it_leaves_the_timeline(how: str, seen: dict[str, Any]) -> None:
    assert seen[how] == seen["redone"]
