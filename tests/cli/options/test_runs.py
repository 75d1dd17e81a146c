"""`--dry-run`, `--quiet` and the log of a run."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import pytest
from PIL import Image

from nle_style.cli.run_log import LOG_NAME
from tests.helpers.command import nle_style
from tests.helpers.media_factory import make


@pytest.fixture
def stills(tmp_path: Path) -> list[Path]:
    """Two small pictures, and one that is not there."""
    for name in ("a", "b"):
        Image.new("RGB", (32, 18), (9, 9, 9)).save(tmp_path / f"{name}.png")
    return [tmp_path / f"{name}.png" for name in ("a", "b", "none")]


def words(pack: Path, *more: object) -> tuple[object, ...]:
    return ("--style", "red", "--strength", 0, "--pack", pack, *more)


def test_a_dry_run_of_clips_says_what_the_run_does(
    tiny_pack: Path, stills: list[Path], tmp_path: Path
) -> None:
    asked = ("render", *stills, *words(tiny_pack, "-o", tmp_path / "out"))
    dry = nle_style(*asked, "--dry-run", "--json")
    plan = json.loads(dry.out)
    assert [each["outcome"] for each in plan["intermediates"]] == [
        "delivered",
        "delivered",
        "missing",
    ]
    assert plan["totals"]["frames_to_paint"] == 2
    assert [Path(each["path"]).name for each in plan["intermediates"][:2]] == [
        "a.red.png",
        "b.red.png",
    ]
    assert not (tmp_path / "out").exists()
    shown = nle_style(*asked, "--dry-run")
    assert "2 frames to paint, 0 of 3 intermediates are there already" in shown.out
    assert not (tmp_path / "out").exists()
    done = nle_style(*asked)
    assert done.code == dry.code == shown.code == plan["exit_code"] == 3
    again = json.loads(nle_style(*asked, "--dry-run", "--json").out)
    assert [each["outcome"] for each in again["intermediates"]][:2] == ["present", "present"]


def test_a_dry_run_of_a_sequence_counts_as_its_files_do(tiny_pack: Path, tmp_path: Path) -> None:
    for number in range(1001, 1005):
        Image.new("RGB", (32, 18)).save(tmp_path / f"p.{number}.png")
    pattern = tmp_path / "p.%04d.png"
    more = words(tiny_pack, "-o", tmp_path / "out", "--frames", "1002-1003", "--dry-run")
    assert "1002-1003" in nle_style("render", pattern, *more).out
    (planned,) = json.loads(nle_style("render", pattern, *more, "--json").out)["intermediates"]
    assert (planned["range"], planned["numbers"]) == ([1, 2], [1002, 1003])


def test_a_farms_dry_run_and_frames(tiny_pack: Path, tmp_path: Path) -> None:
    clip = make(tmp_path / "c.mov", frames=12, size="32x18")
    out = tmp_path / "bundle"
    asked = ("farm", clip, *words(tiny_pack, "-o", out, "--frames", "2-9"))
    (planned,) = json.loads(nle_style(*asked, "--dry-run", "--json").out)["intermediates"]
    assert (planned["range"], planned["to_paint"]) == ([2, 9], 8)
    assert "8 frames to paint" in nle_style(*asked, "--dry-run").out
    assert not out.exists()
    assert nle_style(*asked).code == 0
    farm = json.loads((out / "farm.json").read_text())
    assert farm["items"][0]["facts"]["frames"] == [2, 9]
    cut = tmp_path / "cut.otio"
    for option in (("--frames", "2-9"), ("--matte", "m.png=red")):
        done = nle_style("farm", cut, *words(tiny_pack, "-o", out), *option)
        assert done.code == 2
        assert option[0] in done.err
    done = nle_style("farm", clip, *words(tiny_pack, "-o", out), "--rate", "25")
    assert done.code == 2
    assert "are for a timeline" in done.err


def test_json_is_of_the_dry_run(tiny_pack: Path, stills: list[Path], tmp_path: Path) -> None:
    done = nle_style("render", stills[0], *words(tiny_pack, "-o", tmp_path / "out", "--json"))
    assert done.code == 2
    assert "Give --dry-run too" in done.err
    assert not (tmp_path / "out").exists()


def test_quiet_says_only_what_went_wrong(
    tiny_pack: Path, stills: list[Path], tmp_path: Path
) -> None:
    good = nle_style("render", *stills[:2], *words(tiny_pack, "-o", tmp_path / "out", "--quiet"))
    assert (good.code, good.out, good.err) == (0, "", "")
    bad = nle_style("render", *stills, *words(tiny_pack, "-o", tmp_path / "out", "-q"))
    assert (bad.code, bad.out) == (3, "")
    assert [line.split()[0] for line in bad.err.splitlines()] == ["missing"]
    broken = nle_style("render", stills[0], "--style", "bleu", "-q", "-o", tmp_path / "out")
    assert broken.code == 2
    assert "Did you mean" in broken.err


def test_the_log_has_what_a_report_of_a_fault_needs(
    tiny_pack: Path, stills: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert nle_style("render", *stills, *words(tiny_pack, "-o", out)).code == 3
    first = (out / LOG_NAME).read_text(encoding="utf-8")
    for part in (
        *(f"nle-style render {stills[0]}", "--strength 0", "torch ", "Python ", "nle_style_job: 1"),
        *('"event": "item"', '"outcome": "delivered"', '"outcome": "missing"', "no such file"),
        *('"event": "done"', '"exit_code": 3'),
    ):
        assert part in first, part
    assert '"event": "progress"' not in first
    nle_style("render", stills[0], *words(tiny_pack, "-o", out))
    assert (out / LOG_NAME).read_text(encoding="utf-8").startswith(first), "a run adds to it"


def test_a_run_that_does_not_begin_leaves_no_log(tiny_pack: Path, tmp_path: Path) -> None:
    done = nle_style("render", tmp_path / "a.png", "--style", "bleu", "-o", tmp_path / "out")
    assert done.code == 2
    assert not (tmp_path / "out" / LOG_NAME).exists()


def test_a_defect_is_in_the_log_with_its_traceback(
    tiny_pack: Path, stills: list[Path], tmp_path: Path
) -> None:
    fault = mock.patch(
        "nle_style.render.item.runner.ItemRenderer.render", side_effect=ZeroDivisionError("ours")
    )
    out = tmp_path / "out"
    with fault, pytest.raises(ZeroDivisionError):
        nle_style("render", stills[0], *words(tiny_pack, "-o", out))
    text = (out / LOG_NAME).read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "ZeroDivisionError: ours" in text


def test_a_file_of_the_logs_name_that_is_not_ours_is_left_alone(
    tiny_pack: Path, stills: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / LOG_NAME).write_bytes(b"my own notes\xff")
    assert nle_style("render", stills[0], *words(tiny_pack, "-o", out)).code == 0
    assert (out / LOG_NAME).read_bytes() == b"my own notes\xff"
