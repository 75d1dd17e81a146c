"""What the add-on refuses and how it is stopped, in a real Blender; colours of what comes back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest

from tests.helpers.stamps import read_stamp, stamped
from tests.plugins.blender.conftest import Run, read_image, write_image

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told(
    run_in_blender: Run, stamped_media: Path, tiny_pack: Path, tmp_path_factory: Any
) -> tuple[Path, dict[str, Any]]:
    """(folder of the rendered frames, what was found in Blender)."""
    folder = tmp_path_factory.mktemp("told")
    shutil.copytree(stamped_media, folder / "media")
    grey = np.full_like(stamped(6, 0), 96)
    grey[:16] = stamped(6, 0)[:16]
    write_image(folder / "media" / "codes.exr", grey.astype(np.float32) / 255, "half")
    upside_down = oiio.ImageBuf(np.ascontiguousarray(stamped(7, 0)))
    upside_down.specmod().attribute("Orientation", 3)
    assert upside_down.write(str(folder / "media" / "turned.png"))
    return folder, run_in_blender("refusals.py", folder, {"pack": str(tiny_pack)})


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("nothing selected", "Select movie or image strips first."),
        ("no look", "Choose a look first."),
        ("no mix", "'red:much' is no look: write blue, or blue:0.7,fire:0.3"),
        ("not saved", "Save the .blend first"),
        ("no folder", "The output folder cannot be used"),
        ("moved", "movie: its file is not there: {media}/a.mov"),
        ("cancelled", "Cancelled. What is finished is kept; the timeline is as before."),
        ("cancelled by the file", "Cancelled. What is finished is kept"),
        # Another file; and more frames, or others, of what only a part of was painted.
        ("dissolved", "part: {changed}\npictures: {changed}"),
        ("strobed", "part: {changed}\npictures: {changed}"),
        ("bad look", "nope"),
    ],
)
def test_one_message_and_the_timeline_as_before(
    step: str, said: str, told: tuple[Path, dict[str, Any]]
) -> None:
    folder, found = told
    changed = "it was changed meanwhile: start again for it"
    assert said.format(media=folder / "media", changed=changed) in found[step]
    assert found["after"] == found["before"]


def test_what_comes_back_is_read_in_its_own_colour_space(
    told: tuple[Path, dict[str, Any]],
) -> None:
    """Codes read as linear light would be 74 of 255 off."""
    folder, found = told
    assert found["said"] == ""
    assert found["meta"] == [41, 45]
    assert found["spaces"] == ["sRGB", "sRGB"]
    assert [Path(file).suffix for file in found["files"]] == [".exr", ".exr"]
    before, after = (
        [read_image(path).astype(int) for path in sorted((folder / name).iterdir())]
        for name in ("before", "after")
    )
    assert abs(int(before[0][24, 5, 0]) - 96) <= 1
    assert len(before) == len(after) == 4
    assert max(np.abs(one - other).max() for one, other in zip(before, after, strict=True)) <= 1


def test_a_picture_that_blender_shows_as_it_is_stored(told: tuple[Path, dict[str, Any]]) -> None:
    """Exif turns it; Blender does not, and the styled one would stand on its head."""
    folder, found = told
    (shown,) = (folder / "turned").iterdir()
    assert read_stamp(read_image(shown)) == (7, 0)
    assert "is to be shown turned by its Exif orientation" in found["turned"]


def test_saved_elsewhere_meanwhile_it_finds_what_was_painted(
    told: tuple[Path, dict[str, Any]],
) -> None:
    folder, found = told
    assert found["said elsewhere"] == ""
    path = Path(found["elsewhere"])
    assert path.parent == folder / "one" / "styled"
    assert path.is_file()


def test_it_can_be_disabled_and_enabled(told: tuple[Path, dict[str, Any]]) -> None:
    _, found = told
    assert (found["disabled"], found["enabled"]) == (False, "red")


def _clear(path: Path, multiplied: bool, kind: str) -> None:
    """Orange of an alpha that rises from 0 to 1."""
    pixels = np.empty((32, 192, 4), np.float32)
    pixels[:] = (0.8, 0.4, 0.2, 1)
    pixels[..., 3] = np.linspace(0, 1, 192)
    if multiplied:
        pixels[..., :3] *= pixels[..., 3:]
    spec = oiio.ImageSpec(192, 32, 4, kind)
    spec["oiio:UnassociatedAlpha"] = int(not multiplied)
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec), out.geterror()
    assert out.write_image(pixels), out.geterror()
    out.close()


def test_soft_edges_are_the_sources_at_strength_0(
    run_in_blender: Run, tiny_pack: Path, tmp_path: Path
) -> None:
    """A PNG with alpha that came back as OpenEXR was up to 51 of 255 too dark."""
    (tmp_path / "media").mkdir()
    _clear(tmp_path / "media" / "clear.png", False, "uint8")
    _clear(tmp_path / "media" / "clear.exr", True, "half")
    found: dict[str, Any] = run_in_blender("alpha.py", tmp_path, {"pack": str(tiny_pack)})
    assert "whole: it has alpha, whose edges Blender blends otherwise" in found["said exr"]
    assert [found[said] for said in ("more pictures", "said tiff", "said auto")] == [0, "", ""]
    before, *others = (
        [read_image(path).astype(int) for path in sorted((tmp_path / name).iterdir())]
        for name in ("before", "exr", "tiff", "auto")
    )
    # In the middle, over black: half of the orange's codes.
    assert abs(int(before[0][16, 96, 0]) - 102) <= 2
    for rendered in others:
        assert max(np.abs(one - two).max() for one, two in zip(before, rendered, strict=True)) <= 1
