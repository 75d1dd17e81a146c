"""A GPU's frames in code values, file to file on the CPU with a fake of CUDA: no GPU was there.

What is written and reported is what the CPU's path writes and reports, bit for bit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nle_style.apply import CodeValues, Look, Stylizer, stylizer
from nle_style.apply.gpu import CodedFrame
from nle_style.errors import VerificationError
from nle_style.render import ColourJob, Item, Output, RenderJob
from nle_style.render.item import FramePainter, run_job
from tests.helpers.clips import frame_md5s, make_clip
from tests.helpers.fake_cuda import FakeCuda
from tests.helpers.media_factory import write_pixels

CPU = torch.device("cpu")
FRAMES = 9  # in two units


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """8 and 16 bits as they are decoded: 130 x 98 pixels, two strips of the dither's mask."""
    folder = tmp_path_factory.mktemp("clips")
    return {
        pixels: make_clip(folder / f"{pixels}.mov", frames=FRAMES, size="130x98", pixels=pixels)
        for pixels in ("yuv420p", "yuv420p10le")
    }


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Torch paints everything, in float32; and which way each frame went."""
    told: list[str] = []
    monkeypatch.setattr(stylizer, "openvino_version", lambda: None)
    monkeypatch.setattr(stylizer, "trusted", lambda make, dtype: make(torch.float32))
    for name in ("frame", "painting", "coded"):
        original = getattr(Stylizer, name)

        def spied(self: Stylizer, *given: Any, name: str = name, of: Any = original) -> Any:
            told.append(name)
            return of(self, *given)

        monkeypatch.setattr(Stylizer, name, spied)
    return told


def _entries(folder: Path) -> list[Any]:
    """What the manifest says of every unit, but for how long it took."""
    (manifest,) = folder.glob("*.manifest.jsonl")
    units = [entry for entry in map(json.loads, manifest.read_text().splitlines())
             if entry["type"] == "unit"]  # fmt: skip
    return [
        (entry["unit"]["sha256"], entry["unit"]["frame_hashes"], entry["measured"]["pairs"])
        for entry in sorted(units, key=lambda entry: entry["unit"]["index"])
    ]


def _rendered(
    folder: Path,
    source: Path,
    pack: Path,
    look: dict[str, Any],
    output: dict[str, Any],
    item: dict[str, Any] | None = None,
    colour: str = "auto",
) -> list[Any]:
    job = RenderJob(
        items=(Item.model_validate({"source": source, "look": look, **(item or {})}),),
        output=Output(directory=folder, **output),
        colour=ColourJob(input=colour),
        pack=str(pack),
    )
    result = run_job(job)
    assert result.exit_code == 0
    return _entries(folder)


RED: dict[str, Any] = {"styles": {"red": 1.0}}
CHANGING = {
    **RED,
    "keys": [
        {"frame": 0, "styles": {"red": 1.0}, "strength": 0.0},
        {"frame": 6, "styles": {"red": 0.5, "blue": 0.5}, "strength": 1.0},
    ],
}
LOOKS: dict[str, tuple[dict[str, Any], int]] = {
    "plain": (RED, FRAMES),
    "half": ({**RED, "strength": 0.5, "stroke_scale": 0.5, "colour": "source"}, FRAMES),
    "by frame": ({**RED, "statistics": "frame"}, FRAMES),
    "nothing": ({**RED, "strength": 0.0}, 0),
    "changing": (CHANGING, FRAMES - 1),
}


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize("output", [("png-mov", "8"), ("png-mov", "16"), ("prores4444", "auto")])
def test_the_same_file_and_the_same_figures(
    name: str,
    pixels: str,
    output: tuple[str, str],
    clips: dict[str, Path],
    tiny_pack: Path,
    tmp_path: Path,
    calls: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (look, coded), (format, depth) = LOOKS[name], output
    wanted = {"format": format, "depth": depth}
    plain = _rendered(tmp_path / "cpu", clips[pixels], tiny_pack, look, wanted)
    assert "coded" not in calls
    calls.clear()
    FakeCuda().take(monkeypatch, CPU)
    assert _rendered(tmp_path / "gpu", clips[pixels], tiny_pack, look, wanted) == plain
    assert calls.count("coded") == coded
    assert len(plain) == 2
    assert any(pair for _, _, pairs in plain for pair in pairs)


def test_at_strength_0_the_source_comes_back(
    clips: dict[str, Path],
    tiny_pack: Path,
    tmp_path: Path,
    calls: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    FakeCuda().take(monkeypatch, CPU)
    source = clips["yuv420p"]
    _rendered(tmp_path, source, tiny_pack, LOOKS["nothing"][0], {"format": "ffv1"})
    assert frame_md5s(next(tmp_path.glob("*.mkv"))) == frame_md5s(source)


ELSEWHERE: dict[str, dict[str, Any]] = {
    "matte": {"item": {"matte": {"source": "matte.png"}}},
    "layers": {"item": {"layers": [{"matte": {"source": "matte.png"}, "look": RED}]}},
    "hold": {"look": {**RED, "hold": 2}},
    "alpha": {"source": "alpha.png"},
    "float output": {"output": {"format": "exr"}},
    "colours": {"colour": "linear"},
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_stays_in_floats(
    name: str,
    clips: dict[str, Path],
    tiny_pack: Path,
    tmp_path: Path,
    calls: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(1)
    write_pixels(tmp_path / "matte.png", random.integers(0, 256, (98, 130, 3), np.uint8), "uint8")
    write_pixels(tmp_path / "alpha.png", random.integers(0, 256, (98, 130, 4), np.uint8), "uint8")
    monkeypatch.chdir(tmp_path)
    FakeCuda().take(monkeypatch, CPU)
    given = {"source": clips["yuv420p"], "look": RED, "output": {}, **ELSEWHERE[name]}
    given["source"] = tmp_path / given["source"]  # an absolute path stays
    assert _rendered(tmp_path / "out", pack=tiny_pack, **given)
    assert "coded" not in calls
    assert calls


def test_a_painting_that_is_not_finite_is_refused_by_its_frame() -> None:
    class Faulty:
        look = Look({"red": 1})
        needs_measuring, takes_codes = False, True

        def coded(self, codes: np.ndarray, *given: object) -> CodedFrame:
            return CodedFrame(codes, np.zeros((1, 1, 3), np.float32), False)

    painter = FramePainter([Faulty()], into=CodeValues(16, None))  # type: ignore[list-item]
    with pytest.raises(VerificationError, match="not a picture") as caught:
        painter.frame(np.zeros((2, 2, 3), np.uint16), name="a.mov, frame 7")
    assert caught.value.where == "a.mov, frame 7"
