"""The batch's report: facts in, data and Markdown out, and once from a real batch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import opentimelineio as otio
import pytest

from nle_style.apply import Look
from nle_style.errors import MediaError
from nle_style.media.source import decoded_rgb, probe_media
from nle_style.media.write import UnitRecord
from nle_style.media.write.likeness import frame_hash
from nle_style.render import Output, events
from nle_style.render.cut import plan_batch, run_batch
from nle_style.render.cut.batch_plan import PlannedBatch
from nle_style.render.cut.batch_report import (
    as_markdown,
    build_batch_report,
    frames_sha256,
    report_paths,
)
from nle_style.render.cut.clip_table import record_timecodes
from nle_style.render.item import ItemResult
from nle_style.render.plan import ItemPlan
from nle_style.render.plan.mattes import LayerPlan
from nle_style.render.record import FinishedUnit, Manifest, Sources, report_path
from nle_style.timeline import ReadTimeline
from nle_style.timeline.needs import ClipUse, Plan, Refusal, Skipped, SourceRange
from tests.helpers.stamps import HEIGHT, WIDTH, make_clip
from tests.timeline.building import clip, gap, timeline, track

SHOTS = [
    {"frames": [0, 9], "stability": {"painted": 0.02, "source": 0.01, "static_share": 0.5}},
    {"frames": [10, 40], "stability": {"painted": 0.04, "source": 0.01, "static_share": 0.5}},
    {"frames": [41, 99], "stability": {"painted": None, "source": None, "static_share": None}},
]
WARNINGS = ["51 of its 100 frames are painted …", "no subtitles"]
FLOWER = Path("/media/flower.mp4")
RANGES = tuple(SourceRange(FLOWER, 0, 99, look, Fraction(25)) for look in ("one", "two"))
SECONDS = Fraction(0), Fraction(8, 25)
WRITTEN = [Path("/out/cut.blue.otio")]


def _use(name: str, first: int, last: int, place: int, **more: Any) -> ClipUse:
    wanted = RANGES[place]
    return ClipUse(
        f"tracks[0]/children[{place}]", name, "V1", FLOWER, first, last, wanted, wanted.look,
        wanted.rate, 100, Fraction(0), **more,
    )  # fmt: skip


CLIP = _use("A|1", 5, 12, 0, record=SECONDS)
BATCH = PlannedBatch(
    read=ReadTimeline(timeline(track()), Path("/cuts/cut.otio"), Path("/cuts")),
    plan=Plan(
        uses=(CLIP, _use("B", 0, 3, 1, note="one frame padded")),
        ranges=RANGES,
        refusals=(
            Refusal("tracks[0]/children[2]", "C", "V1", "its media is missing", "Relink it."),
        ),
        skipped=(Skipped("tracks[1]/children[0]", "D", "V2", "disabled"),) * 2,
    ),
    label="blue",
    output=Output(directory=Path("/out"), handles=8),
    job=None,
    sources=Sources(),
)


@pytest.fixture
def rendered(tmp_path: Path) -> ItemPlan:
    """100 frames, of which 0 to 50 are painted; the black ones were decoded back as well."""
    manifest = Manifest(tmp_path / "flower.blue.sparse.manifest.jsonl", "key")
    hashes = tuple(f"{frame:02x}" for frame in range(100))
    manifest.add_units([FinishedUnit(UnitRecord(0, 0, 99, "unit.mov", 1, "00", hashes))])
    report_path(manifest).write_text(json.dumps({"shots": SHOTS, "warnings": WARNINGS}))
    return ItemPlan(
        info=cast(Any, SimpleNamespace(path=FLOWER, frame_count=100, width=1280, height=720)),
        first=0,
        last=99,
        painted=((0, 50),),
        layers=(LayerPlan(Look({"blue": 1.0})),),
        spec=cast(Any, SimpleNamespace(format="prores4444")),
        destination=Path("/out/flower.blue.sparse.mov"),
        manifest=manifest,
        facts={},
    )


def _report(plan: ItemPlan) -> dict[str, Any]:
    """Of a batch whose first intermediate was delivered, and whose second was refused."""
    lost = MediaError(
        "frame 7 is lost", where="/media/x.mp4", remedy="Copy it again.", outcome="damaged"
    )
    items = [ItemResult(FLOWER, plan), ItemResult(FLOWER, plan, lost)]
    return build_batch_report(BATCH, items, WRITTEN)


def _entry(clip: ClipUse, plan: ItemPlan) -> dict[str, Any]:
    """Of a batch with this clip alone."""
    batch = replace(BATCH, plan=replace(BATCH.plan, uses=(clip,), ranges=RANGES[:1]))
    return dict(build_batch_report(batch, [ItemResult(FLOWER, plan)], WRITTEN)["clips"][0])


def test_every_clip_has_its_entry(rendered: ItemPlan) -> None:
    report = _report(rendered)
    assert report["totals"] == {
        "styled": 1,
        "refused": 2,
        "skipped": 2,
        "missing": 0,
        "damaged": 1,
        "intermediates": 1,
        "frames_painted": 51,
        "frames_checked": 51,
    }
    styled, failed, refused, *skipped = report["clips"]
    hashed = hashlib.sha256(b"05\n06\n07\n08\n09\n0a\n0b\n0c\n").hexdigest()
    assert styled == {
        "clip_id": "tracks[0]/children[0]",
        "name": "A|1",
        "track": "V1",
        "status": "styled",
        "outcome": "delivered",
        "timeline": ["00:00:00:00", "00:00:00:08"],
        "source": "/media/flower.mp4",
        "frames": [5, 12],
        "look": "blue",
        "controls": {
            "styles": {"blue": 1.0},
            "strength": 1.0,
            "statistics": "hybrid",
            "stroke_scale": 1.0,
            "colour": "poster",
        },
        "painted_at": [1280, 720],
        "intermediate": "/out/flower.blue.sparse.mov",
        "format": "prores4444",
        "frames_checked": 8,
        "frames_sha256": hashed,
        "stability": [{"frames": s["frames"], **s["stability"]} for s in SHOTS[:2]],  # type: ignore[dict-item]
        "notes": [
            "5 of 8 handle frames before it: its media begins there",
            "the intermediate is black outside frames 0-50: slip or extend the clip no further",
            "prores4444 is lossy: for editing, not for the final grade",
            "no subtitles",
        ],
    }
    assert (failed["status"], failed["outcome"]) == ("refused", "damaged")
    assert (failed["reason"], failed["remedy"]) == (
        "/media/x.mp4: frame 7 is lost",
        "Copy it again.",
    )
    assert (refused["name"], refused["remedy"]) == ("C", "Relink it.")
    assert [entry["reason"] for entry in skipped] == ["disabled", "disabled"]
    assert report["exit_code"] == 3


def test_handles_after_and_none_missing_within(rendered: ItemPlan) -> None:
    spec = cast(Any, SimpleNamespace(format="png-mov"))
    whole = replace(rendered, painted=((0, 99),), spec=spec)
    report_path(whole.manifest).unlink()
    end = _entry(replace(CLIP, first=90, last=97), whole)
    assert end["notes"] == ["2 of 8 handle frames after it: its media ends there"]
    assert _entry(replace(CLIP, first=8, last=91), whole)["notes"] == []


def test_a_frame_that_was_not_checked_has_no_hash() -> None:
    assert frames_sha256({1: "aa", 2: "bb"}, 1, 3) is None
    assert frames_sha256({1: "aa", 2: "bb"}, 2, 2) == hashlib.sha256(b"bb\n").hexdigest()


def test_the_markdown_names_what_an_editor_looks_for(rendered: ItemPlan) -> None:
    text = as_markdown(_report(rendered))
    assert "# cut.otio, blue" in text
    assert "1 clip styled, 1 damaged, 1 refused, 2 left as they are. 1 intermediates" in text
    assert "- refused: **C** (V1): its media is missing. Relink it." in text
    assert "- damaged: **B** (V1): /media/x.mp4: frame 7 is lost. Copy it again." in text
    assert "0.040 (0.010)" in text  # the shot that flickers most, of those the clip shows
    (row,) = [line for line in text.splitlines() if "flower.mp4 5-12" in line]
    assert row.startswith(r"| A\|1 | V1 | 00:00:00:00 – 00:00:00:08 |")
    assert row.replace(r"\|", "").count("|") == 11
    assert "| blue | 1280x720 | flower.blue.sparse.mov |" in row
    source = as_markdown(
        _report(replace(rendered, layers=(LayerPlan(Look({"blue": 1.0}, strength=0.0)),)))
    )
    assert "| blue | – | flower.blue.sparse.mov |" in source
    assert "Left as they are: 2 disabled." in text


@pytest.mark.parametrize(
    ("rate", "start", "seconds", "shown"),
    [
        (24.0, Fraction(3600), (Fraction(1), Fraction(3, 2)), ("01:00:01:00", "01:00:01:12")),
        (25.0, Fraction(0), (Fraction(1, 25), Fraction(2)), ("00:00:00:01", "00:00:02:00")),
        # SMPTE ST 12-1: frames 00 and 01 of each minute but every tenth are dropped.
        (
            29.97,
            Fraction(0),
            (1799 * Fraction(1001, 30000), 1800 * Fraction(1001, 30000)),
            ("00:00:59;29", "00:01:00;02"),
        ),
        (12.5, Fraction(0), (Fraction(2, 25), Fraction(1)), ("0.080 s", "1.000 s")),
    ],
)
def test_record_timecodes(
    rate: float, start: Fraction, seconds: tuple[Fraction, Fraction], shown: tuple[str, str]
) -> None:
    assert tuple(record_timecodes(seconds, rate, start)) == shown


def test_a_clip_of_the_timelines_name_keeps_its_report() -> None:
    folder = Path("/out")
    usual = (folder / "cut.blue.report.json", folder / "cut.blue.report.md")
    assert report_paths(folder, "cut", "blue", []) == usual
    assert report_paths(folder, "cut", "blue", [usual[0]])[0].name == "cut.blue.cut.report.json"


def test_of_a_real_batch(tiny_pack: Path, tmp_path: Path) -> None:
    rate = Fraction(25)
    a = make_clip(tmp_path / "a.mov", 1, 20, rate)
    lost = tmp_path / "lost.mov"
    cut = timeline(
        track(
            gap(3, 25),
            clip("one", (4, 6), (0, 20), url=a.as_uri(), rate=25),
            clip("lost", (0, 6), (0, 20), url=lost.as_uri(), rate=25),
        )
    )
    cut.global_start_time = otio.opentime.RationalTime(90000, 25)
    path = tmp_path / "a.otio"  # as the clip is called
    otio.adapters.write_to_file(cut, str(path))
    out = tmp_path / "out"

    def batch() -> dict[str, object]:
        told: list[events.Event] = []
        look = Look({"red": 1.0}, 1.0)
        output = Output(directory=out, handles=2)
        planned = plan_batch(path, look, output, pack=str(tiny_pack))
        result = run_batch(planned, told.append)
        assert [p.name for p in result.reports] == ["a.red.cut.report.json", "a.red.cut.report.md"]
        assert "lost" in result.reports[1].read_text()
        return dict(json.loads(result.reports[0].read_text()))

    report = batch()
    styled, refused, skipped = report["clips"]  # type: ignore[misc]
    assert styled["timeline"] == ["01:00:00:03", "01:00:00:09"]
    assert (styled["frames"], styled["frames_checked"]) == ([4, 9], 6)
    assert styled["painted_at"] == [WIDTH, HEIGHT]
    # By hand from the movie: it holds frames 2-11, of which the clip shows the third to eighth.
    decoded = list(decoded_rgb(probe_media(out / "a.red.mov")))[2:8]
    text = "".join(f"{frame_hash(pixels)}\n" for pixels in decoded)
    assert styled["frames_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert styled["stability"][0]["frames"] == [2, 11]
    assert "no such file" in refused["reason"]
    assert skipped["reason"] == "gap"
    assert batch() == report, "a second batch renders nothing and reports the same"
