"""The curves of runs that followed each other, each style's image-steps adding up."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

BENCHMARKS = Path(__file__).parents[2] / "benchmarks" / "training"


@pytest.fixture
def curve(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script's module, with its folder on the path as when it is run."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import training_curve

    return training_curve


def write(folder: Path, style: str, images: list[int], *, held_out: bool = False) -> None:
    """What a run logs: a record a step, and one of the held-out photographs after the last."""
    path = folder / style
    path.mkdir(parents=True)
    lines = [{"images": n, "content": [1.0 / n], "style": [2.0 / n]} for n in images]
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    if held_out:
        last = {"images": images[-1], "content_loss": 0.5, "style_loss": 0.7}
        (path / "held_out.jsonl").write_text(json.dumps(last) + "\n")


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Two runs: blue in both, fire in the second alone; the first has a parent."""
    first, second = tmp_path / "first", tmp_path / "second"
    write(first, "parent", [2, 4])
    write(first, "blue", [2, 4, 6], held_out=True)
    write(second, "blue", [1, 2], held_out=True)
    write(second, "fire", [1, 2])
    return first, second


def test_image_steps_of_a_style_add_up(curve: ModuleType, runs: tuple[Path, Path]) -> None:
    steps, held_out = curve.joined(runs)
    assert {name: [r["images"] for r in records] for name, records in steps.items()} == {
        "blue": [2, 4, 6, 7, 8],
        "fire": [1, 2],
    }
    assert [record["images"] for record in held_out["blue"]] == [6, 8]
    assert held_out["fire"] == []
    assert steps["blue"][3]["content"] == [1.0]


def test_a_picture_is_drawn(
    curve: ModuleType, runs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["training_curve.py", *map(str, runs), "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", words)
    curve.main()
    with Image.open(tmp_path / "training_loss.png") as drawn:
        assert drawn.width > 900


def test_a_folder_without_a_run_is_refused(
    curve: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["training_curve.py", str(tmp_path)])
    with pytest.raises(SystemExit):
        curve.main()
