"""How far the count of threads changes a picture: the bound that docs/farm.md states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import nle_style
from nle_style.apply import Look, Stylizer, stylizer
from nle_style.apply.engine import openvino_version
from nle_style.core import StylePack, load_pack

BOUND = 1e-5
"""On 0-1: a four-hundredth of an 8-bit code, a sixteenth of one of 12 bits."""


@pytest.fixture(scope="module")
def shipped() -> StylePack:
    """The pack that is shipped: a trained network is the less forgiving one."""
    return load_pack(Path(nle_style.__file__).parents[1] / "models" / "posters.safetensors")


def _painted(pack: StylePack, look: Look, frames: list[np.ndarray], threads: int) -> np.ndarray:
    """Measured and painted by this many threads."""
    torch.set_num_threads(threads)
    painter = Stylizer(pack, look, torch.device("cpu"))
    if painter.needs_measuring:
        painter.measure_shot(frames)
    return np.stack([painter.frame(frame) for frame in frames])


@pytest.mark.parametrize("statistics", ["hybrid", "frame"])
@pytest.mark.parametrize("engine", ["torch", "OpenVINO"])
def test_one_thread_and_two(
    engine: str,
    statistics: str,
    shipped: StylePack,
    threads: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if engine == "torch":
        monkeypatch.setattr(stylizer, "openvino_version", lambda: None)
    elif openvino_version() is None:
        pytest.skip("OpenVINO is not installed: pip install 'nle-style[fast]'")
    y, x = np.mgrid[0:90, 0:160] / 30
    waves = np.stack([np.sin(x + y), np.cos(x - y), np.sin(2 * x)], axis=-1) * 0.4 + 0.5
    grain = np.random.default_rng(1).normal(0, 0.03, (2, *waves.shape))
    frames = list(np.clip(waves + grain, 0, 1).astype(np.float32))
    look = Look(styles={"blue": 1.0}, statistics=statistics, stroke_scale=1 / 3)
    one, two, again = (_painted(shipped, look, frames, count) for count in (1, 2, 2))
    assert one.std() > 0.05
    assert np.array_equal(two, again), "the same count of threads gives the same bits"
    apart = float(np.abs(one - two).max())
    print(f"{engine}, {statistics}: largest difference {apart:.1e}")
    assert apart <= BOUND
