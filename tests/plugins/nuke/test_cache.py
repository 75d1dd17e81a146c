"""Upstream frames: written when their key is new, replaced when their bytes are, never with holes;
and the versions of results. No Nuke in here but where `start` is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.nuke.doubles.session import PYTHON, Start, make_node, picture


class Plate:
    """A source whose frames can be changed."""

    def __init__(self) -> None:
        self.changed: tuple[int, ...] = ()

    def __call__(self, frame: int, view: str) -> Any:
        return picture(frame, view, changed=self.changed)


def _times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.exr")}


def test_only_a_changed_frame_is_executed_and_only_its_file_replaced(start: Start) -> None:
    plate = Plate()
    session = start(views=("left", "right"), frames=(1001, 1006))
    node = make_node(session, plate, (1001, 1006))
    session.studio.press(node, "render")
    cache = session.output / ".nle_style_upstream" / "NLEStyle1" / "left"
    before = _times(cache)
    assert len(session.studio.executed) == 12
    session.studio.executed.clear()
    plate.changed = (1004,)
    session.studio.press(node, "render")
    assert session.studio.executed == [(1004, "left"), (1004, "right")]
    after = _times(cache)
    assert {name for name in after if after[name] != before[name]} == {"NLEStyle1.left.001004.exr"}
    assert session.studio.messages == []


def test_one_call_renders_all_that_changed_in_a_view(start: Start) -> None:
    """With Nuke's own progress bar and Cancel: ours, which it would not hear, is not there."""
    plate = Plate()
    session = start(views=("left", "right"), frames=(1001, 1006))
    node = make_node(session, plate, (1001, 1006))
    bars = []
    session.studio.on_execute = lambda frame, view: bars.append(session.studio.bars)
    session.studio.press(node, "render")
    plate.changed = (1002, 1004, 1005)
    session.studio.press(node, "render")
    changed = [(1002, 1002, 1), (1004, 1005, 1)]
    assert session.studio.calls == [
        *(([(1001, 1006, 1)], [view]) for view in ("left", "right")),
        *((changed, [view]) for view in ("left", "right")),
    ]
    assert bars == [0] * 18
    assert session.studio.tasks
    assert session.studio.messages == []


def test_the_cache_survives_a_restart(start: Start) -> None:
    session = start()
    session.studio.press(make_node(session), "render")
    again = start()
    again.studio.press(make_node(again), "render")
    assert again.studio.executed == []
    assert again.studio.messages == []


def test_a_file_that_is_read_anew_or_damaged_or_doubted_is_written_again(start: Start) -> None:
    session = start()
    node = make_node(session)
    source = session.folder / "plate.1002.exr"
    source.write_text("first")
    node.input(0)._files = lambda frame: [str(session.folder / f"plate.{frame}.exr")]
    session.studio.press(node, "render")
    for change, executed in (
        (lambda: source.write_text("second version"), [1002]),
        (lambda: _path(session.output, 1003).write_bytes(b"half a file"), [1003]),
        (lambda: _path(session.output, 1001).unlink(), [1001]),
        (lambda: node["rewrite_upstream"].setValue(True), [1001, 1002, 1003]),
    ):
        session.studio.executed.clear()
        change()
        session.studio.press(node, "render")
        assert [frame for frame, _ in session.studio.executed] == executed
    assert session.studio.messages == []


def _path(output: Path, frame: int) -> Path:
    return output / ".nle_style_upstream" / "NLEStyle1" / "main" / f"NLEStyle1.main.{frame:06d}.exr"


def test_without_op_hashes_every_frame_is_written(start: Start) -> None:
    session = start()
    session.studio.hashes = False
    node = make_node(session)
    session.studio.press(node, "render")
    session.studio.press(node, "render")
    assert len(session.studio.executed) == 6
    assert session.studio.messages == []


@pytest.mark.parametrize(
    ("validated_by", "executed"), [("metadata", 0), ("frame", 0), ("nothing", 3)]
)
def test_a_hash_that_does_not_follow_the_frame_is_not_believed(
    start: Start, validated_by: str, executed: int
) -> None:
    session = start()
    session.studio.validated_by = validated_by
    plate = Plate()
    node = make_node(session, plate)
    session.studio.press(node, "render")
    session.studio.executed.clear()
    session.studio.press(node, "render")
    assert len(session.studio.executed) == executed
    plate.changed = (1002,)
    session.studio.press(node, "render")
    assert (1002, "main") in session.studio.executed
    assert session.studio.messages == []


@pytest.mark.parametrize("changed", [1001, 1003])
def test_a_frames_own_hash_counts_among_those_of_others(start: Start, changed: int) -> None:
    """Where Nuke lists every frame that was looked at before, or the one the artist is at."""
    session = start()
    session.studio.lists_ops = True
    plate = Plate()
    node = make_node(session, plate)
    session.studio.press(node, "render")
    session.studio.executed.clear()
    plate.changed = (changed,)
    session.studio.nuke.frame(1002)
    session.studio.press(node, "render")
    assert session.studio.executed == [(changed, "main")]
    assert session.studio.messages == []


def test_a_still_is_always_written(start: Start) -> None:
    """Nothing tells it from a hash that stood still."""
    session = start()
    node = make_node(session, lambda frame, view: picture(1, view))
    session.studio.press(node, "render")
    session.studio.press(node, "render")
    assert len(session.studio.executed) == 6


def test_looking_at_frames_can_be_cancelled(start: Start) -> None:
    session = start(frames=(1, 60))
    node = make_node(session, frames=(1, 60))
    before = session.studio.snapshot()
    session.studio.cancel_at = 20
    session.studio.press(node, "render")
    assert session.studio.executed == []
    assert "Cancelled" in session.studio.messages[0]
    assert session.studio.snapshot() == before


def test_ranges_that_join_are_one_sequence_and_others_have_no_hole(start: Start) -> None:
    session = start(frames=(1, 60))
    node = make_node(session, frames=(1, 60))
    folder = session.output / ".nle_style_upstream" / "NLEStyle1"

    def render(first: int, last: int) -> tuple[list[int], list[int], int]:
        session.studio.executed.clear()
        node["first"].setValue(first)
        node["last"].setValue(last)
        session.studio.press(node, "render")
        assert session.studio.messages == []
        job = json.loads((folder / "job.json").read_text())
        there = sorted(int(path.name[-10:-4]) for path in (folder / "main").glob("*.exr"))
        version = int(job["items"][0]["name"][11:14])
        assert [frame for frame, _ in session.studio.executed] == sorted(
            frame for frame, _ in session.studio.executed
        )
        return there, job["items"][0]["frames"], version

    assert render(10, 12) == ([10, 11, 12], [0, 2], 1)
    assert render(11, 14) == ([10, 11, 12, 13, 14], [1, 4], 1)
    assert [frame for frame, _ in session.studio.executed] == [13, 14]
    assert render(8, 9) == ([8, 9, 10, 11, 12, 13, 14], [0, 1], 2)
    assert render(40, 41) == ([40, 41], [0, 1], 3)


def test_a_new_format_leaves_no_frames_of_the_old_one(start: Start) -> None:
    session = start(frames=(1, 4))
    node = make_node(session, frames=(1, 4))
    session.studio.press(node, "render")
    node["last"].setValue(2)
    node["upstream_depth"].setValue("32 bit float")
    session.studio.press(node, "render")
    assert not _path(session.output, 3).exists()
    assert _path(session.output, 2).is_file()


def test_results_of_another_script_are_not_written_over(start: Start) -> None:
    session = start()
    (session.output / "NLEStyle1_v004.main").mkdir(parents=True)
    session.studio.press(make_node(session), "render")
    assert (session.output / "NLEStyle1_v005.main").is_dir()


@pytest.mark.slow
@pytest.mark.skipif(
    not (Path(__file__).parents[3] / "nle_style" / "render" / "item" / "reuse.py").is_file(),
    reason="the worker does not yet keep frames of an earlier render (render/reuse.py)",
)
@pytest.mark.parametrize("statistics", ["frame", "hybrid"])
def test_one_changed_upstream_frame_is_rendered_again_and_the_report_says_why(
    start: Start, tiny_pack: Path, statistics: str
) -> None:
    """The frame itself with statistics of each frame, else its shot (all six frames here)."""
    plate = Plate()
    session = start([PYTHON, "-m", "nle_style"], frames=(1001, 1006))
    node = make_node(session, plate, (1001, 1006))
    node["pack"].setValue(str(tiny_pack))
    session.studio.press(node, "reload_styles")
    node["statistics"].setValue(statistics)
    session.studio.press(node, "render")
    result = session.output / "NLEStyle1_v001.main"
    before = {path.name: path.read_bytes() for path in sorted(result.iterdir())}
    session.studio.executed.clear()
    plate.changed = (1004,)
    session.studio.press(node, "render")
    assert session.studio.messages == []
    assert session.studio.executed == [(1004, "main")]
    after = {path.name: path.read_bytes() for path in sorted(result.iterdir())}
    assert list(after) == list(before)
    changed = [int(name[-10:-4]) for name in after if after[name] != before[name]]
    assert 1004 in changed
    if statistics == "frame":
        assert changed == [1004]
    report = json.loads((session.output / "NLEStyle1_v001.main.report.json").read_text())
    (why,) = [m for m in report["made"] if m["frames"][0] <= 3 <= m["frames"][1]]
    assert why["status"] == "rendered"
    kept = [m["frames"] for m in report["made"] if m["status"] == "kept"]
    if statistics == "frame":
        assert why["why"] == "source frame 3 changed"
        assert kept == [[0, 2], [4, 5]]
        assert "5 results were kept" in node["last_result"].value()
    else:
        assert why["why"] == "frame 3 of its shot changed"
        assert why["frames"] in [shot["frames"] for shot in report["shots"]]
