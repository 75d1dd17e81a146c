"""Cuts: found to the frame where they were made, and nowhere else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nle_style.apply.shot import find_shots, sampled
from nle_style.apply.shot.cuts import MINIMUM_SHOT, thumbnail
from nle_style.media.source import probe_media, read_frames

H, W = 90, 160


def _scene(seed: int, height: int = H, width: int = W) -> np.ndarray:
    """A picture with large and small shapes: an 8 x 6 mosaic, enlarged smoothly, and noise."""
    rng = np.random.default_rng(seed)
    mosaic = Image.fromarray(rng.integers(20, 236, (6, 8, 3), np.uint8))
    large = np.asarray(mosaic.resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255
    return np.clip(large + rng.normal(0, 0.05, large.shape), 0, 1).astype(np.float32)


def _still(seed: int, count: int) -> list[np.ndarray]:
    return [_scene(seed)] * count


def _pan(seed: int, count: int, pixels: int) -> list[np.ndarray]:
    wide = _scene(seed, width=W + pixels * count)
    return [wide[:, pixels * k : pixels * k + W] for k in range(count)]


def _grainy(frames: list[np.ndarray], sigma: float = 10 / 255) -> list[np.ndarray]:
    rng = np.random.default_rng(9)
    return [np.clip(f + rng.normal(0, sigma, f.shape), 0, 1).astype(np.float32) for f in frames]


def _starts(frames: list[np.ndarray]) -> list[int]:
    return [first for first, _ in find_shots(frames)]


def test_cuts_are_exact_and_numbered_from_the_first_frame() -> None:
    frames = [*_still(1, 10), *_pan(2, 23, 2), *_still(3, MINIMUM_SHOT), *_still(4, 12)]
    assert find_shots(frames, 100) == [(100, 109), (110, 132), (133, 136), (137, 148)]
    assert find_shots(_grainy(frames), 100) == [(100, 109), (110, 132), (133, 136), (137, 148)]


@pytest.mark.parametrize(("shown", "of"), [(24000, 30000), (12, 24), (25, 60)])
def test_cuts_among_repeated_frames(shown: int, of: int) -> None:
    """A pan shown at a higher rate, frames repeated (pulldown, animation on twos)."""
    frames = [*_pan(1, 30, 6), *_pan(2, 30, 6)]
    numbers = [k * shown // of for k in range(60 * of // shown)]
    cut = next(k for k, number in enumerate(numbers) if number >= 30)
    assert _starts([frames[number] for number in numbers]) == [0, cut]


@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize("grain", [False, True])
def test_a_flash_is_no_cut_and_hides_none(length: int, grain: bool) -> None:
    frames = [*_still(1, 20), *_still(2, 20)]
    for start in (8, 22):  # one in the middle of a shot, one just behind the cut
        for k in range(start, start + length):
            frames[k] = frames[k] * 0.2 + 0.8
    assert _starts(_grainy(frames) if grain else frames) == [0, 20]


@pytest.mark.parametrize("pixels", [1, 4, 10])
def test_a_pan_is_no_cut_not_even_where_it_begins(pixels: int) -> None:
    pan = _pan(5, 30, pixels)
    frames = [*[pan[0]] * 10, *pan, *[pan[-1]] * 10]
    assert _starts(frames) == [0]
    assert _starts(_grainy(frames)) == [0]


@pytest.mark.parametrize("length", [8, 16, 40])
def test_fades_and_ramps_are_no_cut(length: int) -> None:
    gains = [1.0] * 10 + list(np.linspace(1, 0, length)) + list(np.linspace(0, 1, length)) + [1.0]
    frames = [_scene(6) * np.float32(gain) for gain in gains]
    assert _starts(frames) == [0]
    assert _starts(_grainy(frames)) == [0]


@pytest.mark.parametrize(("blended", "cuts"), [(0, 1), (1, 1), (2, 1), (3, 1), (8, 0), (24, 0)])
def test_a_dissolve_is_one_cut_if_short_and_none_if_long(blended: int, cuts: int) -> None:
    a, b = _scene(1), _scene(2)
    weights = [(k + 1) / (blended + 1) for k in range(blended)]
    frames = [*[a] * 15, *[a * (1 - w) + b * w for w in weights], *[b] * 15]
    starts = _starts([frame.astype(np.float32) for frame in frames])
    assert len(starts) == 1 + cuts
    assert all(15 <= start <= 15 + blended for start in starts[1:])


def test_grain_is_no_cut_and_a_cut_in_the_dark_is_one() -> None:
    assert _starts(_grainy(_still(1, 30), 25 / 255)) == [0]
    dark = [frame * np.float32(0.3) for frame in [*_still(1, 15), *_still(2, 15)]]
    assert _starts(_grainy(dark, 4 / 255)) == [0, 15]


@pytest.mark.parametrize("before", [1, 2, 3])
def test_handles_beyond_a_cut_are_shots_of_their_own(before: int) -> None:
    frames = [*_still(1, before), *_still(2, 20), *_still(3, before)]
    assert find_shots(frames) == [
        (0, before - 1),
        (before, before + 19),
        (before + 20, 2 * before + 19),
    ]


def test_ends() -> None:
    assert find_shots([]) == []
    assert find_shots(_still(1, 1), 7) == [(7, 7)]
    assert find_shots([_scene(1), _scene(2)], 7) == [(7, 8)], "two frames compare with nothing"


def test_frames_are_taken_one_by_one_and_let_go() -> None:
    """A film must not pile up: no more than one frame is held."""
    import weakref

    alive: list[weakref.ref[np.ndarray]] = []

    def frames() -> Iterator[np.ndarray]:
        for k in range(40):
            assert sum(ref() is not None for ref in alive) <= 1
            frame = _scene(k // 20)
            alive.append(weakref.ref(frame))
            yield frame

    assert find_shots(frames()) == [(0, 19), (20, 39)]


def test_thumbnail_is_box_means() -> None:
    frame = np.zeros((36, 64, 3), np.float32)
    frame[:2, :2] = [0.25, 0.5, 2.0]  # beyond 1 is clipped
    small = thumbnail(frame)
    assert small.shape == (18, 32, 3)
    np.testing.assert_allclose(small[0, 0], [0.25, 0.5, 1.0])
    assert small.sum() == pytest.approx(1.75)
    assert thumbnail(frame[:5, :7]).shape == (5, 7, 3)


@pytest.mark.slow
def test_real_clips_in_a_row(shared: Path) -> None:
    """None of the three clips has a cut; pieces of them, and every repeat of one, do."""
    clips = {}
    for name in ("friday", "flower", "bigbuckbunny"):
        info = probe_media(shared / "clips" / f"{name}.mp4")
        clips[name] = [thumbnail(frame) for frame in read_frames(info)]
        assert _starts(clips[name]) == [0], name
    pieces = [("friday", 0, 40), ("flower", 90, 150), ("bigbuckbunny", 10, 31)]
    pieces += [("friday", 100, 105), ("bigbuckbunny", 60, 132), ("flower", 0, 9)]
    pieces += [("friday", 50, 185)]
    row = [frame for name, a, b in pieces for frame in clips[name][a:b]]
    lengths = [b - a for _, a, b in pieces]
    assert _starts(row) == [0, *itertools.accumulate(lengths[:-1])]


@pytest.mark.parametrize(
    "size", [(1, 1), (107, 191), (215, 383), (216, 384), (323, 575), (2160, 9)]
)
def test_sampled_pixels_have_the_frames_thumbnail(size: tuple[int, int]) -> None:
    frame = np.random.default_rng(1).random((*size, 3), np.float32)
    few = sampled(frame)
    assert few.shape[0] <= 215
    assert few.shape[1] <= 383
    assert few.base is None
    np.testing.assert_array_equal(thumbnail(few), thumbnail(frame))
