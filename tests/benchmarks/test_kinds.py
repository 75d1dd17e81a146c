"""benchmarks/pictures/kinds.py: frames, paintings as a render has them, credits on the page."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from tests.helpers.command import nle_style

ROOT = Path(__file__).parents[2]


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script's module, with its folder on the path as when it is run."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks" / "pictures"))
    import kinds

    return kinds


def test_a_frame_is_the_named_part_of_a_picture(kinds: ModuleType, tmp_path: Path) -> None:
    y, x = np.mgrid[:150, :200]  # red says how far right a pixel is, green how far down
    picture = Image.fromarray(np.uint8(np.stack((x, y, 0 * x), 2)))
    (tmp_path / "usr").mkdir()
    picture.save(tmp_path / "usr" / "one.png")
    photograph = kinds.Photograph("one.png", "some-package", "", "", (20, 30), 64)
    frame = np.asarray(photograph.frame(tmp_path))
    assert frame.shape == (720, 1280, 3)
    # 64x36 from (20, 30): a pixel is twenty of the frame, and the middle of the first is 10 in it.
    assert np.abs(frame[:, :, 0] - (20 + (np.arange(1280) - 9.5) / 20)).max() <= 1
    assert np.abs(frame[:, :, 1] - (30 + (np.arange(720) - 9.5) / 20)[:, None]).max() <= 1


def test_a_picture_that_is_not_there_is_named_with_its_package(
    kinds: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=r"no IMG_1054\.JPG; it is in forensics-samples-files"):
        kinds.PHOTOGRAPHS["street"].frame(tmp_path)


def test_a_sheet_has_what_a_render_paints(
    kinds: ModuleType, tiny_pack: Path, tmp_path: Path
) -> None:
    picture = Image.fromarray(np.random.default_rng(3).integers(0, 256, (54, 96, 3), np.uint8))
    picture.save(tmp_path / "one.png")
    pack = kinds.load_pack(tiny_pack)
    card = np.zeros((54, 96, 3), np.float32)
    sheet = np.asarray(kinds.sheet(pack, kinds.values(picture), card, 96), np.int16)
    cells = [_cell(sheet, *divmod(i, 3)) for i in range(5)]
    assert (cells[0] == np.asarray(picture)).all()
    for name, cell in zip(pack.styles, cells[1:], strict=False):
        words = ("--style", name, "--pack", tiny_pack, "-o", tmp_path / name)
        assert nle_style("render", tmp_path / "one.png", *words).code == 0
        (path,) = (tmp_path / name).rglob("*.png")
        with Image.open(path) as rendered:
            assert np.abs(cell - np.asarray(rendered, np.int16)).max() <= 1
    assert (cells[4] == 0).all()


def _cell(sheet: np.ndarray, row: int, column: int) -> np.ndarray:
    """A picture of 96x54: every row has labels above it, 21 pixels high, and gaps of 6."""
    x, y = 6 + column * (96 + 6), row * (21 + 54 + 6) + 21
    return sheet[y : y + 54, x : x + 96]


def test_every_photograph_is_credited_on_the_page(kinds: ModuleType) -> None:
    page = (ROOT / "docs" / "looks.md").read_text(encoding="utf-8")
    rows = {line.split(" | ")[0]: line for line in page.splitlines() if line.startswith("| ")}
    for kind, photograph in kinds.PHOTOGRAPHS.items():
        for told in (photograph.author, photograph.licence, photograph.package, photograph.file):
            assert told in rows[f"| {kind}"], (kind, told)
