"""An identity network through the whole renderer: what is not painted comes back.

`Stylizer.frame` is replaced by one that returns what it is given in a new array and, for scene-
linear light, one float step off, so that no shortcut for unpainted pixels can hide a fault.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nle_style.apply import Stylizer
from nle_style.errors import VerificationError
from nle_style.media.movie import sited
from nle_style.media.source import probe_media, read_frames
from nle_style.render import Control, Item, LookJob, Output, RenderJob
from nle_style.render.item import run_job
from tests.helpers.clips import make_clip
from tests.helpers.media_factory import write_pixels
from tests.media.test_formats_table import HEAD, ROWS, SOURCES
from tests.render.item.test_depths import delivered


def _light() -> np.ndarray:
    """Premultiplied light from 1e-4 to 1000, negatives, zeros, and alpha from 0 to 1."""
    random = np.random.default_rng(4)
    light = 10 ** random.uniform(-4, 3, (24, 40, 3))
    light[:4] *= -0.02
    light[4] = 0
    alpha = random.integers(0, 5, (24, 40, 1)) / 4
    return np.concatenate([light * alpha, alpha], 2).astype(np.float32)


def test_scene_linear_light_comes_back(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_pixels(tmp_path / "light.exr", _light(), "float")
    seen: list[np.ndarray] = []

    def identity(self: Stylizer, rgb: np.ndarray, number: int) -> np.ndarray:
        seen.append(rgb)
        return np.nextafter(rgb, np.float32(0.5))

    monkeypatch.setattr(Stylizer, "frame", identity)
    back = delivered(tiny_pack, source, tmp_path / "out", "exr", 1.0)
    (given,) = read_frames(probe_media(source), alpha=True)
    (read,) = read_frames(back, alpha=True)
    np.testing.assert_array_equal(read[..., 3], given[..., 3])
    np.testing.assert_allclose(read, given, rtol=1e-3, atol=1e-7)
    assert float(np.abs(given).max()) > 500
    assert 0 <= seen[-1].min() <= seen[-1].max() <= 1


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_display_referred_codes_come_back(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: list[str]
) -> None:
    """In the first exact format of each kind of source: the cells with others are the writer's."""
    source = SOURCES[row[0]](tmp_path)
    info = probe_media(source)
    if info.is_float:
        pytest.skip("float sources are the test above")
    monkeypatch.setattr(Stylizer, "frame", lambda self, rgb, number: rgb.copy())
    format = next(
        name.strip("`")
        for name, cell in zip(HEAD[1:], row[1:], strict=True)
        if "exact" in cell and "alpha exact" not in cell
    )
    back = delivered(tiny_pack, source, tmp_path / "out", format, 1.0)
    top = np.float32(255 if info.bit_depth <= 8 else 65535)
    for given, read in zip(
        read_frames(sited(info), alpha=True), read_frames(back, alpha=True), strict=True
    ):
        np.testing.assert_array_equal(np.rint(given * top), np.rint(read * top))


@pytest.mark.parametrize("format", ["png-mov", "exr"])
def test_a_frame_that_is_not_finite_is_named_and_not_written(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """Frame 9 of 20: the unit of a movie that it lies in is not there, the one before is."""
    clip = make_clip(tmp_path / "a.mov", frames=20, sound=False)
    painted: list[int] = []

    def faulty(self: Stylizer, rgb: np.ndarray, number: int) -> np.ndarray:
        painted.append(0)
        return np.full_like(rgb, np.nan) if len(painted) == 10 else rgb.copy()

    monkeypatch.setattr(Stylizer, "frame", faulty)
    monkeypatch.setattr(Stylizer, "in_flight", lambda self, height, width: 1)
    job = RenderJob(
        items=(Item(source=clip, look=LookJob(styles={"red": 1.0}, statistics="frame")),),
        output=Output(directory=tmp_path / "out", format=format),
        control=Control(device="cpu"),
        pack=str(tiny_pack),
    )
    (result,) = run_job(job).items
    assert isinstance(result.error, VerificationError)
    assert result.error.where == f"{clip}, frame 9"
    assert result.plan is not None
    assert not result.plan.destination.exists()
    units = result.plan.manifest.units()
    last = [unit.record.last for unit in units.values()]
    assert max(last) == (7 if format == "png-mov" else 8)
    assert len(list(result.plan.work.iterdir())) == len(units)
