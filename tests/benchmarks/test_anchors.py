"""benchmarks/anchors.py: its figures by pictures that are known, and by the shared anchors."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
COLUMNS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "style", "content")
SIZE = (72, 48)


@pytest.fixture
def anchors(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script's module, with its folder on the path as when it is run."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import anchors

    # In place of VGG-16, which takes seconds: the image at several sizes.
    def pyramid(image: Tensor, layers: Iterable[int] = (4, 9, 16, 22)) -> dict[int, Tensor]:
        return {layer: torch.nn.functional.avg_pool2d(image, layer) for layer in layers}

    monkeypatch.setattr(anchors, "load_vgg16", lambda _: pyramid)
    return anchors


def noise(path: Path, seed: int, size: tuple[int, int] = SIZE) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (*reversed(size), 3), np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`same` is the photograph itself, three times over; `other` is another picture."""
    made = tmp_path / "made"
    made.mkdir()
    for name in ("town", "same", "town_same"):
        noise(made / f"{name}.png", 1)
    noise(made / "other.png", 2, (40, 60))
    noise(made / "town_other.png", 3)
    for name in ("red", "blue"):
        noise(made / f"{name}.png", 4, (200, 100))
    return made


@pytest.fixture
def run(anchors: ModuleType, folder: Path, tiny_pack: Path, monkeypatch, capsys):  # type: ignore[no-untyped-def]
    """Run the script on the made pictures; what it printed."""

    def once(*words: object) -> str:
        fixed = ["anchors", "--anchors", folder, "--pack", tiny_pack, "--source", "town"]
        monkeypatch.setattr(sys, "argv", [str(word) for word in (*fixed, *words)])
        anchors.main()
        printed: str = capsys.readouterr().out
        return printed

    return once


def test_identical_pictures_lose_nothing(run) -> None:  # type: ignore[no-untyped-def]
    theirs, ours = json.loads(run("--pair", "red=same", "--json"))["figures"]
    assert {name: theirs[name] for name in COLUMNS} == dict.fromkeys(COLUMNS, 0)
    assert (theirs["picture"], ours["picture"]) == ("town_same.png", "red")
    assert min(ours[name] for name in COLUMNS) > 0, "an untrained network's painting is another"


def test_table_and_json_agree(run, folder: Path) -> None:  # type: ignore[no-untyped-def]
    words = ("--posters", folder, "--pair", "red=same", "--pair", "blue=other")
    found = json.loads(run(*words, "--poster-size", "64", "--json"))
    lines = run(*words, "--poster-size", "64").splitlines()
    assert lines[0].split(" | ")[2:] == [*COLUMNS[:-1], "content |"]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert rows == [
        [each["picture"], each["against"], *(f"{each[name]:.3f}" for name in COLUMNS)]
        for each in found["figures"]
    ]
    assert [row[:2] for row in rows] == [
        ["town_same.png", "same.png"],
        ["red", "red.png"],
        ["red", "same.png"],
        ["town_other.png", "other.png"],
        ["blue", "blue.png"],
        ["blue", "other.png"],
    ]
    for each in found["figures"]:
        assert each["style"] == pytest.approx(sum(each[name] for name in COLUMNS[:4]))
    smaller = json.loads(run(*words, "--poster-size", "48", "--json"))["figures"]
    assert smaller[1]["style"] != found["figures"][1]["style"], "a poster is reduced"


def test_the_sheet(run, folder: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """A row a pair: photograph, style image, theirs, poster, ours; nothing beside the pictures."""
    before = sorted(folder.iterdir())
    words = ("--pair", "red=same", "--pair", "blue=other", "--cell", "120")
    run(*words, "--posters", folder, "--sheet", tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width == 5 * 120 + 6 * 6
        # The style image `other` is higher than wide: it stands in the middle of its cell.
        cell = np.asarray(sheet)[-86:-6, 2 * 6 + 120 :][:, :120]
        assert (cell[:, :20] == 24).all()
        assert (cell[:, 40:80] != 24).any()
        assert (cell[:, -20:] == 24).all()
    assert sorted(folder.iterdir()) == before
    run(*words, "--sheet", tmp_path / "without.png")
    with Image.open(tmp_path / "without.png") as sheet:
        assert sheet.width == 4 * 120 + 5 * 6


def test_what_is_missing_is_told_at_once(run, folder: Path) -> None:  # type: ignore[no-untyped-def]
    (folder / "town_other.png").unlink()
    (folder / "blue.png").unlink()
    with pytest.raises(SystemExit) as caught:
        run("--pair", "red=same", "--pair", "blue=other", "--posters", folder)
    assert str(caught.value) == (
        f"not there: {folder}/town_other.jpg (blue=other), {folder}/blue.png (blue=other); "
        "--source and --pair choose others"
    )
    with pytest.raises(SystemExit, match="--pair red: a pair is OURS=THEIRS"):
        run("--pair", "red")
    with pytest.raises(SystemExit, match=r"unknown style 'rad'.*Did you mean 'red'"):
        run("--pair", "rad=same")
    noise(folder / "town_other.png", 3, (70, 48))
    with pytest.raises(SystemExit, match=r"town_other\.png is 70x48, the photograph is 72x48"):
        run("--pair", "red=other")


@pytest.mark.slow
def test_their_figures(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `measure.py` has them, which is written apart: shared/anchors/README.md, 512 pixels."""
    folder, weights = shared / "anchors", shared / "weights" / "vgg16_features.safetensors"
    if not (folder.is_dir() and weights.is_file()):
        pytest.skip(f"the anchors or VGG-16's weights are not there: {folder}, {weights}")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import anchors

    photograph, (pair,) = anchors.find_pairs(["dark=udnie"], "chicago", folder, None)
    vgg = anchors.load_vgg16(weights)
    with torch.inference_mode():
        source, theirs, image = (
            vgg(anchors.load_image(path, longest=longest)[None])
            for path, longest in (
                (photograph, None),
                (pair.painting, None),
                (pair.style_image, 512),
            )
        )
        found = anchors.losses(theirs, source, anchors.style_targets(image))
    assert found["style"] == pytest.approx(0.402, abs=0.01)
    assert found["content"] == pytest.approx(0.845, abs=0.01)
