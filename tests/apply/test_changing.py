"""Looks whose mix changes: what each frame is painted with, and with which statistics."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from nle_style.apply import Look, LookKey, Stylizer, choose_device, parallel_map, stylizer_of
from nle_style.apply.changing import mixed_layers
from nle_style.apply.engine import arrange
from nle_style.apply.shot import ChangingStatistics, ShotStatistics
from nle_style.core import load_pack

CPU = torch.device("cpu")
KEYS = (LookKey(10, {"red": 1}), LookKey(20, {"blue": 1}))


def _frames(count: int = 3) -> list[np.ndarray]:
    chance = np.random.default_rng(5)
    return [chance.random((24, 36, 3), np.float32) for _ in range(count)]


def _rms(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(np.square(one - other).mean()))


def test_the_layers_of_a_mix_are_the_mean_of_its_styles(tiny_pack: Path) -> None:
    """Every rewriting of a layer is linear in its weights, so that mixing comes after it."""
    pack = load_pack(tiny_pack)
    mixed = mixed_layers(
        [(arrange(pack.network({n: 1})), w) for n, w in (("red", 0.3), ("blue", 0.7))]
    )
    for ours, theirs in zip(mixed, arrange(pack.network({"red": 0.3, "blue": 0.7})), strict=True):
        for one, other in zip(ours.kernel, theirs.kernel, strict=True):
            torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)
        for one, other in ((ours.gamma, theirs.gamma), (ours.beta, theirs.beta)):
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                torch.testing.assert_close(one, other)
        assert (ours.typical is None) == (theirs.typical is None)
        assert (ours.transposed, ours.phases) == (theirs.transposed, theirs.phases)


@pytest.mark.parametrize("statistics", ["hybrid", "shot", "frame"])
def test_at_a_key_it_is_the_look_of_the_key(tiny_pack: Path, statistics: str) -> None:
    pack, frames = load_pack(tiny_pack), _frames()
    look = Look(statistics=statistics, keys=KEYS)  # type: ignore[arg-type]
    stylizer = stylizer_of(pack, look, CPU)
    if stylizer.needs_measuring:
        stylizer.freeze(stylizer.statistics_of(lambda: frames, (0, 30)))  # type: ignore[arg-type]
    for number, style in ((3, "red"), (10, "red"), (20, "blue"), (27, "blue")):
        plain = Stylizer(pack, Look({style: 1}, statistics=statistics), CPU)  # type: ignore[arg-type]
        if plain.needs_measuring:
            plain.measure_shot(frames)
        np.testing.assert_allclose(
            stylizer.frame(frames[1], number), plain.frame(frames[1]), atol=1e-5
        )


def test_on_the_way_it_is_the_mix_with_its_own_statistics_nearly(tiny_pack: Path) -> None:
    """In the middle they are measured; at a quarter they are half of the way between two measured
    ones, nearer to its own than those of either."""
    pack, frames = load_pack(tiny_pack), _frames()
    stylizer = stylizer_of(pack, Look(keys=(LookKey(0, {"red": 1}), LookKey(8, {"blue": 1}))), CPU)
    statistics = stylizer.statistics_of(lambda: frames, (0, 8))
    assert isinstance(statistics, ChangingStatistics)
    assert [node for node, _ in statistics.nodes] == [0, 4, 8]
    stylizer.freeze(statistics)  # type: ignore[arg-type]
    own = {}
    for number, share in ((4, 0.5), (2, 0.25)):
        own[number] = Stylizer(pack, Look({"red": 1 - share, "blue": share}), CPU)
        own[number].measure_shot(frames)
    middle, quarter = (own[n].frame(frames[0]) for n in (4, 2))
    np.testing.assert_allclose(stylizer.frame(frames[0], 4), middle, atol=1e-5)
    apart = _rms(stylizer.frame(frames[0], 2), quarter)
    for _, measured in statistics.nodes[:2]:
        own[2].freeze(measured)
        assert apart < 0.5 * _rms(own[2].frame(frames[0]), quarter)


def test_statistics_go_evenly_from_one_node_to_the_next() -> None:
    def of(mean: float, light: float) -> ShotStatistics:
        value = torch.full((1, 2), float(mean))
        return ShotStatistics([(value, value + 1)], np.full((2, 2), light, np.float32))

    ends = of(0, 0.2), of(4, 0.6)
    changing = ChangingStatistics(((10, ends[0]), (12.5, ends[1]), (20, ends[1])))
    there = changing.at(11)
    assert there.norms[0][0].tolist() == [pytest.approx([1.6, 1.6])]
    assert there.norms[0][1].tolist() == [pytest.approx([2.6, 2.6])]
    assert there.reference == pytest.approx(np.full((2, 2), 0.36))
    assert changing.at(4) is changing.at(10) is ends[0]
    assert changing.at(13) is changing.at(20) is changing.at(99) is ends[1]


def test_threads_that_paint_at_the_same_time_paint_what_one_does(tiny_pack: Path) -> None:
    pack, frames = load_pack(tiny_pack), _frames()
    stylizer = stylizer_of(pack, Look(keys=KEYS), choose_device("cpu"))
    stylizer.freeze(stylizer.statistics_of(lambda: frames, (8, 22)))  # type: ignore[arg-type]
    alone = [stylizer.frame(frames[0], number) for number in range(8, 23)]
    both = parallel_map(lambda n: stylizer.frame(frames[0], n).copy(), range(8, 23), 2)
    for one, other in zip(alone, both, strict=True):
        np.testing.assert_array_equal(one, other)
    changes = [_rms(one, other) for one, other in itertools.pairwise(alone)]
    assert changes[:2] == [0, 0] == changes[-2:]  # before and after the keys
    assert min(changes[2:12]) > 0
    assert max(changes) < 3 * float(np.mean(changes[2:12]))  # and no jump between them


def test_a_strength_that_changes_needs_no_other_network(tiny_pack: Path) -> None:
    pack, (frame, *_) = load_pack(tiny_pack), _frames()
    keys = (LookKey(0, None, 0.0), LookKey(4, None, 1.0))
    stylizer = stylizer_of(pack, Look({"red": 1}, statistics="frame", keys=keys), CPU)
    assert isinstance(stylizer, Stylizer)
    assert stylizer.frame(frame, 0) is frame
    full = stylizer.frame(frame, 9)
    np.testing.assert_allclose(stylizer.frame(frame, 1), frame + 0.25 * (full - frame), atol=1e-6)
    np.testing.assert_array_equal(stylizer.painting(frame, 0), full)
