"""Looks that change from frame to frame, and looks that are painted on twos."""

from __future__ import annotations

import math

import pytest

from nle_style.apply import Look, LookKey
from nle_style.errors import LookError

FADE = Look(
    {"blue": 1},
    keys=(LookKey(10, {"blue": 1}, 0.2), LookKey(20, {"fire": 2}), LookKey(30, None, 1.0)),
)


@pytest.mark.parametrize(
    ("frame", "styles", "strength"),
    [
        (0, {"blue": 1.0}, 0.2),  # before the first key as at the first
        (10, {"blue": 1.0}, 0.2),
        (15, {"blue": 0.5, "fire": 0.5}, 0.4),  # a quarter of the way from 0.2 to 1
        (18, {"blue": 0.2, "fire": 0.8}, 0.52),
        (20, {"fire": 1.0}, 0.6),
        (30, {"fire": 1.0}, 1.0),
        (99, {"fire": 1.0}, 1.0),
    ],
)
def test_between_two_keys_it_changes_evenly(
    frame: int, styles: dict[str, float], strength: float
) -> None:
    """The mix and the strength each go from one key that has them to the next that has them."""
    there = FADE.at(frame)
    assert there.styles == pytest.approx(styles)
    assert there.strength == pytest.approx(strength)
    assert there.keys == ()


def test_three_styles_in_two_ways() -> None:
    look = Look(keys=(LookKey(0, {"a": 1, "b": 1}), LookKey(4, {"b": 1, "c": 3})))
    assert look.at(1).styles == pytest.approx({"a": 0.375, "b": 0.4375, "c": 0.1875})


def test_a_look_without_keys_is_the_same_everywhere() -> None:
    plain = Look({"blue": 1}, 0.5)
    assert plain.at(7) == plain
    assert not plain.changes


def test_only_a_mix_that_changes_needs_more_than_one_network() -> None:
    assert FADE.changes
    assert not Look({"blue": 1}, keys=(LookKey(0, None, 0.0), LookKey(9, None, 1.0))).changes
    assert not Look(keys=(LookKey(0, {"blue": 1}), LookKey(9, {"blue": 2}))).changes


def test_its_greatest_strength_says_whether_anything_is_painted() -> None:
    fade = Look({"blue": 1}, 0.3, keys=(LookKey(0, None, 0.0), LookKey(9, None, 0.75)))
    assert fade.strength == 0.75
    none = Look({"blue": 1}, 1.0, keys=(LookKey(0, None, 0.0), LookKey(9, None, 0.0)))
    assert none.strength == 0


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ((LookKey(5, {"a": 1}), LookKey(5, {"b": 1})), "two keys at frame 5"),
        ((LookKey(5),), "the key at frame 5 has neither styles nor a strength"),
        ((LookKey(5, {"a": -1}),), "the weight of style 'a' is -1"),
        ((LookKey(5, {}),), "a look needs a style"),
        ((LookKey(5, None, 1.5),), r"strength 1\.5 is not between 0 and 1"),
        ((LookKey(5, None, math.nan),), "strength nan is not between 0 and 1"),
    ],
)
def test_keys_that_say_nothing(keys: tuple[LookKey, ...], fault: str) -> None:
    with pytest.raises(LookError, match=fault):
        Look({"a": 1}, keys=keys)


def test_keys_in_any_order_are_one_look() -> None:
    backwards = Look({"snow": 1}, 0.1, keys=tuple(reversed(FADE.keys)))
    assert backwards.as_data() == FADE.as_data()
    assert backwards == FADE


@pytest.mark.parametrize("hold", [0, -1, 13, 2.5])
def test_a_hold_is_a_few_frames(hold: int) -> None:
    with pytest.raises(LookError, match="is not a whole number from 1 to 12"):
        Look({"a": 1}, hold=hold)


def test_a_drawing_is_counted_from_the_first_frame_of_its_shot() -> None:
    twos, threes = Look({"a": 1}, hold=2), Look({"a": 1}, hold=3)
    assert [twos.drawing(n, 5) for n in range(5, 11)] == [5, 5, 7, 7, 9, 9]
    assert [threes.drawing(n, 4) for n in range(4, 11)] == [4, 4, 4, 7, 7, 7, 10]
    assert [Look({"a": 1}).drawing(n, 4) for n in (4, 5)] == [4, 5]


def test_old_looks_have_the_data_that_they_had() -> None:
    """A render's key is made of it: old renders are found again."""
    assert "keys" not in Look({"a": 1}).as_data()
    assert "hold" not in Look({"a": 1}).as_data()
    assert Look({"a": 1}, hold=2).as_data()["hold"] == 2
    assert FADE.as_data()["keys"] == [
        {"frame": 10, "styles": {"blue": 1.0}, "strength": 0.2},
        {"frame": 20, "styles": {"fire": 1.0}},
        {"frame": 30, "strength": 1.0},
    ]


def test_labels() -> None:
    assert FADE.label == "blue-to-fire"
    assert Look({"blue": 1}, keys=(LookKey(0, None, 0.0),)).label == "blue"
    keys = tuple(LookKey(n, {name: 1}) for n, name in enumerate("abcda"))
    assert Look(keys=keys[:3]).label == "a-to-b-to-c"
    assert Look(keys=keys).label == "a-to-a"


@pytest.mark.parametrize(
    ("shot", "nodes"),
    [
        ((0, 40), [10, 15, 20]),  # before and after the mix stays
        ((0, 8), [0]),
        ((12, 14), [12, 14]),  # a fifth of the way: no more than the ends
        ((10, 20), [10, 15, 20]),
        ((12, 20), [12, 16, 20]),
        ((14, 26), [14, 17, 20]),
        ((20, 26), [20]),
    ],
)
def test_where_the_statistics_of_a_shot_are_measured(
    shot: tuple[int, int], nodes: list[float]
) -> None:
    """At its ends and the keys, and in between so that no step is more than half of the way."""
    assert FADE.nodes(*shot) == nodes
