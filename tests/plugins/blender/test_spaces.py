"""What a strip's colour space says of its file, beside what Blender shows; and long names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nle_style.media.colour.ocio import named_space
from tests.plugins.blender.conftest import Run, read_image, write_image

pytestmark = pytest.mark.slow

CODES = np.array((96, 150, 48))


@pytest.fixture(scope="module")
def found(
    run_in_blender: Run, tiny_pack: Path, tmp_path_factory: Any
) -> tuple[Path, dict[str, Any]]:
    """(folder of the rendered frames, what was found in Blender)."""
    folder = tmp_path_factory.mktemp("spaces")
    (folder / "media").mkdir()
    picture = np.broadcast_to(CODES, (32, 192, 3))
    write_image(folder / "media" / "codes.png", picture.astype(np.uint8))
    write_image(folder / "media" / "light.exr", picture.astype(np.float32) / 255, "half")
    return folder, run_in_blender("spaces.py", folder, {"pack": str(tiny_pack)})


def test_light_is_read_as_blender_shows_it(found: tuple[Path, dict[str, Any]]) -> None:
    folder, told = found
    shown = [read_image(path)[16, 96].astype(int) for path in sorted((folder / "shown").iterdir())]
    checked = set()
    for (file, space, colour), pixel in zip(told["read as"], shown, strict=True):
        floats = file.endswith(".exr")
        if colour == "" or (colour == "auto" and not floats):
            continue
        if colour in ("linear", "auto"):
            light = CODES / 255
        elif colour == "srgb":
            if space in ("sRGB", "Non-Color", "Raw"):  # as codes; others are another screen's
                assert np.abs(pixel - CODES).max() <= 1, (file, space)
            continue
        else:
            named = named_space(colour, None, space).to_linear((CODES / 255).astype(np.float32))
            light = np.clip(named, 0, 1)
        codes = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
        assert np.abs(pixel - codes * 255).max() <= 1, (file, space, colour)
        checked.add(space)
    assert len(checked) >= 5


def test_what_is_told_of_each_space(found: tuple[Path, dict[str, Any]]) -> None:
    told = {(file, space): colour for file, space, colour in found[1]["read as"]}
    assert told["codes.png", "sRGB"] == "auto"
    assert told["light.exr", "sRGB"] == told["codes.png", "Non-Color"] == "srgb"
    assert told["light.exr", "Non-Color"] == "auto"
    acescg = next(name for _, name in told if name in ("ACEScg", "Linear ACEScg"))
    assert told["light.exr", acescg] == told["codes.png", acescg] == "ACEScg"
    assert told["light.exr", "Filmic Log"] == told["codes.png", "Filmic Log"] == ""


def test_a_space_that_is_not_known_is_refused(found: tuple[Path, dict[str, Any]]) -> None:
    _, told = found
    assert "its colour space Filmic Log is not known here: set Input" in told["not known"]
    assert told["told"] == ""


def test_names_as_long_as_blender_allows(found: tuple[Path, dict[str, Any]]) -> None:
    _, told = found
    assert told["said"] == ""
    made = [name for name, strip in told["styled"].items() if strip["styled"]]
    assert len(made) == 3
    assert all(name.removesuffix(".001").endswith(" red") for name in made)
    originals = {name for name, strip in told["styled"].items() if not strip["styled"]}
    assert set(told["long"]) <= originals
    assert set(told["long"]) <= set(told["removed"])
    assert not any(strip["styled"] for strip in told["removed"].values())
