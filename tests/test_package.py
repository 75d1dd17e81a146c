"""What is shipped: the wheel's files, the pack and its card, the public names."""

from __future__ import annotations

import datetime
import hashlib
import math
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

import nle_style
from nle_style.core import FIGURES, figures_of, load_pack
from nle_style.shipped import bundled, shipped_packs
from tests.timeline.test_media_linker import LINKED, read_by_otio

ROOT = Path(__file__).parents[1]


def test_every_public_name_is_there() -> None:
    for name in nle_style.__all__:
        assert getattr(nle_style, name) is not None
    with pytest.raises(AttributeError, match="No nle_style attribute nothing"):
        nle_style.nothing  # noqa: B018


def test_the_card_is_of_the_shipped_weights() -> None:
    (path,) = shipped_packs()
    pack = load_pack(path)
    assert pack.styles == (
        *("blue", "red", "green", "orange", "snow"),
        *("colorful", "yellow", "pink", "fire", "dark"),
    )
    assert pack.card["weights"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert list(pack.card["styles"]) == list(pack.styles)
    assert pack.card["weights"]["file"] == path.name
    assert datetime.date.fromisoformat(pack.card["date"])
    assert pack.card["training"]["image_steps"] >= 8000
    for style in pack.card["styles"].values():
        assert style["artwork"]
        assert style["licence"]
        assert style["content_loss"] > 0
        assert style["style_loss"] > 0


def test_the_figures_on_the_card_are_of_the_shipped_weights() -> None:
    """A new pack must be measured: `python benchmarks/quality.py ... --write-card`."""
    pack = load_pack(shipped_packs()[0])
    figures = figures_of(pack.card, pack.sha256)
    assert list(figures) == list(pack.styles)
    for values in figures.values():
        assert set(values) == set(FIGURES)
        assert all(math.isfinite(value) and value > 0 for value in values.values())


def test_the_shipped_styles_differ(shared: Path) -> None:
    """No two styles paint one frame alike: their mean colours or textures lie far apart."""
    from nle_style.core.training.photos import load_image

    pack = load_pack(shipped_packs()[0])
    photo = load_image(sorted((shared / "photos" / "train").iterdir())[0], longest=160)[None]
    with torch.no_grad():
        painted = [pack.network({name: 1.0})(photo) for name in pack.styles]
    for i, one in enumerate(painted):
        for other in painted[:i]:
            assert float((one - other).square().mean().sqrt()) > 0.05


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), "."]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.mark.slow
def test_the_wheel_holds_all_that_is_needed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("models", "examples", "plugins"):
        for path in bundled(folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"nle_style/{folder}/{path.relative_to(bundled(folder))}" in names
    for path in (ROOT / "nle_style").rglob("*"):
        if path.suffix in (".py", ".pyi", ".yaml"):
            assert str(path.relative_to(ROOT)) in names


@pytest.mark.slow
def test_the_wheel_makes_the_media_linker_known_by_its_entry_point(
    wheel: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    assert read_by_otio(tmp_path, PYTHONPATH=str(tmp_path / "site")) == LINKED
