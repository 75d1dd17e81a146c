"""Stylizer and shot statistics on a tiny pack."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from nle_style.apply import Look, Stylizer, choose_device, parallel_map
from nle_style.apply.engine import Budget, FrameEngine, arrange, openvino_version
from nle_style.apply.shot import luma_thumbnail, measure, sample_frames
from nle_style.core import load_pack
from nle_style.errors import InputError, LookError

CPU = torch.device("cpu")


def _frame(seed: int, height: int = 24, width: int = 36) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


def test_strength_0_is_the_same_array_and_half_is_half_way(tiny_pack: Path) -> None:
    pack = load_pack(tiny_pack)
    frame = _frame(1)
    assert Stylizer(pack, Look({"red": 1}, 0.0), CPU).frame(frame) is frame
    full = Stylizer(pack, Look({"red": 1}, 1.0, "frame"), CPU).frame(frame)
    half = Stylizer(pack, Look({"red": 1}, 0.5, "frame"), CPU).frame(frame)
    np.testing.assert_allclose(half, (frame + full) / 2, atol=1e-6)
    assert full.dtype == np.float32
    assert full.shape == frame.shape
    assert np.abs(full - frame).max() > 0.05


def test_unknown_style_says_did_you_mean(tiny_pack: Path) -> None:
    with pytest.raises(LookError, match=r"unknown style 'bleu'.*Did you mean 'blue'"):
        Stylizer(load_pack(tiny_pack), Look({"bleu": 1}), CPU)


def test_too_small_a_frame(tiny_pack: Path) -> None:
    stylizer = Stylizer(load_pack(tiny_pack), Look({"red": 1}, 1.0, "frame"), CPU)
    with pytest.raises(LookError, match="7x24"):
        stylizer.frame(_frame(1, 24, 7))


def _seen_by(engine: FrameEngine) -> Callable[[torch.Tensor, list], torch.Tensor]:
    return lambda image, seen: engine(image, seen=seen)


def test_the_response_to_black(tiny_pack: Path) -> None:
    engine = FrameEngine(arrange(load_pack(tiny_pack).network({"red": 1})))
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    engine(torch.zeros(1, 3, 16, 16), seen=seen)
    torch.testing.assert_close(engine.layers[0].response_to_black, seen[0][0])


def test_two_samples_at_once_and_no_third(tiny_pack: Path, threads: None) -> None:
    """Where there is room for two, as one by one; a frame is gone when the next but one comes."""
    if openvino_version() is None:
        pytest.skip("OpenVINO is not installed: pip install 'nle-style[fast]'")
    pack = load_pack(tiny_pack)
    look = Look({"red": 1})
    given: list[weakref.ref[torch.Tensor]] = []
    alive = []

    class Watched(Stylizer):
        def _working(self, source: torch.Tensor) -> torch.Tensor:
            picture = super()._working(source)
            given.append(weakref.ref(picture))
            return picture

    def frames() -> Iterator[np.ndarray]:
        for seed in range(5):
            for _ in range(100):  # a thread lets its frame go a moment after it gave its result
                gc.collect()
                if (held := sum(frame() is not None for frame in given)) < 2:
                    break
                time.sleep(0.01)
            alive.append(held)
            yield _frame(seed, 32, 480)

    roomy, narrow = (
        Watched(pack, look, CPU, Budget(2 * 2**30, frame=frame)) for frame in (0, 110_000_000)
    )
    torch.set_num_threads(2)
    at_once = roomy.measure(frames()).norms
    assert alive[:2] == [0, 1]
    assert max(alive) == 1
    one_by_one = narrow.measure(_frame(seed, 32, 480) for seed in range(5)).norms
    torch.testing.assert_close(at_once, one_by_one, atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="no frames"):
        roomy.measure([])


def test_pooled_statistics_are_those_of_the_joined_pictures(tiny_pack: Path) -> None:
    """Law of total variance, checked at the first norm, whose input is linear in the frame."""
    pack = load_pack(tiny_pack)
    engine = FrameEngine(arrange(pack.network({"red": 1})))
    frames = [torch.rand(1, 3, 24, 32), torch.rand(1, 3, 24, 32) * 0.3]
    pictures = [luma_thumbnail(frame[0].permute(1, 2, 0).numpy()) for frame in frames]
    samples = zip(frames, pictures, strict=True)
    mean, variance = measure(_seen_by(engine), samples, "shot", engine.layers).norms[0]
    with torch.no_grad():
        maps = torch.cat(
            [pack.network({"red": 1}).convolutions[0](frame) for frame in frames], dim=3
        )
    expected_variance, expected_mean = torch.var_mean(maps, dim=(2, 3), correction=0)
    torch.testing.assert_close(mean, expected_mean, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(variance, expected_variance, atol=1e-5, rtol=1e-4)


def test_frozen_statistics_do_not_follow_the_frame(tiny_pack: Path) -> None:
    """With `shot`, a pixel far from a change stays; with `frame`, all of the picture moves."""
    pack = load_pack(tiny_pack)
    before = _frame(5, 192, 256) * 0.3
    after = before.copy()
    after[:, :40] = 1.0  # something bright enters on the left
    moved = {}
    for statistics in ("frame", "shot"):
        stylizer = Stylizer(pack, Look({"green": 1}, 1.0, statistics), CPU)  # reaches 60 pixels
        if stylizer.needs_measuring:
            stylizer.measure_shot([before])
        change = stylizer.frame(after) - stylizer.frame(before)
        moved[statistics] = float(np.abs(change[:, 160:]).max())
    assert moved["shot"] == 0
    assert moved["frame"] > 0.005


def test_hybrid_takes_the_exposure_out(tiny_pack: Path) -> None:
    """A darker frame of a shot is painted as the frame that was measured is."""
    pack = load_pack(tiny_pack)
    bright = 0.2 + _frame(3, 64, 96) * np.float32(0.4)  # resampling overshoots, and is clipped
    dark = bright * np.float32(0.4)
    painted = {}
    for statistics in ("shot", "hybrid"):
        stylizer = Stylizer(pack, Look({"red": 1}, 1.0, statistics, 0.5), CPU)
        stylizer.measure_shot([bright])
        painted[statistics] = np.abs(stylizer.frame(dark) - stylizer.frame(bright)).max()
    assert painted["hybrid"] < 1e-4
    assert painted["shot"] > 0.05


def test_the_first_norm_is_measured_at_the_shots_exposure(tiny_pack: Path) -> None:
    """One frame and the same at 0.4: as if it had been measured at 0.7, their median."""
    pack = load_pack(tiny_pack)
    engine = FrameEngine(arrange(pack.network({"red": 1})))
    frames = [_frame(3), _frame(3) * np.float32(0.4)]
    images = [torch.from_numpy(frame).permute(2, 0, 1)[None] for frame in frames]
    pictures = [luma_thumbnail(frame) for frame in frames]
    samples = zip(images, pictures, strict=True)
    norms = measure(_seen_by(engine), samples, "hybrid", engine.layers).norms
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    engine(images[0] * 0.7, seen=seen)
    torch.testing.assert_close(norms[0], seen[0], atol=1e-5, rtol=1e-3)


def test_dark_frames_of_a_fade_are_not_measured(tiny_pack: Path) -> None:
    """A shot that fades in from black has the statistics of its lit frames."""
    pack = load_pack(tiny_pack)
    engine = FrameEngine(arrange(pack.network({"red": 1})))

    def measured(*gains: float) -> list[tuple[torch.Tensor, torch.Tensor]]:
        frames = [_frame(3) * np.float32(gain) for gain in gains]
        images = (torch.from_numpy(frame).permute(2, 0, 1)[None] for frame in frames)
        samples = zip(images, map(luma_thumbnail, frames), strict=True)
        return measure(_seen_by(engine), samples, "hybrid", engine.layers).norms

    torch.testing.assert_close(measured(0.0, 1.0, 1.0), measured(1.0, 1.0))


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (5, 5, [5]),
        (3, 4, [3, 4]),
        (0, 15, [2, 6, 10, 14]),
        (100, 196, [112, 136, 160, 184]),
        (0, 7000, [437, 1312, 2187, 3062, 3938, 4813, 5688, 6563]),
    ],
)
def test_sample_frames(first: int, last: int, expected: list[int]) -> None:
    assert sample_frames(first, last) == expected


def test_devices() -> None:
    assert choose_device("cpu").type == "cpu"
    with pytest.raises(InputError, match="unknown device 'gpu'"):
        choose_device("gpu")
    if not torch.cuda.is_available():
        for name in ("cuda", "cuda:1"):
            with pytest.raises(InputError, match="no cuda device"):
                choose_device(name)


def test_one_of_several_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device("cuda") == choose_device("auto") == torch.device("cuda")
    assert choose_device("cuda:0") == torch.device("cuda", 0)
    assert choose_device("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(InputError, match=r"there is no cuda:2\. torch sees cuda:0, cuda:1\.") as it:
        choose_device("cuda:2")
    assert it.value.exit_code == 2
    for name in ("cuda:", "cuda:-1", "cuda:one", "cuda:01", "cuda:1 ", "cpu:0", "mps:1", ""):
        with pytest.raises(InputError, match=f"unknown device '{name}'.*cuda:N"):
            choose_device(name)


@pytest.mark.parametrize("statistics", ["frame", "hybrid"])
def test_a_small_budget_paints_the_same_picture(tiny_pack: Path, statistics: str) -> None:
    """932 rows of 72 pixels, overscan included, in a budget that holds 200 of them at once."""
    pack = load_pack(tiny_pack)
    frame = _frame(7, 900, 40)
    look = Look({"red": 1}, 1.0, statistics, 1.0)  # type: ignore[arg-type]
    process = 840 * 2**20
    painted = []
    small = process + (200 * 200 + 32 * 932) * 72
    for total in (2**31, small):
        stylizer = Stylizer(pack, look, CPU, Budget(total))
        if stylizer.needs_measuring:
            stylizer.measure_shot([frame])
        painted.append(stylizer.frame(frame))
    assert Budget(small).frozen_tile(932, 72)[0] < 400
    np.testing.assert_allclose(painted[1], painted[0], atol=2e-5)


def test_two_frames_in_flight_are_the_same_pictures(tiny_pack: Path) -> None:
    stylizer = Stylizer(load_pack(tiny_pack), Look({"red": 1}), CPU)
    frames = [_frame(seed, 48, 64) for seed in range(6)]
    stylizer.measure_shot(frames[:2])
    alone = [stylizer.frame(frame) for frame in frames]
    together = list(parallel_map(stylizer.frame, frames, 2))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
