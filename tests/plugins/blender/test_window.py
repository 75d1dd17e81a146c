"""In a Blender with windows: looks and their pictures; progress, undo, and two ways to cancel."""

from __future__ import annotations

import sys
import zlib
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
    make_clip(folder / "media" / "long.mov", 1, 240, Fraction(24))
    command = [sys.executable, str(Path(__file__).with_name("tiny_worker.py")), str(tiny_pack)]
    return run_in_window("window.py", folder, {"pack": str(tiny_pack), "command": command})


def test_looks_have_pictures_which_are_kept(seen: dict[str, Any]) -> None:
    assert seen["state of looks"] == ""
    names = [name for name, *_ in seen["looks"]]
    assert names == ["red", "green", "blue"]
    # A label, a picture, and a number that another pack gives the same name.
    assert [item[1:] for item in seen["looks"]] == [
        [name.capitalize(), True, zlib.crc32(name.encode()) >> 1] for name in names
    ]
    assert seen["looks kept"] == seen["looks"]
    assert seen["chosen"]["look"] == "green"


def test_a_look_shows_the_picture_that_was_told_last(seen: dict[str, Any]) -> None:
    """Another pack's red: here, green's picture."""
    red, green, blue = seen["icons"]
    assert red == green != blue


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
