"""Every name of Blender's that the add-on uses is in the Blender at hand; its manifest is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.plugins.blender.conftest import PLUGINS, Run

pytestmark = pytest.mark.slow

# Asked for by attribute, so that the other is not missed.
ONLY_OLD = ["sequences", "sequences_all"]
ONLY_NEW = ["progress"]


@pytest.fixture(scope="module")
def names(run_in_blender: Run, tiny_pack: Path, tmp_path_factory: Any) -> dict[str, Any]:
    return run_in_blender("names.py", tmp_path_factory.mktemp("names"), {"pack": str(tiny_pack)})


def test_every_name_is_there(names: dict[str, Any]) -> None:
    package = PLUGINS / "blender" / "nle_style_blender"
    assert names["files"] == len(list(package.rglob("*.py")))
    new = names["version"] >= [5, 0, 0]
    assert names["unknown"] == (ONLY_OLD if new else ONLY_NEW)
    assert names["panel"] == ([] if new else ONLY_NEW)


def test_the_checker_finds_faults(names: dict[str, Any]) -> None:
    gone = ["bpy.ops.sequencer.redouble", "bpy.utils.user_place"]
    assert names["wrong"] == ["frame_final_begin", *gone]
    assert names["wrong panel"] == ["words", "label(word=)", "label(icon=ELEPHANT)"]


def test_blenders_own_tool_takes_the_manifest(names: dict[str, Any]) -> None:
    if names["manifest"] is None:
        pytest.skip("Blender has no extensions before 4.2")
    code, said = names["manifest"]
    assert (code, said.splitlines()[-1].startswith("Success")) == (0, True), said
