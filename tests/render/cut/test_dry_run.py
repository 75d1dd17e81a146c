"""The dry run: sums by hand, and a real cut that leaves nothing behind."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import opentimelineio as otio
import pytest
from rich.console import Console

from nle_style.apply import Look, LookKey
from nle_style.cli.plan_table import duration, print_plan
from nle_style.render import Output
from nle_style.render.cut import DryRun, dry_run_batch, plan_batch, run_batch
from nle_style.render.cut.batch_plan import PlannedBatch
from nle_style.render.cut.dry_run import PlannedRender, planned_render
from nle_style.render.cut.frame_cost import FrameCost
from nle_style.render.plan import ItemPlan
from nle_style.render.plan.mattes import LayerPlan
from tests.helpers.stamps import HEIGHT, WIDTH, make_clip
from tests.timeline.building import clip, timeline, track

COST = FrameCost(paint_seconds=2.0, file_seconds=0.5, bytes=1000, black_bytes=10)


def _plan(painted: tuple[tuple[int, int], ...], statistics: str, strength: float = 1.0) -> ItemPlan:
    none = cast(Any, None)
    return ItemPlan(
        info=cast(
            Any,
            SimpleNamespace(
                path=Path("/media/a.mov"),
                frame_count=1000,
                first_frame_number=0,
                width=640,
                height=360,
            ),
        ),
        first=0,
        last=999,
        painted=painted,
        layers=(LayerPlan(Look({"blue": 1.0}, strength, cast(Any, statistics))),),
        spec=none,
        destination=Path("/out/a.mov"),
        manifest=none,
        facts={},
        notes=("guessed",),
    )


def test_the_estimate_of_an_item() -> None:
    sparse = ((0, 23), (500, 501))
    made = planned_render(_plan(sparse, "frame"), COST)
    assert (made.frames, made.to_paint, made.status) == (1000, 26, "to render")
    assert made.seconds == 26 * 2.5
    assert (made.painted_at, made.notes) == ((640, 360), ("guessed",))
    assert made.bytes == 26 * 1000 + 974 * 10
    # The first range is measured on four frames, the least, and the second on its two.
    assert planned_render(_plan(sparse, "hybrid"), COST).seconds == 26 * 2.5 + 6 * 2.0
    source = planned_render(_plan(sparse, "hybrid", 0.0), COST)
    assert (source.seconds, source.painted_at) == (26 * 2.5, None)
    there = planned_render(_plan(sparse, "hybrid"), None)
    assert (there.status, there.seconds, there.bytes) == ("present", 0, 0)


def test_the_disk_must_hold_the_units_of_one_beside_the_rest() -> None:
    sizes = (5, 40, 10)
    renders = tuple(
        PlannedRender("/a", "blue", "to render", 2, 2, "/o", 1.0, size) for size in sizes
    )
    dry = DryRun(cast(PlannedBatch, None), renders, 100)
    assert (dry.bytes, dry.peak_bytes, dry.seconds) == (55, 85, 3.0)
    assert dry.frames_to_paint == 6
    assert replace(dry, renders=renders[2:]).peak_bytes == 20


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (89, "89 s"), (720, "12 min"), (11100, "3 h 05 min")]
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def _cut(folder: Path) -> Path:
    # One frame is measured, and the others are taken to be as large: here they are.
    a = make_clip(folder / "a.mov", 1, 40, Fraction(25), still=True)

    def shot(name: str, first: int, count: int, path: Path = a) -> otio.schema.Clip:
        return clip(name, (first, count), (0, 40), url=path.as_uri(), rate=25)

    bad = folder / "bad.mov"
    bad.write_bytes(b"no movie")
    cut = timeline(
        track(shot("one", 0, 10), shot("two", 5, 10), shot("three", 30, 4), shot("bad", 0, 5, bad))
    )
    path = folder / "cut.otio"
    otio.adapters.write_to_file(cut, str(path))
    return path


def test_a_real_cut(tiny_pack: Path, tmp_path: Path) -> None:
    cut, out = _cut(tmp_path), tmp_path / "out"
    before = sorted(tmp_path.rglob("*"))
    look, output = Look({"red": 1.0}), Output(directory=out, handles=2)
    dry = dry_run_batch(plan_batch(cut, look, output, pack=str(tiny_pack)))
    assert sorted(tmp_path.rglob("*")) == before, "a dry run writes nothing"
    # One: 0-11 of its handles, two: 3-16, three: 28-35; rendered are 0-16 and 28-35.
    assert [r.range for r in dry.renders] == [(0, 16), (28, 35)]
    assert dry.frames_to_paint == 17 + 8
    assert dry.saved_frames == (12 + 14 + 8) - 25
    assert [refusal.clip_name for refusal in dry.batch.plan.refusals] == ["bad"]
    assert dry.seconds > 0
    data = json.loads(json.dumps(dry.as_data()))
    assert [c["timeline"] for c in data["clips"]] == [
        ["00:00:00:00", "00:00:00:10"],
        ["00:00:00:10", "00:00:00:20"],
        ["00:00:00:20", "00:00:00:24"],
    ]
    assert data["totals"]["frames_saved_by_sharing"] == 9
    assert [r["painted_at"] for r in data["intermediates"]] == [[WIDTH, HEIGHT]] * 2
    stream = io.StringIO()
    print_plan(dry, Console(file=stream, width=200))
    text = stream.getvalue()
    assert f" {WIDTH}x{HEIGHT} " in text
    for words in (
        "three",
        "a.mov 30-33",
        "25 frames to paint, 9 saved by sharing",
        "refused  clip 'bad' on V1",
    ):
        assert words in text
    run_batch(plan_batch(cut, look, output, pack=str(tiny_pack)))
    made = {path.name: path.stat().st_size for path in out.glob("*.mov")}
    assert {Path(r.path).name for r in dry.renders} == set(made)
    # Of so small a movie a good part is its header, about 1 kB, which is not in the estimate.
    assert dry.bytes == pytest.approx(sum(made.values()) - 2 * 1200, rel=0.2)
    again = dry_run_batch(plan_batch(cut, look, output, pack=str(tiny_pack)))
    assert [render.status for render in again.renders] == ["present"] * 2
    assert (again.frames_to_paint, again.seconds, again.bytes) == (0, 0, 0)


def test_on_twos_every_second_frame_is_paid_for_and_a_mix_that_changes_is_measured_thrice() -> None:
    spans = ((100, 109), (200, 220))  # 10 and 21 frames: 5 and 11 paintings
    plain = _plan(spans, "hybrid")
    twos = replace(plain, layers=(LayerPlan(replace(plain.look, hold=2)),))
    made = planned_render(twos, COST)
    assert (made.to_paint, made.drawn) == (31, 16)
    assert made.seconds == 16 * 2.0 + 31 * 0.5 + (4 + 4) * 2.0
    keys = (LookKey(100, {"red": 1}), LookKey(109, {"blue": 1}))
    moving = replace(plain, layers=(LayerPlan(replace(plain.look, keys=keys)),))
    assert planned_render(moving, COST).seconds == 31 * 2.5 + (3 * 4 + 4) * 2.0
